package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// lock takes the lock of a name beside a store's file. It is not lost before it is released.
func (file fileHome) lock(ctx context.Context, name string) (held context.Context, release func(), err error) {
	f, err := openLock(string(file), name)
	if err != nil {
		return nil, nil, fault(file, "lock", err)
	}
	if err := wait(ctx, f); err != nil {
		f.Close()
		if ctx.Err() == nil {
			err = fault(file, "lock", err)
		}
		return nil, nil, err
	}
	held, end := context.WithCancel(context.WithoutCancel(ctx))
	return held, sync.OnceFunc(func() {
		f.Close()
		end()
	}), nil
}

// openLock opens the file that stands for a name. The lock on it is the kernel's, so it ends with the process, however that
// ends. The file stays: to remove it safely costs more than it is worth.
func openLock(file, name string) (*os.File, error) {
	folder := strings.TrimSuffix(file, ".db") + "-locks"
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	info, err := os.Stat(folder)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&writable != 0 {
		return nil, &FileError{
			File: file, Doing: "lock", Hint: "keep it to yourself: chmod 700 " + quote(folder),
			Cause: fmt.Errorf("the folder %s: %w", folder, looseError(mode)),
		}
	}
	return os.OpenFile(filepath.Join(folder, lockName(name)), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
}

// writable are the permissions by which others than the owner could put another file in the place of one that is locked: two
// processes would then renew a token at once.
const writable = 0o022

// lockName makes a file's name of any text, also of one that is long or has slashes.
func lockName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

// The pauses between two tries for a lock. They grow from the first to the last, each shortened at random by up to a half, so
// that those who wait do not all ask at once.
const (
	firstPause = time.Millisecond
	lastPause  = 20 * time.Millisecond
)

// wait takes the lock on an open file. It asks again and again, because a wait in the kernel could not be given up.
func wait(ctx context.Context, f *os.File) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := try(f); !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		time.Sleep(pause - rand.N(pause/2)) // short enough for ctx to wait too
	}
}

// try takes the lock on an open file if nobody else has it; the error is EWOULDBLOCK where somebody has.
func try(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
