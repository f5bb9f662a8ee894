package history

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"snrun/engine"
)

// For each key of a JSON array of [job, inputs, until]: the newest slot that is due by then, and when the one after it is.
const lastSlotsSQL = `SELECT s.run, r.run, s.due, s.until, s.count, s.reason,
		(SELECT min(due) FROM slots WHERE job = k.value->>0 AND inputs = k.value->>1 AND due > k.value->>2), k.value->>0, k.value->>1
	FROM json_each(?) k LEFT JOIN slots s ON s.run = (
		SELECT run FROM slots WHERE job = k.value->>0 AND inputs = k.value->>1 AND due <= k.value->>2 ORDER BY due DESC LIMIT 1)
	LEFT JOIN runs r ON r.id = s.run`

const goingRunsSQL = `SELECT r.job, r.id, r.run, r.status, r.live, r.workflow FROM json_each(?) k JOIN runs r ON r.job = k.value AND r.status IN ('queued', 'running')
	ORDER BY r.run`

// decider decides upon claims, one after the other, within one transaction.
type decider struct {
	question
	conn *conn
	dead func(token string) bool // whether a process is gone
	over func(run string) bool   // whether its process carries a run out no more

	slots   map[slotKey]*lastSlot
	going   map[string][]goingRun // the runs of a job that are queued or running, the oldest first
	pending pending
}

// slotKey names what has slots.
type slotKey struct{ job, inputs string }

// lastSlot is the newest slot up to some time.
type lastSlot struct {
	*slot
	next int64 // when the one after it is due
}

// slot is one decision.
type slot struct {
	number     int64 // runs.id
	run        string
	due, until int64 // microseconds
	count      int64
	reason     string
}

// goingRun is a run that is queued or running.
type goingRun struct {
	number int64
	run    string
	status engine.Status
	live   string
}

// claim is what is claimed, as it is stored.
type claim struct {
	engine.Claim
	inputs     string
	due, until int64
	count      int64
}

// claimOf makes a claim ready to be stored.
func claimOf(c engine.Claim) (claim, error) {
	inputs, err := inputsText(c.Inputs)
	if err != nil {
		return claim{}, fmt.Errorf("the inputs that the schedule of %s gives: %w", c.Job, err)
	}
	stored := claim{Claim: c, inputs: inputs, due: c.Due.UnixMicro(), count: int64(max(c.Count, 1))}
	if stored.until = stored.due; !c.Until.IsZero() {
		stored.until = max(stored.due, c.Until.UnixMicro())
	}
	return stored, nil
}

// inputsText gives inputs as they are stored beside slots.
func inputsText(inputs map[string]any) (string, error) {
	if len(inputs) == 0 {
		return "{}", nil
	}
	return encode(inputs)
}

func (c *claim) key() slotKey { return slotKey{c.Job, c.inputs} }

// load reads what deciding upon claims needs: all at once, because there may be ten thousand.
func (d *decider) load(claims []claim) error {
	d.slots, d.going = map[slotKey]*lastSlot{}, map[string][]goingRun{}
	var names []string
	var keys [][3]any
	for i := range claims {
		c := &claims[i]
		if _, known := d.going[c.Job]; !known {
			d.going[c.Job] = nil
			names = append(names, c.Job)
		}
		if _, known := d.slots[c.key()]; !known {
			d.slots[c.key()] = nil
			keys = append(keys, [3]any{c.Job, c.inputs, c.until})
		}
	}
	if err := d.loadGoing(names); err != nil {
		return err
	}
	return d.loadSlots(keys)
}

// loadGoing reads the runs of jobs that are queued or running. One whose process is gone, or carries it out no more, does not run.
func (d *decider) loadGoing(names []string) error {
	text, err := json.Marshal(names)
	if err != nil {
		return err
	}
	return d.conn.each(rowOf(goingRunsSQL, string(text)), 6, func(v []driver.Value) error {
		job, _ := v[0].(string)
		r := goingRun{live: textOf(v[4]), run: textOf(v[2]), status: engine.Status(textOf(v[3]))}
		r.number, _ = v[1].(int64)
		if r.status == engine.Queued || textOf(v[5]) != "" || !d.dead(r.live) && !d.over(r.run) {
			d.going[job] = append(d.going[job], r)
		}
		return nil
	})
}

func textOf(v driver.Value) string {
	text, _ := v.(string)
	return text
}

// loadSlots reads the newest slots of keys, each up to a time.
func (d *decider) loadSlots(keys [][3]any) error {
	text, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	return d.conn.each(rowOf(lastSlotsSQL, string(text)), 9, func(v []driver.Value) error {
		last := &lastSlot{next: math.MaxInt64}
		if next, ok := v[6].(int64); ok {
			last.next = next
		}
		if number, ok := v[0].(int64); ok {
			s := &slot{number: number, run: textOf(v[1]), reason: textOf(v[5])}
			s.due, _ = v[2].(int64)
			s.until, _ = v[3].(int64)
			s.count, _ = v[4].(int64)
			last.slot = s
		}
		d.slots[slotKey{textOf(v[7]), textOf(v[8])}] = last
		return nil
	})
}

// last gives the newest slot that is due up to the end of a claim; its slot is nil where there is none.
func (d *decider) last(c *claim) (*lastSlot, error) {
	last := d.slots[c.key()]
	if c.until < last.next && (last.slot == nil || last.due <= c.until) {
		return last, nil
	}
	if err := d.pending.write(d.conn); err != nil { // what is decided upon already is read, too
		return nil, err
	}
	if err := d.loadSlots([][3]any{{c.Job, c.inputs, c.until}}); err != nil {
		return nil, err
	}
	return d.slots[c.key()], nil
}

// slot decides upon a claim of slots.
func (d *decider) slot(c claim) (engine.Verdict, error) {
	last, err := d.last(&c)
	if err != nil {
		return engine.Verdict{}, err
	}
	if last.slot != nil && last.until >= c.due {
		if last.until >= c.until {
			return engine.Verdict{Run: last.run}, nil
		}
		c.after(last.until)
	}
	v, err := d.run(&c)
	if err != nil {
		return v, err
	}
	if last.slot != nil && last.run != "" && v.Status == engine.Skipped && v.Reason == last.reason {
		last.until, last.count = c.until, last.count+c.count
		d.pending.again(last.slot, v.Detail)
		v.Run = last.run
		return v, nil
	}
	number, err := d.add(&c, v)
	if err != nil {
		return v, err
	}
	last.slot = &slot{number: number, run: c.Run, due: c.due, until: c.until, count: c.count, reason: v.Reason}
	d.pending.slots = append(d.pending.slots, newSlot{c.key(), last.slot})
	return v, nil
}

// after leaves only those of several slots that are due after a time. They count as lying evenly, as they mostly do.
func (c *claim) after(decided int64) {
	apart := (c.until - c.due) / max(c.count-1, 1)
	left := c.count
	if apart > 0 {
		left = max(min((c.until-decided+apart-1)/apart, c.count-1), 1) // the first is not among them
	}
	c.due, c.count = c.until-(left-1)*apart, left
}

// run decides what becomes of the run of a claim.
func (d *decider) run(c *claim) (engine.Verdict, error) {
	v := engine.Verdict{Run: c.Run, Status: engine.Queued, Reason: c.Reason, Detail: c.Detail}
	going := d.going[c.Job]
	switch {
	case c.Reason != "":
		v.Status = engine.Skipped
	case c.Overlap == "allow":
	case len(going) == 0:
		v.Alone = true
	case c.Overlap == "queue":
		d.queueUp(&v, going)
	case c.Overlap == "cancel_running":
		err := d.replace(&v, c.Job)
		return v, err
	default:
		v.Status, v.Reason = engine.Skipped, engine.ReasonOverlap
		v.Detail = "run " + going[0].run + " " + map[engine.Status]string{
			engine.Running: "was still going on", engine.Queued: "was still waiting for its start",
		}[going[0].status]
	}
	return v, nil
}

// queueUp has a run wait for those of its job that go on, where not too many wait already.
func (d *decider) queueUp(v *engine.Verdict, going []goingRun) {
	waiting := 0
	for _, r := range going {
		if r.status == engine.Queued {
			waiting++
		}
	}
	if waiting >= d.maxQueue {
		v.Status, v.Reason, v.Detail = engine.Skipped, engine.ReasonQueueFull, strconv.Itoa(waiting)+" runs of the job were waiting already"
		return
	}
	v.Alone, v.Detail = true, "it was queued behind run "+going[0].run
	if n := len(going) - 1; n > 0 {
		v.Detail += " and " + strconv.Itoa(n) + " more"
	}
}

// replace asks for the end of the runs of a job that go on. Those that wait do so no more.
func (d *decider) replace(v *engine.Verdict, job string) error {
	if err := d.pending.write(d.conn); err != nil { // some of them may be new
		return err
	}
	v.Alone = true
	by := "run " + v.Run
	var left []goingRun
	for _, r := range d.going[job] {
		v.Replace = append(v.Replace, r.run)
		if err := d.end(r, by); err != nil {
			return err
		}
		if r.status == engine.Running {
			left = append(left, r)
		}
	}
	if d.going[job] = left; len(left) > 0 {
		v.Detail = "it was queued behind run " + left[0].run
	}
	return nil
}

// end asks for the end of a run that goes on, and skips one that waits.
func (d *decider) end(r goingRun, by string) error {
	if r.status == engine.Running {
		return d.conn.exec(rowOf(askEnd, by, r.run))
	}
	e := ending{status: engine.Skipped, at: d.now, reason: "replaced by " + by}
	if r.live != "" && r.live != d.live && !d.dead(r.live) {
		e.tell = by
	}
	return d.conn.endQueued(r, e)
}
