-- What was told of to people, so that not every node tells it, until that time. Times are milliseconds since 1970.

CREATE TABLE told (
  name TEXT NOT NULL PRIMARY KEY,
  until BIGINT NOT NULL
);

CREATE INDEX told_until ON told (until);
