-- What looking back at runs needs: finding them by how they stand, what of them was read for searches, and who did what.

CREATE INDEX runs_by_status ON runs (status, run);

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
