package history

import (
	"context"
	"crypto/rand"
	"database/sql"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"snrun/history/dialect"
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

	mu    sync.Mutex
	token string
	locks *dialect.Locks
}

// hold gives the sign of life, once.
func (a *sessionLock) hold() (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token != "" {
		return a.token, nil
	}
	locks, err := a.use()
	if err != nil {
		return "", err
	}
	token := rand.Text()
	err = locks.Keep(func(ctx context.Context, c *pgx.Conn) error { return a.place.showLife(ctx, c, token) })
	if err != nil {
		return "", err
	}
	a.token = token
	return token, nil
}

// open gives the connection for locks, which is opened when it is first needed.
func (a *sessionLock) open() (*dialect.Locks, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.use()
}

// use is open for who holds mu.
func (a *sessionLock) use() (*dialect.Locks, error) {
	if a.locks != nil {
		return a.locks, nil
	}
	locks, err := a.place.Locks()
	if err == nil {
		a.locks = locks
	}
	return locks, err
}

// renew does nothing: where the connection is lost, the lock is taken again by itself.
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
	locks := a.locks
	a.mu.Unlock()
	if locks == nil {
		return
	}
	for _, token := range tokens {
		if a.dead(token) {
			_ = locks.Do(context.Background(), func(c *pgx.Conn) error {
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
	if a.locks == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), releasePatience)
	defer cancel()
	if a.token != "" { // what cannot be deleted now is swept away later
		_ = a.locks.Do(ctx, func(c *pgx.Conn) error {
			_, err := c.Exec(ctx, endLifeSQL, a.token)
			return err
		})
	}
	a.locks.Close(ctx)
	a.token, a.locks = "", nil
	return nil
}
