package history

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
