package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// connectPatience is how long a server may take to let a connection in, unless the address says.
	connectPatience = 10 * time.Second
	// silence is how long the other end may say nothing to what was sent, before the connection is taken for dead. A lock that a
	// machine without power had is free about then, and a worker that lost its network knows that it has lost its locks.
	silence = 10 * time.Second
	// A connection that nobody uses is asked for a sign of life as often, and given up after that many unanswered.
	probeAfter = 4 * time.Second
	probeEvery = 2 * time.Second
	probes     = 3
	// statements is how many prepared statements a connection keeps.
	statements = 512
)

// settle sets what all connections have in common. The server is asked to watch over its end as this program does over its own.
func settle(config *pgx.ConnConfig, schema string) *pgx.ConnConfig {
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectPatience
	}
	dialer := &net.Dialer{
		Timeout:         config.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: probeAfter, Interval: probeEvery, Count: probes},
		Control:         limitSilence,
	}
	config.DialFunc = dialer.DialContext
	config.StatementCacheCapacity = statements
	for name, value := range map[string]string{
		"search_path":             pgx.Identifier{schema}.Sanitize(),
		"tcp_keepalives_idle":     "4",
		"tcp_keepalives_interval": "2",
		"tcp_keepalives_count":    "3",
		"tcp_user_timeout":        "10000", // milliseconds, as silence
	} {
		config.RuntimeParams[name] = value
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "snrun"
	}
	return config
}

// Config gives what pgx connects by. It is the caller's own.
func (a Address) Config() *pgx.ConnConfig { return a.config.Copy() }

// Connect opens a connection. The schema need not be there, see MakeSchema. What the error amounts to Diagnose tells.
func (a Address) Connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.ConnectConfig(ctx, a.config)
}

// Session opens a connection for locks that are held for long: whatever the database was told about statements that wait and
// connections that are idle, it ends none of these.
func (a Address) Session(ctx context.Context) (*pgx.Conn, error) {
	c, err := a.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.Exec(ctx, unlimitedSQL); err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	return c, nil
}

// unlimitedSQL names limits that not all versions have.
const unlimitedSQL = `SELECT set_config(name, '0', false) FROM pg_settings
	WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_session_timeout', 'transaction_timeout')`

// Conn opens a connection as those who use the interfaces of database/sql/driver want it: a *stdlib.Conn.
func (a Address) Conn(ctx context.Context) (driver.Conn, error) {
	return stdlib.GetConnector(*a.Config()).Connect(ctx)
}

// DB gives a pool of connections, which are opened when they are needed.
func (a Address) DB() *sql.DB { return stdlib.OpenDB(*a.Config()) }
