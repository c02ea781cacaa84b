package dev.lintel;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.Locale;
import java.util.Optional;

/** The time for which an allowance is. */
public sealed interface Span {
  /** As it is part of the name of an account: never changes once it is released. */
  String name();

  /** The calendar's of that name; empty where the name is of another kind, or of none. */
  static Optional<Calendar> calendar(String name) {
    int at = name.indexOf('@');
    String unit = at < 0 ? name : name.substring(0, at);
    for (Unit one : Unit.values()) {
      if (one.word().equals(unit)) {
        try {
          ZoneId zone = at < 0 ? ZoneOffset.UTC : ZoneId.of(name.substring(at + 1));
          return Optional.of(new Calendar(one, zone));
        } catch (DateTimeException noZone) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  /** A window that ends now, whenever that is: {@code 60s}. */
  record Rolling(Duration length) implements Span {
    @Override
    public String name() {
      return length.toSeconds() + "s";
    }
  }

  /** One of the calendar's, as it is where the zone is: {@code day}, {@code day@Europe/Berlin}. */
  record Calendar(Unit unit, ZoneId zone) implements Span {
    @Override
    public String name() {
      return unit.word() + (zone.normalized().getId().equals("Z") ? "" : "@" + zone.getId());
    }

    /** When that began in which the moment lies. */
    public Instant start(Instant moment) {
      return unit.start(moment.atZone(zone)).toInstant();
    }

    /** When the next one begins. */
    public Instant end(Instant moment) {
      ZonedDateTime start = unit.start(moment.atZone(zone));
      return unit.after(start).toInstant();
    }
  }

  /** All time. */
  record Total() implements Span {
    @Override
    public String name() {
      return "total";
    }
  }

  /** This moment, as for calls at once. */
  record Now() implements Span {
    @Override
    public String name() {
      return "now";
    }
  }

  /** A unit of the calendar; weeks begin on Monday (ISO 8601). */
  enum Unit {
    MINUTE,
    HOUR,
    DAY,
    WEEK,
    MONTH;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    private ZonedDateTime start(ZonedDateTime moment) {
      LocalDate date = moment.toLocalDate();
      return switch (this) {
        case MINUTE -> moment.truncatedTo(ChronoUnit.MINUTES);
        case HOUR -> moment.truncatedTo(ChronoUnit.HOURS);
        case DAY -> date.atStartOfDay(moment.getZone());
        case WEEK ->
            date.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY))
                .atStartOfDay(moment.getZone());
        case MONTH -> date.withDayOfMonth(1).atStartOfDay(moment.getZone());
      };
    }

    private ZonedDateTime after(ZonedDateTime start) {
      LocalDate date = start.toLocalDate();
      return switch (this) {
        case MINUTE -> start.plusMinutes(1);
        case HOUR -> start.plusHours(1);
        // By the date: a day may have 23 or 25 hours.
        case DAY -> date.plusDays(1).atStartOfDay(start.getZone());
        case WEEK -> date.plusWeeks(1).atStartOfDay(start.getZone());
        case MONTH -> date.plusMonths(1).atStartOfDay(start.getZone());
      };
    }
  }
}
