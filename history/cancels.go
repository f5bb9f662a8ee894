package history

import (
	"database/sql/driver"
	"fmt"
	"time"

	"snrun/engine"
)

const (
	statusSQL   = `SELECT status FROM runs WHERE run = ?`
	askEnd      = `UPDATE runs SET cancel = ? WHERE run = ? AND status = 'running' AND cancel = ''`
	toCancelSQL = `SELECT run, cancel FROM runs WHERE live = ? AND cancel <> ''`
	versionSQL  = `PRAGMA data_version`
)

// Cancel ends a run that is queued at once, and asks the process of one that is running to end it: who says for whom. It gives the
// status that the run had. Where that is another, it has ended already and nothing changes. The error wraps ErrUnknownRun.
func (s *Store) Cancel(now time.Time, run, who string) (engine.Status, error) {
	const doing = "cancel a run"
	if s.writer == nil {
		return "", s.onlyReading(doing)
	}
	if err := s.settle(); err != nil {
		return "", err
	}
	var status engine.Status
	err := s.change(doing, func(c *conn) error {
		status = ""
		if err := c.each(rowOf(statusSQL, run), 1, func(v []driver.Value) error {
			status = engine.Status(textOf(v[0]))
			return nil
		}); err != nil {
			return err
		}
		if status == engine.Running {
			return c.exec(rowOf(askEnd, who, run))
		}
		r, found, err := queuedRun(c, run)
		if err != nil || !found {
			return err
		}
		return c.endQueued(r, ending{engine.Cancelled, now, "cancelled by " + who, s.told(r.live, who)})
	})
	if err == nil && status == "" {
		err = fmt.Errorf("%w: %s", ErrUnknownRun, run)
	}
	return status, err
}

// told gives what is to be told to the process that has a run queued, "" where there is none.
func (s *Store) told(live, who string) string {
	if live == "" || s.alive.dead(live) {
		return ""
	}
	return who
}

// ToCancel gives the runs of this process whose end was asked for, and who asked. Of queued ones, which have ended by that,
// Withdraw takes notice.
func (s *Store) ToCancel() (map[string]string, error) {
	const doing = "look for runs to cancel"
	live, err := s.hold(doing)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(toCancelSQL, live)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	asked := map[string]string{}
	for rows.Next() {
		var run, who string
		if err := rows.Scan(&run, &who); err != nil {
			return nil, s.place.fault(doing, err)
		}
		asked[run] = who
	}
	return asked, s.place.fault(doing, rows.Err())
}

// Changed says whether another connection or process may have changed the book since it was asked last. It costs next to nothing.
// The error is ErrMoved where the file is not the one any more that others find.
func (s *Store) Changed() (bool, error) {
	const doing = "look for changes"
	if s.writer == nil {
		return false, s.onlyReading(doing)
	}
	if err := s.inPlace(doing); err != nil {
		return false, err
	}
	var version int64
	look := row{looks: true, do: func(c *conn) error {
		return c.each(rowOf(versionSQL), 1, func(v []driver.Value) error {
			version = numberOf(v[0])
			return nil
		})
	}}
	if err := s.writer.commit(false, look); err != nil {
		return false, s.place.fault(doing, err)
	}
	return s.version.Swap(version) != version, nil
}
