package history

import (
	"database/sql"
	"errors"
	"time"
)

const (
	dropRunSQL   = `DELETE FROM runs WHERE id = ? AND status = ? AND ` + lastOf + ` IS ? RETURNING id`
	dropQueueSQL = `DELETE FROM queue WHERE run = ?`
	slotSQL      = `SELECT until FROM slots WHERE run = ?`
	dropSlotSQL  = `DELETE FROM slots WHERE run = ?`
	rememberSQL  = `INSERT INTO dropped (run, until) VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET until = excluded.until`
	forgetSQL    = `DELETE FROM dropped WHERE run = ?`
	leftSQL      = `SELECT run FROM dropped WHERE until < ? ORDER BY until LIMIT 1`

	freeBodiesSQL = `DELETE FROM blobs WHERE digest IN (
			SELECT request_digest FROM exchanges NOT INDEXED WHERE id BETWEEN ?1 AND ?2 AND request_digest IS NOT NULL
			UNION SELECT response_digest FROM exchanges NOT INDEXED WHERE id BETWEEN ?1 AND ?2 AND response_digest IS NOT NULL)
		AND NOT EXISTS (SELECT 1 FROM journal WHERE digest = blobs.digest)
		AND NOT EXISTS (SELECT 1 FROM exchanges WHERE request_digest = blobs.digest AND NOT (id BETWEEN ?1 AND ?2))
		AND NOT EXISTS (SELECT 1 FROM exchanges WHERE response_digest = blobs.digest AND NOT (id BETWEEN ?1 AND ?2))`
	freeResultsSQL = `DELETE FROM blobs WHERE digest IN (
			SELECT digest FROM journal NOT INDEXED WHERE id BETWEEN ?1 AND ?2 AND digest IS NOT NULL)
		AND NOT EXISTS (SELECT 1 FROM journal WHERE digest = blobs.digest AND NOT (id BETWEEN ?1 AND ?2))` + notShown

	unusedSQL = `SELECT id FROM texts WHERE ` + isUnused + ` LIMIT ?`
	dropText  = `DELETE FROM texts WHERE id = ? AND ` + isUnused
	isUnused  = `NOT EXISTS (SELECT 1 FROM runs WHERE text = texts.id) AND NOT EXISTS (SELECT 1 FROM called WHERE text = texts.id)
		AND NOT EXISTS (SELECT 1 FROM latest WHERE text = texts.id)`
)

const (
	// longest is how long a step keeps others from writing, or a little more.
	longest = 5 * time.Millisecond
	// slotMemory is how long slots are remembered whose runs are gone, so that none is fired twice when the clock is set back.
	slotMemory = 24 * time.Hour
	// few is how many runs, or texts, are looked at before they are deleted.
	few = 200
)

// tableRows is a table in which a run has rows, those with ids in its range.
type tableRows struct {
	chunk int    // how many rows are dropped at once
	look  string // says how many there are, up to a number, and which is the last of those
	free  string // drops the blobs that only they refer to; "" where they have none
	drop  string
}

// rowsOfRun are the tables in which a run has rows.
var rowsOfRun = [...]tableRows{
	rowsIn("steps", 200, ""), rowsIn("attempts", 200, ""), rowsIn("exchanges", 20, freeBodiesSQL), rowsIn("journal", 100, freeResultsSQL),
}

func rowsIn(table string, chunk int, free string) tableRows {
	return tableRows{
		chunk: chunk, free: free,
		look: `SELECT count(*), max(id) FROM (SELECT id FROM ` + table + ` WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?)`,
		drop: `DELETE FROM ` + table + ` WHERE id BETWEEN ? AND ?`,
	}
}

// hold carries out f in a transaction, in which it has a short time.
func (p *Pruner) hold(f func(deadline time.Time) error) error {
	var start time.Time
	err := p.conn.atomically(func() error {
		start = time.Now()
		return f(start.Add(p.box))
	})
	if !start.IsZero() {
		p.held = time.Since(start)
	}
	return err
}

// leftovers drops what is still there of runs that are gone: rows that there was no time for, now or in a process that ended, and
// slots that need not be remembered any more.
func (p *Pruner) leftovers() (more bool, err error) {
	err = p.hold(func(deadline time.Time) error {
		for {
			var run int64
			if more, err = p.conn.ints(rowOf(leftSQL, p.oldSlot()), &run); err != nil || !more {
				return err
			}
			if err := p.clear(run, deadline); err != nil || time.Now().After(deadline) {
				return err
			}
		}
	})
	p.behind = more
	return more, err
}

// oldSlot is the time at which slots are old enough to be forgotten.
func (p *Pruner) oldSlot() int64 { return p.now.Add(-slotMemory).UnixMicro() }

// byRule deletes runs for their age or their number.
func (p *Pruner) byRule() (more bool, err error) {
	switch {
	case p.behind:
		_, err = p.leftovers()
		return true, err
	case len(p.plan) > 0:
		return true, p.drop()
	}
	p.plan, err = p.choose()
	return len(p.plan) > 0, err
}

// bySize deletes the oldest runs until the database is small enough.
func (p *Pruner) bySize() (more bool, err error) {
	if p.policy.Keep.Size == 0 {
		return false, nil
	}
	if p.behind {
		_, err = p.leftovers()
		return true, err
	}
	used, err := p.used()
	if err != nil || used <= p.policy.Keep.Size {
		return false, err
	}
	if len(p.plan) > 0 {
		return true, p.drop()
	}
	if p.plan, err = p.oldest(few); len(p.plan) == 0 {
		p.done.Over = used - p.policy.Keep.Size
	}
	return len(p.plan) > 0, err
}

// drop deletes the next of the runs that were chosen, as many as there is time for.
func (p *Pruner) drop() error {
	var gone []doomed
	rest := p.plan
	err := p.hold(func(deadline time.Time) error {
		for more := true; more; more = len(rest) > 0 && time.Now().Before(deadline) {
			d := rest[0]
			rest = rest[1:]
			if err := p.weigh(d.number); err != nil {
				return err
			}
			found, err := p.conn.ints(rowOf(dropRunSQL, d.number, d.status, micros(d.moment)), new(int64))
			if err != nil {
				return err
			}
			if !found {
				continue // it goes on again, or somebody else was faster
			}
			gone = append(gone, d)
			if err := p.dropRun(d.number, deadline); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.plan = rest
	for _, d := range gone {
		p.done.add(d)
	}
	return nil
}

// dropRun drops what belongs to a run whose own row is gone.
func (p *Pruner) dropRun(run int64, deadline time.Time) error {
	for _, sql := range []string{replaceCalled, replaceLatest, dropQueueSQL, staleSQL} {
		if err := p.conn.exec(rowOf(sql, run)); err != nil {
			return err
		}
	}
	return p.clear(run, deadline)
}

// clear drops the rows of a run that is gone, as far as there is time, and then its slot. What stays is put down, so that it
// is found again.
func (p *Pruner) clear(run int64, deadline time.Time) error {
	for _, table := range rowsOfRun {
		if all, err := p.empty(table, run, deadline); err != nil || !all {
			p.behind = true
			return errors.Join(err, p.conn.exec(rowOf(rememberSQL, run, 0)))
		}
	}
	var until int64
	has, err := p.conn.ints(rowOf(slotSQL, run), &until)
	switch {
	case err != nil:
		return err
	case has && until >= p.oldSlot():
		return p.conn.exec(rowOf(rememberSQL, run, until))
	case has:
		err = p.conn.exec(rowOf(dropSlotSQL, run))
	}
	return errors.Join(err, p.conn.exec(rowOf(forgetSQL, run)))
}

// empty drops the rows of a run in a table. It is false where there was no time for all of them.
func (p *Pruner) empty(table tableRows, run int64, deadline time.Time) (all bool, err error) {
	for lo, hi := rowRange(run); ; {
		var n, last int64
		if _, err := p.conn.ints(rowOf(table.look, lo, hi, table.chunk), &n, &last); err != nil || n == 0 {
			return true, err
		}
		if table.free != "" {
			if err := p.conn.exec(rowOf(table.free, lo, last)); err != nil {
				return false, err
			}
		}
		if err := p.conn.exec(rowOf(table.drop, lo, last)); err != nil || n < int64(table.chunk) {
			return true, err
		}
		if time.Now().After(deadline) {
			return false, nil
		}
	}
}

// texts drops the texts of jobs that no run refers to any more.
func (p *Pruner) texts() (more bool, err error) {
	unused, err := p.unused()
	if err != nil || len(unused) == 0 {
		return false, err
	}
	err = p.hold(func(deadline time.Time) error {
		for _, id := range unused {
			if err := p.conn.exec(rowOf(dropText, id)); err != nil || time.Now().After(deadline) {
				return err
			}
		}
		return nil
	})
	return true, err
}

// unused gives a few of the texts that no run refers to.
func (p *Pruner) unused() (ids []int64, err error) {
	rows, err := p.store.read.Query(unusedSQL, few)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// micros gives the value of a column of microseconds.
func micros(at sql.NullInt64) any {
	if !at.Valid {
		return nil
	}
	return at.Int64
}
