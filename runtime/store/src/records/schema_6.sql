-- What users' modules did to our side: how many workers died of them, how often a function of the host panicked under them,
-- how many compilations of them were ended for their cost. Most modules did nothing and have no row. A row outlives its
-- module: whoever deletes it and pushes it again has the same bytes.
CREATE TABLE module_harm (
    user           INTEGER NOT NULL REFERENCES users (id),
    digest         BLOB NOT NULL CHECK (length(digest) = 32),
    worker_deaths  INTEGER NOT NULL,
    host_panics    INTEGER NOT NULL,
    compile_kills  INTEGER NOT NULL,
    -- Whether its attempts run without neighbours until one of them ends well.
    is_suspect     INTEGER NOT NULL,
    -- When the last of this happened.
    at             INTEGER NOT NULL,
    quarantined_at INTEGER,
    PRIMARY KEY (user, digest)
) STRICT, WITHOUT ROWID;

-- 1: a job that it waits for did not end as it had to. 2: its module is in quarantine.
ALTER TABLE given_up ADD COLUMN why INTEGER NOT NULL DEFAULT 1;
