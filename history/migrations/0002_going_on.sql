-- What going on with a run needs: how often it was begun, the jobs it calls, what is kept of loops, and large values once.

-- Values and bodies of more than 16 KB. A row that has one names it by its digest and size.
CREATE TABLE blobs (
    id     INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE, -- SHA-256 of data
    data   BLOB NOT NULL
);

ALTER TABLE runs ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE runs ADD COLUMN open INTEGER NOT NULL DEFAULT 0; -- failed items can be tried again, though it ended well

-- The jobs that a run calls, as they were read.
CREATE TABLE called (
    id   INTEGER PRIMARY KEY,
    run  INTEGER NOT NULL, -- runs.id
    file TEXT NOT NULL,
    text INTEGER NOT NULL REFERENCES texts (id),
    UNIQUE (run, file)
);

-- What is kept of a loop or of the run, under a key with an @, is replaced and looked for by its key: such a row names its
-- run. Results have no index: they are appended, and dropped by their ids.
ALTER TABLE journal ADD COLUMN digest BLOB; -- of a blob, in place of result
ALTER TABLE journal ADD COLUMN size INTEGER;
ALTER TABLE journal ADD COLUMN run INTEGER;

CREATE UNIQUE INDEX journal_kept ON journal (run, key) WHERE run IS NOT NULL;
CREATE INDEX journal_blobs ON journal (digest) WHERE digest IS NOT NULL;

ALTER TABLE exchanges ADD COLUMN request_digest BLOB;
ALTER TABLE exchanges ADD COLUMN response_digest BLOB;

CREATE INDEX exchanges_sent ON exchanges (request_digest) WHERE request_digest IS NOT NULL;
CREATE INDEX exchanges_received ON exchanges (response_digest) WHERE response_digest IS NOT NULL;
