-- What it takes to drop runs that are not kept any more, a few rows at a time.

-- Runs that are gone, and of which something is still here: rows that are dropped next, or a slot that is still remembered.
CREATE TABLE dropped (
    run   INTEGER PRIMARY KEY, -- what was runs.id
    until INTEGER NOT NULL -- slots.until; 0: it has rows yet
);

CREATE INDEX dropped_until ON dropped (until);

CREATE INDEX runs_of_text ON runs (text);
CREATE INDEX called_of_text ON called (text);
