-- What looking back at runs needs: finding them by how they stand, what of them was read for searches, and who did what.

-- What has ended, by how and by what started it: a list with any filter is a few of the newest of each combination, put together.
-- Runs that have not ended are few, and in runs_going. The times are there for the statistics of a job, which need no row then.
CREATE INDEX runs_ended ON runs (status, "trigger", run) WHERE status NOT IN ('queued', 'running');
CREATE INDEX runs_ended_of_job ON runs (job, status, "trigger", run, started, ended) WHERE status NOT IN ('queued', 'running');

-- Runs whose texts are in the index for searches, where this program has FTS5.
CREATE TABLE searchable (
    run     INTEGER PRIMARY KEY, -- runs.id
    attempt INTEGER NOT NULL -- up to which they are
);

-- What people did on the pages and through the API.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    who     TEXT NOT NULL,
    role    TEXT NOT NULL, -- viewer or operator
    origin  TEXT NOT NULL, -- the address they came from
    action  TEXT NOT NULL, -- resume, retry, cancel, rerun, run, pause, unpause, test, reset, sign_in …
    subject TEXT NOT NULL, -- run:ID, job:NAME or profile:NAME; '' for none
    outcome TEXT NOT NULL, -- done, refused or failed
    detail  TEXT NOT NULL -- what with, or why not
);
