package dev.lintel.main;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import dev.lintel.Logging;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the gateway says of itself goes to standard error, a line each; standard output is for the
 * banner and the lines of calls. Found by Logback as a service: reading an XML file would cost a
 * tenth of a second of every start.
 */
public final class Logs extends ContextAwareBase implements Configurator {
  private static final LogLine LINES = new LogLine();

  /** What is in force in this process, of which the loggers are a part. */
  private static Logging now = Logging.USUAL;

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    LINES.setContext(context);
    LINES.start();
    var console = new ConsoleAppender<ILoggingEvent>();
    console.setContext(context);
    console.setTarget("System.err");
    console.setEncoder(LINES);
    console.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(console);
    level(context, Logging.USUAL);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /** Says as much from now on, in that form. */
  static synchronized void use(Logging wanted) {
    LINES.use(wanted.form());
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      var gone = new TreeMap<>(now.levels());
      gone.keySet().removeAll(wanted.levels().keySet());
      gone.keySet().forEach(name -> context.getLogger(name).setLevel(null));
      level(context, wanted);
    }
    now = wanted;
  }

  private static void level(LoggerContext context, Logging wanted) {
    Logging.Level libraries =
        wanted.level().compareTo(Logging.Level.WARN) < 0 ? wanted.level() : Logging.Level.WARN;
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(of(libraries));
    context.getLogger(Logging.OWN).setLevel(of(wanted.level()));
    wanted.levels().forEach((name, level) -> context.getLogger(name).setLevel(of(level)));
  }

  private static Level of(Logging.Level level) {
    return switch (level) {
      case OFF -> Level.OFF;
      case ERROR -> Level.ERROR;
      case WARN -> Level.WARN;
      case INFO -> Level.INFO;
      case DEBUG -> Level.DEBUG;
      case TRACE -> Level.TRACE;
    };
  }
}
