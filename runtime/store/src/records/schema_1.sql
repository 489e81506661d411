-- Instants are milliseconds since the Unix epoch. Digests and public ids are bytes. Numbers that stand for words are
-- listed in codes.rs.

CREATE TABLE users (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- What lists and filters read. The rest of a job is in job_specs, so that counting its tasks does not rewrite it.
CREATE TABLE jobs (
    id               INTEGER PRIMARY KEY,
    user             INTEGER NOT NULL REFERENCES users (id),
    number           INTEGER NOT NULL,
    public_id        BLOB NOT NULL CHECK (length(public_id) = 16),
    name             TEXT,
    module           BLOB NOT NULL CHECK (length(module) = 32),
    first_task       INTEGER NOT NULL,
    last_task        INTEGER NOT NULL CHECK (first_task <= last_task),
    submitted_at     INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    finished_at      INTEGER,
    -- Settled tasks, by outcome.
    succeeded        INTEGER NOT NULL DEFAULT 0,
    failed           INTEGER NOT NULL DEFAULT 0,
    trapped          INTEGER NOT NULL DEFAULT 0,
    limit_exceeded   INTEGER NOT NULL DEFAULT 0,
    cancelled        INTEGER NOT NULL DEFAULT 0,
    lost             INTEGER NOT NULL DEFAULT 0,
    UNIQUE (user, number),
    UNIQUE (user, public_id)
) STRICT;
CREATE INDEX jobs_by_user ON jobs (user);
CREATE INDEX jobs_by_name ON jobs (user, name) WHERE name IS NOT NULL;
CREATE INDEX jobs_unfinished ON jobs (user) WHERE finished_at IS NULL;

CREATE TABLE job_specs (
    job     INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    spec    TEXT NOT NULL
) STRICT;

CREATE TABLE job_labels (
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    user  INTEGER NOT NULL,
    job   INTEGER NOT NULL,
    PRIMARY KEY (key, value, user, job)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    user INTEGER NOT NULL,
    key  TEXT NOT NULL,
    body BLOB NOT NULL,
    job  INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (at);

-- Attempt `number` of these tasks was started. Gone when the job is finished: what counts then is how attempts ended.
CREATE TABLE starts (
    job    INTEGER NOT NULL,
    first  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    last   INTEGER NOT NULL CHECK (first <= last),
    at     INTEGER NOT NULL,
    PRIMARY KEY (job, first, number)
) STRICT, WITHOUT ROWID;

-- How an attempt ended, and what followed. The only table with a row per task.
CREATE TABLE attempts (
    job               INTEGER NOT NULL,
    task              INTEGER NOT NULL,
    number            INTEGER NOT NULL,
    started_at        INTEGER,
    ended_at          INTEGER NOT NULL,
    outcome           INTEGER NOT NULL,
    code              INTEGER NOT NULL,
    detail            TEXT,
    node              INTEGER,
    slot              INTEGER,
    next              INTEGER NOT NULL,
    next_at           INTEGER,
    cpu_us            INTEGER NOT NULL,
    wall_us           INTEGER NOT NULL,
    memory_peak_bytes INTEGER NOT NULL,
    stdout_bytes      INTEGER NOT NULL,
    stderr_bytes      INTEGER NOT NULL,
    output_cut_bytes  INTEGER NOT NULL,
    scratch_peak_bytes INTEGER NOT NULL,
    memory_denied     INTEGER NOT NULL,
    tables_denied     INTEGER NOT NULL,
    handles_denied    INTEGER NOT NULL,
    PRIMARY KEY (job, task, number)
) STRICT, WITHOUT ROWID;

-- Tasks that were cancelled before they had an attempt. For a task with attempts, `next` of the last one says it.
CREATE TABLE cancelled (
    job   INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL CHECK (first <= last),
    at    INTEGER NOT NULL,
    PRIMARY KEY (job, first, last)
) STRICT, WITHOUT ROWID;

-- Tasks that somebody wants ended. Gone when the job is finished.
CREATE TABLE cancel_wishes (
    job   INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL CHECK (first <= last),
    at    INTEGER NOT NULL,
    PRIMARY KEY (job, first, last)
) STRICT, WITHOUT ROWID;

CREATE TABLE modules (
    id         INTEGER PRIMARY KEY,
    user       INTEGER NOT NULL REFERENCES users (id),
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    size_bytes INTEGER NOT NULL,
    interface  TEXT NOT NULL,
    added_at   INTEGER NOT NULL,
    UNIQUE (user, digest)
) STRICT;

-- The newest row of a name, or of a name and tag, is what it stands for.
CREATE TABLE module_names (
    id     INTEGER PRIMARY KEY,
    user   INTEGER NOT NULL,
    name   TEXT NOT NULL,
    tag    TEXT NOT NULL,
    digest BLOB NOT NULL,
    UNIQUE (user, name, tag, digest)
) STRICT;
CREATE INDEX module_names_by_digest ON module_names (user, digest);

-- What the compiler does not take, so that it is not asked twice.
CREATE TABLE module_refusals (
    user    INTEGER NOT NULL,
    digest  BLOB NOT NULL,
    engine  TEXT NOT NULL,
    code    TEXT NOT NULL,
    message TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (user, digest, engine)
) STRICT, WITHOUT ROWID;

CREATE TABLE inputs (
    user       INTEGER NOT NULL REFERENCES users (id),
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    kind       INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    files      INTEGER NOT NULL,
    added_at   INTEGER NOT NULL,
    PRIMARY KEY (user, digest, kind)
) STRICT, WITHOUT ROWID;
