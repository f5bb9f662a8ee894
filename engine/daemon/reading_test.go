package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHostileFiles holds that what is in the folder of jobs and is no job file keeps nobody from reading the others: neither what gives
// no end or no beginning, nor a name that would write lines into the log.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(map[string]string{"jobs/a.yaml": says("1"), "jobs/two\nlines.yaml": says("2"), "jobs/\x1b[31mred.yaml": says("3")})
	in := func(name string) string { return filepath.Join(f.dir, "jobs", name) }
	for _, err := range []error{
		syscall.Mkfifo(in("fifo.yaml"), 0o600),
		os.Symlink("/dev/zero", in("zero.yaml")),
		os.Symlink("loop.yaml", in("loop.yaml")),
		os.Symlink("..", in("up")),
		os.WriteFile(in("long.yaml"), nil, 0o600),
		os.Truncate(in("long.yaml"), 1<<40),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	l := NewLibrary(f.open)
	for range 2 {
		if _, err := l.Load(time.Now()); err != nil {
			t.Fatal(err)
		}
		if names := l.Names(); len(names) != 1 || names[0] != "a" {
			t.Errorf("got the jobs %q, want a alone", names)
		}
		told := map[string]string{}
		for _, b := range l.Broken() {
			told[filepath.Base(b.File)] = b.Mistakes[0].Message
		}
		for file, want := range map[string]string{
			"fifo.yaml": "no regular file", "zero.yaml": "no regular file", "loop.yaml": "too many levels", "long.yaml": "longer than 16 MB",
			"two\nlines.yaml": `"two\nlines" cannot be`, "\x1b[31mred.yaml": `"\x1b[31mred" cannot be`,
		} {
			if !strings.Contains(told[file], want) {
				t.Errorf("%q: got %q, want %q", file, told[file], want)
			}
		}
	}
}
