-- What calls come to by all that they have in common: of an hour's minutes (span is a minute), of the hour, and of the day
-- (span is a day). Each row's sums are many (UsageRows). Rows of hours and minutes are parts, added up by who reads, and
-- merged into fewer of the next tier; rows of a day are made from those of its hours and hold as long as calls are as many as
-- usage_hour_single has of that day. They take the place of usage_hour, usage_day and those by user.

CREATE TABLE usage_part (
  span BIGINT NOT NULL,
  start BIGINT NOT NULL,
  tier BIGINT NOT NULL,
  journal TEXT NOT NULL,
  position BIGINT NOT NULL,
  calls BIGINT NOT NULL,
  sums BYTEA NOT NULL,
  PRIMARY KEY (span, start, tier, journal, position)
);
