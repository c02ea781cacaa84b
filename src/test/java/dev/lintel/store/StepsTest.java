package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Every step only adds, and does so in a moment whatever the tables hold: so that gateways of the
 * version before go on, and none waits at its start.
 */
class StepsTest {
  private static final Pattern TABLE = Pattern.compile("create table (\\w+) .*");
  private static final Pattern INDEX =
      Pattern.compile("create (?:unique )?index \\w+ on (\\w+) .*");
  private static final Pattern INSERT = Pattern.compile("insert into (\\w+) .*");
  private static final Pattern COLUMN = Pattern.compile("alter table \\w+ add column \\w+ (.*)");

  @Test
  void every_step_only_adds_and_takes_no_time() {
    for (Migrations.Step step : Migrations.all().steps()) {
      assertThat(step.breaking() ? List.of() : wrong(step.sql())).as(step.name()).isEmpty();
    }
  }

  @Test
  void what_touches_rows_or_takes_something_away_is_found() {
    assertThat(wrong("CREATE TABLE a (x BIGINT);\nCREATE INDEX i ON a (x);\n")).isEmpty();
    assertThat(wrong("ALTER TABLE a ADD COLUMN x BIGINT NOT NULL DEFAULT 0;\n")).isEmpty();
    for (String sql :
        List.of(
            "CREATE INDEX i ON a (x);\n",
            "DROP TABLE a;\n",
            "UPDATE a SET x = 1;\n",
            "INSERT INTO a (x) VALUES (1);\n",
            "ALTER TABLE a DROP COLUMN x;\n",
            "ALTER TABLE a ADD COLUMN x BIGINT NOT NULL;\n",
            "ALTER TABLE a ADD COLUMN x TEXT DEFAULT random();\n",
            "ALTER TABLE a ADD COLUMN x BIGINT UNIQUE;\n")) {
      assertThat(wrong(sql)).as(sql).hasSize(1);
    }
  }

  private static List<String> wrong(String step) {
    Set<String> made = new HashSet<>();
    return Migrations.statements(step).stream().filter(sql -> !isFit(sql, made)).toList();
  }

  private static boolean isFit(String statement, Set<String> made) {
    String sql =
        statement
            .replaceAll("--[^\n]*", " ")
            .toLowerCase(Locale.ROOT)
            .replaceAll("\\s+", " ")
            .strip();
    Matcher table = TABLE.matcher(sql);
    if (table.matches()) {
      return made.add(table.group(1));
    }
    for (Pattern ofNew : List.of(INDEX, INSERT)) {
      Matcher one = ofNew.matcher(sql);
      if (one.matches()) {
        return made.contains(one.group(1));
      }
    }
    Matcher column = COLUMN.matcher(sql);
    return column.matches()
        && !column.group(1).matches(".*\\b(unique|primary|references|check|generated)\\b.*")
        && !column.group(1).contains("(")
        && (!column.group(1).contains("not null") || column.group(1).contains("default"));
  }
}
