package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the launcher asks of a JDK and of Maven, both played by scripts that say how they are
 * called.
 */
class LauncherTest {
  @TempDir Path folder;
  private Path home;
  private Path jdk;
  private Path bin;

  private record Run(int code, String out) {}

  @BeforeEach
  void install() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")));
    home = Files.createDirectories(folder.resolve("a house"));
    Files.copy(Path.of("lintel"), home.resolve("lintel"));
    Files.copy(Path.of("jvm.options"), home.resolve("jvm.options"));
    Files.createDirectories(home.resolve("src/main"));
    Files.writeString(home.resolve("pom.xml"), "<project/>");
    jdk = Files.createDirectories(folder.resolve("jdk"));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.3\"\n");
    script(
        Files.createDirectories(jdk.resolve("bin")).resolve("java"),
        "for a; do case $a in -XX:AOTCacheOutput=*) echo cache >\"${a#*=}\"; exit;; esac; done",
        "for a; do echo \"[$a]\"; done");
    bin = Files.createDirectories(folder.resolve("bin"));
  }

  @Test
  void a_built_house_starts_java_with_its_cache_and_its_arguments() throws Exception {
    built();
    Run run = lintel(Map.of(), "start", "--config", "a file.yaml");

    assertThat(run.code).isEqualTo(0);
    assertThat(run.out)
        .contains("[@" + home + "/jvm.options]\n[-XX:AOTCache=" + home + "/target/lintel.aot]\n")
        .endsWith("[-jar]\n[" + home + "/target/lintel.jar]\n[start]\n[--config]\n[a file.yaml]\n");
    assertThat(home.resolve("target")).isDirectoryNotContaining("glob:**.aot.*");
  }

  @Test
  void a_link_to_the_launcher_finds_its_house() throws Exception {
    built();
    Path far = Files.createSymbolicLink(bin.resolve("far"), home.resolve("lintel"));
    Path near = Files.createSymbolicLink(bin.resolve("near"), Path.of("far"));

    assertThat(far).isSymbolicLink();
    assertThat(run(near, Map.of(), "start").out).contains("[" + home + "/target/lintel.jar]");
  }

  @Test
  void the_first_build_checks_no_format_and_says_what_it_does() throws Exception {
    maven("3.9.1", "echo \"$@\" >args", "mkdir -p target", "echo jar >target/lintel.jar");
    Run run = lintel(Map.of(), "start");

    assertThat(run.out).startsWith("Building Lintel").contains("[start]");
    assertThat(Files.readString(home.resolve("args")))
        .contains("-Dmaven.test.skip=true", "-Dspotless.check.skip=true", "package");
  }

  @Test
  void a_collector_of_the_user_s_wins() throws Exception {
    built();
    assertThat(lintel(Map.of("LINTEL_JAVA_OPTS", "-Xmx1g -XX:+UseZGC"), "start").out)
        .contains("[-XX:-UseSerialGC]\n[-Xmx1g]\n[-XX:+UseZGC]\n");
    assertThat(lintel(Map.of("LINTEL_JAVA_OPTS", "-XX:+UseSerialGC"), "start").out)
        .doesNotContain("-XX:-UseSerialGC");
    assertThat(lintel(Map.of("LINTEL_JAVA_OPTS", "-Xmx1g"), "start").out)
        .doesNotContain("-XX:-UseSerialGC");
  }

  @Test
  void an_old_maven_is_one_sentence() throws Exception {
    maven("3.6.3");
    Run run = lintel(Map.of(), "start");

    assertThat(run.code).isEqualTo(1);
    assertThat(run.out).contains("Maven 3.8 or newer").hasLineCount(1);
  }

  private void built() throws IOException {
    Path target = Files.createDirectories(home.resolve("target"));
    Path jar = Files.writeString(target.resolve("lintel.jar"), "jar");
    Files.setLastModifiedTime(jar, FileTime.from(Instant.now().plusSeconds(1)));
  }

  private void maven(String version, String... lines) throws IOException {
    var all = new ArrayList<String>();
    all.add("[ \"$1\" = -v ] && { echo 'Apache Maven " + version + "'; exit; }");
    all.addAll(List.of(lines));
    script(bin.resolve("mvn"), all.toArray(String[]::new));
  }

  private static void script(Path file, String... lines) throws IOException {
    Files.writeString(
        file, "#!/bin/sh\n" + String.join("\n", lines) + "\n", StandardOpenOption.CREATE);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Run lintel(Map<String, String> more, String... arguments) throws Exception {
    return run(home.resolve("lintel"), more, arguments);
  }

  private Run run(Path launcher, Map<String, String> more, String... arguments) throws Exception {
    var command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).redirectErrorStream(true).directory(bin.toFile());
    builder.environment().clear();
    builder
        .environment()
        .putAll(
            Map.of(
                "PATH", bin + File.pathSeparator + "/usr/bin:/bin", "LINTEL_JAVA_HOME", "" + jdk));
    builder.environment().putAll(more);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), out);
  }
}
