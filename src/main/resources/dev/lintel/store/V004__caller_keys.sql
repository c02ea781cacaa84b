-- Times are milliseconds since 1970. A key that was deleted stays as a row without anything of it,
-- so that nodes hear of it; change_no orders what has happened to all keys.

CREATE TABLE caller_key (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  app TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  prefix TEXT NOT NULL,
  hash TEXT NOT NULL,
  sealed TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT,
  gone BIGINT NOT NULL,
  change_no BIGINT NOT NULL
);

CREATE INDEX caller_key_of_app ON caller_key (tenant, app, id);

CREATE INDEX caller_key_change ON caller_key (change_no);

CREATE INDEX caller_key_gone ON caller_key (gone);

-- Apart, because it changes often and nobody has to hear of it.
CREATE TABLE caller_key_use (
  id TEXT NOT NULL PRIMARY KEY,
  last_use BIGINT NOT NULL
);

-- How often things of a kind have changed. Its row is locked until a change is committed, so that
-- the numbers become visible in their order.
CREATE TABLE change_count (
  name TEXT NOT NULL PRIMARY KEY,
  value BIGINT NOT NULL
);

CREATE TABLE agreed (
  name TEXT NOT NULL PRIMARY KEY,
  value BYTEA NOT NULL
);
