package main

import (
	"strings"
	"testing"
)

// What is shorter than what stood there leaves nothing of it behind, and what fills a line to its end keeps its last
// character.
func TestOverwrite(t *testing.T) {
	t.Parallel()
	s := newScreen(t, 10)
	frame := []string{"0123456", "0123456", "0123456"}
	s.Write([]byte("above\n" + strings.Join(frame, "\n") + "\n"))
	s.Write([]byte(rewind(frame, 10) + overwrite("0123456789\n\x1b[32mab\x1b[0m\n", 10)))
	if got, want := s.String(), "above\n0123456789\nab\n\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
