package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// taken says whether somebody has a lock.
func taken(t *testing.T, s *Store, name string) bool {
	t.Helper()
	f, err := openLock(s.file, name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = try(f)
	if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Fatal(err)
	}
	return err != nil
}

func TestLock(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	names := []string{"a", "b", "", "a/b", "../a", "ä\x00", strings.Repeat("long", 1000), "A"}
	for i, name := range names {
		_, release, err := s.Lock(t.Context(), name)
		if err != nil {
			t.Fatalf("%.20q: %v", name, err)
		}
		for j, other := range names {
			if got := taken(t, s, other); got != (i == j) {
				t.Errorf("while %.20q is locked, %.20q is locked: %t", name, other, got)
			}
		}
		release()
		release() // does no harm
		if taken(t, s, name) {
			t.Errorf("%.20q is still locked", name)
		}
	}
}

// Who may write into the folder of the locks could take a lock's file away while it is held.
func TestLockThatOthersCouldTake(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	_, release, err := s.Lock(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	release()
	folder := strings.TrimSuffix(s.file, ".db") + "-locks"
	for mode, want := range map[os.FileMode]string{
		0o700: "", 0o755: "",
		0o770: "lock the store " + s.file + ": the folder " + folder + ": others may use it (its mode is 0770)",
		0o702: "lock the store " + s.file + ": the folder " + folder + ": others may use it (its mode is 0702)",
	} {
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
		_, release, err := s.Lock(t.Context(), "x")
		if err == nil {
			release()
		}
		if got := fmt.Sprint(err); want != "" && got != want || want == "" && err != nil {
			t.Errorf("mode %o: got %v, want %s", mode, err, want)
		}
		var file *FileError
		if want != "" && (!errors.As(err, &file) || !file.Lasting() || file.Help() != "keep it to yourself: chmod 700 "+quote(folder)) {
			t.Errorf("mode %o: the help is that of %#v", mode, err)
		}
	}
}

// A link in the place of a lock's file would have a file made wherever it points.
func TestLockThatIsALink(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	folder, elsewhere := strings.TrimSuffix(s.file, ".db")+"-locks", filepath.Join(t.TempDir(), "elsewhere")
	if err := errors.Join(os.Mkdir(folder, 0o700), os.Symlink(elsewhere, filepath.Join(folder, lockName("x")))); err != nil {
		t.Fatal(err)
	}
	_, release, err := s.Lock(t.Context(), "x")
	if err == nil {
		release()
		t.Error("a link was locked")
	}
	if _, err := os.Lstat(elsewhere); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("where the link points: %v", err)
	}
}

func TestLockGivesUp(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	_, release, err := s.Lock(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	reason := errors.New("no longer wanted")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, _, err := s.Lock(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want context.DeadlineExceeded", err)
		}
		ctx, stop := context.WithCancelCause(t.Context())
		go func() {
			time.Sleep(time.Minute)
			stop(reason)
		}()
		if _, _, err := s.Lock(ctx, "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		// One who waits gets it soon after it is free.
		go func() {
			time.Sleep(time.Hour)
			release()
		}()
		start := time.Now()
		_, again, err := s.Lock(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		again()
		if waited := time.Since(start); waited < time.Hour || waited > time.Hour+lastPause {
			t.Errorf("waited %v, want an hour and no more than %v", waited, lastPause)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Lock(ctx, "y"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// hold locks a name until its input ends.
func hold(file string) error {
	s, err := placeOf(file, testKey).Open()
	if err != nil {
		return err
	}
	if _, _, err := s.Lock(context.Background(), "x"); err != nil {
		return err
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// TestLockOfAnotherProcess holds that it ends with the process.
func TestLockOfAnotherProcess(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	c := start(t, "hold", s.file)
	if got := c.line(t); got != "ready" {
		t.Fatalf("the process said %q", got)
	}
	if !taken(t, s, "x") || taken(t, s, "y") {
		t.Error("the other process has not the lock that it should have")
	}
	c.kill(t)
	_, release, err := s.Lock(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	release()
}
