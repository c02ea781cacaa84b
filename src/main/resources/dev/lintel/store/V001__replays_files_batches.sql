-- Times are milliseconds since 1970. BYTEA is PostgreSQL's word; to SQLite any type is but a hint.

CREATE TABLE replay (
  tenant TEXT NOT NULL,
  app TEXT NOT NULL,
  name TEXT NOT NULL,
  question BYTEA NOT NULL,
  call_id TEXT NOT NULL,
  lease BIGINT NOT NULL,
  created BIGINT NOT NULL,
  size BIGINT NOT NULL,
  status BIGINT NOT NULL,
  content_type TEXT NOT NULL,
  stream BIGINT NOT NULL,
  headers TEXT NOT NULL,
  body BYTEA,
  PRIMARY KEY (tenant, app, name)
);

CREATE INDEX replay_age ON replay (created, size);

CREATE TABLE file (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  purpose TEXT NOT NULL,
  name TEXT NOT NULL,
  size BIGINT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT
);

CREATE INDEX file_of_tenant ON file (tenant, id);

CREATE INDEX file_expires ON file (expires);

CREATE TABLE batch (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  ended BIGINT NOT NULL,
  holder TEXT NOT NULL,
  lease BIGINT NOT NULL,
  document TEXT NOT NULL
);

CREATE INDEX batch_of_tenant ON batch (tenant, id);

CREATE INDEX batch_open ON batch (ended, lease);
