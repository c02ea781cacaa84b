-- Files whose text was in force, in their order, each by a mark that is sealed.

CREATE TABLE revision_file (
  number BIGINT NOT NULL PRIMARY KEY,
  mark TEXT NOT NULL
);
