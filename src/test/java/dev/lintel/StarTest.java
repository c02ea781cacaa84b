package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The packages are a star: each knows the root only, and only main knows them all. */
class StarTest {
  private static final String ROOT = "dev/lintel/";
  private static final Set<String> ENGINE = Set.of("server", "upstream", "main");

  @Test
  void every_package_knows_only_the_root() throws IOException {
    assertThat(
            uses((from, to) ->
                to.startsWith(ROOT)
                    && !from.equals("main")
                    && !folder(to).isEmpty()
                    && !folder(to).equals(from)))
        .isEmpty();
  }

  @Test
  void only_the_edge_and_the_upstream_know_the_http_engine() throws IOException {
    assertThat(
            uses((from, to) ->
                (to.startsWith("io/vertx/") || to.startsWith("io/netty/"))
                    && !ENGINE.contains(from)))
        .isEmpty();
  }

  @Test
  void only_rules_know_their_language() throws IOException {
    assertThat(
            uses((from, to) ->
                (to.startsWith("dev/cel/") || to.startsWith("com/google/common/"))
                    && !from.equals("rule")))
        .isEmpty();
  }

  @Test
  void each_driver_is_known_in_one_place() throws IOException {
    assertThat(
            uses((from, to) ->
                (to.startsWith("org/postgresql/")
                        || to.startsWith("com/zaxxer/")
                        || to.startsWith("org/sqlite/"))
                    && !from.equals("store")))
        .isEmpty();
    assertThat(uses((from, to) -> to.startsWith("io/lettuce/") && !from.equals("ledger")))
        .isEmpty();
    assertThat(
            uses((from, to) ->
                (to.startsWith("jakarta/mail/") || to.startsWith("org/eclipse/angus/"))
                    && !from.equals("hook")))
        .isEmpty();
    assertThat(uses((from, to) -> to.startsWith("com/nimbusds/") && !from.equals("identity")))
        .isEmpty();
  }

  @Test
  void the_root_knows_no_technology_but_json() throws IOException {
    assertThat(
            uses((from, to) ->
                from.isEmpty()
                    && !to.startsWith("java/")
                    && !to.startsWith("javax/crypto/")
                    && !to.startsWith(ROOT)
                    && !to.startsWith("tools/jackson/")
                    && !to.startsWith("org/jspecify/")))
        .isEmpty();
  }

  private interface Rule {
    boolean broken(String from, String to);
  }

  private static Set<String> uses(Rule rule) throws IOException {
    Path classes = Path.of("target/classes");
    var found = new TreeSet<String>();
    try (var files = Files.walk(classes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        String name = classes.relativize(file).toString().replace('\\', '/');
        for (PoolEntry entry : ClassFile.of().parse(file).constantPool()) {
          if (entry instanceof ClassEntry type) {
            String to = type.name().stringValue().replaceFirst("^\\[+L", "");
            if (!to.startsWith("[") && rule.broken(folder(name), to)) {
              found.add(name + " -> " + to);
            }
          }
        }
      }
    }
    return found;
  }

  /** The package below the root, empty for the root itself. */
  private static String folder(String name) {
    if (!name.startsWith(ROOT)) {
      return "?";
    }
    int slash = name.lastIndexOf('/');
    return slash < ROOT.length() ? "" : name.substring(ROOT.length(), slash);
  }
}
