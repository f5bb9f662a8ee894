package history

import (
	"regexp"

	"snrun/history/dialect"
)

// What PostgreSQL has its own texts for.
const (
	pgBeatSQL = `SELECT count(*), coalesce(max(id), 0) & 4294967295, count(*) FILTER (WHERE status = 'ok'), count(*) FILTER (WHERE status = 'failed'),
		count(*) FILTER (WHERE status IN ('running', 'waiting')), coalesce(sum(attempts), 0),
		coalesce(sum(coalesce(json_text(counts, 'pages')::bigint, 0) + coalesce(json_text(counts, 'succeeded')::bigint, 0)
			+ coalesce(json_text(counts, 'failed')::bigint, 0)), 0), coalesce(sum(coalesce(json_text(counts, 'told')::bigint, 0)), 0)
		FROM steps WHERE id BETWEEN ?1 AND ?2`

	// A snapshot is another one once somebody has committed. What only reads is not in it.
	pgVersionSQL = `SELECT hashtextextended(pg_current_snapshot()::text, 0)`

	pgBuiltSQL = `SELECT current_setting('server_version'), false`

	// The files of our tables and of their indexes.
	pgFileSizeSQL = `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'`

	// What the rows hold, as bytesSQL counts it, and each blob once. Files do not get smaller where rows are deleted: by these nobody could
	// tell when enough of them are. The lengths of large values are known without reading them.
	pgUsedSQL = `SELECT ((SELECT coalesce(sum(250 + coalesce(octet_length(inputs), 0) + coalesce(octet_length(output), 0) + coalesce(octet_length(error), 0)), 0)
			FROM runs)
		+ (SELECT coalesce(sum(70 + octet_length(key) + octet_length(step) + octet_length(name) + octet_length(message)
			+ coalesce(octet_length(error), 0) + coalesce(octet_length(counts), 0)), 0) FROM steps)
		+ (SELECT coalesce(sum(40 + octet_length(step) + octet_length(key) + coalesce(octet_length(error), 0)), 0) FROM attempts)
		+ (SELECT coalesce(sum(90 + octet_length(step) + octet_length(url) + octet_length(error) + coalesce(octet_length(request_header), 0)
			+ coalesce(octet_length(response_header), 0) + coalesce(octet_length(request_body), 0) + coalesce(octet_length(response_body), 0)), 0)
			FROM exchanges)
		+ (SELECT coalesce(sum(40 + octet_length(key) + coalesce(octet_length(result), 0)), 0) FROM journal)
		+ (SELECT coalesce(sum(octet_length(data)), 0) FROM blobs))::bigint`
)

// ownText gives PostgreSQL's own text for one of SQLite's.
func ownText(sql string) (own string, found bool) {
	switch sql {
	case beatSQL:
		return pgBeatSQL, true
	case versionSQL:
		return pgVersionSQL, true
	case builtSQL:
		return pgBuiltSQL, true
	case freeSQL:
		return `SELECT 0, 2`, true // it finds room by itself
	case schemaSQL:
		return versionIs, true
	case hasFTS5SQL:
		return `SELECT false`, true
	case fileSizeSQL:
		return pgFileSizeSQL, true
	case usedSQL:
		return pgUsedSQL, true
	}
	return ownWrite(sql)
}

// textRules say how PostgreSQL takes what only some texts of the package have.
var textRules = [...]dialect.Rule{
	// Keys and what they begin with: SQLite has to count bytes.
	dialect.Rewrite(`substr\(CAST\(key AS BLOB\), 1, \?\d+\) = \?(\d+) AND substr\(CAST\(key AS BLOB\), \?\d+ \+ 1, 1\) IN \(x'2f', x'5b', x'23'\)`,
		`starts_with(key, ?t$1) AND substr(key, length(?t$1::text) + 1, 1) IN ('/', '[', '#')`),
	dialect.Rewrite(`substr\(CAST\(key AS BLOB\), 1, \?\d+\) = \?(\d+) AND \(length\(CAST\(key AS BLOB\)\) = \?\d+ `+
		`OR substr\(CAST\(key AS BLOB\), \?\d+ \+ 1, 1\) IN \(x'2f', x'5b', x'23', x'40'\)\)`,
		`starts_with(key, ?t$1) AND substr(key, length(?t$1::text) + 1, 1) IN ('', '/', '[', '#', '@')`),
	dialect.Rewrite(`substr\(CAST\(([\w.]+) AS BLOB\), 1, \?\d+\) = \?(\d+)`, `starts_with($1, ?t$2)`),
	dialect.Rewrite(`substr\(key, -length\((\?\d+)\) - 1\) =`, `right(key, length($1::text) + 1) =`),
	// What is in JSON.
	dialect.Rewrite(`json_each\(\(SELECT json_group_array\(run\) FROM \(`, `LATERAL (SELECT run AS value FROM (`),
	dialect.Rewrite(`\)\)\) found\b`, `)) found`),
	dialect.Rewrite(`\bid IN \(SELECT value FROM`, `id IN (SELECT value::bigint FROM`),
	dialect.Rewrite(`SELECT value, \?3 FROM`, `SELECT value, ?3::text FROM`),

	// What is looked for in bodies.
	dialect.Rewrite(regexp.QuoteMeta(sentSQL)+` LIKE`, legible(sentSQL)+` ILIKE`),
	dialect.Rewrite(regexp.QuoteMeta(receivedSQL)+` LIKE`, legible(receivedSQL)+` ILIKE`),

	// Indexes have keys and inputs as place_of gives them, which has room for long ones.
	dialect.Rewrite(`\b((?:\w+\.)?key) = (\?\d+)`, `place_of($1) = place_of($2) AND $1 = $2`),
	dialect.Rewrite(`\b((?:\w+\.)?key) >= (\?\d+(?: \|\| '.')?) AND (?:\w+\.)?key < (\?\d+(?: \|\| '.')?)`,
		`place_of($1) >= left($2, 300) AND place_of($1) < left($2, 300) || chr(1114111) AND $1 >= $2 AND $1 < $3`),
	dialect.Rewrite(`\b((?:\w+\.)?inputs) = ((?:\w+\.)?inputs|json_text\(k\.value, 1\))`, `place_of($1) = place_of($2) AND $1 = $2`),

	// SQLite puts what is NULL first.
	dialect.Rewrite(`ORDER BY (at|due|coalesce\(ended, started\)), `, `ORDER BY $1 NULLS FIRST, `),
}

// legible gives a body as a text, byte by byte, so that also one that is not in UTF-8 can be looked through; NULL where it is no text.
func legible(body string) string {
	return `(SELECT CASE WHEN position('\x00'::bytea IN b) = 0 THEN convert_from(b, 'LATIN1') END COLLATE "C" FROM (SELECT ` + body + ` AS b))`
}

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
