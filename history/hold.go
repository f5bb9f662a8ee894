package history

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"snrun/auth/store/postgres"
	"snrun/history/dialect"
)

// Who waits for a unit that another process carries out looks again after a time, and then after a longer one.
const (
	firstLook = 10 * time.Millisecond
	lastLook  = 250 * time.Millisecond
)

// Hold has this process alone carry out a unit of a run, until release is called. Whoever comes second waits until the first one is
// done or gone, or ctx ends. The context held is ctx, and ends also when the lock is lost: then another process may carry the unit
// out, and this one must stop.
func (s *Store) Hold(ctx context.Context, run, unit string) (held context.Context, release func(), err error) {
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		held, release, err := s.place.hold(ctx, s.alive, run, unit)
		if err != nil && ctx.Err() != nil { // who waits gave up in the midst of a look
			return nil, nil, ctx.Err()
		}
		if err != nil || held != nil {
			return held, release, s.place.fault("carry out "+unit+" of run "+run, err)
		}
		if err := wait(ctx, pause); err != nil {
			return nil, nil, err
		}
	}
}

// hold is place.hold: a lock on a file beside the database.
func (p *file) hold(ctx context.Context, _ alive, run, unit string) (context.Context, func(), error) {
	digest := sha256.Sum256([]byte(run + "\x00" + unit))
	folder := p.path + "-units"
	path := filepath.Join(folder, hex.EncodeToString(digest[:16]))
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrNotExist) { // the folder was empty, and went
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	err = lock(f, syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil || !same(f, path) {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = nil
		}
		return nil, nil, errors.Join(err, f.Close())
	}
	held, cancel := context.WithCancel(ctx)
	return held, func() {
		cancel()
		os.Remove(path)
		f.Close()
		os.Remove(folder) // unless others are in it
	}, nil
}

// hold is place.hold: a lock on the connection with which this process shows that it lives.
func (p *server) hold(ctx context.Context, a alive, run, unit string) (context.Context, func(), error) {
	locks, err := a.(*sessionLock).open()
	if err != nil {
		return nil, nil, err
	}
	held, release, err := locks.Hold(ctx, p.LockKey("unit", run, unit))
	if errors.Is(err, dialect.ErrHeld) || errors.Is(err, dialect.ErrLost) || ctx.Err() == nil && postgres.Gone(err) {
		return nil, nil, nil
	}
	return held, release, err
}
