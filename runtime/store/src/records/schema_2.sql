-- Where attempts ran, in the names of then, as small numbers.
CREATE TABLE places (
    id         INTEGER PRIMARY KEY,
    subcluster TEXT NOT NULL,
    node       TEXT NOT NULL,
    UNIQUE (subcluster, node)
) STRICT;

-- Not declared as a reference: there is a row per task, and each would look its place up once more.
ALTER TABLE attempts ADD COLUMN place INTEGER;

-- Where a job went last, and why. Apart from the job, so that counting its tasks does not rewrite it.
CREATE TABLE job_routes (
    job        INTEGER PRIMARY KEY REFERENCES jobs (id),
    subcluster TEXT NOT NULL,
    routed_by  TEXT NOT NULL,
    considered TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
