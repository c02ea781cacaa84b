-- The chains of evidence, one a node, and what the entries of kind 'records' vouch for: ids and hashes of the records of
-- calls that were brought together, as long as those are kept. Times are milliseconds since 1970, hashes hexadecimal.

CREATE TABLE audit (
  node TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  hash TEXT NOT NULL,
  seal TEXT NOT NULL,
  PRIMARY KEY (node, sequence)
);

CREATE INDEX audit_at ON audit (at, node, sequence);

CREATE INDEX audit_kind ON audit (kind, node, sequence);

CREATE TABLE audit_node (
  node TEXT NOT NULL PRIMARY KEY,
  public_key TEXT NOT NULL
);

CREATE TABLE audit_leaves (
  node TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  first_id TEXT NOT NULL,
  last_id TEXT NOT NULL,
  leaves BYTEA NOT NULL,
  PRIMARY KEY (node, sequence)
);

CREATE INDEX audit_leaves_id ON audit_leaves (last_id, first_id);
