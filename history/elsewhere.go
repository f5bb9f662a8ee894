package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"sync"
	"time"

	"snrun/engine"
	"snrun/steps"
)

const (
	conductedSQL = `SELECT id, run, live, daemon, workflow, status, attempt, coalesce(started, due), cancel <> '' FROM runs
		WHERE status IN ('queued', 'running') AND workflow <> '' ORDER BY job, run LIMIT 500`
	endConducted = `UPDATE runs SET status = ?5, error = ?1, ended = max(coalesce(started, 0), ` + lastMoment + `)
		WHERE id = ?4 AND status IN ('queued', 'running') AND attempt = ?6`
	// commencedKey is where the journal keeps when the attempt of a run began elsewhere, and as what.
	commencedKey = "@workflow"
)

// How often a Conductor is asked at most, how long it has for an answer, and how long it is left alone that gave none.
const (
	askEach  = 3 * time.Second
	askLimit = 2 * time.Second
	askAgain = 10 * time.Second
)

// Conducted is a run that is carried out elsewhere, and has not ended as far as is on record.
type Conducted struct {
	Run, Workflow string
	Status        engine.Status
	Attempt       int
	Since         time.Time // when the attempt was put on record, as far as that is known
	Cancelled     bool      // somebody has asked for its end
	Server, Began string    // what Commenced was told last; "" for nothing
}

// Fate is how a run ended that goes on no more though its end is not on record.
type Fate struct {
	Status engine.Status
	Error  *steps.Error
}

// Conductor knows what becomes of runs that are carried out elsewhere.
type Conductor interface {
	// Fates gives those of the runs that go on no more, by their ids, with an error too: then some could not be asked about, which it tells
	// a person itself, and they stay as they are on record.
	Fates(ctx context.Context, runs []Conducted) (map[string]Fate, error)
}

// conducting is whom a Store asks about runs that are carried out elsewhere, and when it did.
type conducting struct {
	asking sync.Mutex // held by who asks

	mu   sync.Mutex // guards what follows
	by   Conductor
	next time.Time // when it may be asked again
}

// Conduct has a Conductor be asked before runs are read, now and then: what ended there without a word is on record from then on.
func (s *Store) Conduct(by Conductor) {
	s.conducting.mu.Lock()
	defer s.conducting.mu.Unlock()
	s.conducting.by, s.conducting.next = by, time.Time{}
}

// commenced is what is kept of the beginning of an attempt.
type commenced struct {
	Server string `json:"server"`
	Began  string `json:"began,omitempty"`
}

// Commenced keeps that an attempt of a run begins elsewhere, on which server, and as what: "" where that is not known.
func (s *Store) Commenced(run, server, as string) error {
	now := time.Now()
	data, err := json.Marshal(commenced{server, as})
	if err != nil {
		return err
	}
	return s.Commit(run, engine.Entry{Key: commencedKey, Result: data, Started: now, Ended: now})
}

// turn gives whom to ask now, nil for nobody.
func (c *conducting) turn(now time.Time) Conductor {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil || now.Before(c.next) {
		return nil
	}
	c.next = now.Add(askEach)
	return c.by
}

// leave has the Conductor be left alone for a while: it gave no answer, and others wait.
func (c *conducting) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = time.Now().Add(askAgain)
}

// cutOffElsewhere gives the runs that go on no more elsewhere, though nobody recorded their ends. Where nobody can be asked there are none.
func (s *Store) cutOffElsewhere() ([]orphan, error) {
	if !s.conducting.asking.TryLock() {
		return nil, nil
	}
	defer s.conducting.asking.Unlock()
	by := s.conducting.turn(time.Now())
	if by == nil {
		return nil, nil
	}
	going, runs, err := s.conducted()
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	fates, err := by.Fates(ctx, runs)
	if err != nil {
		s.conducting.leave()
	}
	var ended []orphan
	for i, o := range going {
		if fate, has := fates[o.run]; has {
			o.fate, o.attempt = &fate, runs[i].Attempt
			ended = append(ended, o)
		}
	}
	return ended, nil
}

// conducted gives the runs that are carried out elsewhere.
func (s *Store) conducted() (going []orphan, runs []Conducted, err error) {
	rows, err := s.read.Query(conductedSQL)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var o orphan
		var c Conducted
		var since sql.NullInt64
		if err := rows.Scan(&o.number, &o.run, &o.token, &o.daemon, &c.Workflow, &c.Status, &c.Attempt, &since, &c.Cancelled); err != nil {
			return nil, nil, err
		}
		c.Run, c.Since = o.run, moment(since)
		going, runs = append(going, o), append(runs, c)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, err
	}
	for i := range runs {
		s.fill(&runs[i])
	}
	return going, runs, nil
}

// fill fills in what Commenced kept, where there is something.
func (s *Store) fill(c *Conducted) {
	entry, mark, err := s.Lookup(c.Run, commencedKey)
	if err != nil || mark != engine.Done {
		return
	}
	if c.Since = entry.Started; entry.Result != nil {
		var kept commenced
		if json.Unmarshal(entry.Result, &kept) == nil {
			c.Server, c.Began = kept.Server, kept.Began
		}
	}
}

// ends gives the row that puts a run down as ended that nobody carries out any more, and how it stands then.
func (o orphan) ends(failure any, inDoubt []string, lo, hi int64) row {
	if o.fate == nil {
		return rowOf(interruptRun, failure, lo, hi, o.number, o.token)
	}
	status := o.fate.Status
	if len(inDoubt) > 0 {
		status = engine.Interrupted // a person must say what holds
	}
	return rowOf(endConducted, failure, lo, hi, o.number, string(status), o.attempt)
}

// fated gives the error of a run that ended elsewhere.
func (o orphan) fated(inDoubt []string) *steps.Error {
	e := *o.fate.Error
	if e.Hint == "" {
		e.Hint = "go on with it: snrun resume " + o.run
	}
	if len(inDoubt) > 0 {
		e.Message += "; it is not known whether this was carried out: " + several(inDoubt)
		e.Hint = assumeHint + o.run
	}
	return &e
}
