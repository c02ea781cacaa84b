package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Embed;
import dev.lintel.Extent;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Live;
import dev.lintel.Mode;
import dev.lintel.Model;
import dev.lintel.Policy;
import dev.lintel.Policy.Names;
import dev.lintel.Policy.Whereto;
import dev.lintel.Relay;
import dev.lintel.Request;
import dev.lintel.Rerank;
import dev.lintel.Routing;
import dev.lintel.Ruled;
import dev.lintel.Service;
import dev.lintel.Sink;
import dev.lintel.Stored;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Trail;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Holds a call that was read against the policy of its caller and use case: forces terms, bounds
 * the answer, and refuses what may not be asked. Which of a model's targets the policy leaves is
 * for {@link Choose} to say; what the policy counts, for the stops that count.
 */
public final class Obey implements Filter {
  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Policy policy = under(call);
    if (policy == Policy.NONE || policy.counts()) {
      next.handle(call, sink);
      return;
    }
    Call obeying = obeying(call, policy);
    if (!policy.narrows()) {
      next.handle(obeying, sink);
      return;
    }
    try {
      next.handle(obeying, sink);
    } finally {
      lookBack(obeying, policy);
    }
  }

  /** For a call whose answer is there already: what is over cannot be refused. */
  public static void afterwards(Call call, Sink sink, Handler next) {
    under(call);
    next.handle(call, sink);
  }

  private static Policy under(Call call) {
    Policy.Source policies = call.caller().policies();
    if (policies == Policy.Source.NONE) {
      return Policy.NONE;
    }
    Policy policy = policies.of(call.terms().get("use_case").orElse(""));
    call.trail().under(policy);
    return policy;
  }

  /** Whether that model may be asked in place of the one that was asked for; notes where not. */
  static boolean leads(Call call, String model) {
    Policy policy = call.trail().policy();
    for (Ruled<Names> rule : policy.models()) {
      if (!rule.value().allows(model)) {
        rule.noted(call.trail(), forbidden("model", model));
      }
    }
    return !policy.forbids(model);
  }

  private static Call obeying(Call call, Policy policy) {
    Trail trail = call.trail();
    check(trail, policy.endpoints(), "endpoint", kindOf(call, policy));
    if (call.request() instanceof Stored) {
      return call;
    }
    Terms terms = forced(call, policy);
    require(trail, policy, terms);
    Model model = call.resolved();
    check(trail, policy.models(), "model", model.name());
    providers(trail, policy, model);
    dataClass(trail, policy, terms);
    tools(trail, policy, call.request());
    Request bounded = bounded(trail, policy, call.request(), terms);
    if (terms == call.terms() && bounded == call.request()) {
      return call;
    }
    trail.asked(bounded, terms, model);
    return call.with(bounded, terms, call.ownKey(), model, deadline(call, terms));
  }

  private static String kindOf(Call call, Policy policy) {
    return policy.endpoints().isEmpty() ? "" : Service.of(call.request()).word();
  }

  /** A forced time holds in place of the call's own, be that shorter or longer. */
  private static long deadline(Call call, Terms terms) {
    if (terms.maxLatencyMs().equals(call.terms().maxLatencyMs())) {
      return call.deadline();
    }
    long forced = Read.deadline(call, terms, call.resolved());
    // A conversation in real time may last longer than its model's calls, if nobody forces that.
    return call.request() instanceof Live ? Math.min(forced, call.deadline()) : forced;
  }

  private static void check(Trail trail, List<Ruled<Names>> rules, String what, String name) {
    for (Ruled<Names> rule : rules) {
      if (!rule.value().allows(name)) {
        rule.against(trail, forbidden(what, name));
      }
    }
  }

  private static Failure forbidden(String what, String name) {
    return refusal("This app's policy does not allow the " + what + " '" + name + "'.").at(what);
  }

  private static Failure refusal(String words) {
    return Failure.of(Failure.Kind.PERMISSION, words).code("policy");
  }

  /** The terms that hold: of two rules that force one the first, for it stands above the other. */
  private static Terms forced(Call call, Policy policy) {
    if (policy.forced().isEmpty()) {
      return call.terms();
    }
    Map<String, String> fixed = Map.of();
    for (Ruled<Map<String, String>> rule : policy.forced()) {
      for (Map.Entry<String, String> term : rule.value().entrySet()) {
        contradicted(call, rule, term.getKey(), term.getValue(), fixed);
      }
      if (rule.mode() == Mode.ENFORCE) {
        fixed = fixed.isEmpty() ? rule.value() : both(fixed, rule.value());
      }
    }
    return call.terms().with(fixed);
  }

  private static void contradicted(
      Call call, Ruled<?> rule, String term, String value, Map<String, String> fixed) {
    String said = call.terms().values().get(term);
    if (said != null && !said.equals(value) && !fixed.containsKey(term)) {
      rule.noted(
          call.trail(),
          refusal("This app's policy makes the term '" + term + "' '" + value + "'.").at(term));
    }
  }

  private static Map<String, String> both(Map<String, String> above, Map<String, String> below) {
    var all = new HashMap<>(below);
    all.putAll(above);
    return all;
  }

  private static void require(Trail trail, Policy policy, Terms terms) {
    for (Ruled<Set<String>> rule : policy.required()) {
      for (String term : rule.value()) {
        boolean given =
            terms.get(term).isPresent() || (term.equals("user") && !trail.user().isEmpty());
        if (!given) {
          rule.against(
              trail,
              Failure.invalid(
                      "The term '"
                          + term
                          + "' is missing, which this app's policy requires: send the header 'x-lintel-"
                          + term.replace('_', '-')
                          + "'.")
                  .at(term)
                  .code("policy"));
        }
      }
    }
  }

  /** What leads nowhere but to providers that are not allowed is refused before anybody looks. */
  private static void providers(Trail trail, Policy policy, Model model) {
    for (Ruled<Names> rule : policy.providers()) {
      if (anyAt(rule.value(), model)) {
        continue;
      }
      Routing routing = model.routing();
      boolean straight = routing.rules().isEmpty() && routing.fallback().isEmpty();
      if (straight
          && model
              .everywhere()
              .noneMatch(target -> rule.value().allows(target.provider().name()))) {
        rule.against(trail, forbidden("provider", model.targets().getFirst().provider().name()));
      }
    }
  }

  private static boolean anyAt(Names providers, Model model) {
    for (Target target : model.targets()) {
      if (providers.allows(target.provider().name())) {
        return true;
      }
    }
    return false;
  }

  private static void dataClass(Trail trail, Policy policy, Terms terms) {
    Optional<String> term = policy.dataClasses().isEmpty() ? NO_TERM : terms.get("data_class");
    if (term.isEmpty()) {
      return;
    }
    String given = term.get();
    boolean known = policy.dataClasses().stream().anyMatch(rule -> rule.value().containsKey(given));
    for (Ruled<Map<String, Whereto>> rule : policy.dataClasses()) {
      Whereto to = rule.value().get(given);
      if (to == null ? !known : to.refused()) {
        rule.against(
            trail,
            refusal(
                    known
                        ? "This app's policy sends data of the class '" + given + "' to no model."
                        : "This app's policy knows no class of data '" + given + "'.")
                .at("data_class"));
      }
    }
  }

  private static void tools(Trail trail, Policy policy, Request request) {
    if (policy.tools().isEmpty()) {
      return;
    }
    if (hides(request)) {
      policy.tools().forEach(rule -> rule.against(trail, unseen("tools")));
      return;
    }
    List<List<String>> offered;
    try {
      offered = Offered.tools(request);
    } catch (Failure unreadable) {
      policy.tools().forEach(rule -> rule.against(trail, unreadable));
      return;
    }
    for (Ruled<Names> rule : policy.tools()) {
      for (List<String> names : offered) {
        if (!Offered.allowed(names, rule.value())) {
          rule.against(trail, forbidden("tool", names.getFirst()).at("tools"));
        }
      }
    }
  }

  private static Failure unseen(String what) {
    return refusal(
        "This app's policy speaks of "
            + what
            + ", which cannot be seen in what is passed through or said in real time.");
  }

  /** Whether nobody here can read what it offers and how much it asks for. */
  private static boolean hides(Request request) {
    return switch (request) {
      case Relay relay -> relay.service() == Service.RAW;
      case Live live -> true;
      case Chat chat -> false;
      case Embed embed -> false;
      case Rerank rerank -> false;
      case Stored stored -> false;
      case Request.Count count -> false;
      case Request.Unread unread -> false;
    };
  }

  private static Request bounded(Trail trail, Policy policy, Request request, Terms terms) {
    if (policy.maxTokens().isEmpty() || !(request instanceof Chat || hides(request))) {
      return request;
    }
    long asked = Extent.maxTokens(request);
    long most = Long.MAX_VALUE;
    for (Ruled<Long> rule : policy.maxTokens()) {
      boolean enforced = rule.mode() == Mode.ENFORCE;
      if (hides(request)) {
        rule.against(trail, unseen("the length of answers"));
      } else if (asked > rule.value()) {
        Failure tooMany =
            refusal(
                    "This app's policy allows answers of "
                        + rule.value()
                        + " tokens; the call asks for "
                        + asked
                        + ".")
                .at("max_tokens");
        if (enforced && terms.strict()) {
          rule.against(trail, tooMany);
        }
        rule.noted(trail, tooMany);
      }
      most = enforced ? Math.min(most, rule.value()) : most;
    }
    if (most == Long.MAX_VALUE || (asked > 0 && asked <= most)) {
      return request;
    }
    trail.adapted(asked > 0 ? "change:max_tokens->" + most : "mend:max_tokens");
    trail.keepAdapted();
    return Extent.bounded(Chat.of(request), most);
  }

  /** What was asked beside a rule that is not enforced. */
  private static void lookBack(Call call, Policy policy) {
    Optional<Target> asked = call.trail().target();
    if (asked.isEmpty()) {
      return;
    }
    for (Narrower rule : Narrower.of(policy, call.terms())) {
      if (rule.mode() != Mode.ENFORCE
          && !call.trail().told(rule.rule())
          && !rule.allows(asked.get())) {
        Ruled.noted(
            call.trail(), rule.rule(), rule.mode(), rule.none("'" + asked.get().name() + "'"));
      }
    }
  }

  private static final Optional<String> NO_TERM = Optional.empty();
}
