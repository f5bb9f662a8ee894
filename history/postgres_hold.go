package history

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
)

const (
	tryUnit  = `SELECT pg_try_advisory_lock($1)`
	freeUnit = `SELECT pg_advisory_unlock($1)`
)

// hold is place.hold: a lock of the session in which this process shows that it lives.
func (p *server) hold(ctx context.Context, a alive, run, unit string) (context.Context, func(), error) {
	s, err := a.(*sessionLock).open()
	if err != nil {
		return nil, nil, err
	}
	key := p.LockKey("unit", run, unit)
	held, cancel := context.WithCancelCause(ctx)
	mine := &heldUnit{cancel}
	err = s.tryHold(ctx, key, mine)
	switch {
	case err == nil:
		return held, func() {
			cancel(nil)
			s.free(key, mine)
		}, nil
	case errors.Is(err, errHeld) || errors.Is(err, errLost) || ctx.Err() == nil && postgres.Gone(err):
		err = nil
	}
	cancel(nil)
	return nil, nil, err
}

// open gives the session, which is opened when it is first needed.
func (a *sessionLock) open() (*session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.use()
}

// errHeld says that somebody else holds a unit.
var errHeld = errors.New("it is held by another process")

// tryHold takes the lock of a unit. A session has a lock as often as it takes it, so that
// another goroutine of this process is kept out here.
func (s *session) tryHold(ctx context.Context, key int64, unit *heldUnit) error {
	return s.do(ctx, func(c *pgx.Conn) error {
		s.mu.Lock()
		_, held := s.held[key]
		s.mu.Unlock()
		if held {
			return errHeld
		}
		var got bool
		if err := c.QueryRow(s.life, tryUnit, key).Scan(&got); err != nil {
			return err
		}
		if !got {
			return errHeld
		}
		s.mu.Lock()
		s.held[key] = unit
		s.mu.Unlock()
		return nil
	})
}

// free gives the lock of a unit back, unless it was lost with its connection.
func (s *session) free(key int64, unit *heldUnit) {
	_ = s.do(s.life, func(c *pgx.Conn) error {
		s.mu.Lock()
		held := s.held[key] == unit
		if held {
			delete(s.held, key)
		}
		s.mu.Unlock()
		if !held {
			return nil
		}
		_, err := c.Exec(s.life, freeUnit, key)
		return err
	})
}
