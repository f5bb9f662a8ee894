package history

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// alive is how a process shows to others that it lives, however it ends.
type alive interface {
	// hold gives the sign of life, once, and the token that stands for it.
	hold() (string, error)
	// renew gives it again where somebody took it away.
	renew() error
	// dead says whether the process with a token is gone. When that cannot be told it counts as living.
	dead(token string) bool
	// own says whether the token is this process's.
	own(token string) bool
	// sweep removes what processes that are gone have left behind.
	sweep()
	// release takes the sign of life back.
	release() error
}

// lockFiles are signs of life without clocks and process numbers: a process holds a lock on a file of its
// own, beside the database. The kernel gives up the lock when the process ends, however it ends.
type lockFiles struct {
	folder string

	mu    sync.Mutex
	token string // the file's name
	file  *os.File
}

// newAlive gives a sign of life that is not given yet.
func newAlive(database string) *lockFiles { return &lockFiles{folder: database + "-live"} }

// hold gives the sign of life, once, and the token that stands for it.
func (a *lockFiles) hold() (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file != nil {
		return a.token, nil
	}
	token := rand.Text()
	for range holdTries {
		f, err := lockNew(a.folder, token)
		if err != nil {
			return "", err
		}
		if f != nil {
			a.token, a.file = token, f
			return token, nil
		}
	}
	return "", fmt.Errorf("%s is removed over and over by other processes", filepath.Join(a.folder, token))
}

// holdTries is how often the file may be swept away between making and locking it: twice in a row is rare already.
const holdTries = 1000

// lockNew makes a file and locks it. It gives nil when another process took the file for a stale one and removed it, or
// the folder, before it was locked.
func lockNew(folder, token string) (*os.File, error) {
	err := os.Mkdir(folder, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	path := filepath.Join(folder, token)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := lock(f, syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	if !same(f, path) {
		return nil, f.Close()
	}
	return f, nil
}

// lock takes a lock on the whole file.
func lock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// same says whether path still names the open file.
func same(f *os.File, path string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(opened, named)
}

// dead says whether the process with a token is gone. When that cannot be told it counts as living.
func (a *lockFiles) dead(token string) bool {
	if a.own(token) {
		return false
	}
	f, err := os.OpenFile(filepath.Join(a.folder, token), os.O_RDWR, 0)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	return lock(f, syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// own says whether the token is this process's.
func (a *lockFiles) own(token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.file != nil && a.token == token
}

// sweep removes the files of processes that are gone.
func (a *lockFiles) sweep() {
	entries, err := os.ReadDir(a.folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !a.own(e.Name()) {
			a.removeStale(filepath.Join(a.folder, e.Name()))
		}
	}
}

// removeStale removes a lock file that nobody holds. It holds the lock meanwhile: whoever just made the file sees, once it
// has the lock, that the file is no longer there.
func (a *lockFiles) removeStale(path string) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if lock(f, syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		os.Remove(path)
	}
}

// release takes the sign of life back.
func (a *lockFiles) release() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file == nil {
		return nil
	}
	err := errors.Join(os.Remove(a.file.Name()), a.file.Close())
	a.file = nil
	os.Remove(a.folder) // unless others are in it
	return err
}
