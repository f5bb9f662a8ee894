package history

import (
	"context"
	"crypto/rand"
	"database/sql"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	lockForLife = `SELECT pg_advisory_lock($1)`
	showLifeSQL = `INSERT INTO living (live) VALUES ($1) ON CONFLICT (live) DO UPDATE SET since = excluded.since`
	endLifeSQL  = `DELETE FROM living WHERE live = $1`
	livingSQL   = `SELECT live FROM living`
	// A server that was just started has no locks: whoever lived before gets a moment to take theirs again.
	goneSQL = `SELECT NOT EXISTS (SELECT 1 FROM living WHERE live = ? AND since < pg_postmaster_start_time()
		AND clock_timestamp() < pg_postmaster_start_time() + interval '15 seconds') AND pg_try_advisory_xact_lock_shared(?)`
)

// releasePatience is how long a process that ends waits for a server that does not answer.
const releasePatience = time.Second

// showLife takes the lock that shows that the process with a token lives.
func (p *server) showLife(ctx context.Context, c *pgx.Conn, token string) error {
	if _, err := c.Exec(ctx, lockForLife, p.lifeKey(token)); err != nil {
		return err
	}
	_, err := c.Exec(ctx, showLifeSQL, token)
	return err
}

func (p *server) lifeKey(token string) int64 { return p.LockKey("live", token) }

// signs is place.signs.
func (p *server) signs(read *sql.DB) alive { return &sessionLock{place: p, read: read} }

// sessionLock is a sign of life on a server: a process holds a lock there with a connection of its own. The server gives up the lock
// when the connection ends.
type sessionLock struct {
	place *server
	read  *sql.DB

	mu      sync.Mutex
	token   string
	session *session
}

// hold gives the sign of life, once.
func (a *sessionLock) hold() (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token != "" {
		return a.token, nil
	}
	s, err := a.use()
	if err != nil {
		return "", err
	}
	token := rand.Text()
	err = s.do(context.Background(), func(c *pgx.Conn) error { return a.place.showLife(s.life, c, token) })
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	s.live = token
	s.mu.Unlock()
	a.token = token
	return token, nil
}

// use gives the session, which is opened when it is first needed. The caller holds mu.
func (a *sessionLock) use() (*session, error) {
	if a.session != nil {
		return a.session, nil
	}
	s, err := newSession(a.place)
	if err == nil {
		a.session = s
	}
	return s, err
}

// renew does nothing: the session takes its lock again by itself.
func (a *sessionLock) renew() error { return nil }

// dead says whether the lock of a process can be had.
func (a *sessionLock) dead(token string) bool {
	if a.own(token) {
		return false
	}
	var gone bool
	err := a.read.QueryRow(goneSQL, token, a.place.lifeKey(token)).Scan(&gone)
	return err == nil && gone
}

func (a *sessionLock) own(token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token != "" && a.token == token
}

// sweep forgets when processes began that are gone.
func (a *sessionLock) sweep() {
	rows, err := a.read.Query(livingSQL)
	if err != nil {
		return
	}
	var tokens []string
	for rows.Next() {
		var token string
		if rows.Scan(&token) == nil {
			tokens = append(tokens, token)
		}
	}
	rows.Close()
	a.mu.Lock()
	s := a.session
	a.mu.Unlock()
	if s == nil {
		return
	}
	for _, token := range tokens {
		if a.dead(token) {
			_ = s.do(context.Background(), func(c *pgx.Conn) error {
				_, err := c.Exec(context.Background(), endLifeSQL, token)
				return err
			})
		}
	}
}

// release takes the sign of life back.
func (a *sessionLock) release() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.session == nil {
		return nil
	}
	token, s := a.token, a.session
	ctx, cancel := context.WithTimeout(context.Background(), releasePatience)
	defer cancel()
	if token != "" { // what cannot be deleted now is swept away later
		_ = s.do(ctx, func(c *pgx.Conn) error {
			_, err := c.Exec(ctx, endLifeSQL, token)
			return err
		})
	}
	s.close(ctx)
	a.token, a.session = "", nil
	return nil
}
