package history

import (
	"time"

	"snrun/engine"
)

const (
	enlist = `INSERT INTO daemons (live, process, project, socket, address, started, seen) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (live) DO UPDATE SET process = excluded.process, project = excluded.project, socket = excluded.socket,
			address = excluded.address, started = excluded.started, seen = excluded.seen`
	sawDaemon     = `UPDATE daemons SET seen = ? WHERE live = ?`
	dismissDaemon = `DELETE FROM daemons WHERE live = ?`
	daemonsSQL    = `SELECT live, process, project, socket, address, started, seen FROM daemons ORDER BY started, live`
)

// enlisted is a daemon on record.
type enlisted struct {
	engine.Daemon
	live string
}

// Enlist puts this process among the daemons, until Dismiss or its end. Those whose process is gone are struck off.
func (s *Store) Enlist(d engine.Daemon) error {
	const doing = "enlist the daemon"
	live, err := s.hold(doing)
	if err != nil {
		return err
	}
	all, err := s.enlisted()
	if err != nil {
		return s.place.fault(doing, err)
	}
	rows := []row{rowOf(enlist, live, d.Process, d.Project, d.Socket, d.Address, d.Started, d.Seen)}
	for _, other := range all {
		if s.alive.dead(other.live) {
			rows = append(rows, rowOf(dismissDaemon, other.live))
		}
	}
	return s.place.fault(doing, s.writer.commit(false, rows...))
}

// SignOfLife records that the daemon of this process works. The error is ErrMoved where nobody would find that.
func (s *Store) SignOfLife(now time.Time) error {
	if err := s.inPlace("give a sign of life"); err != nil {
		return err
	}
	return s.ofDaemon("give a sign of life", func(live string) row { return rowOf(sawDaemon, now, live) })
}

// Dismiss strikes this process off the daemons.
func (s *Store) Dismiss() error {
	return s.ofDaemon("dismiss the daemon", func(live string) row { return rowOf(dismissDaemon, live) })
}

// ofDaemon makes a row about the daemon of this process durable.
func (s *Store) ofDaemon(doing string, about func(live string) row) error {
	live, err := s.hold(doing)
	if err != nil {
		return err
	}
	return s.place.fault(doing, s.writer.commit(false, about(live)))
}

// Daemons gives the daemons that live, the one that started first at first.
func (s *Store) Daemons() ([]engine.Daemon, error) {
	all, err := s.enlisted()
	if err != nil {
		return nil, s.place.fault("look for daemons", err)
	}
	var living []engine.Daemon
	for _, d := range all {
		if !s.alive.dead(d.live) {
			living = append(living, d.Daemon)
		}
	}
	return living, nil
}

// enlisted reads the daemons on record.
func (s *Store) enlisted() ([]enlisted, error) {
	rows, err := s.read.Query(daemonsSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []enlisted
	for rows.Next() {
		var d enlisted
		var started, seen int64
		if err := rows.Scan(&d.live, &d.Process, &d.Project, &d.Socket, &d.Address, &started, &seen); err != nil {
			return nil, err
		}
		d.Started, d.Seen = time.UnixMicro(started).UTC(), time.UnixMicro(seen).UTC()
		all = append(all, d)
	}
	return all, rows.Err()
}
