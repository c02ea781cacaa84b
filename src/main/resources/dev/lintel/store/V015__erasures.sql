-- What was asked to be erased for good. Times are milliseconds since 1970; came is before when the calls came, marked is a user
-- (Erasure.mark), empty for all of the tenant's.

CREATE TABLE erasure (
  number BIGINT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  came BIGINT NOT NULL,
  marked TEXT NOT NULL,
  asker TEXT NOT NULL,
  asked BIGINT NOT NULL,
  stored BIGINT NOT NULL,
  records BIGINT NOT NULL,
  payloads BIGINT NOT NULL,
  replies BIGINT NOT NULL,
  files BIGINT NOT NULL,
  batches BIGINT NOT NULL,
  opinions BIGINT NOT NULL
);

-- The nodes by their journals, and up to which erasure each has nothing left.
CREATE TABLE erasing_node (
  journal TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  seen BIGINT NOT NULL,
  reached BIGINT NOT NULL
);

-- Files whose content lies in the folder of one of the nodes.
CREATE TABLE erased_file (
  number BIGINT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (number, id)
);
