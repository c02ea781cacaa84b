-- Times are milliseconds since 1970, periods seconds. Each day's records have a table of their own, call_20261121, made
-- when the first of them comes in, and beside it usage_20261121, what they come to within each minute.

CREATE TABLE call_day (
  day BIGINT NOT NULL PRIMARY KEY
);

CREATE TABLE journal (
  name TEXT NOT NULL PRIMARY KEY,
  position BIGINT NOT NULL
);

CREATE TABLE usage_hour (
  start BIGINT NOT NULL,
  tenant TEXT NOT NULL,
  app TEXT NOT NULL,
  use_case TEXT NOT NULL,
  caller_user TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  kind TEXT NOT NULL,
  calls BIGINT NOT NULL,
  pico_usd BIGINT NOT NULL,
  input BIGINT NOT NULL,
  output BIGINT NOT NULL,
  cache_read BIGINT NOT NULL,
  cache_write BIGINT NOT NULL,
  reasoning BIGINT NOT NULL,
  PRIMARY KEY (start, tenant, app, use_case, caller_user, model, provider, kind)
);

CREATE TABLE usage_hour_by_user (
  start BIGINT NOT NULL,
  tenant TEXT NOT NULL,
  app TEXT NOT NULL,
  use_case TEXT NOT NULL,
  caller_user TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  kind TEXT NOT NULL,
  calls BIGINT NOT NULL,
  pico_usd BIGINT NOT NULL,
  input BIGINT NOT NULL,
  output BIGINT NOT NULL,
  cache_read BIGINT NOT NULL,
  cache_write BIGINT NOT NULL,
  reasoning BIGINT NOT NULL,
  PRIMARY KEY (start, tenant, app, use_case, caller_user, model, provider, kind)
);

CREATE TABLE usage_day (
  start BIGINT NOT NULL,
  tenant TEXT NOT NULL,
  app TEXT NOT NULL,
  use_case TEXT NOT NULL,
  caller_user TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  kind TEXT NOT NULL,
  calls BIGINT NOT NULL,
  pico_usd BIGINT NOT NULL,
  input BIGINT NOT NULL,
  output BIGINT NOT NULL,
  cache_read BIGINT NOT NULL,
  cache_write BIGINT NOT NULL,
  reasoning BIGINT NOT NULL,
  PRIMARY KEY (start, tenant, app, use_case, caller_user, model, provider, kind)
);

CREATE TABLE usage_day_by_user (
  start BIGINT NOT NULL,
  tenant TEXT NOT NULL,
  app TEXT NOT NULL,
  use_case TEXT NOT NULL,
  caller_user TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  kind TEXT NOT NULL,
  calls BIGINT NOT NULL,
  pico_usd BIGINT NOT NULL,
  input BIGINT NOT NULL,
  output BIGINT NOT NULL,
  cache_read BIGINT NOT NULL,
  cache_write BIGINT NOT NULL,
  reasoning BIGINT NOT NULL,
  PRIMARY KEY (start, tenant, app, use_case, caller_user, model, provider, kind)
);

-- What the calls of an hour come to by one word alone (dimension is that word's column, empty for all calls), so that a
-- chart of months reads few rows.
CREATE TABLE usage_hour_single (
  dimension TEXT NOT NULL,
  start BIGINT NOT NULL,
  value TEXT NOT NULL,
  calls BIGINT NOT NULL,
  pico_usd BIGINT NOT NULL,
  input BIGINT NOT NULL,
  output BIGINT NOT NULL,
  cache_read BIGINT NOT NULL,
  cache_write BIGINT NOT NULL,
  reasoning BIGINT NOT NULL,
  PRIMARY KEY (dimension, start, value)
);

CREATE TABLE spent (
  account TEXT NOT NULL,
  period BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  PRIMARY KEY (account, period)
);

CREATE INDEX spent_period ON spent (period);
