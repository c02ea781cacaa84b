package dev.lintel.server;

import dev.lintel.Endpoint;
import dev.lintel.Route;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds who serves a path. */
final class Router {
  private static final Pattern VARIABLE = Pattern.compile("\\{(\\w+)(\\*?)}");
  private static final String ANY = "*";

  record Match(Endpoint endpoint, Map<String, String> path, Route.Bodies bodies) {
    private Match(Route route, Map<String, String> path) {
      this(route.endpoint(), path, route.bodies());
    }
  }

  private record Template(Pattern pattern, List<String> names, Map<String, Route> methods) {}

  private final Map<String, Map<String, Route>> literal = new HashMap<>();
  private final Map<String, Template> templates = new LinkedHashMap<>();

  private final Function<Set<String>, Endpoint> unserved;

  /**
   * @param unserved who says that nobody serves that, given the methods that its path takes
   */
  Router(List<Route> routes, Function<Set<String>, Endpoint> unserved) {
    this.unserved = unserved;
    for (Route route : routes) {
      Map<String, Route> methods =
          route.path().contains("{")
              ? templates.computeIfAbsent(route.path(), Router::compile).methods
              : literal.computeIfAbsent(route.path(), path -> new HashMap<>());
      methods.putIfAbsent(route.method(), route);
    }
  }

  Match find(String method, String path) {
    Map<String, Route> exact = literal.get(path);
    if (exact != null) {
      Route route = of(exact, method);
      if (route != null) {
        return new Match(route, Map.of());
      }
    }
    for (Template template : templates.values()) {
      Matcher matcher = template.pattern.matcher(path);
      if (matcher.matches()) {
        Route route = of(template.methods, method);
        if (route != null) {
          var values = new HashMap<String, String>();
          for (int i = 0; i < template.names.size(); i++) {
            values.put(template.names.get(i), decode(matcher.group(i + 1)));
          }
          return new Match(route, Map.copyOf(values));
        }
      }
    }
    return new Match(unserved.apply(methods(path)), Map.of(), Route.Bodies.ALL);
  }

  private Set<String> methods(String path) {
    var methods = new TreeSet<String>(literal.getOrDefault(path, Map.of()).keySet());
    for (Template template : templates.values()) {
      if (template.pattern.matcher(path).matches()) {
        methods.addAll(template.methods.keySet());
      }
    }
    if (methods.contains("GET")) {
      methods.add("HEAD");
    }
    return methods;
  }

  private static @Nullable Route of(Map<String, Route> methods, String method) {
    Route route = methods.get(method);
    if (route == null && method.equals("HEAD")) {
      route = methods.get("GET");
    }
    return route == null ? methods.get(ANY) : route;
  }

  private static Template compile(String path) {
    var names = new ArrayList<String>();
    var regex = new StringBuilder();
    Matcher variable = VARIABLE.matcher(path);
    int from = 0;
    while (variable.find()) {
      regex.append(Pattern.quote(path.substring(from, variable.start())));
      regex.append(variable.group(2).isEmpty() ? "([^/]+)" : "(.+)");
      names.add(variable.group(1));
      from = variable.end();
    }
    regex.append(Pattern.quote(path.substring(from)));
    return new Template(Pattern.compile(regex.toString()), names, new HashMap<>());
  }

  /**
   * Percent-decodes; a plus stays one, for this is a path. What is no valid escape stays as it is.
   */
  private static String decode(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      return text;
    }
  }
}
