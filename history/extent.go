package history

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// One query for both ends would look through all runs.
	endsSQL   = `SELECT coalesce((SELECT min(id) FROM runs), 0), coalesce((SELECT max(id) FROM runs), 0)`
	countSQL  = `SELECT count(*) FROM runs`
	oldestRun = `SELECT coalesce(started, due) FROM runs ORDER BY run LIMIT 1`
	// sampleSQL looks which of some ids are those of runs, and how many steps these have.
	sampleSQL = `WITH RECURSIVE ids (id, n) AS (SELECT CAST(?1 AS BIGINT), 1 UNION ALL SELECT id + ?2, n + 1 FROM ids WHERE n < ?3)
		SELECT count(*), coalesce(sum((SELECT count(*) FROM (SELECT 1 FROM steps WHERE steps.id >= runs.id << 32 AND steps.id < (runs.id + 1) << 32 LIMIT 10000))), 0)
		FROM ids JOIN runs ON runs.id = ids.id`
	schemaSQL = `PRAGMA user_version`
	builtSQL  = `SELECT sqlite_version(), EXISTS (SELECT 1 FROM pragma_compile_options WHERE compile_options = 'ENABLE_FTS5')`
)

const (
	fewRuns = 10_000 // so many are counted
	samples = 100    // of more, so many are looked at
)

// Extent is how large a history is.
type Extent struct {
	File        string    `json:"file"`
	Size        int64     `json:"size"`                 // bytes, with what is not folded into the file yet
	Free        int64     `json:"free"`                 // bytes that are left on its disk; -1 where that is not known
	Runs        int       `json:"runs"`                 // about so many where Approximate says so
	Steps       int       `json:"steps"`                // about so many
	Approximate bool      `json:"approximate"`          // there are too many runs to count them each time
	Oldest      time.Time `json:"oldest"`               // when the oldest run began; zero where there is none
	SQLite      string    `json:"sqlite"`               // its version; "" on a server
	PostgreSQL  string    `json:"postgresql,omitempty"` // the server's version; "" in a file
	FullText    bool      `json:"full_text"`            // searches have an index (FTS5)
	Writable    bool      `json:"writable"`             // this process may write
	Version     int       `json:"schema"`               // of its tables
}

// Extent says how large the history is. It is quick however large that is.
func (s *Store) Extent() (Extent, error) {
	e := Extent{File: s.place.String(), Writable: s.writer != nil}
	e.Size, e.Free = s.place.room()
	const doing = "look how large the history is"
	program := &e.SQLite
	if s.place.shared() {
		program = &e.PostgreSQL
	}
	if err := s.read.QueryRow(builtSQL).Scan(program, &e.FullText); err != nil {
		return e, s.place.fault(doing, err)
	}
	if err := s.read.QueryRow(schemaSQL).Scan(&e.Version); err != nil {
		return e, s.place.fault(doing, err)
	}
	var oldest sql.NullInt64
	if err := s.read.QueryRow(oldestRun).Scan(&oldest); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return e, s.place.fault(doing, err)
	}
	e.Oldest = moment(oldest)
	if s.place.shared() { // no file tells it
		var err error
		if e.Size, err = s.fileSize(); err != nil {
			return e, s.place.fault(doing, err)
		}
	}
	return e, s.place.fault(doing, s.count(&e))
}

// count counts runs and steps; where these are many, it goes by some of them.
func (s *Store) count(e *Extent) error {
	var first, last int64
	if err := s.read.QueryRow(endsSQL).Scan(&first, &last); err != nil || last == 0 {
		return err
	}
	span, n := last-first+1, int64(samples)
	each := max(span/n, 1)
	var found, steps int64
	if err := s.read.QueryRow(sampleSQL, first, each, min(n, span)).Scan(&found, &steps); err != nil {
		return err
	}
	e.Runs = int(found * span / min(n, span))
	if e.Approximate = span > fewRuns; !e.Approximate {
		if err := s.read.QueryRow(countSQL).Scan(&e.Runs); err != nil {
			return err
		}
	}
	if found > 0 {
		e.Steps = int(steps * int64(e.Runs) / found)
	}
	return nil
}

// sizeOf is the size of a file, 0 where it is not there.
func sizeOf(file string) int64 {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) || err != nil {
		return 0
	}
	return info.Size()
}

// freeOn is how much room is left for a file, -1 where that is not known.
func freeOn(file string) int64 {
	var st syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(file), &st); err != nil {
		return -1
	}
	return int64(st.Bavail) * int64(st.Bsize)
}
