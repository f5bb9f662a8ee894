package history

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/mattn/go-sqlite3"

	"snrun/engine"
)

func TestFault(t *testing.T) {
	t.Parallel()
	ioErr := func(detail sqlite3.ErrNoExtended, errno syscall.Errno) error {
		return sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: detail, SystemErrno: errno}
	}
	tests := []struct {
		name string
		err  error
		want error
		says string
	}{
		{"a full disk", sqlite3.Error{Code: sqlite3.ErrFull}, engine.ErrFull, fullAdvice},
		{"no room for the log's index", ioErr(sqlite3.ErrIoErrSHMSize, syscall.ENOSPC), engine.ErrFull, fullAdvice},
		{"a quota", ioErr(sqlite3.ErrIoErrWrite, syscall.EDQUOT), engine.ErrFull, fullAdvice},
		{"a write that failed for no known reason", ioErr(sqlite3.ErrIoErrWrite, 0), engine.ErrFull, fullAdvice},
		{"no room for a lock file", &os.PathError{Op: "open", Path: "x", Err: syscall.ENOSPC}, engine.ErrFull, fullAdvice},
		{"busy", sqlite3.Error{Code: sqlite3.ErrBusy}, engine.ErrLocked, lockedAdvice},
		{"damaged", sqlite3.Error{Code: sqlite3.ErrCorrupt}, engine.ErrDamaged, damagedAdvice},
		{"no database", sqlite3.Error{Code: sqlite3.ErrNotADB}, engine.ErrDamaged, damagedAdvice},
		{"a bare code", sqlite3.ErrNotADB, engine.ErrDamaged, damagedAdvice},
		{"read only", sqlite3.Error{Code: sqlite3.ErrReadonly}, fs.ErrPermission, deniedAdvice},
		{"a file system that is read only", &os.PathError{Op: "open", Path: "x", Err: syscall.EROFS}, fs.ErrPermission, deniedAdvice},
		{"not to be opened", sqlite3.Error{Code: sqlite3.ErrCantOpen, SystemErrno: syscall.EACCES}, fs.ErrPermission, deniedAdvice},
	}
	for _, test := range tests {
		fails(t, test.name, (&file{path: "/data/history.db"}).fault("do it", test.err), "do it in /data/history.db", test.want, test.says)
	}
	tooMany := sqlite3.Error{Code: sqlite3.ErrCantOpen, SystemErrno: syscall.EMFILE}
	if err := (&file{path: "/data/history.db"}).fault("do it", tooMany); errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "too many open files") {
		t.Errorf("too many open files: %v", err)
	}
	if err := (&file{}).fault("do it", nil); err != nil {
		t.Errorf("no error: %v", err)
	}
}
