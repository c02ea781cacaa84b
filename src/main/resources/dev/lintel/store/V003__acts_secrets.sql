-- Times are milliseconds since 1970.

CREATE TABLE act_head (
  id BIGINT NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL
);

INSERT INTO act_head (id, number) VALUES (1, 0);

CREATE TABLE act (
  number BIGINT NOT NULL PRIMARY KEY,
  follows BIGINT NOT NULL,
  at BIGINT NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  status BIGINT NOT NULL,
  detail TEXT NOT NULL
);

CREATE INDEX act_follows ON act (follows, number);

CREATE INDEX act_of ON act (who, number);

CREATE TABLE secret (
  name TEXT NOT NULL PRIMARY KEY,
  sealed TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  who TEXT NOT NULL,
  at BIGINT NOT NULL
);
