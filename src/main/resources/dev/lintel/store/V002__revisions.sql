-- A value that is empty stands for nothing. Times are milliseconds since 1970. A change holds in the revisions from since up to, but not with, gone.

CREATE TABLE revision (
  number BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  author TEXT NOT NULL,
  why TEXT NOT NULL,
  base BIGINT
);

CREATE TABLE revision_base (
  number BIGINT NOT NULL PRIMARY KEY,
  text TEXT NOT NULL
);

CREATE TABLE revision_change (
  since BIGINT NOT NULL,
  path TEXT NOT NULL,
  gone BIGINT,
  place BIGINT NOT NULL,
  value TEXT NOT NULL,
  overrides BIGINT NOT NULL,
  author TEXT NOT NULL,
  at BIGINT NOT NULL,
  ends BIGINT,
  PRIMARY KEY (since, path)
);

CREATE INDEX revision_change_holds ON revision_change (gone, path);
