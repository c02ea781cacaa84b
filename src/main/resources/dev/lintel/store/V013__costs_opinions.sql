-- What the calls of a day (a number, 20261121) came to, as each journal brought them; sums is written by CostRows.

CREATE TABLE cost_day (
  day BIGINT NOT NULL,
  journal TEXT NOT NULL,
  sums BYTEA NOT NULL,
  PRIMARY KEY (day, journal)
);

-- How well calls were answered. Times are milliseconds since 1970; called is when the call came.

CREATE TABLE opinion (
  call TEXT NOT NULL,
  source TEXT NOT NULL,
  called BIGINT NOT NULL,
  tenant TEXT NOT NULL,
  app TEXT NOT NULL,
  use_case TEXT NOT NULL,
  model TEXT NOT NULL,
  target TEXT NOT NULL,
  score DOUBLE PRECISION NOT NULL,
  label TEXT NOT NULL,
  comment TEXT NOT NULL,
  said BIGINT NOT NULL,
  PRIMARY KEY (call, source)
);

CREATE INDEX opinion_called ON opinion (called);
