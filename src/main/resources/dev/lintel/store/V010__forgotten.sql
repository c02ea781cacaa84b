-- How far the records of somebody have been looked through for those that may not be kept any longer: all that stand before
-- that id.

CREATE TABLE forgotten (
  place TEXT NOT NULL PRIMARY KEY,
  reached TEXT NOT NULL
);
