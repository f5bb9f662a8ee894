-- Times are microseconds since 1970 (UTC). Structured values are JSON.
--
-- A row that belongs to a run has the id run<<32 | n, where run is runs.id and n counts the rows of the run in all tables.
-- So the rows of a run stand together in the order in which they were recorded, are appended at one end, and are found and
-- dropped by a range of ids without a further index.

CREATE TABLE texts (
    id     INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE, -- SHA-256 of text
    text   TEXT NOT NULL
);

CREATE TABLE runs (
    id        INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice, so no row can come to belong to another run
    run       TEXT NOT NULL UNIQUE,
    job       TEXT NOT NULL,
    status    TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    due       INTEGER,
    started   INTEGER,
    ended     INTEGER,
    inputs    TEXT,
    output    TEXT,
    error     TEXT,
    file      TEXT NOT NULL,
    text      INTEGER NOT NULL REFERENCES texts (id),
    process   TEXT NOT NULL, -- for people
    live      TEXT NOT NULL  -- the name of the lock file that its process holds
);

CREATE INDEX runs_of_job ON runs (job, run);
CREATE INDEX runs_running ON runs (live) WHERE status = 'running';

CREATE TABLE steps (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL,
    step     TEXT NOT NULL, -- its id in the job, '' for a step without one
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    status   TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    started  INTEGER,
    ended    INTEGER,
    error    TEXT,
    counts   TEXT,
    message  TEXT NOT NULL
);

-- Tries that failed, and those that came after them.
CREATE TABLE attempts (
    id      INTEGER PRIMARY KEY,
    step    TEXT NOT NULL, -- the step's key
    attempt INTEGER NOT NULL,
    key     TEXT NOT NULL, -- the call's key
    started INTEGER,
    ended   INTEGER,
    error   TEXT
);

-- The bodies stand last: whoever looks for a step's exchanges need not read them.
CREATE TABLE exchanges (
    id              INTEGER PRIMARY KEY,
    step            TEXT NOT NULL, -- the step's key
    attempt         INTEGER NOT NULL,
    page            INTEGER NOT NULL,
    method          TEXT NOT NULL,
    url             TEXT NOT NULL,
    status          INTEGER NOT NULL,
    error           TEXT NOT NULL,
    started         INTEGER,
    duration        INTEGER NOT NULL, -- microseconds, as are the next two
    connect         INTEGER NOT NULL,
    first_byte      INTEGER NOT NULL,
    request_size    INTEGER NOT NULL,
    response_size   INTEGER NOT NULL,
    request_header  TEXT,
    response_header TEXT,
    request_body    BLOB,
    response_body   BLOB
);

-- What going on with a run needs. A call that was begun and has no outcome has no ended.
CREATE TABLE journal (
    id      INTEGER PRIMARY KEY,
    key     TEXT NOT NULL,
    started INTEGER,
    ended   INTEGER,
    result  BLOB
);

CREATE TABLE state (
    id    INTEGER PRIMARY KEY,
    job   TEXT NOT NULL,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    run   INTEGER NOT NULL, -- the run that saved it
    saved INTEGER NOT NULL,
    UNIQUE (job, name)
);
