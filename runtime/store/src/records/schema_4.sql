-- Users are never deleted: what they did stays theirs, and the name of one who was removed is nobody else's.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'user'
    CONSTRAINT "the role of a user is a known word" CHECK (role IN ('user', 'operator'));
ALTER TABLE users ADD COLUMN added_at INTEGER;
ALTER TABLE users ADD COLUMN suspended_at INTEGER;
ALTER TABLE users ADD COLUMN removed_at INTEGER;
-- Until now the only way in was the socket, and who comes that way is an operator.
UPDATE users SET role = 'operator';

-- What operators let a user have, where that is not what everyone has.
CREATE TABLE quotas (
    user          INTEGER PRIMARY KEY REFERENCES users (id),
    slots         INTEGER,
    cpu_millis    INTEGER,
    memory_bytes  INTEGER,
    queued        INTEGER,
    submits_per_s INTEGER,
    modules       INTEGER,
    stored_bytes  INTEGER,
    weight        INTEGER,
    at            INTEGER NOT NULL
) STRICT;

CREATE TABLE certificates (
    id             INTEGER PRIMARY KEY,
    serial         BLOB NOT NULL UNIQUE CHECK (length(serial) = 16),
    user           INTEGER NOT NULL REFERENCES users (id),
    role           TEXT NOT NULL,
    not_before     INTEGER NOT NULL,
    not_after      INTEGER NOT NULL,
    issued_at      INTEGER NOT NULL,
    issued_by      TEXT NOT NULL,
    revoked_at     INTEGER,
    revoked_reason TEXT,
    CONSTRAINT "the role in a certificate is a known word" CHECK (role IN ('user', 'operator')),
    CONSTRAINT "a certificate is revoked for a reason" CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
) STRICT;
CREATE INDEX certificates_by_user ON certificates (user);
-- Most certificates just expire, so this is short: it is read whole when a server starts.
CREATE INDEX certificates_revoked ON certificates (not_after) WHERE revoked_at IS NOT NULL;

-- How a job was submitted, such as `certificate 01ab…`, and the memory that each of its attempts is given.
ALTER TABLE job_specs ADD COLUMN via TEXT;
ALTER TABLE job_specs ADD COLUMN memory_bytes INTEGER NOT NULL DEFAULT 0;
-- As a real first: what does not fit then becomes the greatest integer.
UPDATE job_specs SET memory_bytes = CAST(json_extract(spec, '$.limits.memory_bytes') AS INTEGER);

-- What lists of jobs go by. Each begins with the user: a list of everyone's jobs asks once per user.
CREATE INDEX jobs_by_module ON jobs (user, module);
CREATE INDEX jobs_finished ON jobs (user) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_with_succeeded ON jobs (user) WHERE succeeded > 0;
CREATE INDEX jobs_with_failed ON jobs (user) WHERE failed > 0;
CREATE INDEX jobs_with_trapped ON jobs (user) WHERE trapped > 0;
CREATE INDEX jobs_with_limit_exceeded ON jobs (user) WHERE limit_exceeded > 0;
CREATE INDEX jobs_with_cancelled ON jobs (user) WHERE cancelled > 0;
CREATE INDEX jobs_with_lost ON jobs (user) WHERE lost > 0;
-- What retention goes by.
CREATE INDEX jobs_by_end ON jobs (user, finished_at) WHERE finished_at IS NOT NULL;

-- When the jobs of a block of 4,096 ids were submitted. Clocks are set back at times, so ids alone do not tell. Rows stay
-- when jobs go, so that no id is given twice: `newest` is the last one of the block.
CREATE TABLE submission_times (
    block  INTEGER PRIMARY KEY,
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    newest INTEGER NOT NULL
) STRICT;
INSERT INTO submission_times (block, first, last, newest)
    SELECT id >> 12, min(submitted_at), max(submitted_at), max(id) FROM jobs GROUP BY id >> 12;

-- Which jobs each job was submitted to wait for, from the other end.
CREATE TABLE dependents (
    job       INTEGER NOT NULL,
    dependent INTEGER NOT NULL,
    PRIMARY KEY (job, dependent)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO dependents (job, dependent)
    SELECT json_extract(value, '$.job'), job_specs.job FROM job_specs, json_each(spec, '$.after');

-- What the attempts of a job used that ended on a day, counted in UTC since the epoch. Job 0 stands for the user's jobs that
-- were removed. Memory given over time is in bytes times microseconds, which no integer holds: it is
-- memory_high * 2^40 + memory_low.
CREATE TABLE job_usage (
    user           INTEGER NOT NULL,
    day            INTEGER NOT NULL,
    job            INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    cpu_us         INTEGER NOT NULL,
    wall_us        INTEGER NOT NULL,
    memory_high    INTEGER NOT NULL,
    memory_low     INTEGER NOT NULL,
    stdout_bytes   INTEGER NOT NULL,
    stderr_bytes   INTEGER NOT NULL,
    cut_bytes      INTEGER NOT NULL,
    sent_bytes     INTEGER NOT NULL,
    received_bytes INTEGER NOT NULL,
    PRIMARY KEY (user, day, job)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_usage_by_job ON job_usage (job);

-- What the attempts of a job used, all days together: sums, and the highest of the peaks. Kept so that nobody who looks at a
-- job adds up its million attempts. A job of which none has ended has no row.
CREATE TABLE job_totals (
    job                INTEGER PRIMARY KEY,
    attempts           INTEGER NOT NULL,
    cpu_us             INTEGER NOT NULL,
    wall_us            INTEGER NOT NULL,
    memory_peak_bytes  INTEGER NOT NULL,
    stdout_bytes       INTEGER NOT NULL,
    stderr_bytes       INTEGER NOT NULL,
    output_cut_bytes   INTEGER NOT NULL,
    scratch_peak_bytes INTEGER NOT NULL,
    memory_denied      INTEGER NOT NULL,
    tables_denied      INTEGER NOT NULL,
    handles_denied     INTEGER NOT NULL,
    bytes_sent         INTEGER NOT NULL,
    bytes_received     INTEGER NOT NULL,
    connections_out    INTEGER NOT NULL,
    connections_in     INTEGER NOT NULL,
    datagrams_sent     INTEGER NOT NULL,
    datagrams_received INTEGER NOT NULL,
    datagrams_dropped  INTEGER NOT NULL,
    denials            INTEGER NOT NULL
) STRICT;
-- No single measure of an attempt from before is taken for more than 2^40, so that a million of them still have a sum.
INSERT INTO job_totals
    SELECT attempts.job, count(*), sum(min(cpu_us, 1 << 40)), sum(min(wall_us, 1 << 40)),
        max(memory_peak_bytes), sum(min(stdout_bytes, 1 << 40)), sum(min(stderr_bytes, 1 << 40)),
        sum(min(output_cut_bytes, 1 << 40)), max(scratch_peak_bytes),
        min(sum(memory_denied), 4294967295), min(sum(tables_denied), 4294967295), min(sum(handles_denied), 4294967295),
        sum(min(coalesce(bytes_sent, 0), 1 << 40)), sum(min(coalesce(bytes_received, 0), 1 << 40)),
        sum(min(coalesce(connections_out, 0), 1 << 40)), sum(min(coalesce(connections_in, 0), 1 << 40)),
        sum(min(coalesce(datagrams_sent, 0), 1 << 40)), sum(min(coalesce(datagrams_received, 0), 1 << 40)),
        sum(min(coalesce(datagrams_dropped, 0), 1 << 40)), sum(min(coalesce(denials, 0), 1 << 40))
    FROM attempts
        LEFT JOIN nic_usage ON (nic_usage.job, nic_usage.task, nic_usage.number)
            = (attempts.job, attempts.task, attempts.number)
    GROUP BY attempts.job;

-- The sum over the jobs of a user: always that of the rows above, kept so that a month is not a million of them.
CREATE TABLE user_usage (
    user           INTEGER NOT NULL,
    day            INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    cpu_us         INTEGER NOT NULL,
    wall_us        INTEGER NOT NULL,
    memory_high    INTEGER NOT NULL,
    memory_low     INTEGER NOT NULL,
    stdout_bytes   INTEGER NOT NULL,
    stderr_bytes   INTEGER NOT NULL,
    cut_bytes      INTEGER NOT NULL,
    sent_bytes     INTEGER NOT NULL,
    received_bytes INTEGER NOT NULL,
    PRIMARY KEY (user, day)
) STRICT, WITHOUT ROWID;

-- No single measure is taken for more than 2^50, as in used.rs.
INSERT INTO job_usage
    WITH measured AS (
        SELECT user, ended_at / 86400000 AS day, attempts.job AS job,
            min(cpu_us, 1 << 50) AS cpu_us,
            min(wall_us, 1 << 50) AS wall_us,
            min(memory_bytes, 1 << 50) AS memory,
            min(stdout_bytes, 1 << 50) AS stdout_bytes,
            min(stderr_bytes, 1 << 50) AS stderr_bytes,
            min(output_cut_bytes, min(stdout_bytes, 1 << 50) + min(stderr_bytes, 1 << 50)) AS cut_bytes,
            min(coalesce(bytes_sent, 0), 1 << 50) AS sent_bytes,
            min(coalesce(bytes_received, 0), 1 << 50) AS received_bytes
        FROM attempts
            JOIN jobs ON jobs.id = attempts.job
            JOIN job_specs ON job_specs.job = attempts.job
            LEFT JOIN nic_usage ON (nic_usage.job, nic_usage.task, nic_usage.number)
                = (attempts.job, attempts.task, attempts.number)
    ), summed AS (
        SELECT user, day, job, count(*) AS attempts, sum(cpu_us) AS cpu_us, sum(wall_us) AS wall_us,
            max(memory) >> 20 AS mh, max(memory) & 0xfffff AS ml,
            sum(wall_us) >> 20 AS wh, sum(wall_us) & 0xfffff AS wl,
            sum(stdout_bytes) AS stdout_bytes, sum(stderr_bytes) AS stderr_bytes, sum(cut_bytes) AS cut_bytes,
            sum(sent_bytes) AS sent_bytes, sum(received_bytes) AS received_bytes
        FROM measured GROUP BY user, day, job
    ), multiplied AS (
        SELECT *, mh * wl + ml * wh AS middle FROM summed
    ), carried AS (
        SELECT *, ((middle & 0xfffff) << 20) + ml * wl AS lower FROM multiplied
    )
    SELECT user, day, job, attempts, cpu_us, wall_us,
        mh * wh + (middle >> 20) + (lower >> 40), lower & 0xffffffffff,
        stdout_bytes, stderr_bytes, cut_bytes, sent_bytes, received_bytes
    FROM carried;
INSERT INTO user_usage
    SELECT user, day, sum(attempts), sum(cpu_us), sum(wall_us),
        sum(memory_high) + (sum(memory_low) >> 40), sum(memory_low) & 0xffffffffff,
        sum(stdout_bytes), sum(stderr_bytes), sum(cut_bytes), sum(sent_bytes), sum(received_bytes)
    FROM job_usage GROUP BY user, day;

-- What a user has of things that are bounded, counted when they come and go. A user without a row has nothing.
CREATE TABLE holdings (
    user         INTEGER PRIMARY KEY REFERENCES users (id),
    modules      INTEGER NOT NULL DEFAULT 0,
    module_bytes INTEGER NOT NULL DEFAULT 0,
    inputs       INTEGER NOT NULL DEFAULT 0,
    input_bytes  INTEGER NOT NULL DEFAULT 0,
    jobs         INTEGER NOT NULL DEFAULT 0,
    log_bytes    INTEGER NOT NULL DEFAULT 0,
    -- The number of the user's last job, which may be gone: no number is given twice.
    last_number  INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO holdings
    SELECT id,
        (SELECT count(*) FROM modules WHERE user = users.id),
        (SELECT coalesce(sum(size_bytes), 0) FROM modules WHERE user = users.id),
        (SELECT count(*) FROM inputs WHERE user = users.id),
        (SELECT coalesce(sum(size_bytes), 0) FROM inputs WHERE user = users.id),
        (SELECT count(*) FROM jobs WHERE user = users.id),
        (SELECT coalesce(sum(stdout_bytes + stderr_bytes - cut_bytes), 0) FROM user_usage WHERE user = users.id),
        (SELECT coalesce(max(number), 0) FROM jobs WHERE user = users.id)
    FROM users;

-- Jobs that nobody finds any more, while their attempts and logs are being removed.
CREATE TABLE removed_jobs (
    job INTEGER PRIMARY KEY
) STRICT;

-- What was removed of a user, and why.
CREATE TABLE removals (
    user      INTEGER NOT NULL REFERENCES users (id),
    reason    TEXT NOT NULL,
    jobs      INTEGER NOT NULL,
    tasks     INTEGER NOT NULL,
    attempts  INTEGER NOT NULL,
    log_bytes INTEGER NOT NULL,
    -- When the first and the last of these jobs had finished.
    oldest    INTEGER NOT NULL,
    newest    INTEGER NOT NULL,
    PRIMARY KEY (user, reason),
    CONSTRAINT "the reason of a removal is a known word" CHECK (reason IN ('age', 'count', 'bytes'))
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_job ON idempotency_keys (job);
