package history

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"snrun/engine"
	"snrun/history/phrases"
)

const (
	hasFTS5SQL = `SELECT sqlite_compileoption_used('ENABLE_FTS5')`
	indexSQL   = `SELECT made, upto FROM searchable`
	behindSQL  = `SELECT id FROM runs WHERE id > ? UNION SELECT run FROM unsearchable LIMIT ?`
	byNumber   = `SELECT id, ` + runColumns + ` FROM runs WHERE id IN (SELECT value FROM json_each(?)) ORDER BY run DESC`

	termsSQL   = `SELECT count(*), coalesce(sum(doc), 0) FROM (SELECT doc FROM searched_%d_words WHERE term >= ?1 AND term < ?2 LIMIT ?3)`
	matchSQL   = `SELECT DISTINCT rowid >> 16 FROM searched_%[1]d WHERE searched_%[1]d MATCH ? LIMIT ?`
	amongSQL   = `SELECT DISTINCT rowid >> 16 FROM searched_%[1]d WHERE searched_%[1]d MATCH ? AND rowid BETWEEN ? AND ?`
	excusedSQL = `SELECT run FROM unsearchable WHERE run BETWEEN ? AND ?`
)

const (
	// mostChosen is how many runs are looked through in the order in which the index gives them. Of more the newest are tried first.
	mostChosen = 5000
	// mostTerms is how many words may begin as one does that is looked for: FTS5 puts together all runs of all of them.
	mostTerms = 20_000
	// mostRunsOfWord is in how many runs a word may be that is looked up beside a rarer one.
	mostRunsOfWord = 50_000
	// longestWord is how much of a word the index has, in bytes.
	longestWord = 32
	// partShift leaves room for the parts of the words of a run; see documents.
	partShift = 16
)

// index is the index for searches as it was when a search began. It tells in which runs there is no need to look.
type index struct {
	store *Store
	made  int64
	upto  int64 // the number of the last run in it
	match string
}

// index gives the index, for what is wanted; nil where there is none, or where it is of no help.
func (s *Store) index(ctx context.Context, w phrases.Wanted) (*index, error) {
	var has bool
	if err := s.read.QueryRowContext(ctx, hasFTS5SQL).Scan(&has); err != nil || !has || s.scans {
		return nil, err
	}
	x := &index{store: s}
	err := s.read.QueryRowContext(ctx, indexSQL).Scan(&x.made, &x.upto)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		x.match, err = x.query(ctx, w)
	}
	if err != nil || x.match == "" {
		return nil, err
	}
	return x, nil
}

// query gives what to ask FTS5 for: nothing but words, each of which is in every run that holds what is wanted, the rarest first. It is
// "" where there are none, or where they begin as too many others do.
func (x *index) query(ctx context.Context, w phrases.Wanted) (string, error) {
	needs := neededFor(w)
	for i := range needs {
		if err := x.count(ctx, &needs[i]); err != nil {
			return "", err
		}
	}
	slices.SortFunc(needs, func(a, b needed) int { return cmp.Compare(a.runs, b.runs) })
	var all []string
	for _, n := range needs {
		if n.terms <= mostTerms && (len(all) == 0 || n.runs <= mostRunsOfWord) {
			all = append(all, n.query())
		}
	}
	return strings.Join(all, " AND "), nil
}

// count finds out in how many runs a word is, or a little more.
func (x *index) count(ctx context.Context, n *needed) error {
	above := n.word + "\xff"
	if n.whole {
		above = n.word + " "
	}
	return x.store.read.QueryRowContext(ctx, fmt.Sprintf(termsSQL, x.made), n.word, above, mostTerms+1).Scan(&n.terms, &n.runs)
}

// needed is a word that is in the index for each text that holds what is wanted: as it is, or as the beginning of a longer one.
type needed struct {
	word  string
	whole bool
	terms int // how many words of the index it may be
	runs  int // in which these are, each counted by itself
}

// query is the word as FTS5 takes it.
func (n needed) query() string {
	if n.whole {
		return `"` + n.word + `"`
	}
	return `"` + n.word + `"*`
}

// neededFor gives the words that are in the index for each text that holds what is wanted.
func neededFor(w phrases.Wanted) (list []needed) {
	w.EachWord(func(word string, whole bool) {
		word = indexed(word)
		list = append(list, needed{word: word, whole: whole || len(word) == longestWord})
	})
	return list
}

// indexed is what the index has of a word.
func indexed(word string) string {
	if len(word) <= longestWord {
		return word
	}
	end := longestWord
	for !utf8.RuneStart(word[end]) {
		end--
	}
	return word[:end]
}

// chosen gives the runs that may hold what is wanted, the newest first; not all where they are too many.
// What is not in the index is read before what is: a run that comes into it meanwhile is found in either.
func (x *index) chosen(ctx context.Context) (runs []engine.Run, all bool, err error) {
	behind, err := x.numbers(ctx, behindSQL, x.upto, x.store.chosen+1)
	if err != nil || len(behind) > x.store.chosen {
		return nil, false, err
	}
	numbers, err := x.numbers(ctx, fmt.Sprintf(matchSQL, x.made), x.match, x.store.chosen+1)
	if err != nil || len(numbers) > x.store.chosen {
		return nil, false, err
	}
	list, err := json.Marshal(append(numbers, behind...))
	if err != nil {
		return nil, false, err
	}
	err = eachRow(ctx, x.store.read, func(rows *sql.Rows) error {
		var run engine.Run
		err := scanNumbered(rows, new(int64), &run)
		runs = append(runs, run)
		return err
	}, byNumber, string(list))
	return runs, true, err
}

// scanNumbered reads runs.id and runColumns.
func scanNumbered(rows *sql.Rows, number *int64, run *engine.Run) error {
	return scanRun(scanFunc(func(dest ...any) error { return rows.Scan(append([]any{number}, dest...)...) }), run)
}

// scanFunc is a scanner.
type scanFunc func(dest ...any) error

// Scan calls the function.
func (f scanFunc) Scan(dest ...any) error { return f(dest...) }

// numbers reads the numbers of runs.
func (x *index) numbers(ctx context.Context, query string, args ...any) (numbers []int64, err error) {
	err = eachRow(ctx, x.store.read, func(rows *sql.Rows) error {
		var n int64
		err := rows.Scan(&n)
		numbers = append(numbers, n)
		return err
	}, query, args...)
	return numbers, err
}

// narrow leaves out of runs, by their numbers, those that surely do not hold what is wanted.
func (x *index) narrow(ctx context.Context, runs map[int64]*engine.Run) error {
	if len(runs) == 0 {
		return nil
	}
	numbers := slices.Sorted(maps.Keys(runs))
	first, last := numbers[0], numbers[len(numbers)-1]
	may := map[int64]bool{}
	for _, q := range []struct {
		query string
		args  []any
	}{
		{excusedSQL, []any{first, last}},
		{fmt.Sprintf(amongSQL, x.made), []any{x.match, first << partShift, (last+1)<<partShift - 1}},
	} {
		numbers, err := x.numbers(ctx, q.query, q.args...)
		if err != nil {
			return err
		}
		for _, n := range numbers {
			may[n] = true
		}
	}
	for n := range runs {
		if n <= x.upto && !may[n] {
			delete(runs, n)
		}
	}
	return nil
}
