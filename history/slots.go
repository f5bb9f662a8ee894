package history

import (
	"database/sql/driver"
	"time"

	"snrun/engine"
)

const (
	futureSlotsSQL = `SELECT run, due, until, count FROM slots WHERE reason <> '' AND until > ?`
	cutSlot        = `UPDATE slots SET until = ?, count = ? WHERE run = ?`
	dropSlot       = `DELETE FROM slots WHERE run = ?`
	dropSkipped    = `DELETE FROM runs WHERE id = ? AND status = 'skipped'`
)

// Claim decides upon slots, in their order, all or nothing. A slot that is covered by an earlier decision keeps that, and of
// several that are skipped together those that are. What is to be run is queued, in the name of this process, unless its overlap
// policy says otherwise. Slots that are skipped for the same reason as the ones before them are added to that decision.
func (s *Store) Claim(now time.Time, maxQueue int, claims []engine.Claim) ([]engine.Verdict, error) {
	const doing = "decide upon what is due"
	live, err := s.hold(doing)
	if err != nil || len(claims) == 0 {
		return nil, err
	}
	return s.decide(doing, question{now, maxQueue, live, claims}, (*decider).slot)
}

// question is what a decider is asked.
type question struct {
	now      time.Time
	maxQueue int
	live     string // of the process that the runs belong to; "" for nobody
	claims   []engine.Claim
}

// decide decides upon claims, each by a method of the decider, in one transaction.
func (s *Store) decide(doing string, q question, upon func(*decider, claim) (engine.Verdict, error)) ([]engine.Verdict, error) {
	claims := make([]claim, len(q.claims))
	for i, c := range q.claims {
		var err error
		if claims[i], err = claimOf(c); err != nil {
			return nil, err
		}
	}
	var verdicts []engine.Verdict
	err := s.change(doing, func(c *conn) error {
		d := &decider{conn: c, question: q, dead: s.gone(), over: s.isAbandoned, pending: pending{now: q.now, live: q.live}}
		verdicts = make([]engine.Verdict, 0, len(claims))
		if err := d.load(claims); err != nil {
			return err
		}
		for _, c := range claims {
			v, err := upon(d, c)
			if err != nil {
				return err
			}
			verdicts = append(verdicts, v)
		}
		return d.pending.write(c)
	})
	if err != nil {
		return nil, err
	}
	return verdicts, nil
}

// hold gives this process's sign of life.
func (s *Store) hold(doing string) (string, error) {
	if s.writer == nil {
		return "", s.onlyReading(doing)
	}
	live, err := s.alive.hold()
	return live, s.place.fault(doing, err)
}

// change makes durable what f does, all or nothing. See row.
func (s *Store) change(doing string, f func(*conn) error) error {
	if s.writer == nil {
		return s.onlyReading(doing)
	}
	return s.place.fault(doing, s.writer.commit(false, row{do: f}))
}

// gone gives a function that says whether a process is gone, and asks once for each.
func (s *Store) gone() func(token string) bool {
	known := map[string]bool{}
	return func(token string) bool {
		dead, asked := known[token]
		if !asked {
			dead = s.alive.dead(token)
			known[token] = dead
		}
		return dead
	}
}

// Rewind takes back what was decided upon slots that are still to come and were not to be run: the clock was ahead.
func (s *Store) Rewind(now time.Time) error {
	return s.change("set the clock back", func(c *conn) error {
		var rows []row
		at := now.UnixMicro()
		err := c.each(rowOf(futureSlotsSQL, at), 4, func(v []driver.Value) error {
			number, due, until, count := numberOf(v[0]), numberOf(v[1]), numberOf(v[2]), numberOf(v[3])
			if due > at {
				rows = append(rows, rowOf(dropSlot, number), rowOf(dropSkipped, number))
				return nil
			}
			// They count as lying evenly, as they mostly do.
			past := 1 + int64(float64(count-1)*float64(at-due)/float64(until-due))
			rows = append(rows, rowOf(cutSlot, at, past, number))
			return nil
		})
		for i := 0; err == nil && i < len(rows); i++ {
			err = c.exec(rows[i])
		}
		return err
	})
}

func numberOf(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}
