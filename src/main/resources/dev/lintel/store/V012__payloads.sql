-- What calls said, sealed, where policies have it kept: a table payload_N for each hour in which some must be gone, so that an
-- hour's go at once and leave nothing behind.

CREATE TABLE payload_slice (
  slice BIGINT NOT NULL PRIMARY KEY
);

-- In which of them a call's is.
CREATE TABLE payload_at (
  id TEXT NOT NULL PRIMARY KEY,
  slice BIGINT NOT NULL
);

CREATE INDEX payload_at_slice ON payload_at (slice);
