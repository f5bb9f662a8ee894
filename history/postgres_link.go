package history

import (
	"slices"

	"snrun/history/dialect"
)

// serverLink is a connection to a server.
type serverLink struct{ *dialect.Writer }

func (l serverLink) shared() bool { return true }

// transact carries out rows. Those that decide nothing go out together, and need no answer before the next.
func (l serverLink) transact(c *conn, rows []row) error {
	if len(rows) == 1 && rows[0].looks {
		return c.exec(rows[0])
	}
	if slices.ContainsFunc(rows, row.asks) {
		return l.Within(locksOf(rows), func() error {
			for _, r := range rows {
				if err := c.exec(r); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var statements []dialect.Statement
	for _, r := range rows {
		statements = r.statements(statements)
	}
	return l.Together(locksOf(rows), statements)
}

// asks says whether a row goes by what it finds, or would do something twice where it is carried out twice.
func (r row) asks() bool {
	return r.do != nil || r.when != nil || r.missed != nil || r.sql == postSQL || r.sql == auditSQL
}

// statements adds a row to some statements, after the one that comes before it.
func (r row) statements(to []dialect.Statement) []dialect.Statement {
	if r.first != nil {
		to = r.first.statements(to)
	}
	return append(to, dialect.Statement{SQL: r.sql, Args: r.args})
}

// atomically carries out f alone: what it reads cannot change before the commit, and no value is put beside or dropped meanwhile.
func (l serverLink) atomically(f func() error) error {
	return l.Within([]dialect.Lock{{Name: deciding}, {Name: blobsLock}}, f)
}

// Who decides upon what it reads holds one lock, so that such transactions come one after the other; rows of the journal and notes
// are no matter of it. Who drops blobs that nothing refers to holds another alone, which those share who refer to blobs.
const (
	deciding  = "decide"
	blobsLock = "blobs"
)

// locksOf gives the locks that rows need, always in the same order.
func locksOf(rows []row) []dialect.Lock {
	decides, refers, frees := false, false, false
	for i := range rows {
		for r := &rows[i]; r != nil; r = r.first {
			decides = decides || r.when != nil || r.do != nil && !r.looks
			refers = refers || r.sql == blobSQL
			frees = frees || r.frees()
		}
	}
	var locks []dialect.Lock
	if decides {
		locks = append(locks, dialect.Lock{Name: deciding})
	}
	switch {
	case frees:
		locks = append(locks, dialect.Lock{Name: blobsLock})
	case refers:
		locks = append(locks, dialect.Lock{Name: blobsLock, Shared: true})
	}
	return locks
}

// frees says whether a row drops blobs.
func (r *row) frees() bool {
	switch r.sql {
	case freeRowsSQL, freeBelowSQL, freeKeptSQL, freeUnderSQL, freeBodiesSQL, freeResultsSQL:
		return true
	}
	return false
}
