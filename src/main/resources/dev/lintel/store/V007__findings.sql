-- What rules of policies had to say, for each hour and each minute (span, in milliseconds) in which they did. Times are
-- milliseconds since 1970.

CREATE TABLE finding (
  span BIGINT NOT NULL,
  start BIGINT NOT NULL,
  rule TEXT NOT NULL,
  mode TEXT NOT NULL,
  kind TEXT NOT NULL,
  tenant TEXT NOT NULL,
  app TEXT NOT NULL,
  calls BIGINT NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  message TEXT NOT NULL,
  example TEXT NOT NULL,
  PRIMARY KEY (span, start, rule, mode, kind, tenant, app)
);
