package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history/phrases"
	"snrun/jobs"
	"snrun/steps"
)

// index brings the index of a history up to date. Where this program has none the test ends here.
func indexNow(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Index(t.Context()); errors.Is(err, ErrNoIndex) {
		t.Skip("without FTS5: go test -tags sqlite_fts5")
	} else if err != nil {
		t.Fatal(err)
	}
}

// FuzzWords holds that the index has the words of each text in which something is found: with what is looked for it may stand, or not,
// for a text, but never be missing.
func FuzzWords(f *testing.F) {
	f.Add(`{"a":"B\nc%20d é"}`, `"b c" D`)
	f.Add("ΣΊΣΥΦΟΣ 接続エラー", "σίσυφος エラー")
	f.Add("a\xffb\xe3\x82", "b\xe3")
	f.Add(strings.Repeat("ab", 40), strings.Repeat("AB", 20))
	f.Add(`\u00e9\ud83d\ude00%`, "é 😀 %")
	f.Fuzz(func(t *testing.T, text, query string) {
		w, err := phrases.Parse(query)
		if err != nil {
			return
		}
		form, from, to, found := w.In(text)
		if !found {
			return
		}
		if from >= to || to > len(form) {
			t.Fatalf("%q is found in %q from %d to %d", query, form, from, to)
		}
		docs := documents{}
		docs.add(1, passage{text: text})
		words := docs[1].words
		for _, q := range neededFor(w) {
			if q.whole && !words[q.word] || !q.whole && !hasPrefix(words, q.word) {
				t.Fatalf("%q is found in %q, whose words in the index are %q: %q is not among them", query, text, slices.Sorted(maps.Keys(words)), q.word)
			}
		}
	})
}

func hasPrefix(words map[string]bool, prefix string) bool {
	for word := range words {
		if strings.HasPrefix(word, prefix) {
			return true
		}
	}
	return false
}

// FuzzPattern holds that SQLite's LIKE lets through whatever holds what is looked for, as it is stored.
func FuzzPattern(f *testing.F) {
	s, err := Open(filepath.Join(f.TempDir(), "history.db"), Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	f.Add("50%_OFF\\ \"x\"", `50%_off`)
	f.Add("/api?q=a%3Db", `a=b`)
	f.Add("ſK\x00kelvin", "kelvin")
	f.Fuzz(func(t *testing.T, text, query string) {
		w, err := phrases.Parse(query)
		if err != nil {
			return
		}
		text, _, _ = strings.Cut(text, "\x00")
		failure, err := encode(&steps.Error{Message: text})
		if err != nil {
			t.Fatal(err)
		}
		for _, stored := range []any{text, []byte(text), failure} {
			holds := text
			if stored == failure {
				e, _ := decodeError(sql.NullString{String: failure, Valid: true})
				holds = e.Message // JSON has no bytes that are no text
			}
			if _, _, _, found := w.In(holds); !found {
				continue
			}
			var like bool
			if err := s.read.QueryRow(`SELECT ? LIKE ? ESCAPE '\'`, stored, w.Like()).Scan(&like); err != nil || !like {
				t.Fatalf("%q is found in %q, and %q is not LIKE %q: %v", query, holds, stored, w.Like(), err)
			}
		}
	})
}

// Whatever becomes of runs, and whenever the index is brought up to date: with it the same is found as without.
func TestIndexFindsTheSame(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, walking, bare := openAt(t, path, Options{}), openAt(t, path, Options{maxChosen: 2}), openAt(t, path, Options{scans: true})
	indexNow(t, s)
	r := rand.New(rand.NewPCG(7, 7))
	g := &happenings{t: t, s: s, r: r}
	helped := 0
	for range 60 {
		for range 5 {
			g.happen()
		}
		if r.IntN(3) > 0 {
			g.indexSome()
		}
		for range 5 {
			if g.compare(s, bare) {
				helped++
			}
			g.compare(walking, bare)
		}
	}
	if helped < 100 {
		t.Errorf("the index was of help in %d searches of 300: nothing was tested", helped)
	}
}

// happenings are what may become of runs.
type happenings struct {
	t     *testing.T
	s     *Store
	r     *rand.Rand
	runs  []*engine.Run
	x     *Indexer
	count int
}

var someWords = strings.Fields(`error Error ERROR refused timeout INC1 INC2 INC3 inc inc10 inc11 größe GRÖSSE a b c x-1 x_1 40 404 4 接続 エラー
	{"number":"INC2"} a%20b%3Dinc3 \nrefused \u00e9t\u00e9 été "two words" *** % _ '' ; ( ) AND OR NOT NEAR * " ^ : \ / - +`)

// say makes a text of some words.
func (g *happenings) say() string {
	var words []string
	for range g.r.IntN(6) {
		words = append(words, someWords[g.r.IntN(len(someWords))])
	}
	return strings.Join(words, []string{" ", "", "\n", "/"}[g.r.IntN(4)])
}

func (g *happenings) happen() {
	g.t.Helper()
	var run *engine.Run
	if len(g.runs) > 0 {
		run = g.runs[g.r.IntN(len(g.runs))]
	}
	switch what := g.r.IntN(10); {
	case what < 5 || run == nil:
		g.count++
		run = aRun(fmt.Sprintf("06a%08d", g.count), []string{"sync", "push"}[g.r.IntN(2)])
		g.runs = append(g.runs, begin(g.t, g.s, run))
	case run.Status == engine.Running && what < 8:
		g.leave(run)
		run.Error = &steps.Error{Kind: steps.Status, Message: g.say()}
		finish(g.t, g.s, run, []engine.Status{engine.OK, engine.Failed}[g.r.IntN(2)])
	case run.Status == engine.Running:
		g.leave(run)
	case what < 8:
		run.Attempt++
		if err := g.s.Continue(run, nil, nil); err != nil {
			g.t.Fatal(err)
		}
		run.Status = engine.Running
	default:
		if _, err := g.s.Prune(g.t.Context(), Policy{Keep: jobs.Keep{KeepRule: jobs.KeepRule{Runs: 20}}}, day.Add(time.Hour)); err != nil {
			g.t.Fatal(err)
		}
		listed, err := g.s.Runs(Filter{Limit: 1000})
		if err != nil {
			g.t.Fatal(err)
		}
		g.runs = nil
		for i := range listed {
			g.runs = append(g.runs, &listed[i])
		}
	}
}

// leave leaves texts of a run behind.
func (g *happenings) leave(run *engine.Run) {
	key := "/each[" + g.say() + "]/call"
	body := g.say()
	if g.r.IntN(5) == 0 {
		body = strings.Repeat("lorem ipsum ", 2000) + body
	}
	g.count++
	err := g.s.Commit(run.ID, engine.Entry{
		Key: fmt.Sprintf("%s#%d", key, g.count), StepKey: key, Attempt: 2, Started: day, Ended: day, Error: &steps.Error{Message: g.say()},
		Exchanges: []steps.Exchange{{Method: "GET", URL: "https://example.com/" + g.say(), Response: steps.Message{Body: []byte(body)}}},
	})
	if err != nil {
		g.t.Fatal(err)
	}
	note(g.t, g.s, run.ID, engine.StepRun{Key: key, Kind: "rest", Status: engine.OK, Started: day, Message: g.say()})
}

// indexSome brings the index a little further, or up to date.
func (g *happenings) indexSome() {
	g.t.Helper()
	if g.x == nil {
		var err error
		if g.x, err = g.s.Indexer(); err != nil {
			g.t.Fatal(err)
		}
		g.t.Cleanup(func() { g.x.Close() })
	}
	g.x.words = 1 + g.r.IntN(200)
	for range g.r.IntN(10) {
		if _, err := g.x.Step(g.t.Context()); err != nil {
			g.t.Fatal(err)
		}
	}
	if g.r.IntN(3) == 0 { // another one is at work, too
		indexNow(g.t, g.s)
	}
}

// compare searches with the index and without. It says whether the index was of help.
func (g *happenings) compare(with, bare *Store) bool {
	g.t.Helper()
	f := Filter{Text: g.say(), Limit: 1 + g.r.IntN(30)}
	if g.r.IntN(2) == 0 {
		f.Text = someWords[g.r.IntN(len(someWords))]
	}
	if g.r.IntN(3) == 0 {
		f.Job = "sync"
	}
	if g.r.IntN(4) == 0 {
		f.Statuses = []engine.Status{engine.Failed, engine.Running}
	}
	switch id := fmt.Sprintf("06a%08d", g.r.IntN(g.count+1)); g.r.IntN(5) {
	case 0:
		f.Before = id
	case 1:
		f.After = id
	}
	if err := g.s.flush("write what is held back"); err != nil {
		g.t.Fatal(err)
	}
	got, err := with.Search(g.t.Context(), Search{Filter: f})
	if errors.Is(err, ErrSearchText) {
		return false
	}
	want, err2 := bare.Search(g.t.Context(), Search{Filter: f})
	if err != nil || err2 != nil || want.Indexed || got.Note != "" {
		g.t.Fatalf("Search %q: %v, %v, %+v", f.Text, err, err2, got)
	}
	if want.Next != "" { // where nothing is left, the index knows it at once
		got.Next = want.Next
	}
	if !reflect.DeepEqual(got.Hits, want.Hits) || got.Finished != want.Finished {
		g.t.Fatalf("Search %+v with the index: %+v\nwithout: %+v", f, got, want)
	}
	return got.Indexed
}

// Of too many runs the newest are looked through, as far as the index says.
func TestIndexOfWhatIsEverywhere(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s := openAt(t, path, Options{})
	indexNow(t, s)
	lo := func(run, n int) int64 { return int64(run)<<runShift | int64(n) }
	var rows []row
	const runs = mostChosen + 1000
	rows = append(rows, rowOf(textSQL, []byte("digest"), "version: 1\n"))
	for i := 1; i <= runs; i++ {
		message := "everywhere"
		if i%100 == 0 {
			message += " here"
		}
		rows = append(rows, rowOf(`INSERT INTO runs (id, run, job, status, "trigger", started, ended, file, process, live, text)
			VALUES (?, ?, 'sync', 'ok', 'manual', ?, ?, '', '', '', 1)`, i, fmt.Sprintf("06a%08d", i), day, day),
			rowOf(noteSQL, lo(i, 1), "/a", "a", "", "log", "ok", 1, day, day, nil, nil, message))
	}
	if err := s.writer.commit(false, rows...); err != nil {
		t.Fatal(err)
	}
	indexNow(t, s)
	for _, text := range []string{"everywhere", "every", "here", "everywhere here"} {
		read := 0
		found, err := s.Search(t.Context(), Search{Filter: Filter{Text: text, Limit: 70}, Progress: func(p Progress) { read = p.Runs }})
		if err != nil || !found.Indexed || !found.Finished {
			t.Fatalf("%q: %+v, %v", text, found, err)
		}
		want := 60
		if strings.HasPrefix(text, "every") && !strings.Contains(text, "here ") && text != "everywhere here" {
			want = 70
		}
		if len(found.Hits) != want {
			t.Errorf("%q: %d hits, want %d", text, len(found.Hits), want)
		}
		if text == "everywhere here" && read > 100 {
			t.Errorf("%q: %d runs were looked through for %d hits", text, read, want)
		}
	}
}

// A damaged index is left alone, said so, and made anew.
func TestIndexDamaged(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	for name, damage := range map[string]string{
		"a table of it is gone":     "DROP TABLE searched_1",
		"its pages are not its own": "UPDATE searched_1_data SET block = x'ffffffffffffffffffff'",
		"it is another's":           "DELETE FROM searched_1_config",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := somewhere(t)
			s := openAt(t, path, Options{})
			leave(t, s, "06a00000001", engine.OK, map[Where]string{InLog: "needle"})
			indexNow(t, s)
			other := openAt(t, path, Options{})
			c, err := other.place.writer()
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(c.run(damage), c.close()); err != nil {
				t.Fatal(err)
			}
			found, err := other.Search(t.Context(), Search{Filter: Filter{Text: "needle"}})
			if err != nil || len(found.Hits) != 1 || found.Indexed || !strings.Contains(found.Note, "cannot be read") {
				t.Fatalf("in a damaged index: %+v, %v", found, err)
			}
			indexNow(t, other)
			found, err = other.Search(t.Context(), Search{Filter: Filter{Text: "needle"}})
			if err != nil || len(found.Hits) != 1 || !found.Indexed || found.Note != "" {
				t.Errorf("once it is made anew: %+v, %v", found, err)
			}
		})
	}
}

// A history that may not be written, or has no room, is searched all the same.
func TestIndexThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s := openAt(t, path, Options{maxPages: 120})
	var last string
	for i := 0; ; i++ {
		id := fmt.Sprintf("06a%08d", i)
		if err := s.Begin(aRun(id, "sync")); err != nil {
			break
		}
		last = id
	}
	err := s.Index(t.Context())
	if errors.Is(err, ErrNoIndex) {
		t.Skip("without FTS5")
	}
	if !errors.Is(err, engine.ErrFull) {
		t.Errorf("Index on a full disk: %v", err)
	}
	found, err := s.Search(t.Context(), Search{Filter: Filter{Text: "example"}})
	if err != nil || !found.Finished || found.Note != "" {
		t.Errorf("Search on a full disk, up to %s: %+v, %v", last, found, err)
	}
}

// What no run holds any more is not in the index either.
func TestIndexForgetsWhatIsPruned(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	s := openTemp(t)
	for i := range 30 {
		leave(t, s, fmt.Sprintf("06a%08d", i), engine.OK, map[Where]string{InLog: "needle"})
	}
	indexNow(t, s)
	if _, err := s.Prune(t.Context(), Policy{Keep: jobs.Keep{KeepRule: jobs.KeepRule{Runs: 10}}}, day.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := number(t, s, "SELECT count(*) FROM unsearchable"); n != 20 {
		t.Errorf("%d runs are to be taken out of the index, want 20", n)
	}
	indexNow(t, s)
	for query, want := range map[string]int{
		"SELECT count(*) FROM unsearchable":                                    0,
		"SELECT count(*) FROM searched_1 WHERE searched_1 MATCH 'needle'":      10,
		"SELECT count(*) FROM searched_1_docsize":                              10,
		"SELECT count(*) FROM sqlite_schema WHERE name GLOB 'searched_[0-9]*'": 6,
	} {
		if n := number(t, s, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
}

// A program without FTS5 goes on with a history that one with it has indexed: what it writes is found all the same.
func TestIndexIsStaleAfterGoingOn(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	s := openTemp(t)
	run := begin(t, s, aRun("06a00000001", "sync"))
	finish(t, s, run, engine.Failed)
	indexNow(t, s)
	run.Attempt = 2
	if err := s.Continue(run, nil, nil); err != nil {
		t.Fatal(err)
	}
	if n := number(t, s, "SELECT count(*) FROM unsearchable"); n != 1 {
		t.Errorf("%d runs are to be read, want 1", n)
	}
	note(t, s, run.ID, engine.StepRun{Key: "/a", Status: engine.OK, Message: "needle"})
	if got := places(t, s, Search{Filter: Filter{Text: "needle"}}); got != run.ID+" log" {
		t.Errorf("while it goes on: %q", got)
	}
	indexNow(t, s)
	finish(t, s, run, engine.OK)
	indexNow(t, s)
	if got := places(t, s, Search{Filter: Filter{Text: "needle"}}); got != run.ID+" log" {
		t.Errorf("once it ended: %q", got)
	}
	if n := number(t, s, "SELECT count(*) FROM unsearchable"); n != 0 {
		t.Errorf("%d runs are still to be read", n)
	}
}

func TestIndexingEnds(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	s := openTemp(t)
	indexNow(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	leave(t, s, "06a00000001", engine.OK, map[Where]string{InLog: "needle"})
	if err := s.Index(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Index without time: %v", err)
	}
	if got := places(t, s, Search{Filter: Filter{Text: "needle"}}); got != "06a00000001 log" {
		t.Errorf("what was not indexed: %q", got)
	}
}
