package store

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mattn/go-sqlite3"
)

func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	for _, id := range []string{"a", "b"} {
		put(t, s, Entry{Kind: "token", ID: id, Data: []byte("sesame")})
	}
	var pages driver.Value
	if err := s.conn.query("PRAGMA page_count", nil, func(row []driver.Value) error { pages = row[0]; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.conn.exec(fmt.Sprint("PRAGMA max_page_count = ", pages)); err != nil {
		t.Fatal(err)
	}
	e := get(t, s, "token", "a")
	e.Data = bytes.Repeat([]byte("sesame "), 10_000)
	_, err := s.Put(e)
	var file *FileError
	if !errors.As(err, &file) || !errors.Is(err, errFull) || !strings.Contains(err.Error(), s.file) || file.Help() == "" {
		t.Errorf("got %v, want a full disk, with help", err)
	}
	for _, s := range []*Store{s, open(t, s.file, testKey)} {
		if got := get(t, s, "token", "a"); string(got.Data) != "sesame" || got.Generation != 1 {
			t.Errorf("the entry is %.50v, want it as it was", got)
		}
	}
	e.Data = []byte("small")
	if got := put(t, s, e); got.Generation != 2 {
		t.Errorf("generation %d, want 2", got.Generation)
	}
}

// TestFault holds what errors that no test can bring about amount to.
func TestFault(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err     error
		cause   error
		lasting bool
	}{
		{&fs.PathError{Err: syscall.ENOSPC}, errFull, false},
		{&fs.PathError{Err: syscall.EDQUOT}, errFull, false},
		{&fs.PathError{Err: syscall.EROFS}, fs.ErrPermission, true},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.ENOSPC}, errFull, false},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrWrite}, errFull, false},
		{sqlite3.Error{Code: sqlite3.ErrBusy}, errLocked, false},
		{sqlite3.ErrProtocol, errLocked, false},
	} {
		file, ok := errors.AsType[*FileError](fault(fileHome("snrun-auth.db"), "write", test.err))
		if !ok || !errors.Is(file, test.cause) || file.Lasting() != test.lasting || file.Help() == "" {
			t.Errorf("%v became %#v, want %v", test.err, file, test.cause)
		}
	}
}

// TestDiskFillsUpInRotate holds that all entries open under the old key then.
func TestDiskFillsUpInRotate(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	for i := range 50 {
		put(t, s, Entry{Kind: "token", ID: fmt.Sprint(i), Data: bytes.Repeat([]byte{'x'}, 3000)})
	}
	// The size of the journal is bounded by no pragma: that of all files of a process is.
	out := outOfSpace(t, 40, "rotate", s.file)
	if !strings.Contains(out, "the disk is full") {
		t.Errorf("got %s, want a full disk", out)
	}
	if list, err := s.List("token"); err != nil || len(list) != 50 {
		t.Errorf("%d entries, %v, want 50", len(list), err)
	}
	if got := value(t, s.file, "PRAGMA integrity_check"); got != "ok" {
		t.Error(got)
	}
}

// outOfSpace gives what a process says whose files may have no more than so many blocks of 512 bytes.
func outOfSpace(t *testing.T, blocks int, what, file string) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := command(what, file)
	c.Path, c.Args = "/bin/sh", []string{"sh", "-c", fmt.Sprintf(`ulimit -f %d; trap "" XFSZ; exec "$0"`, blocks), program}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	return string(out)
}

// TestNoSpaceForAKey holds that a file which its key does not fit into is not left behind: it would be taken for one that has it.
func TestNoSpaceForAKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	if out := outOfSpace(t, 0, "key", file); !strings.Contains(out, "file too large") {
		t.Errorf("got %s, want that it does not fit", out)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file: %v", err)
	}
}

// writeKeyHere says why a key file cannot be made.
func writeKeyHere(file string) error {
	_, err := WriteKeyFile(file)
	fmt.Println(err)
	return nil
}

// rotateHere says why a store cannot be rotated.
func rotateHere(file string) error {
	s, err := placeOf(file, testKey).Open()
	if err != nil {
		return err
	}
	if err = s.Rotate(NewKey()); err == nil {
		return errors.New("it was rotated")
	}
	fmt.Println(err)
	return nil
}

// TestReadOnlyDisk holds that what is there can be read, and that writing says why not. Another user looks: root may write
// everywhere.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		file, folder fs.FileMode
	}{
		{"file and folder", 0o400, 0o500},
		{"the folder", 0o600, 0o500},
		{"the file", 0o400, 0o700},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder, err := os.MkdirTemp("", "snrun-read-only-")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				os.Chmod(folder, 0o700)
				os.RemoveAll(folder)
			})
			file := filepath.Join(folder, "snrun-auth.db")
			s := open(t, file, testKey)
			put(t, s, Entry{Kind: "token", ID: "a", Data: []byte("sesame")})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			c := command("read only", file)
			if os.Getuid() == 0 {
				const nobody = 65534
				c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
				if err := errors.Join(os.Chown(file, nobody, nobody), os.Chown(folder, nobody, nobody)); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(os.Chmod(file, test.file), os.Chmod(folder, test.folder)); err != nil {
				t.Fatal(err)
			}
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// readOnly reads a store that may not be written.
func readOnly(file string) error {
	s, err := placeOf(file, testKey).Open()
	if err != nil {
		return err
	}
	e, err := s.Get("token", "a")
	if err != nil {
		return err
	}
	if string(e.Data) != "sesame" {
		return fmt.Errorf("read %q", e.Data)
	}
	_, perr := s.Put(e)
	errs := []error{perr, s.Delete("token", "a"), s.Rotate(NewKey())}
	if info, err := os.Stat(filepath.Dir(file)); err == nil && info.Mode()&0o200 == 0 {
		_, _, lerr := s.Lock(context.Background(), "x")
		_, oerr := placeOf(filepath.Join(filepath.Dir(file), "new.db"), testKey).Open()
		errs = append(errs, lerr, oerr)
	}
	for i, err := range errs {
		var known *FileError
		if !errors.As(err, &known) || !errors.Is(err, fs.ErrPermission) || known.Help() == "" || !strings.Contains(err.Error(), filepath.Dir(file)) {
			return fmt.Errorf("error %d is %w, want a *FileError that is fs.ErrPermission, with help", i, err)
		}
	}
	if got, err := s.Get("token", "a"); err != nil || got.Generation != 1 {
		return fmt.Errorf("after that the entry is %v, %w", got, err)
	}
	return s.Close()
}
