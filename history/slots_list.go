package history

import (
	"database/sql"
	"math"
	"time"
)

const slotsSQL = `SELECT s.inputs, s.due, s.until, s.count, s.reason,
		coalesce(r.run, ''), coalesce(r.status, ''), coalesce(r."trigger", ''), r.started, r.ended, coalesce(r.reason, ''), coalesce(r.error->>'message', '')
	FROM slots s LEFT JOIN runs r ON r.id = s.run WHERE s.job = ? AND s.due < ? ORDER BY s.due DESC, s.run DESC LIMIT ?`

// Slot is a due time of a job, or several in a row that were not run for one reason, and what became of it.
type Slot struct {
	Due    time.Time
	Until  time.Time // the last of several; Due where it is one
	Count  int
	Inputs map[string]any
	Reason string // why it was not to be run, one of engine's reasons; "" where it was
	Run    Brief  // without an id where it is not kept any more. Its Reason says for people why it was not run
}

// Slots gives the slots of a job that were due before a time, zero for all, the newest first.
func (s *Store) Slots(job string, limit int, before time.Time) ([]Slot, error) {
	const doing = "look for due times"
	if err := s.settle(); err != nil {
		return nil, err
	}
	until := int64(math.MaxInt64)
	if !before.IsZero() {
		until = before.UnixMicro()
	}
	rows, err := s.read.Query(slotsSQL, job, until, limit)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var slots []Slot
	for rows.Next() {
		slot, err := scanSlot(rows)
		if err != nil {
			return nil, s.place.fault(doing, err)
		}
		slot.Run.Job = job
		slots = append(slots, slot)
	}
	return slots, s.place.fault(doing, rows.Err())
}

// scanSlot reads the columns of slotsSQL.
func scanSlot(from scanner) (Slot, error) {
	var slot Slot
	var inputs sql.NullString
	var due, until, started, ended sql.NullInt64
	b := &slot.Run
	err := from.Scan(&inputs, &due, &until, &slot.Count, &slot.Reason, &b.Run, &b.Status, &b.Trigger, &started, &ended, &b.Reason, &b.Error)
	if err != nil {
		return slot, err
	}
	slot.Due, slot.Until, b.Due, b.Started, b.Ended = moment(due), moment(until), moment(due), moment(started), moment(ended)
	in, err := decode(inputs)
	slot.Inputs, _ = in.(map[string]any)
	return slot, err
}
