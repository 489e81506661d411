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

CREATE TABLE rule_sets (
    version  INTEGER PRIMARY KEY,
    document TEXT NOT NULL,
    by       INTEGER NOT NULL REFERENCES users (id),
    at       INTEGER NOT NULL
) STRICT;

-- What operators asked for and have not taken back.
CREATE TABLE paused_subclusters (
    name   TEXT PRIMARY KEY,
    by     INTEGER NOT NULL REFERENCES users (id),
    reason TEXT NOT NULL,
    since  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE drained_nodes (
    node   TEXT PRIMARY KEY,
    by     INTEGER NOT NULL REFERENCES users (id),
    reason TEXT NOT NULL,
    since  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE node_labels (
    node  TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (node, key)
) STRICT, WITHOUT ROWID;

-- Rows stay when a node goes, so that its number is never another's.
CREATE TABLE nodes (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL
) STRICT;

-- The key is the promise that a node is in one sub-cluster at most.
CREATE TABLE memberships (
    node       INTEGER PRIMARY KEY REFERENCES nodes (id),
    state      TEXT NOT NULL,
    subcluster TEXT,
    since      INTEGER NOT NULL,
    cause      TEXT NOT NULL,
    rule_set   INTEGER NOT NULL,
    CONSTRAINT "the state of a node is a known word" CHECK (state IN ('in', 'draining', 'unassigned', 'down')),
    CONSTRAINT "a node that is in or draining has a sub-cluster" CHECK (subcluster IS NOT NULL OR state IN ('unassigned', 'down')),
    CONSTRAINT "a node that is unassigned has no sub-cluster" CHECK (subcluster IS NULL OR state <> 'unassigned')
) STRICT;

-- What memberships were, as far back as it is kept. `seq` has no gaps: what was removed is counted by where it begins.
CREATE TABLE node_moves (
    seq        INTEGER PRIMARY KEY,
    node       INTEGER NOT NULL,
    state      TEXT NOT NULL,
    subcluster TEXT,
    since      INTEGER NOT NULL,
    cause      TEXT NOT NULL,
    rule_set   INTEGER NOT NULL
) STRICT;
CREATE INDEX node_moves_by_node ON node_moves (node);

-- Jobs whose waiting tasks were cancelled because a job that they wait for did not end as it had to.
CREATE TABLE given_up (
    job INTEGER PRIMARY KEY
) STRICT;

-- Who asked for what that concerns everyone. `previous` is the sha256 of the row before, as audit.rs computes it.
CREATE TABLE audit (
    seq       INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    user      INTEGER,
    user_name TEXT NOT NULL,
    via       TEXT NOT NULL,
    action    TEXT NOT NULL,
    object    TEXT NOT NULL,
    before    TEXT,
    after     TEXT,
    -- Why it was refused; null when it was done.
    refused   TEXT,
    previous  BLOB NOT NULL CHECK (length(previous) = 32)
) STRICT;
CREATE INDEX audit_by_action ON audit (action);
CREATE INDEX audit_by_object ON audit (object);

-- The end of the chain, so that a missing end is seen.
CREATE TABLE audit_head (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    seq    INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
INSERT INTO audit_head (one, seq, digest) VALUES (1, 0, zeroblob(32));
