package store

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
)

// A lock of a server is an advisory lock of a session, on a connection of its own: it ends with the connection, whatever becomes of the
// process or its machine. The row that goes with it says that it was not released yet. A holder that has lost its connection, to a
// server that was started again or to the network, comes back on another one, and holds a second lock there until it is done: whoever
// has the first one by then waits for that, since half a token request may not be made twice. Of one that does not come back in time
// the lock is taken over.

const (
	// comeback is how long a holder that lost its connection has to come back: as long as it takes to notice that the other end is
	// gone, and to reach it again.
	comeback = 10 * time.Second
	// lookPause is between two looks at a holder that is waited for.
	lookPause = 50 * time.Millisecond
	// parting is how long a release may take; what is not done by then is done by time.
	parting = 2 * time.Second
)

const (
	takeSQL     = "INSERT INTO auth_locks (name, holder) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"
	takeOverSQL = "UPDATE auth_locks SET holder = $2 WHERE name = $1"
	lookSQL     = "SELECT EXISTS (SELECT FROM auth_locks WHERE name = $1), pg_try_advisory_xact_lock($2)"
	releaseSQL  = "DELETE FROM auth_locks WHERE name = $1 AND holder = $2"
)

// serverLock is a lock that is held, or waited for.
type serverLock struct {
	home   serverHome
	name   string // of the row
	holder string // nobody else is called that
	db     *pgx.Conn
	lose   context.CancelFunc
}

func (h serverHome) lock(ctx context.Context, name string) (held context.Context, release func(), err error) {
	l := &serverLock{home: h, name: lockName(name), holder: rand.Text()}
	pass, err := h.turns.take(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	if err := l.acquire(ctx); err != nil {
		pass()
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return nil, nil, fault(h, "lock", err)
	}
	held, l.lose = context.WithCancel(context.WithoutCancel(ctx))
	watching, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.watch(watching)
	}()
	return held, sync.OnceFunc(func() {
		stop()
		<-done
		l.release()
		l.lose()
		pass()
	}), nil
}

// key is that of the lock itself, late that of a holder that has come back.
func (l *serverLock) key() int64  { return l.home.address.LockKey("auth lock", l.name) }
func (l *serverLock) late() int64 { return l.home.address.LockKey("auth late", l.name) }

// acquire waits until the lock is there. A server that is gone is waited for as that of any call.
func (l *serverLock) acquire(ctx context.Context) error {
	for until := time.Now().Add(busy); ; {
		err := l.try(ctx)
		if err == nil {
			return nil
		}
		_ = closeNow(l.db)
		if ctx.Err() != nil || !postgres.Gone(err) || time.Now().After(until) {
			return err
		}
		if err := pauseFor(ctx, retryPause); err != nil {
			return err
		}
	}
}

// try takes the lock on a new connection.
func (l *serverLock) try(ctx context.Context) (err error) {
	if l.db, err = l.home.address.Session(ctx); err != nil {
		return err
	}
	if _, err := l.db.Exec(ctx, "SELECT pg_advisory_lock($1)", l.key()); err != nil {
		return err
	}
	for lost := time.Now(); ; {
		taken, err := l.db.Exec(ctx, takeSQL, l.name, l.holder)
		if err != nil || taken.RowsAffected() > 0 {
			return err
		}
		var there, gone bool
		if err := l.db.QueryRow(ctx, lookSQL, l.name, l.late()).Scan(&there, &gone); err != nil {
			return err
		}
		switch {
		case !there:
			continue
		case !gone:
			lost = time.Now()
		case time.Since(lost) > l.home.turns.comeback():
			_, err := l.db.Exec(ctx, takeOverSQL, l.name, l.holder)
			return err
		}
		if err := pauseFor(ctx, lookPause); err != nil {
			return err
		}
	}
}

// watch tells when the connection is lost, and comes back then, until ctx ends.
func (l *serverLock) watch(ctx context.Context) {
	for ctx.Err() == nil {
		if _, err := l.db.WaitForNotification(ctx); err == nil || ctx.Err() != nil {
			continue
		}
		l.lose()
		_ = closeNow(l.db)
		for ctx.Err() == nil && l.comeBack(ctx) != nil {
			_ = pauseFor(ctx, lookPause) // the loop ends with ctx
		}
	}
}

// comeBack tells whoever has the lock by now that this holder is still at it.
func (l *serverLock) comeBack(ctx context.Context) error {
	db, err := l.home.address.Session(ctx)
	if err != nil {
		return err
	}
	if _, err := db.Exec(ctx, "SELECT pg_advisory_lock_shared($1)", l.late()); err != nil {
		return errors.Join(err, closeNow(db))
	}
	l.db = db
	return nil
}

// release gives the lock back. Where that cannot be said the next holder finds out by time.
func (l *serverLock) release() {
	ctx, cancel := context.WithTimeout(context.Background(), parting)
	defer cancel()
	if l.db.IsClosed() {
		db, err := l.home.address.Session(ctx)
		if err != nil {
			return
		}
		l.db = db
	}
	_, _ = l.db.Exec(ctx, releaseSQL, l.name, l.holder)
	_ = closeNow(l.db)
}

// pauseFor waits; the error is that of ctx.
func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// turns has those who want the same lock in one process take turns, so that only one of them needs a connection.
type turns struct {
	hurry time.Duration // in place of comeback, in tests

	mu    sync.Mutex
	names map[string]chan struct{}
}

func (t *turns) comeback() time.Duration {
	if t.hurry != 0 {
		return t.hurry
	}
	return comeback
}

// take waits for a turn; whoever has it calls pass.
func (t *turns) take(ctx context.Context, name string) (pass func(), err error) {
	t.mu.Lock()
	if t.names == nil {
		t.names = map[string]chan struct{}{}
	}
	turn := t.names[name]
	if turn == nil {
		turn = make(chan struct{}, 1)
		t.names[name] = turn
	}
	t.mu.Unlock()
	if err := ctx.Err(); err != nil { // select takes either where both are ready
		return nil, err
	}
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
