package history

// ownWrite gives PostgreSQL's own text for one of SQLite's that writes. What several processes write of one run is one row for each
// key, and what comes twice, because its commit got no answer, changes nothing.
func ownWrite(sql string) (own string, found bool) {
	switch sql {
	case intendSQL, attemptSQL, exchangeSQL:
		return sql + ` ON CONFLICT DO NOTHING`, true
	case resultSQL:
		return sql + ` ON CONFLICT (run, place_of(key)) DO UPDATE SET started = excluded.started, ended = excluded.ended, result = excluded.result,
			digest = NULL, size = NULL`, true
	case blobResultSQL:
		return sql + ` ON CONFLICT (run, place_of(key)) DO UPDATE SET started = excluded.started, ended = excluded.ended, result = NULL,
			digest = excluded.digest, size = excluded.size`, true
	case noteSQL:
		return pgNoteSQL, true
	case beginEntry:
		return pgBeginEntry, true
	case dropStepSQL: // another process may have carried it out meanwhile
		return dropAgainSQL, true
	case lastNumberSQL:
		return pgLastNumberSQL, true
	}
	return "", false
}

const (
	// A step that goes on does not take the place of one that has ended since, as far as the clocks of the machines say.
	pgNoteSQL = `INSERT INTO steps AS s (id, key, step, name, kind, status, attempts, started, ended, error, counts, message, noted)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (run, place_of(key)) DO UPDATE SET step = excluded.step, name = excluded.name, kind = excluded.kind, status = excluded.status,
			attempts = excluded.attempts, started = excluded.started, ended = excluded.ended, error = excluded.error,
			counts = excluded.counts, message = excluded.message, noted = excluded.noted, again = 0
		WHERE excluded.status NOT IN ('running', 'waiting') OR excluded.noted >= s.noted`
	pgBeginEntry = `INSERT INTO journal (id, key, started, ended, result, digest, size)
		SELECT (id << 32) + ?1, ?2, ?3, ?4, ?5, ?6, ?7 FROM runs WHERE run = ?9 ON CONFLICT DO NOTHING`
	pgLastNumberSQL = `SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM runs_id`
)
