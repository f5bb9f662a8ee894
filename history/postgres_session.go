package history

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// session is a connection that holds locks for as long as this process lives: the server gives them up when the connection ends,
// however that comes. Somebody always listens on it, so that its loss is noticed at once. It must be closed.
type session struct {
	place *server
	wants chan want
	ended chan struct{}
	end   context.CancelFunc
	life  context.Context

	mu   sync.Mutex
	live string              // the token of this process, once it is given
	held map[int64]*heldUnit // by the keys of their locks
}

// heldUnit is a unit that this process holds.
type heldUnit struct{ end context.CancelCauseFunc }

// want is something to be done with the connection.
type want struct {
	do   func(*pgx.Conn) error
	done chan error
}

const unlockAll = `SELECT pg_advisory_unlock_all()`

// errLost is the cause of the end of what a lock was held for.
var errLost = errors.New("the lock was lost with the connection to the server")

// newSession opens a session.
func newSession(p *server) (*session, error) {
	c, err := p.connect(context.Background(), nil)
	if err != nil {
		return nil, err
	}
	s := &session{place: p, wants: make(chan want), ended: make(chan struct{}), held: map[int64]*heldUnit{}}
	s.life, s.end = context.WithCancel(context.Background())
	go s.serve(c)
	return s, nil
}

// do has f use the connection.
func (s *session) do(ctx context.Context, f func(*pgx.Conn) error) error {
	w := want{f, make(chan error, 1)}
	select {
	case s.wants <- w:
		return <-w.done
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.ended:
		return errClosed
	}
}

// serve does what is wanted until the session is closed, and opens another connection where one is lost.
func (s *session) serve(c *pgx.Conn) {
	defer close(s.ended)
	for c != nil {
		err := s.listen(c)
		if s.life.Err() != nil {
			c.Close(context.Background())
			return
		}
		if err != nil {
			c.Close(context.Background())
			s.lose()
			c = s.again()
		}
	}
}

// listen listens on the connection until something is wanted, and does that. An error says that the connection is lost.
func (s *session) listen(c *pgx.Conn) error {
	ctx, stop := context.WithCancel(s.life)
	defer stop()
	heard := make(chan error, 1)
	go func() {
		_, err := c.WaitForNotification(ctx)
		heard <- err
	}()
	select {
	case err := <-heard:
		return err
	case w := <-s.wants:
		stop()
		<-heard
		if c.IsClosed() {
			w.done <- errLost
			return errLost
		}
		w.done <- w.do(c)
		if c.IsClosed() {
			return errLost
		}
		return nil
	}
}

// lose ends what locks were held for.
func (s *session) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, unit := range s.held {
		unit.end(errLost)
		delete(s.held, key)
	}
}

// again opens a connection that shows that this process lives; nil when the session is closed meanwhile.
func (s *session) again() *pgx.Conn {
	for pause := time.Millisecond; s.life.Err() == nil; pause = min(2*pause, time.Second) {
		c, err := s.place.connect(s.life, nil)
		if err == nil {
			if err = s.relive(c); err == nil {
				return c
			}
			c.Close(context.Background())
		}
		_ = wait(s.life, pause)
	}
	return nil
}

// relive takes the lock of this process on another connection. It may be that the server has not noticed yet that the first one is lost.
func (s *session) relive(c *pgx.Conn) error {
	s.mu.Lock()
	live := s.live
	s.mu.Unlock()
	if live == "" {
		return nil
	}
	return s.place.showLife(s.life, c, live)
}

// close gives up all locks. The server would notice only a moment later that the connection has ended.
func (s *session) close(ctx context.Context) {
	s.lose()
	_ = s.do(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, unlockAll)
		return err
	})
	s.end()
	<-s.ended
}
