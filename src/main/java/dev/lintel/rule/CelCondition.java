package dev.lintel.rule;

import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.types.CelType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.runtime.CelVariableResolver;
import dev.cel.runtime.Program;
import dev.lintel.Call;
import dev.lintel.Condition;
import dev.lintel.Extent;
import dev.lintel.Marks;
import dev.lintel.Terms;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One condition, checked and compiled.
 *
 * <p>Each member, such as {@code terms.user}, is a variable of its own: what is not known is an
 * error at load, and nothing is found out about a call but what the condition names.
 */
final class CelCondition implements Condition {
  /** A text that is longer was not written by hand. */
  private static final int LONGEST = 10_000;

  private static final int DEEPEST = 50;

  /** So often may a macro such as {@code all} go round; every list is written in the text. */
  private static final int MOST_ROUNDS = 1000;

  private static final Pattern MEMBER =
      Pattern.compile("\\b(terms|caller|request)\\b(?:\\s*\\.\\s*(\\w+))?");

  /** A piece of a condition that has a text in it, as the parser gives it back. */
  private static final Pattern QUOTED = Pattern.compile("(?: at:| at input)? '[^\"']*[\"'][^ ]");

  private static final CelOptions OPTIONS =
      CelOptions.current()
          .maxExpressionCodePointSize(LONGEST)
          .maxParseRecursionDepth(DEEPEST)
          .comprehensionMaxIterations(MOST_ROUNDS)
          .maxRegexProgramSize(MOST_ROUNDS)
          .build();

  /** What can be told of a call. */
  private record Variable(CelType type, BiFunction<Call, Instant, Object> value) {}

  private static final Map<String, Variable> VARIABLES = variables();
  private static final CelCompiler COMPILER = compiler();
  private static final CelRuntime RUNTIME =
      CelRuntimeFactory.standardCelRuntimeBuilder().setOptions(OPTIONS).build();

  private final Program program;

  private CelCondition(Program program) {
    this.program = program;
  }

  /** Throws {@link IllegalArgumentException} saying in one line what is wrong. */
  static CelCondition read(String text) {
    CelValidationResult read = COMPILER.compile(text);
    if (read.hasError()) {
      throw new IllegalArgumentException(
          read.getErrors().stream()
              .map(issue -> words(issue, text))
              .distinct()
              .collect(Collectors.joining("; ")));
    }
    try {
      return new CelCondition(RUNTIME.createProgram(read.getAst()));
    } catch (CelValidationException | CelEvaluationException broken) {
      throw new IllegalArgumentException(plain(broken.getMessage()), broken);
    }
  }

  private static String words(CelIssue issue, String text) {
    int line = issue.getSourceLocation().getLine();
    int column = issue.getSourceLocation().getColumn();
    String what =
        unknown(text.lines().skip(line - 1L).findFirst().orElse(""), column)
            .orElseGet(() -> plain(issue.getMessage()));
    return (line > 1 ? "line " + line + ", " : "") + "column " + (column + 1) + ": " + what;
  }

  /** In better words than the library's, which knows the members only: who has no such member. */
  private static Optional<String> unknown(String line, int column) {
    Matcher named = MEMBER.matcher(line);
    if (!named.find(Math.min(column, line.length())) || named.start() != column) {
      return Optional.empty();
    }
    String owner = named.group(1);
    String member = named.group(2);
    if (member != null && VARIABLES.containsKey(owner + "." + member)) {
      return Optional.empty();
    }
    String members =
        VARIABLES.keySet().stream()
            .filter(name -> name.startsWith(owner + "."))
            .map(name -> name.substring(owner.length() + 1))
            .sorted()
            .collect(Collectors.joining(", "));
    return Optional.of(
        (member == null
                ? "'" + owner + "' stands alone; write " + owner + ".… with one of: "
                : "'" + owner + "' has no '" + member + "'; it has: ")
            + members);
  }

  /** Without the texts that stand in the condition, which nobody's log is for. */
  private static String plain(@Nullable String message) {
    String line = String.valueOf(message).replaceAll("\\s+", " ").strip();
    int list = line.indexOf(" expecting {");
    String plain = (list < 0 ? line : line.substring(0, list)).replace(" (in container '')", "");
    Matcher quoted = QUOTED.matcher(plain);
    return quoted.find() ? plain.substring(0, quoted.start()) : plain;
  }

  @Override
  public boolean holds(Call call, Instant now) {
    try {
      CelVariableResolver known =
          name ->
              Optional.ofNullable(VARIABLES.get(name))
                  .map(variable -> variable.value.apply(call, now));
      return Boolean.TRUE.equals(program.eval(known));
    } catch (CelEvaluationException cannotTell) {
      // Such as a division by zero: the rule is not this call's.
      return false;
    }
  }

  private static CelCompiler compiler() {
    CelCompilerBuilder builder =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .setResultType(SimpleType.BOOL);
    VARIABLES.forEach((name, variable) -> builder.addVar(name, variable.type));
    return builder.build();
  }

  private static Map<String, Variable> variables() {
    var all = new HashMap<String, Variable>();
    for (String term : Terms.names()) {
      all.put(
          "terms." + term,
          new Variable(SimpleType.STRING, (call, now) -> call.terms().get(term).orElse("")));
    }
    all.put(
        "caller.tenant", new Variable(SimpleType.STRING, (call, now) -> call.caller().tenant()));
    all.put("caller.app", new Variable(SimpleType.STRING, (call, now) -> call.caller().app()));
    all.put("caller.user", new Variable(SimpleType.STRING, (call, now) -> Marks.of(call, "user")));
    all.put(
        "request.dialect",
        new Variable(SimpleType.STRING, (call, now) -> call.request().dialect().name()));
    all.put(
        "request.stream", new Variable(SimpleType.BOOL, (call, now) -> call.request().stream()));
    all.put(
        "request.input_tokens",
        new Variable(SimpleType.INT, (call, now) -> Extent.inputTokens(call.request())));
    all.put(
        "request.max_tokens",
        new Variable(SimpleType.INT, (call, now) -> Extent.maxTokens(call.request())));
    all.put(
        "request.tools",
        new Variable(SimpleType.INT, (call, now) -> (long) Extent.tools(call.request())));
    all.put(
        "request.images",
        new Variable(SimpleType.INT, (call, now) -> (long) Extent.images(call.request())));
    all.put("now", new Variable(SimpleType.TIMESTAMP, (call, now) -> now));
    return Map.copyOf(all);
  }
}
