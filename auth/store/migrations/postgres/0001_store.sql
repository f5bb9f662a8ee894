-- Times are microseconds since 1970 (UTC). Kinds and ids are bytea, because text holds no bytes but UTF-8.

-- The one row that says which key the store has. Seal authenticates the row under that key.
CREATE TABLE auth_head (
    key   bytea NOT NULL,  -- names the key, without telling it
    salt  bytea NOT NULL,  -- of the keys that are derived from it
    floor bigint NOT NULL, -- generations up to this one were used by entries that are gone
    seal  bytea NOT NULL
);

CREATE TABLE auth_entries (
    kind       bytea NOT NULL,
    id         bytea NOT NULL,
    generation bigint NOT NULL,
    changed    bigint NOT NULL,
    sealed     bytea NOT NULL, -- nonce, encrypted data and tag; the other columns are authenticated with it
    PRIMARY KEY (kind, id)
);

-- Locks that were not released yet: that of a holder whose connection is lost is free for the server, but perhaps not for the holder.
CREATE TABLE auth_locks (
    name   text PRIMARY KEY,
    holder text NOT NULL
);
