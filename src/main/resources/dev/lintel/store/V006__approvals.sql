-- Times are milliseconds since 1970.

CREATE TABLE approval (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  who TEXT NOT NULL,
  why TEXT NOT NULL,
  until BIGINT NOT NULL,
  sealed TEXT NOT NULL,
  shown TEXT NOT NULL,
  state TEXT NOT NULL,
  decided_by TEXT,
  decided_at BIGINT,
  revision BIGINT NOT NULL
);

CREATE INDEX approval_state ON approval (state, id);
