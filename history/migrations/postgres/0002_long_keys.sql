-- A row of an index has room for 2,700 bytes. Where a text may be longer an index has what place_of gives: the text itself, or the
-- beginning of a long one and its digest. No short text is what it gives for a long one, which has more than 350 bytes then, too. What
-- begins alike still does, so that texts are found by how they begin.
--
-- A text gives its bytes only by way of its backslashes: all other ways depend on settings, and may not be in an index.

CREATE FUNCTION place_of(whole TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT CASE WHEN octet_length(whole) <= 350 THEN whole
        ELSE left(whole, 300) || encode(sha256(replace(whole, '\', '\\')::bytea), 'hex') END COLLATE "C" $$;

DROP INDEX steps_of_run;
CREATE UNIQUE INDEX steps_of_run ON steps (run, place_of(key));

DROP INDEX journal_of_run;
CREATE UNIQUE INDEX journal_of_run ON journal (run, place_of(key));

ALTER TABLE schedules DROP CONSTRAINT schedules_job_line_inputs_key;
CREATE UNIQUE INDEX schedules_of_job ON schedules (job, line, place_of(inputs));

DROP INDEX slots_of_job;
CREATE UNIQUE INDEX slots_of_job ON slots (job, place_of(inputs), due);
