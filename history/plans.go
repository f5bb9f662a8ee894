package history

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"time"

	"snrun/engine"
)

const (
	// Of schedules whose jobs are in a JSON array, or of all where that is NULL; with the last decision upon a slot up to now.
	plansSQL = `SELECT id, job, line, inputs, since,
			(SELECT until FROM slots WHERE slots.job = schedules.job AND slots.inputs = schedules.inputs AND due <= ?2 ORDER BY due DESC LIMIT 1)
		FROM schedules WHERE ?1 IS NULL OR job IN (SELECT value FROM json_each(?1)) ORDER BY job, line, inputs`
	newPlansSQL = `INSERT INTO schedules (job, line, inputs, since) VALUES `
	dropPlan    = `DELETE FROM schedules WHERE id = ?`
)

// planKey names a schedule.
type planKey struct{ job, line, inputs string }

// knownPlan is a schedule on record.
type knownPlan struct {
	id    int64
	since int64
	until int64 // of the last slot that was decided upon; 0 where there is none
}

// decided gives the time up to which its slots have been decided upon, or are none of its.
func (p knownPlan) decided(now int64) time.Time {
	return time.UnixMicro(min(max(p.since, p.until), now)).UTC()
}

// Know records the schedules of jobs, for each job in place of those that were known of it, and gives the same plans with Decided
// set: for one that was not known before to now, and never to a time after it. A plan without a Line says that its job has no
// schedule any more.
func (s *Store) Know(now time.Time, plans []engine.Plan) ([]engine.Plan, error) {
	keys := make([]planKey, len(plans))
	for i, p := range plans {
		inputs, err := inputsText(p.Inputs)
		if err != nil {
			return nil, err
		}
		keys[i] = planKey{p.Job, p.Line, inputs}
	}
	var known map[planKey]knownPlan
	err := s.change("record the schedules", func(c *conn) error {
		var err error
		if known, err = readPlans(c, now, keys); err != nil {
			return err
		}
		return writePlans(c, now, keys, known)
	})
	if err != nil {
		return nil, err
	}
	var given []engine.Plan
	for i, p := range plans {
		if p.Line != "" {
			p.Decided = known[keys[i]].decided(now.UnixMicro())
			given = append(given, p)
		}
	}
	return given, nil
}

// Plans gives the schedules that are known of jobs, of all where none is named, by job, as Know does.
func (s *Store) Plans(now time.Time, jobs ...string) ([]engine.Plan, error) {
	const doing = "look for schedules"
	var names any
	if len(jobs) > 0 {
		text, err := json.Marshal(jobs)
		if err != nil {
			return nil, err
		}
		names = string(text)
	}
	rows, err := s.read.Query(plansSQL, names, now.UnixMicro())
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var plans []engine.Plan
	for rows.Next() {
		var p engine.Plan
		var k knownPlan
		var inputs sql.NullString
		var until sql.NullInt64
		if err := rows.Scan(&k.id, &p.Job, &p.Line, &inputs, &k.since, &until); err != nil {
			return nil, s.place.fault(doing, err)
		}
		in, err := decode(inputs)
		if err != nil {
			return nil, s.place.fault(doing, err)
		}
		p.Inputs, _ = in.(map[string]any)
		k.until = until.Int64
		p.Decided = k.decided(now.UnixMicro())
		plans = append(plans, p)
	}
	return plans, s.place.fault(doing, rows.Err())
}

// readPlans reads what is on record of the jobs that keys name.
func readPlans(c *conn, now time.Time, keys []planKey) (map[planKey]knownPlan, error) {
	var names []string
	seen := map[string]bool{}
	for _, k := range keys {
		if !seen[k.job] {
			seen[k.job] = true
			names = append(names, k.job)
		}
	}
	text, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	known := make(map[planKey]knownPlan, len(keys))
	err = c.each(rowOf(plansSQL, string(text), now), 6, func(v []driver.Value) error {
		known[planKey{textOf(v[1]), textOf(v[2]), textOf(v[3])}] = knownPlan{numberOf(v[0]), numberOf(v[4]), numberOf(v[5])}
		return nil
	})
	return known, err
}

// writePlans records those of keys that are not known, and drops those known that are not among keys.
func writePlans(c *conn, now time.Time, keys []planKey, known map[planKey]knownPlan) error {
	at := now.UnixMicro()
	var fresh []any
	stay := make(map[planKey]bool, len(keys))
	for _, k := range keys {
		if k.line == "" {
			continue
		}
		stay[k] = true
		if _, old := known[k]; !old {
			known[k] = knownPlan{since: at}
			fresh = append(fresh, k.job, k.line, k.inputs, at)
		}
	}
	for k, p := range known {
		if !stay[k] {
			if err := c.exec(rowOf(dropPlan, p.id)); err != nil {
				return err
			}
		}
	}
	return c.insert(newPlansSQL, 4, fresh)
}
