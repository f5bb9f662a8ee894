-- What all processes know together of how fast the requests of profiles may be made. They are still there where a store was put away
-- and is made anew. Rows are written again and again, and have room for it.

CREATE TABLE IF NOT EXISTS auth_limits (
    name   text PRIMARY KEY,
    due    timestamptz NOT NULL DEFAULT 'epoch', -- of the next request, if none ran ahead of the rate
    paused timestamptz NOT NULL DEFAULT 'epoch', -- until when a server has asked to wait
    why    text NOT NULL DEFAULT ''              -- in which words
) WITH (fillfactor = 20);

-- How many requests each process may have under way. A row whose holder's lock is free, and that was not seen for a second, counts for
-- nothing; nor does one that was not seen for 15.
CREATE TABLE IF NOT EXISTS auth_places (
    name   text NOT NULL,
    holder bigint NOT NULL,       -- the key of an advisory lock that the process has
    held   integer NOT NULL,      -- how many requests it may have under way
    wants  integer NOT NULL,      -- how many it could have
    most   integer NOT NULL,      -- how many all may have together, as far as it knows
    turn   timestamptz NOT NULL,  -- since when it has one more than others
    last   timestamptz NOT NULL,  -- when it had one more the last time
    seen   timestamptz NOT NULL,
    PRIMARY KEY (name, holder)
) WITH (fillfactor = 20);
