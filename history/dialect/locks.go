package dialect

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Locks are locks that a process holds as long as it lives, on a connection of their own: the server gives them up when that ends,
// however that comes. Somebody always listens on it, so that its loss is noticed at once, and another takes its place. They must be
// closed.
type Locks struct {
	server *Server
	wants  chan want
	ended  chan struct{}
	life   context.Context
	end    context.CancelFunc

	mu    sync.Mutex
	taken []func(context.Context, *pgx.Conn) error // what each connection is used for first
	held  map[int64]*heldLock                      // by their keys
}

// heldLock is a lock that is held by somebody in this process.
type heldLock struct{ end context.CancelCauseFunc }

// want is something to be done with the connection.
type want struct {
	do   func(*pgx.Conn) error
	done chan error
}

const (
	tryLock   = `SELECT pg_try_advisory_lock($1)`
	unlock    = `SELECT pg_advisory_unlock($1)`
	unlockAll = `SELECT pg_advisory_unlock_all()`
)

var (
	// ErrLost is the cause of the end of what a lock was held for.
	ErrLost = errors.New("the lock was lost with the connection to the server")
	// ErrHeld says that somebody else holds a lock.
	ErrHeld = errors.New("it is held by another process")
	// ErrClosed is what Locks answer once they are closed.
	ErrClosed = errors.New("the connection for locks is closed")
)

// Locks opens a connection for locks.
func (s *Server) Locks() (*Locks, error) {
	c, err := s.await(context.Background(), s.Session)
	if err != nil {
		return nil, err
	}
	l := &Locks{server: s, wants: make(chan want), ended: make(chan struct{}), held: map[int64]*heldLock{}}
	l.life, l.end = context.WithCancel(context.Background())
	go l.serve(c)
	return l, nil
}

// Do has f use the connection.
func (l *Locks) Do(ctx context.Context, f func(*pgx.Conn) error) error {
	w := want{f, make(chan error, 1)}
	select {
	case l.wants <- w:
		return <-w.done
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.ended:
		return ErrClosed
	}
}

// Keep has take use the connection now and, where that goes well, each one that takes its place, before anybody else does.
func (l *Locks) Keep(take func(context.Context, *pgx.Conn) error) error {
	return l.Do(context.Background(), func(c *pgx.Conn) error {
		if err := take(l.life, c); err != nil {
			return err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.taken = append(l.taken, take)
		return nil
	})
}

// Hold takes the lock with a key, until release is called. The error is ErrHeld where somebody else has it, in this process or in
// another, and ErrLost where the connection was just lost. The context held ends with ctx, and when the lock is lost.
func (l *Locks) Hold(ctx context.Context, key int64) (held context.Context, release func(), err error) {
	held, cancel := context.WithCancelCause(ctx)
	mine := &heldLock{cancel}
	if err := l.take(ctx, key, mine); err != nil {
		cancel(nil)
		return nil, nil, err
	}
	return held, func() {
		cancel(nil)
		l.free(key, mine)
	}, nil
}

// take takes a lock. A session has a lock as often as it takes it, so that another goroutine of this process is kept out here.
func (l *Locks) take(ctx context.Context, key int64, mine *heldLock) error {
	return l.Do(ctx, func(c *pgx.Conn) error {
		l.mu.Lock()
		_, held := l.held[key]
		l.mu.Unlock()
		if held {
			return ErrHeld
		}
		var got bool
		if err := c.QueryRow(l.life, tryLock, key).Scan(&got); err != nil {
			return err
		}
		if !got {
			return ErrHeld
		}
		l.mu.Lock()
		l.held[key] = mine
		l.mu.Unlock()
		return nil
	})
}

// free gives a lock back, unless it was lost with its connection.
func (l *Locks) free(key int64, mine *heldLock) {
	_ = l.Do(l.life, func(c *pgx.Conn) error {
		l.mu.Lock()
		held := l.held[key] == mine
		if held {
			delete(l.held, key)
		}
		l.mu.Unlock()
		if !held {
			return nil
		}
		_, err := c.Exec(l.life, unlock, key)
		return err
	})
}

// serve does what is wanted until the locks are closed, and opens another connection where one is lost.
func (l *Locks) serve(c *pgx.Conn) {
	defer close(l.ended)
	for c != nil {
		err := l.listen(c)
		if l.life.Err() != nil {
			c.Close(context.Background())
			return
		}
		if err != nil {
			c.Close(context.Background())
			l.lose()
			c = l.again()
		}
	}
}

// listen listens on the connection until something is wanted, and does that. An error says that the connection is lost.
func (l *Locks) listen(c *pgx.Conn) error {
	ctx, stop := context.WithCancel(l.life)
	defer stop()
	heard := make(chan error, 1)
	go func() {
		_, err := c.WaitForNotification(ctx)
		heard <- err
	}()
	select {
	case err := <-heard:
		return err
	case w := <-l.wants:
		stop()
		<-heard
		if c.IsClosed() {
			w.done <- ErrLost
			return ErrLost
		}
		w.done <- w.do(c)
		if c.IsClosed() {
			return ErrLost
		}
		return nil
	}
}

// lose ends what locks were held for.
func (l *Locks) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, lock := range l.held {
		lock.end(ErrLost)
		delete(l.held, key)
	}
}

// again opens a connection that is used as the one before was; nil when the locks are closed meanwhile.
func (l *Locks) again() *pgx.Conn {
	for pause := time.Millisecond; l.life.Err() == nil; pause = min(2*pause, time.Second) {
		c, err := l.server.await(l.life, l.server.Session)
		if err == nil {
			if err = l.retake(c); err == nil {
				return c
			}
			c.Close(context.Background())
		}
		wait(l.life, pause)
	}
	return nil
}

// retake uses another connection for what the first was used for. It may be that the server has not noticed yet that the first one is
// lost.
func (l *Locks) retake(c *pgx.Conn) error {
	l.mu.Lock()
	taken := slices.Clone(l.taken)
	l.mu.Unlock()
	for _, take := range taken {
		if err := take(l.life, c); err != nil {
			return err
		}
	}
	return nil
}

// Close gives up all locks. The server would notice only a moment later that the connection has ended.
func (l *Locks) Close(ctx context.Context) {
	l.lose()
	_ = l.Do(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, unlockAll)
		return err
	})
	l.end()
	<-l.ended
}
