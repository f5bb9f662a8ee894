package history

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"snrun/engine"
	"snrun/history/words"
)

// The rows of runs that may hold what is looked for, as far as SQLite can tell: ?3 is a pattern. LIKE makes no difference between
// capital and small letters of ASCII, as we do.
const (
	numbersSQL   = `SELECT id, run FROM runs WHERE run IN (SELECT value FROM json_each(?)) ORDER BY id`
	scanStepsSQL = `SELECT id, key, error, message FROM steps
		WHERE id BETWEEN ?1 AND ?2 AND (key LIKE ?3 ESCAPE '\' OR error LIKE ?3 ESCAPE '\' OR message LIKE ?3 ESCAPE '\') ORDER BY id`
	scanAttemptsSQL = `SELECT id, step, attempt, error FROM attempts WHERE id BETWEEN ?1 AND ?2 AND error LIKE ?3 ESCAPE '\' ORDER BY id`
	scanCallsSQL    = `SELECT id, step, attempt, url, error, ` + sentSQL + `, ` + receivedSQL + ` FROM exchanges
		WHERE id BETWEEN ?1 AND ?2 AND (url LIKE ?3 ESCAPE '\' OR error LIKE ?3 ESCAPE '\'
			OR ` + sentSQL + ` LIKE ?3 ESCAPE '\' OR ` + receivedSQL + ` LIKE ?3 ESCAPE '\') ORDER BY id`
	sentSQL     = `CASE WHEN request_digest IS NULL THEN request_body ELSE (SELECT data FROM blobs WHERE digest = request_digest) END`
	receivedSQL = `CASE WHEN response_digest IS NULL THEN response_body ELSE (SELECT data FROM blobs WHERE digest = response_digest) END`
)

// placesOf are the places found in one run.
type placesOf struct {
	list []Place
	more bool
	said map[string]bool // the errors and items among them: a step's error is told by its run and its tries, too
}

// scan looks through the rows of a portion of runs.
type scan struct {
	*looking
	ids    map[int64]string // of the runs, by number
	places map[string]*placesOf
}

// places gives what is found in runs, by their ids.
func (l *looking) places(ctx context.Context, runs []engine.Run) (map[string]*placesOf, error) {
	s := scan{looking: l, ids: map[int64]string{}, places: map[string]*placesOf{}}
	numbers, err := s.numbers(ctx, runs)
	if err != nil {
		return nil, err
	}
	for _, r := range stretches(numbers) {
		lo, _ := rowRange(r[0])
		_, hi := rowRange(r[1])
		for _, table := range []struct {
			query string
			read  func(*sql.Rows) error
		}{{scanStepsSQL, s.step}, {scanAttemptsSQL, s.attempt}, {scanCallsSQL, s.exchange}} {
			if err := s.each(ctx, table.read, table.query, lo, hi, l.wanted.like); err != nil {
				return nil, err
			}
		}
	}
	for i := range runs { // last: mostly a step tells the same, and where
		s.add(runs[i].ID, passage{where: InError, text: messageOf(runs[i].Error)})
	}
	return s.places, nil
}

// numbers gives the numbers of runs, sorted.
func (s *scan) numbers(ctx context.Context, runs []engine.Run) (numbers []int64, err error) {
	ids := make([]string, len(runs))
	for i := range runs {
		ids[i] = runs[i].ID
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	err = s.each(ctx, func(rows *sql.Rows) error {
		var number int64
		var id string
		if err := rows.Scan(&number, &id); err != nil {
			return err
		}
		numbers, s.ids[number] = append(numbers, number), id
		return nil
	}, numbersSQL, string(list))
	return numbers, err
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

// each calls read for each row of a query.
func (s *scan) each(ctx context.Context, read func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.store.read.QueryContext(ctx, query, args...)
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

func (s *scan) step(rows *sql.Rows) error {
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
	run := s.ids[id>>runShift]
	s.add(run, passage{where: InError, step: key, text: messageOf(e)})
	s.add(run, passage{where: InLog, step: key, text: message})
	itemsOf(key, func(upTo, item string) { s.add(run, passage{where: InItem, step: upTo, text: item}) })
	return nil
}

func (s *scan) attempt(rows *sql.Rows) error {
	var id int64
	t := passage{where: InError}
	var failure sql.NullString
	if err := rows.Scan(&id, &t.step, &t.attempt, &failure); err != nil {
		return err
	}
	e, err := decodeError(failure)
	t.text = messageOf(e)
	s.add(s.ids[id>>runShift], t)
	return err
}

func (s *scan) exchange(rows *sql.Rows) error {
	var id int64
	var t passage
	var url, failure string
	var sent, received sql.RawBytes
	if err := rows.Scan(&id, &t.step, &t.attempt, &url, &failure, &sent, &received); err != nil {
		return err
	}
	run := s.ids[id>>runShift]
	for _, part := range []struct {
		where Where
		text  string
	}{{InError, failure}, {InURL, url}, {InRequest, bodyText(sent)}, {InResponse, bodyText(received)}} {
		t.where, t.text = part.where, part.text
		s.add(run, t)
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

// passage is one of the texts of a run.
type passage struct {
	where   Where
	step    string
	attempt int
	text    string
}

// add keeps a text as a place of a run where it holds what is wanted.
func (s *scan) add(run string, t passage) {
	found := s.places[run]
	t.text, _, _ = strings.Cut(t.text, "\x00") // LIKE ends there
	if t.text == "" || found != nil && found.more {
		return
	}
	form, from, to, ok := s.wanted.in(t.text)
	if !ok {
		return
	}
	if found == nil {
		found = &placesOf{said: map[string]bool{}}
		s.places[run] = found
	}
	switch {
	case found.knows(t):
	case len(found.list) == s.search.Places:
		found.more = true
	default:
		found.list = append(found.list, Place{
			Where: t.where, Step: t.step, Attempt: t.attempt, Snippet: snippet(form, from, to), Match: words.InLine(form[from:to]),
		})
	}
}

// knows says whether an error was told already, or an item; from here on it was.
func (p *placesOf) knows(t passage) bool {
	var name string
	switch t.where {
	case InError:
		name = t.text
	case InItem:
		name = "item " + t.step
	default:
		return false
	}
	known := p.said[name]
	p.said[name] = true
	return known
}

// How much of a text a snippet has before what was looked for, and in all, in bytes or a little less.
const (
	snippetBefore = 60
	snippetAll    = 200
)

// snippet cuts out of a text what stands around a place, cleaned and in one line.
func snippet(text string, from, to int) string {
	start, end := max(0, from-snippetBefore), len(text)
	for start > 0 && start < from && !utf8.RuneStart(text[start]) {
		start++
	}
	if end > start+snippetAll {
		end = max(to, start+snippetAll)
		for end > to && end < len(text) && !utf8.RuneStart(text[end]) {
			end--
		}
	}
	piece := words.InLine(strings.ToValidUTF8(text[start:end], "\uFFFD"))
	if start > 0 {
		piece = "…" + piece
	}
	if end < len(text) {
		piece += "…"
	}
	return piece
}
