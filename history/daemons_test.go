package history

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"testing"
	"time"

	"snrun/engine"
)

func aDaemon(process string, started time.Time) engine.Daemon {
	return engine.Daemon{Process: process, Project: "/p", Socket: "/run/" + process + ".sock", Address: "127.0.0.1:7070", Started: started, Seen: started}
}

// serve is a daemon until its input ends.
func serve(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	if err := s.Enlist(aDaemon("child", at(1))); err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err = io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return s.Close()
}

func TestDaemons(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s := openAt(t, path, Options{})
	check := func(s *Store, want ...engine.Daemon) {
		t.Helper()
		if got, err := s.Daemons(); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("the daemons are\n%+v, %v\nwant\n%+v", got, err, want)
		}
	}
	check(s)
	mine := aDaemon("mine", at(2))
	if err := s.Enlist(mine); err != nil {
		t.Fatal(err)
	}
	killed, ended := start(t, "serve", path), start(t, "serve", path)
	killed.await(t)
	ended.await(t)
	childs := aDaemon("child", at(1))
	check(s, childs, childs, mine)
	killed.kill(t)
	ended.in.Close()
	if err := ended.Wait(); err != nil {
		t.Errorf("the process ended with %v", err)
	}
	check(s, mine)
	check(readAt(t, path), mine)
	if mine.Seen = at(3); s.SignOfLife(at(3)) != nil {
		t.Error("no sign of life")
	}
	check(s, mine)
	mine.Address = ""
	if err := s.Enlist(mine); err != nil {
		t.Fatal(err)
	}
	check(s, mine)
	if n := number(t, s, "SELECT count(*) FROM daemons"); n != 1 {
		t.Errorf("%d daemons are on record, want those that are gone struck off", n)
	}
	if err := s.Dismiss(); err != nil {
		t.Fatal(err)
	}
	check(s)
}
