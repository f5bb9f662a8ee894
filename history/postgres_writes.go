package history

// insteadOf gives the texts that the rules do not reach, by what SQLite is told. They have SQLite's arguments.
func insteadOf() map[string]string {
	return map[string]string{
		// What several processes write of one run is one row for each key, and what comes twice changes nothing.
		intendSQL: intendSQL + ` ON CONFLICT DO NOTHING`,
		resultSQL: resultSQL + ` ON CONFLICT (run, key) DO UPDATE SET started = excluded.started, ended = excluded.ended,
			result = excluded.result, digest = NULL, size = NULL`,
		blobResultSQL: blobResultSQL + ` ON CONFLICT (run, key) DO UPDATE SET started = excluded.started, ended = excluded.ended,
			result = NULL, digest = excluded.digest, size = excluded.size`,
		attemptSQL:  attemptSQL + ` ON CONFLICT DO NOTHING`,
		exchangeSQL: exchangeSQL + ` ON CONFLICT DO NOTHING`,
		noteSQL: `INSERT INTO steps AS s (id, key, step, name, kind, status, attempts, started, ended, error, counts, message, noted)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (run, key) DO UPDATE SET step = excluded.step, name = excluded.name, kind = excluded.kind, status = excluded.status,
				attempts = excluded.attempts, started = excluded.started, ended = excluded.ended, error = excluded.error,
				counts = excluded.counts, message = excluded.message, noted = excluded.noted, again = 0
			WHERE excluded.status NOT IN ('running', 'waiting') OR excluded.noted >= s.noted`,
		beginEntry: `INSERT INTO journal (id, key, started, ended, result, digest, size)
			SELECT (id << 32) + ?1, ?2, ?3, ?4, ?5, ?6, ?7 FROM runs WHERE run = ?9 AND ?8::bigint IS NOT NULL ON CONFLICT DO NOTHING`,

		lastNumberSQL: `SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM runs_id`,
		lastSlotsSQL: `SELECT s.run, r.run, s.due, s.until, s.count, s.reason,
				(SELECT min(due) FROM slots WHERE job = k.job AND inputs = k.inputs AND due > k.upto), k.job, k.inputs
			FROM (SELECT value->>0 AS job, value->>1 AS inputs, (value->>2)::bigint AS upto FROM json_each(?)) k
			LEFT JOIN slots s ON s.run = (
				SELECT run FROM slots WHERE job = k.job AND inputs = k.inputs AND due <= k.upto ORDER BY due DESC LIMIT 1)
			LEFT JOIN runs r ON r.id = s.run`,

		// It is another one when a transaction that wrote has begun or ended since.
		versionSQL: `SELECT hashtextextended(pg_current_snapshot()::text, 0)`,

		usedSQL:     sizeOfSchema,
		fileSizeSQL: sizeOfSchema,
		freeSQL:     `SELECT 0, 2`,
		hasFTS5SQL:  `SELECT 0`,
	}
}

const sizeOfSchema = `SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
	WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'`
