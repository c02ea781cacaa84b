-- How often something of a topic has changed.

CREATE TABLE feed (
  topic TEXT NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL
);
