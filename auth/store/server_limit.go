package store

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"snrun/auth/store/postgres"
)

// Limits are limits that all processes keep together which share a server. They need no key. What is asked there is answered one after
// the other, under a lock of the limit's row; the clock is the server's.
type Limits struct {
	home serverHome

	mu     sync.Mutex
	holder int64 // the key of a lock that the connection has: by it others know that the process lives
	db     *pgx.Conn
	idle   *time.Timer // closes the connection that nobody uses
}

const (
	// asking is how long an answer may take.
	asking = 5 * time.Second
	// unused is how long a connection stays open that nobody uses.
	unused = time.Minute
)

const (
	// Others wait for the lock: who stops in the midst of it is thrown out. What is lost with the server's power is some milliseconds of a rate.
	limitSessionSQL = `SELECT set_config('idle_in_transaction_session_timeout', '2000', false), set_config('lock_timeout', '4000', false),
		set_config('synchronous_commit', 'off', false), pg_advisory_lock($1)`
	comeBackSQL = "UPDATE auth_places SET holder = $1 WHERE holder = $2"

	knowLimitSQL = "INSERT INTO auth_limits (name) VALUES ($1) ON CONFLICT (name) DO NOTHING"
	limitSQL     = "SELECT due, paused, why FROM auth_limits WHERE name = $1 FOR UPDATE"
	setLimitSQL  = "UPDATE auth_limits SET due = $2, paused = $3, why = $4 WHERE name = $1"
	clockSQL     = "SELECT clock_timestamp()"

	// A server that was started again has no locks at first, and knows only later who lives. The key of a lock that is held must not be asked
	// for before all else is known.
	buryPlacesSQL = `DELETE FROM auth_places WHERE name = $1 AND CASE
		WHEN name = $1 AND holder <> $2 AND greatest(seen, pg_postmaster_start_time()) < clock_timestamp() - make_interval(secs => $3)
		THEN seen < clock_timestamp() - make_interval(secs => 15) OR pg_try_advisory_xact_lock(holder) ELSE false END`
	placesSQL   = "SELECT holder, held, wants, most, turn, last FROM auth_places WHERE name = $1 ORDER BY holder"
	setPlaceSQL = `INSERT INTO auth_places (name, holder, held, wants, most, turn, last, seen) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (name, holder) DO UPDATE SET held = excluded.held, wants = excluded.wants, most = excluded.most, turn = excluded.turn,
		last = excluded.last, seen = excluded.seen`
	leavePlacesSQL = "DELETE FROM auth_places WHERE name = $1 AND holder = $2"
)

// Limits gives the limits that are kept on the server; nil where the store is in a file, which has but one machine.
func (p *Place) Limits() *Limits {
	if p.Server.IsZero() {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limits == nil {
		p.limits = &Limits{home: serverHome{p.Server, &p.locks}}
	}
	return p.limits
}

// Name is how a person knows the server.
func (l *Limits) Name() string { return l.home.String() }

// Ask asks for what a limit allows. The error is a *FileError.
func (l *Limits) Ask(ctx context.Context, name string, a Ask) (Answer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	fresh := l.db == nil || l.db.IsClosed()
	answer, err := l.ask(ctx, name, a)
	if postgres.Gone(err) && !fresh && ctx.Err() == nil { // it was lost while nobody used it
		answer, err = l.ask(ctx, name, a)
	}
	if l.idle == nil {
		l.idle = time.AfterFunc(unused, l.Close)
	}
	l.idle.Reset(unused)
	return answer, fault(l.home, "ask", err)
}

// Close closes the connection. The next Ask opens another one.
func (l *Limits) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle != nil {
		l.idle.Stop()
	}
	l.abandon()
}

func (l *Limits) abandon() {
	_ = closeNow(l.db) // what it held is free by then
	l.db = nil
}

// connect opens the connection. What the process had on the one before is its own still.
func (l *Limits) connect(ctx context.Context) error {
	if l.db != nil && !l.db.IsClosed() {
		return nil
	}
	db, err := l.home.address.Session(ctx)
	if err != nil {
		return err
	}
	holder := l.home.address.LockKey("limits", rand.Text())
	if _, err = db.Exec(ctx, limitSessionSQL, holder); err == nil {
		_, err = db.Exec(ctx, comeBackSQL, holder, l.holder)
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == undefinedTable {
		err = l.make()
	}
	if err != nil {
		return errors.Join(err, closeNow(db))
	}
	l.db, l.holder = db, holder
	return nil
}

const undefinedTable = "42P01"

// make makes the tables.
func (l *Limits) make() error {
	c, _, err := l.home.create()
	if err != nil {
		return err
	}
	return c.close()
}

func (l *Limits) ask(ctx context.Context, name string, a Ask) (Answer, error) {
	err := l.connect(ctx)
	if err != nil {
		return Answer{}, err
	}
	answer, err := l.decide(ctx, name, a)
	if err != nil {
		l.abandon() // and whatever was begun
	}
	return answer, err
}

// decide reads how it stands, gives what there is, and writes that down, in one transaction and two trips.
func (l *Limits) decide(ctx context.Context, name string, a Ask) (Answer, error) {
	var row limitRow
	var places []placeRow
	var now time.Time
	read := &pgx.Batch{}
	read.Queue("BEGIN")
	read.Queue(knowLimitSQL, name)
	read.Queue(limitSQL, name).QueryRow(func(r pgx.Row) error { return r.Scan(&row.due, &row.paused, &row.why) })
	if a.Most > 0 {
		read.Queue(buryPlacesSQL, name, l.holder, Lease.Seconds())
		read.Queue(placesSQL, name).Query(func(rows pgx.Rows) (err error) {
			places, err = pgx.CollectRows(rows, scanPlace)
			return err
		})
	}
	read.Queue(clockSQL).QueryRow(func(r pgx.Row) error { return r.Scan(&now) })
	if err := l.db.SendBatch(ctx, read).Close(); err != nil {
		return Answer{}, err
	}
	before, write, answer := row, &pgx.Batch{}, Answer{}
	row.pause(a, now)
	if a.Most > 0 {
		mine := l.place(places, a)
		answer.Share = settle(places, &mine, a, now)
		answer.Places = mine.held
		a.Permits = min(a.Permits, mine.held-a.Busy)
		if mine.held == 0 && mine.wants == 0 {
			write.Queue(leavePlacesSQL, name, mine.holder)
		} else {
			write.Queue(setPlaceSQL, name, mine.holder, mine.held, mine.wants, mine.most, mine.turn, mine.last, now)
		}
	}
	first, n := row.reserve(a, now)
	answer.Permits, answer.First, answer.Due = n, first.Sub(now), row.due.Sub(now)
	answer.Pause, answer.Why = row.paused.Sub(now), row.why
	if row != before {
		write.Queue(setLimitSQL, name, row.due, row.paused, row.why)
	}
	write.Queue("COMMIT")
	return answer, l.db.SendBatch(ctx, write).Close()
}

// place gives the row of this process. Where the others have forgotten it, it has no more than what is under way.
func (l *Limits) place(all []placeRow, a Ask) placeRow {
	mine := placeRow{holder: l.holder}
	for _, r := range all {
		if r.holder == l.holder {
			mine = r
		}
	}
	mine.held, mine.wants, mine.most = max(min(a.Held, mine.held), a.Busy), a.Wants, a.Most
	return mine
}

func scanPlace(row pgx.CollectableRow) (r placeRow, err error) {
	err = row.Scan(&r.holder, &r.held, &r.wants, &r.most, &r.turn, &r.last)
	return r, err
}
