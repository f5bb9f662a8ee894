-- Times are microseconds since 1970 (UTC).

-- The one row that says which key the store has. Seal authenticates the row under that key.
CREATE TABLE head (
    key   BLOB NOT NULL,    -- names the key, without telling it
    salt  BLOB NOT NULL,    -- of the keys that are derived from it
    floor INTEGER NOT NULL, -- generations up to this one were used by entries that are gone
    seal  BLOB NOT NULL
) STRICT;

CREATE TABLE entries (
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    generation INTEGER NOT NULL,
    changed    INTEGER NOT NULL,
    sealed     BLOB NOT NULL, -- nonce, encrypted data and tag; the other columns are authenticated with it
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
