-- What running in the background needs: when jobs are due and what became of each due time, runs that wait, requests of
-- people, the daemons at work, and whom to tell.

ALTER TABLE runs ADD COLUMN reason TEXT NOT NULL DEFAULT ''; -- why it was skipped, waits or was cancelled, for people
ALTER TABLE runs ADD COLUMN daemon INTEGER NOT NULL DEFAULT 0; -- a daemon runs it, and takes it up again after a crash
ALTER TABLE runs ADD COLUMN cancel TEXT NOT NULL DEFAULT ''; -- who asked for its end, until its process has taken notice

CREATE INDEX runs_going ON runs (job, run) WHERE status IN ('queued', 'running');
CREATE INDEX runs_ok ON runs (job, run) WHERE status = 'ok';
CREATE INDEX runs_to_cancel ON runs (live) WHERE cancel <> '';
CREATE INDEX runs_to_resume ON runs (run) WHERE status = 'interrupted' AND daemon = 1;

-- The schedules of jobs, for as long as they say the same.
CREATE TABLE schedules (
    id     INTEGER PRIMARY KEY,
    job    TEXT NOT NULL,
    line   TEXT NOT NULL, -- the cron line, its time zone, what it does where the clock is changed
    inputs TEXT NOT NULL, -- of its runs, as JSON with sorted keys; {} for none
    since  INTEGER NOT NULL, -- it was not known before
    UNIQUE (job, line, inputs)
);

-- Due times that were decided upon: one, or several in a row that were not run for one reason. Each has a run, also one
-- that was skipped. A due time of a job with the same inputs is decided upon once, whichever schedule or daemon comes with it.
CREATE TABLE slots (
    run    INTEGER PRIMARY KEY, -- runs.id
    job    TEXT NOT NULL,
    inputs TEXT NOT NULL, -- as in schedules
    due    INTEGER NOT NULL,
    until  INTEGER NOT NULL, -- the last of them
    count  INTEGER NOT NULL,
    reason TEXT NOT NULL -- why it was not run: overlap, queue_full, missed, paused …; '' where it was to be run
);

CREATE UNIQUE INDEX slots_of_job ON slots (job, inputs, due);

-- Runs that wait for their start.
CREATE TABLE queue (
    run   INTEGER PRIMARY KEY, -- runs.id
    start INTEGER NOT NULL, -- not before
    alone INTEGER NOT NULL -- only once no other run of its job goes on
);

CREATE TABLE pauses (
    job   TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    who   TEXT NOT NULL,
    why   TEXT NOT NULL
);

CREATE TABLE daemons (
    live    TEXT PRIMARY KEY, -- the name of the lock file that it holds
    process TEXT NOT NULL,
    project TEXT NOT NULL,
    socket  TEXT NOT NULL,
    address TEXT NOT NULL, -- of its pages and metrics; '' for none
    started INTEGER NOT NULL,
    seen    INTEGER NOT NULL -- its last sign of life
);

-- What is wrong now, so that each change is told once.
CREATE TABLE alerts (
    subject TEXT NOT NULL, -- job:NAME or profile:NAME
    kind    TEXT NOT NULL, -- failure, late, sign_in
    since   INTEGER NOT NULL,
    run     TEXT NOT NULL, -- the id of the run that brought it about; '' for none
    PRIMARY KEY (subject, kind)
);

-- Notices on their way to people.
CREATE TABLE notices (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    target   TEXT NOT NULL, -- its name in the settings
    notice   TEXT NOT NULL, -- as JSON
    posted   INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next     INTEGER, -- not before; NULL: it was given up
    error    TEXT NOT NULL DEFAULT ''
);

CREATE INDEX notices_due ON notices (next);
