-- Networks that were prepared ahead, each for one user at most. Two of them may have equal addresses: no packet goes from
-- one to the other.
CREATE TABLE networks (
    id          INTEGER PRIMARY KEY,
    v4          TEXT NOT NULL,
    v4_bits     INTEGER NOT NULL,
    v6          TEXT NOT NULL,
    v6_bits     INTEGER NOT NULL,
    -- The key is the promise that a user has one network at most; the row, that a network has one user at most.
    user        INTEGER UNIQUE REFERENCES users (id),
    assigned_at INTEGER,
    CONSTRAINT "a prefix is no longer than an address" CHECK (v4_bits BETWEEN 0 AND 32 AND v6_bits BETWEEN 0 AND 128),
    CONSTRAINT "a network has a user since some instant" CHECK ((user IS NULL) = (assigned_at IS NULL))
) STRICT;

-- What operators let each user reach outside, as a JSON list. A user without a row was never decided on.
CREATE TABLE egress_policies (
    user  INTEGER PRIMARY KEY REFERENCES users (id),
    allow TEXT NOT NULL,
    at    INTEGER NOT NULL
) STRICT;

-- The number of the attempt's host within its user's network.
ALTER TABLE attempts ADD COLUMN nic INTEGER;

-- What went over the nic of an attempt. Apart from the attempt, because most attempts talk to nobody and have no row here.
CREATE TABLE nic_usage (
    job                INTEGER NOT NULL,
    task               INTEGER NOT NULL,
    number             INTEGER NOT NULL,
    bytes_sent         INTEGER NOT NULL,
    bytes_received     INTEGER NOT NULL,
    connections_out    INTEGER NOT NULL,
    connections_in     INTEGER NOT NULL,
    datagrams_sent     INTEGER NOT NULL,
    datagrams_received INTEGER NOT NULL,
    datagrams_dropped  INTEGER NOT NULL,
    denials            INTEGER NOT NULL,
    -- What was denied, as a JSON list: guests choose the names, so no separator would be safe.
    denied             TEXT NOT NULL,
    PRIMARY KEY (job, task, number)
) STRICT, WITHOUT ROWID;
