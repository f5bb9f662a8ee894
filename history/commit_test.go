package history

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
)

// jot is a row for the journal that fits once.
func jot(id int64) row { return rowOf(intendSQL, id, fmt.Sprintf("/k%d", id), day) }

func TestABatchWithOneThatDoesNotFit(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	s := openTemp(t)
	good, bad, after := &op{rows: []row{jot(1)}}, &op{rows: []row{jot(2), jot(2)}}, &op{rows: []row{jot(3)}}
	unwritten := s.writer.write([]*op{good, bad, after}, []row{jot(4)})
	if good.err != nil || after.err != nil {
		t.Errorf("the others of the batch got %v and %v, want none", good.err, after.err)
	}
	if bad.err == nil || !strings.Contains(bad.err.Error(), "UNIQUE") {
		t.Errorf("the one that does not fit got %v, want that its row is not unique", bad.err)
	}
	if len(unwritten) != 0 {
		t.Errorf("%d notes are still to be written, want 0", len(unwritten))
	}
	if got := journalIDs(t, s); got != "1 3 4" {
		t.Errorf("rows %s, want 1 3 4: all of an op or nothing", got)
	}
}

func TestNotesThatDoNotFit(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	s := openTemp(t)
	o := &op{rows: []row{jot(1)}}
	if unwritten := s.writer.write([]*op{o}, []row{jot(2), jot(2)}); len(unwritten) != 0 {
		t.Errorf("%d notes wait on though they never fit", len(unwritten))
	}
	if o.err == nil {
		t.Error("nobody was told that notes are lost")
	}
	if got := journalIDs(t, s); got != "" {
		t.Errorf("rows %s, want none: notes come before the commit that takes them along", got)
	}
}

func journalIDs(t *testing.T, s *Store) string {
	t.Helper()
	var ids string
	err := s.read.QueryRow("SELECT coalesce(group_concat(id, ' '), '') FROM (SELECT id FROM journal ORDER BY id)").Scan(&ids)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestNotesPutBackAreOlderThanThoseThatCame(t *testing.T) {
	t.Parallel()
	var n notes
	n.add(1, row{sql: "a"})
	n.add(2, row{sql: "b"})
	n.add(1, row{sql: "a2"})
	taken := n.take()
	n.add(1, row{sql: "a3"})
	n.putBack(taken)
	n.add(1, row{sql: "a4"})
	var got []string
	for _, r := range n.take() {
		got = append(got, r.sql)
	}
	if want := "a2 b a3 a4"; strings.Join(got, " ") != want {
		t.Errorf("notes %v, want %s", got, want)
	}
}

func TestNotesDoNotPileUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		notes int
		size  int // bytes of each
	}{
		{"many", 3 * maxNotes, 10},
		{"large", 12, maxNoteBytes / 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := openTemp(t)
			text := strings.Repeat("x", test.size)
			for id := range int64(test.notes) {
				if err := s.writer.note(id, rowOf(resultSQL, id+1, strconv.FormatInt(id, 10), day, day, []byte(text))); err != nil {
					t.Fatal(err)
				}
				s.writer.mu.Lock()
				rows, bytes := len(s.writer.notes.rows), s.writer.notes.bytes
				s.writer.mu.Unlock()
				if rows > maxNotes || bytes > maxNoteBytes {
					t.Fatalf("%d notes of %d bytes wait, want at most %d of %d", rows, bytes, maxNotes, maxNoteBytes)
				}
			}
		})
	}
}

// Whoever commits while many calls are under way waits for others, whether their steps are noted or not; who is alone does not.
func TestWhoCommitsInACrowdWaits(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(somewhere(t), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		begin(t, s, aRun("r1", "sync"))
		for i, test := range []struct {
			beside int
			want   time.Duration
		}{{0, 0}, {many - 1, 0}, {many, gather}, {0, 0}} {
			key := "/a" + strconv.Itoa(i)
			began := time.Now()
			if err := s.Commit("r1", engine.Entry{Key: key, Beside: test.beside}); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took != test.want {
				t.Errorf("beside %d others an outcome took %s, want %s", test.beside, took, test.want)
			}
			began = time.Now()
			if err := s.Intend("r1", key+"/b"); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took != test.want {
				t.Errorf("beside %d others an intent took %s, want %s", test.beside, took, test.want)
			}
		}
	})
}

func TestAfterClose(t *testing.T) {
	t.Parallel()
	s, err := Open(somewhere(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	begin(t, s, aRun("r1", "sync"))
	if err := s.Intend("r1", "/a"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if err := s.Intend("r1", "/b"); err == nil {
		t.Error("Intend after Close gave no error")
	}
	if err := s.Note("r1", engine.StepRun{Key: "/a"}); err == nil {
		t.Error("Note after Close gave no error")
	}
	if _, err := s.State("sync"); err == nil {
		t.Error("State after Close gave no error")
	}
}

// Whoever commits while the store is closed is either told so or finds the row there.
func TestCloseWhileOthersCommit(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/history.db"
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	durable := 0
	var all sync.WaitGroup
	started := make(chan bool, 100)
	for w := range int64(16) {
		all.Go(func() {
			for i := int64(1); s.writer.commit(false, jot(w*1_000_000+i)) == nil; i++ {
				mu.Lock()
				durable++
				mu.Unlock()
				select {
				case started <- true:
				default:
				}
			}
		})
	}
	for range cap(started) {
		<-started
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	all.Wait()
	again := openAt(t, path, Options{})
	if got := len(strings.Fields(journalIDs(t, again))); got != durable {
		t.Errorf("%d rows, want the %d that were said to be durable", got, durable)
	}
}
