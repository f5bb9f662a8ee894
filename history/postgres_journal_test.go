package history

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine/enginetest"
)

// shelves gives folders schemas of a server. To make one takes longer than to run a job: the third and all later folders of a test,
// which come one after the other, have one schema, which is emptied for each.
type shelves struct {
	mu  sync.Mutex
	has map[testing.TB]*shelf
}

type shelf struct {
	at   map[string]string // the addresses of folders
	last string            // the one that is used again
}

func newShelves() *shelves { return &shelves{has: map[testing.TB]*shelf{}} }

// open opens the history of a folder. The suites close it.
func (s *shelves) open(t *testing.T, dir string) enginetest.Closer {
	t.Helper()
	h, err := Open(s.address(t, dir), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (s *shelves) address(t *testing.T, dir string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := s.has[t]
	if mine == nil {
		mine = &shelf{at: map[string]string{}}
		s.has[t] = mine
	}
	if address, known := mine.at[dir]; known {
		return address
	}
	if len(mine.at) >= 3 {
		empty(t, mine.last)
	} else {
		mine.last = postgrestest.Server(t).URL
	}
	mine.at[dir] = mine.last
	return mine.last
}

// empty takes all rows out of the tables of a history.
func empty(t *testing.T, address string) {
	t.Helper()
	p, err := serverAt(address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	var names []string
	rows, err := c.Query(t.Context(), `SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
		AND relname <> 'history_version' ORDER BY relname = 'texts', relname`)
	if err == nil {
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("DELETE FROM %s;", pgx.Identifier{name}.Sanitize())
	}
	if _, err := c.PgConn().Exec(t.Context(), strings.Join(names, "")).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

func TestJournalOnServer(t *testing.T) {
	t.Parallel()
	enginetest.Journal(t, newShelves().open)
}

func TestKilledOnServer(t *testing.T) {
	t.Parallel()
	enginetest.KilledAt(t, 9, 100, newShelves().open)
}
