package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"snrun/history"
	"snrun/history/review"
)

// TestFollowerWaitsForTheDatabase has a follower go on while the database is away, and no longer than that: it is told of once, and so is
// its end.
func TestFollowerWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	_, gone := history.Open("postgres://snrun@127.0.0.1:1/snrun", history.Options{})
	if gone == nil {
		t.Fatal("a database opens at a port where nobody listens")
	}
	var said bytes.Buffer
	f := &follower{view: newPlainView(&said, style{}, review.Commands{Program: "snrun"}), mark: "seen"}
	broken := errors.New("broken")
	for i, err := range []error{nil, gone, gone, nil, nil, gone, broken} {
		want := err
		if err == gone {
			want = nil
		}
		if got := f.patient(err); got != want {
			t.Errorf("look %d: got %v, want %v", i, got, want)
		}
		if err == gone && f.mark != "" {
			t.Errorf("look %d: what was seen before is still taken for all there is", i)
		}
	}
	if got := said.String(); strings.Count(got, "is seen here when") != 2 || strings.Count(got, "the database is back\n") != 1 || !strings.Contains(got, "127.0.0.1:1/snrun") {
		t.Errorf("it says\n%s", got)
	}
}
