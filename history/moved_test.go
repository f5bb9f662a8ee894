package history

import (
	"errors"
	"os"
	"testing"
)

// TestMovedHistory holds that a Store whose file is gone, or another one, says so until it is back, and that a sign of life which was
// removed is given again.
func TestMovedHistory(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	for _, ending := range []string{"", "-wal"} {
		path := somewhere(t)
		s := openAt(t, path, Options{})
		begin(t, s, aRun("r1", "sync"))
		check := func(what string, want error) {
			t.Helper()
			_, changed := s.Changed()
			for _, err := range []error{changed, s.SignOfLife(day)} {
				if !errors.Is(err, want) {
					t.Errorf("%s%s: got %v, want %v", what, ending, err, want)
				}
			}
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check("in its place", nil)
		must(os.Rename(path+ending, path+".away"))
		check("moved", ErrMoved)
		must(os.WriteFile(path+ending, nil, 0o600))
		check("replaced", ErrMoved)
		must(os.Rename(path+".away", path+ending))
		check("put back", nil)
	}
}

// TestSignOfLifeIsRenewed holds that a process whose sign of life was removed is not taken for dead for longer than until it looks.
func TestSignOfLifeIsRenewed(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	begin(t, s, aRun("r1", "sync"))
	if err := os.RemoveAll(path + "-live"); err != nil {
		t.Fatal(err)
	}
	if !other.alive.dead(s.alive.(*lockFiles).token) {
		t.Error("without its file it still counts as living")
	}
	if _, err := s.Changed(); err != nil {
		t.Error(err)
	}
	if other.alive.dead(s.alive.(*lockFiles).token) {
		t.Error("it is not given again")
	}
}
