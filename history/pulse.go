package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"snrun/engine"
)

const (
	pulseSQL = `SELECT status, attempt, coalesce(ended, 0), reason, cancel FROM runs WHERE run = ?`
	// Steps that go on are replaced by what is noted of them next under the same id, so that also what they count is looked at.
	beatSQL = `SELECT count(*), coalesce(max(id), 0) & 0xffffffff, coalesce(sum(status = 'ok'), 0), coalesce(sum(status = 'failed'), 0),
		coalesce(sum(status IN ('running', 'waiting')), 0), coalesce(sum(attempts), 0),
		cast(total(coalesce(counts->>'pages', 0) + coalesce(counts->>'succeeded', 0) + coalesce(counts->>'failed', 0)) AS INTEGER),
		cast(total(coalesce(counts->>'told', 0)) AS INTEGER)
		FROM steps WHERE id BETWEEN ? AND ?`
	goingPulseSQL = `SELECT coalesce((SELECT max(run) FROM runs), '') || coalesce((SELECT group_concat(run || status, ' ') FROM (
		SELECT run, status FROM runs WHERE status IN ('queued', 'running') ORDER BY job, run LIMIT 500)), '')`
)

// Pulse is how far a run is. It is another one when there is something new to be seen of the run.
type Pulse struct {
	Status  engine.Status `json:"status"`
	Attempt int           `json:"attempt"`
	Steps   int           `json:"steps"` // on record
	OK      int           `json:"ok"`
	Failed  int           `json:"failed"`
	Running int           `json:"running"` // and waiting
	Items   int           `json:"items"`   // pages and items of loops and walks that are done with

	ended, last, attempts, told int64
	reason, cancel              string
}

// Mark names the pulse: equal ones by the same text.
func (p Pulse) Mark() string {
	return fmt.Sprintf("%s-%d-%d-%d-%d-%d-%d-%d-%d-%d-%d-%d-%d", p.Status, p.Attempt, p.Steps, p.OK, p.Failed, p.Running, p.Items, p.ended, p.last,
		p.attempts, p.told, len(p.reason), len(p.cancel))
}

// Pulse gives how far a run is, whichever process carries it out. The error wraps ErrUnknownRun where there is none of its id.
func (s *Store) Pulse(run string) (Pulse, error) {
	var p Pulse
	if err := s.settle(); err != nil {
		return p, err
	}
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return p, err
	}
	err = s.read.QueryRow(pulseSQL, run).Scan(&p.Status, &p.Attempt, &p.ended, &p.reason, &p.cancel)
	if errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("%w: %s", ErrUnknownRun, run)
	}
	if err == nil {
		err = s.read.QueryRow(beatSQL, lo, hi).Scan(&p.Steps, &p.last, &p.OK, &p.Failed, &p.Running, &p.attempts, &p.Items, &p.told)
	}
	return p, s.place.fault("look how far run "+run+" is", err)
}

// PulseOfAll gives a text that is another one when a run has come, has begun or has ended.
func (s *Store) PulseOfAll() (string, error) {
	if err := s.settle(); err != nil {
		return "", err
	}
	var text string
	err := s.read.QueryRow(goingPulseSQL).Scan(&text)
	return text, s.place.fault("look which runs go on", err)
}

// Lookout sees whether anything in the history changes, whoever writes. It has a connection of its own and must be closed.
type Lookout struct {
	store   *Store
	conn    *sql.Conn
	version int64
}

// Lookout begins to look out.
func (s *Store) Lookout(ctx context.Context) (*Lookout, error) {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return nil, s.place.fault("look for changes", err)
	}
	return &Lookout{store: s, conn: conn}, nil
}

// Changed says whether anything was committed since it was asked last; the first time it says so in any case. It costs next to nothing.
func (l *Lookout) Changed(ctx context.Context) (bool, error) {
	var version int64
	if err := l.conn.QueryRowContext(ctx, versionSQL).Scan(&version); err != nil {
		return false, l.store.place.fault("look for changes", err)
	}
	before := l.version
	l.version = version
	return before != version, nil
}

// Close gives its connection back.
func (l *Lookout) Close() error { return l.conn.Close() }
