package history

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"snrun/engine"
)

// The rows of runs that may hold what is looked for, as far as SQLite can tell: ?3 is a pattern. LIKE makes no difference between
// capital and small letters of ASCII, as we do.
const (
	numbersSQL   = `SELECT id, run FROM runs WHERE run IN (SELECT value FROM json_each(?))`
	stepTextsSQL = `SELECT id, key, error, message FROM steps
		WHERE id BETWEEN ?1 AND ?2 AND (key LIKE ?3 ESCAPE '\' OR error LIKE ?3 ESCAPE '\' OR message LIKE ?3 ESCAPE '\') ORDER BY id`
	attemptTextsSQL = `SELECT id, step, attempt, error FROM attempts WHERE id BETWEEN ?1 AND ?2 AND error LIKE ?3 ESCAPE '\' ORDER BY id`
	callTextsSQL    = `SELECT id, step, attempt, url, error, ` + sentSQL + `, ` + receivedSQL + ` FROM exchanges
		WHERE id BETWEEN ?1 AND ?2 AND (url LIKE ?3 ESCAPE '\' OR error LIKE ?3 ESCAPE '\'
			OR ` + sentSQL + ` LIKE ?3 ESCAPE '\' OR ` + receivedSQL + ` LIKE ?3 ESCAPE '\') ORDER BY id`
	sentSQL     = `CASE WHEN request_digest IS NULL THEN request_body ELSE (SELECT data FROM blobs WHERE digest = request_digest) END`
	receivedSQL = `CASE WHEN response_digest IS NULL THEN response_body ELSE (SELECT data FROM blobs WHERE digest = response_digest) END`
)

// anyText is the pattern of all texts.
const anyText = "%"

// passage is one of the texts of a run that are looked through.
type passage struct {
	where   Where
	step    string
	attempt int
	text    string
}

// passages reads what of runs is looked through.
type passages struct {
	read *sql.DB
	like string // only rows that match it
	say  func(run int64, p passage)
}

// of says the texts of runs, by their numbers. Their own errors come last: mostly a step tells the same, and where.
func (t passages) of(ctx context.Context, runs map[int64]*engine.Run) error {
	numbers := make([]int64, 0, len(runs))
	for n := range runs {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, r := range stretches(numbers) {
		lo, _ := rowRange(r[0])
		_, hi := rowRange(r[1])
		for _, table := range []struct {
			query string
			read  func(*sql.Rows) error
		}{{stepTextsSQL, t.step}, {attemptTextsSQL, t.attempt}, {callTextsSQL, t.exchange}} {
			if err := eachRow(ctx, t.read, table.read, table.query, lo, hi, t.like); err != nil {
				return err
			}
		}
	}
	for _, n := range numbers {
		if failure := runs[n].Error; failure != nil {
			t.tell(n, passage{where: InError, text: failure.Message})
		}
	}
	return nil
}

// stretches gives the first and the last of the numbers that follow each other without a gap. They are sorted.
func stretches(numbers []int64) (ranges [][2]int64) {
	for _, n := range numbers {
		if last := len(ranges) - 1; last >= 0 && ranges[last][1] == n-1 {
			ranges[last][1] = n
			continue
		}
		ranges = append(ranges, [2]int64{n, n})
	}
	return ranges
}

// eachRow calls read for each row of a query.
func eachRow(ctx context.Context, db *sql.DB, read func(*sql.Rows) error, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// tell says a text, up to where LIKE ends.
func (t passages) tell(run int64, p passage) {
	if p.text, _, _ = strings.Cut(p.text, "\x00"); p.text != "" {
		t.say(run, p)
	}
}

func (t passages) step(rows *sql.Rows) error {
	var id int64
	var key, message string
	var failure sql.NullString
	if err := rows.Scan(&id, &key, &failure, &message); err != nil {
		return err
	}
	e, err := decodeError(failure)
	if err != nil {
		return err
	}
	run := id >> runShift
	if e != nil {
		t.tell(run, passage{where: InError, step: key, text: e.Message})
	}
	t.tell(run, passage{where: InLog, step: key, text: message})
	itemsOf(key, func(upTo, item string) { t.tell(run, passage{where: InItem, step: upTo, text: item}) })
	return nil
}

func (t passages) attempt(rows *sql.Rows) error {
	var id int64
	p := passage{where: InError}
	var failure sql.NullString
	if err := rows.Scan(&id, &p.step, &p.attempt, &failure); err != nil {
		return err
	}
	e, err := decodeError(failure)
	if e != nil {
		p.text = e.Message
		t.tell(id>>runShift, p)
	}
	return err
}

func (t passages) exchange(rows *sql.Rows) error {
	var id int64
	var p passage
	var url, failure string
	var sent, received sql.RawBytes
	if err := rows.Scan(&id, &p.step, &p.attempt, &url, &failure, &sent, &received); err != nil {
		return err
	}
	for _, part := range []struct {
		where Where
		text  string
	}{{InError, failure}, {InURL, url}, {InRequest, bodyText(sent)}, {InResponse, bodyText(received)}} {
		p.where, p.text = part.where, part.text
		t.tell(id>>runShift, p)
	}
	return nil
}

// bodyText gives what of a body is looked through: all of it, or nothing where it is no text.
func bodyText(body []byte) string {
	if bytes.IndexByte(body, 0) >= 0 {
		return ""
	}
	return string(body)
}

// itemsOf calls visit for each item of a loop that a step's key stands in, with the key up to there: /a[x] and x, then /a[x]/b[y] and y.
func itemsOf(key string, visit func(upTo, item string)) {
	end := 0
	for _, part := range segments(key) {
		end += len(part)
		if item, ok := strings.CutPrefix(part, "["); ok {
			visit(key[:end], strings.TrimSuffix(item, "]"))
		}
	}
}

// numbered gives runs by their numbers.
func (s *Store) numbered(ctx context.Context, runs []engine.Run) (map[int64]*engine.Run, error) {
	ids, at := make([]string, len(runs)), map[string]*engine.Run{}
	for i := range runs {
		ids[i] = runs[i].ID
		at[runs[i].ID] = &runs[i]
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	numbered := map[int64]*engine.Run{}
	err = eachRow(ctx, s.read, func(rows *sql.Rows) error {
		var number int64
		var id string
		err := rows.Scan(&number, &id)
		numbered[number] = at[id]
		return err
	}, numbersSQL, string(list))
	return numbered, err
}
