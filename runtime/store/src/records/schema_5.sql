-- What the attempt of a task that succeeded left in `/out`. The files lie beside the database, in the order of `place`. A
-- later attempt that succeeds takes the place of the one before.
CREATE TABLE artifacts (
    job        INTEGER NOT NULL,
    task       INTEGER NOT NULL,
    name       TEXT NOT NULL,
    number     INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    media_type TEXT NOT NULL,
    PRIMARY KEY (job, task, name)
) STRICT, WITHOUT ROWID;
-- The job that submitted it, of the same user; NULL where its user did.
ALTER TABLE jobs ADD COLUMN parent INTEGER;
CREATE INDEX jobs_by_parent ON jobs (user, parent) WHERE parent IS NOT NULL;
-- Sums over the rows above, kept so that nobody has to count them.
ALTER TABLE jobs ADD COLUMN artifacts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN artifact_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE holdings ADD COLUMN artifact_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE removals ADD COLUMN artifact_bytes INTEGER NOT NULL DEFAULT 0;

-- What an attempt said of itself for people. Most say nothing and have no row.
CREATE TABLE told (
    job        INTEGER NOT NULL,
    task       INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    -- How much was done, in millionths, and in words.
    millionths INTEGER,
    message    TEXT NOT NULL,
    summary    TEXT,
    PRIMARY KEY (job, task, number)
) STRICT, WITHOUT ROWID;
