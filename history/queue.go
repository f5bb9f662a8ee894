package history

import (
	"database/sql"
	"database/sql/driver"
	"slices"
	"time"

	"snrun/engine"
)

const (
	// CROSS JOIN has SQLite begin with the queue, which is short.
	queueSQL = `SELECT runs.id, runs.run, job, file, inputs, "trigger", due, start, alone, reason, live
		FROM queue CROSS JOIN runs ON runs.id = queue.run WHERE status = 'queued' AND workflow = '' ORDER BY due, runs.run`
	adoptRun   = `UPDATE runs SET live = ? WHERE id = ? AND status = 'queued' AND live = ?`
	queuedSQL  = `SELECT id, live FROM runs WHERE run = ? AND status = 'queued'`
	noticedRun = `UPDATE runs SET cancel = '' WHERE run = ? AND live = ? AND status <> 'running' AND cancel <> ''`
	endQueued  = `UPDATE runs SET status = ?, ended = ?, reason = ?, cancel = ? WHERE id = ? AND status = 'queued'`
	unqueue    = `DELETE FROM queue WHERE run = ?`
	// Of those that are queued, the ones of others that come before a run.
	goingSQL = `SELECT g.run, g.live, g.workflow FROM runs g LEFT JOIN runs me ON me.run = ?2
		WHERE g.job = ?1 AND g.status IN ('queued', 'running')
			AND (g.status = 'running' OR (g.live NOT IN ('', ?3) OR g.workflow <> '') AND (g.due < me.due OR g.due = me.due AND g.run < me.run))
		ORDER BY g.run`
)

// Enqueue has a run wait for its start that is no slot: one that a person asked for. It is decided upon like a slot, with the claim's
// overlap policy; one that is skipped is on record as that. A run of nobody is adopted by the next process that asks for those of its
// job; one of this process is for its Begin. Of the claim Until, Count and Reason do not count.
func (s *Store) Enqueue(now time.Time, maxQueue int, ofNobody bool, c engine.Claim) (engine.Verdict, error) {
	const doing = "queue a run"
	live, err := s.hold(doing)
	if err != nil {
		return engine.Verdict{}, err
	}
	if ofNobody {
		live = ""
	}
	c.Until, c.Count, c.Reason = time.Time{}, 0, ""
	verdicts, err := s.decide(doing, question{now, maxQueue, live, []engine.Claim{c}}, (*decider).alone)
	if len(verdicts) == 0 {
		return engine.Verdict{}, err
	}
	return verdicts[0], err
}

// alone decides upon a run that is no slot.
func (d *decider) alone(c claim) (engine.Verdict, error) {
	v, err := d.run(&c)
	if err == nil {
		_, err = d.add(&c, v)
	}
	return v, err
}

// waiting is a queued run on record.
type waiting struct {
	engine.QueuedRun
	number int64
	live   string
}

// Adopt takes over the queued runs of the jobs named that no living process has, and gives all of theirs that this process has
// then, the oldest first.
func (s *Store) Adopt(jobs []string) ([]engine.QueuedRun, error) {
	const doing = "take over the queued runs"
	live, err := s.hold(doing)
	if err != nil {
		return nil, err
	}
	queue, err := s.queued()
	if err != nil || len(queue) == 0 {
		return nil, s.place.fault(doing, err)
	}
	named := make(map[string]bool, len(jobs))
	for _, job := range jobs {
		named[job] = true
	}
	gone := s.gone()
	queue = slices.DeleteFunc(queue, func(w waiting) bool {
		return !named[w.Job] || w.live != live && w.live != "" && !gone(w.live)
	})
	if slices.ContainsFunc(queue, func(w waiting) bool { return w.live != live }) {
		return s.takeOver(doing, live, queue)
	}
	var mine []engine.QueuedRun
	for _, w := range queue {
		mine = append(mine, w.QueuedRun)
	}
	return mine, nil
}

// takeOver makes queued runs those of a process, and gives the ones that are: others may have been faster.
func (s *Store) takeOver(doing, live string, runs []waiting) ([]engine.QueuedRun, error) {
	var adopted []engine.QueuedRun
	err := s.change(doing, func(c *conn) error {
		adopted = nil
		for _, w := range runs {
			mine, err := c.adopt(w, live)
			if err != nil {
				return err
			}
			if mine {
				adopted = append(adopted, w.QueuedRun)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return adopted, nil
}

// adopt makes a queued run one of a process. It is false where another one was faster.
func (c *conn) adopt(w waiting, live string) (bool, error) {
	if w.live == live {
		return true, nil
	}
	if err := c.exec(rowOf(adoptRun, live, w.number, w.live)); err != nil {
		return false, err
	}
	return c.changed()
}

// queued reads the runs that wait for their start.
func (s *Store) queued() ([]waiting, error) {
	rows, err := s.read.Query(queueSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []waiting
	for rows.Next() {
		var w waiting
		var inputs sql.NullString
		var due, start sql.NullInt64
		if err := rows.Scan(&w.number, &w.Run, &w.Job, &w.File, &inputs, &w.Trigger, &due, &start, &w.Alone, &w.Reason, &w.live); err != nil {
			return nil, err
		}
		in, err := decode(inputs)
		if err != nil {
			return nil, err
		}
		w.Inputs, _ = in.(map[string]any)
		w.Due, w.Start = moment(due), moment(start)
		list = append(list, w)
	}
	return list, rows.Err()
}

// Withdraw skips or cancels a run of this process that is still queued. It is false where it is not queued any more.
func (s *Store) Withdraw(now time.Time, run string, status engine.Status, reason string) (bool, error) {
	const doing = "withdraw a run"
	live, err := s.hold(doing)
	if err != nil {
		return false, err
	}
	var withdrawn bool
	err = s.change(doing, func(c *conn) error {
		withdrawn = false
		r, found, err := queuedRun(c, run)
		if err != nil {
			return err
		}
		if !found || r.live != live {
			return c.exec(rowOf(noticedRun, run, live))
		}
		withdrawn = true
		return c.endQueued(r, ending{status, now, reason, ""})
	})
	return withdrawn && err == nil, err
}

// queuedRun reads a run that is queued. It is false where it is not.
func queuedRun(c *conn, run string) (r goingRun, found bool, err error) {
	err = c.each(rowOf(queuedSQL, run), 2, func(v []driver.Value) error {
		r, found = goingRun{numberOf(v[0]), run, engine.Queued, textOf(v[1])}, true
		return nil
	})
	return r, found, err
}

// ending is how a run ends that never started.
type ending struct {
	status engine.Status
	at     time.Time
	reason string
	tell   string // the process that has it queued is told so: who ended it
}

// endQueued ends a run that is queued.
func (c *conn) endQueued(r goingRun, e ending) error {
	if err := c.exec(rowOf(endQueued, string(e.status), e.at, e.reason, e.tell, r.number)); err != nil {
		return err
	}
	return c.exec(rowOf(unqueue, r.number))
}

// Going gives what a queued run has to wait for that is to be alone: the runs of its job that are running, in any process, and those
// of other living processes that were due before it and wait, too. Both in the order of their ids. Without a run it gives the former.
func (s *Store) Going(job, run string) ([]string, error) {
	const doing = "look for running runs"
	live, err := s.hold(doing)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(goingSQL, job, run, live)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var runs []string
	for rows.Next() {
		var run, live, workflow string
		if err := rows.Scan(&run, &live, &workflow); err != nil {
			return nil, s.place.fault(doing, err)
		}
		if workflow != "" || !s.alive.dead(live) && !s.isAbandoned(run) {
			runs = append(runs, run)
		}
	}
	return runs, s.place.fault(doing, rows.Err())
}
