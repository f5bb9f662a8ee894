-- What looking back at runs needs: finding them by how they stand, what of them was read for searches, and who did what.

-- What has ended, by how and by what started it: a list with any filter is a few of the newest of each combination, put together.
-- Runs that have not ended are few, and in runs_going.
CREATE INDEX runs_ended ON runs (status, "trigger", run, job) WHERE status NOT IN ('queued', 'running');
CREATE INDEX runs_ended_of_job ON runs (job, status, "trigger", run) WHERE status NOT IN ('queued', 'running');
CREATE INDEX runs_failed ON runs (job, run) WHERE status IN ('failed', 'interrupted');

-- With what it takes to say how long the runs of a job are, and with those that no daemon goes on with.
DROP INDEX runs_ok;
DROP INDEX runs_to_resume;
CREATE INDEX runs_ok ON runs (job, run, started, ended) WHERE status = 'ok';
CREATE INDEX runs_interrupted ON runs (run) WHERE status = 'interrupted';

-- The index for searches, where a program with FTS5 has made one: the table searched_N. It has the words of all runs up to one, by
-- their numbers, ...
CREATE TABLE searchable (
    made INTEGER PRIMARY KEY, -- N: another one each time the index is made anew
    upto INTEGER NOT NULL -- runs.id
);

-- ... but for these, which had not ended, went on since, or are gone.
CREATE TABLE unsearchable (
    run INTEGER PRIMARY KEY -- runs.id
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

-- The texts of a run's last attempt, where they are others than those that it began with.
CREATE TABLE latest (
    run  INTEGER NOT NULL, -- runs.id
    nth  INTEGER NOT NULL, -- 0 is the job itself, then come those that it calls
    file TEXT NOT NULL,
    text INTEGER NOT NULL REFERENCES texts (id),
    PRIMARY KEY (run, nth)
) WITHOUT ROWID;

CREATE INDEX latest_of_text ON latest (text);
