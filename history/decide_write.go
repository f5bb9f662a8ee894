package history

import (
	"database/sql/driver"
	"strings"
	"time"

	"snrun/engine"
)

const (
	lastNumberSQL = `SELECT seq FROM sqlite_sequence WHERE name = 'runs'`
	numberedSQL   = `SELECT setval('runs_id', ?)`
	textNumberSQL = `SELECT id FROM texts WHERE digest = ?`

	newRunsSQL  = `INSERT INTO runs (id, run, job, status, "trigger", due, ended, inputs, file, text, process, live, reason, workflow) VALUES `
	newSlotsSQL = `INSERT INTO slots (run, job, inputs, due, until, count, reason) VALUES `
	newQueueSQL = `INSERT INTO queue (run, start, alone) VALUES `
	foldSlot    = `UPDATE slots SET until = ?, count = ? WHERE run = ?`
	foldRun     = `UPDATE runs SET ended = ?, reason = ? WHERE id = ? AND status = 'skipped'`
)

// pending is what was decided and is still to be written.
type pending struct {
	now    time.Time
	live   string // of the process that queued runs belong to
	number int64  // the last runs.id that was given away; 0 until the first is
	text   int64  // the text of jobs that is empty

	runs, queue []any // the columns of all rows, one after the other
	slots       []newSlot
	folded      []foldedSlot
}

// newSlot is a slot that is still to be written.
type newSlot struct {
	slotKey
	*slot
}

// foldedSlot is a slot that later ones were added to, and why the last of these were not run.
type foldedSlot struct {
	*slot
	detail string
}

// add adds the run that a claim has become, and gives its number.
func (d *decider) add(c *claim, v engine.Verdict) (int64, error) {
	p := &d.pending
	if err := p.begin(d.conn); err != nil {
		return 0, err
	}
	p.number++
	queued := v.Status == engine.Queued
	ended, live := any(p.now.UnixMicro()), ""
	if queued {
		if ended = nil; c.Workflow == "" {
			live = p.live
		}
		p.queue = append(p.queue, p.number, column(startOf(c)), column(v.Alone))
		d.going[c.Job] = append(d.going[c.Job], goingRun{p.number, c.Run, engine.Queued, live})
	}
	p.runs = append(p.runs, p.number, c.Run, c.Job, string(v.Status), c.Trigger, c.due, ended, c.inputs, c.File, p.text, "", live, v.Detail, c.Workflow)
	return p.number, nil
}

// startOf gives the time before which a run does not start.
func startOf(c *claim) time.Time {
	if c.Start.IsZero() {
		return c.Due
	}
	return c.Start
}

// begin sees which numbers are free.
func (p *pending) begin(c *conn) error {
	if p.text != 0 {
		return nil
	}
	text, digest := textRow("")
	if err := c.exec(text); err != nil {
		return err
	}
	number := func(into *int64) func([]driver.Value) error {
		return func(v []driver.Value) error {
			*into, _ = v[0].(int64)
			return nil
		}
	}
	if err := c.each(rowOf(textNumberSQL, digest), 1, number(&p.text)); err != nil {
		return err
	}
	return c.each(rowOf(lastNumberSQL), 1, number(&p.number))
}

// again notes that a slot was added to. It may be one that is not written yet.
func (p *pending) again(s *slot, detail string) {
	p.folded = append(p.folded, foldedSlot{s, detail})
}

// write writes all that is pending.
func (p *pending) write(c *conn) error {
	slots := make([]any, 0, 7*len(p.slots))
	for _, s := range p.slots {
		slots = append(slots, s.number, s.job, s.inputs, s.due, s.until, s.count, s.reason)
	}
	for _, batch := range []struct {
		sql     string
		columns int
		values  []any
	}{{newRunsSQL, 14, p.runs}, {newSlotsSQL, 7, slots}, {newQueueSQL, 3, p.queue}} {
		if err := c.insert(batch.sql, batch.columns, batch.values); err != nil {
			return err
		}
	}
	if len(p.runs) > 0 && c.link.shared() {
		if err := c.exec(rowOf(numberedSQL, p.number)); err != nil {
			return err
		}
	}
	for _, s := range p.folded {
		if err := c.exec(rowOf(foldSlot, s.until, s.count, s.number)); err != nil {
			return err
		}
		if err := c.exec(rowOf(foldRun, p.now, s.detail, s.number)); err != nil {
			return err
		}
	}
	p.runs, p.queue, p.slots, p.folded = nil, nil, nil, nil
	return nil
}

// together is how many rows are inserted at once: calls into SQLite cost about as much as the rows.
const together = 50

// insert inserts rows of so many columns, whose values come one after the other.
func (c *conn) insert(sql string, columns int, values []any) error {
	one := "(" + strings.Repeat("?, ", columns-1) + "?)"
	many := strings.Repeat(one+", ", together-1) + one
	for len(values) > 0 {
		n, text := columns, one
		if len(values) >= columns*together {
			n, text = columns*together, many
		}
		if err := c.exec(row{sql: sql + text, args: values[:n]}); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}
