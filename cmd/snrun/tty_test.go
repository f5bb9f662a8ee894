package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
	"snrun/history/review"
)

// screen is as much of a terminal as the live view needs: it keeps all lines ever shown, and refuses what it does not
// know.
type screen struct {
	mu    sync.Mutex
	t     *testing.T
	lines [][]rune
	row   int
	col   int
	width int
}

func newScreen(t *testing.T, width int) *screen {
	return &screen{t: t, lines: make([][]rune, 1), width: width}
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := string(b)
	for text != "" {
		if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r >= 'A' && r <= 'z' })
			s.control(rest[:end], rest[end])
			text = rest[end+1:]
			continue
		}
		r := []rune(text)[0]
		text = text[len(string(r)):]
		s.put(r)
	}
	return len(b), nil
}

func (s *screen) control(arg string, what byte) {
	switch what {
	case 'A':
		n := 0
		fmt.Sscan(arg, &n)
		if s.row -= n; s.row < 0 {
			s.t.Errorf("the cursor left the screen by %d lines", -s.row)
			s.row = 0
		}
	case 'K':
		if s.col < len(s.lines[s.row]) {
			s.lines[s.row] = s.lines[s.row][:s.col]
		}
	case 'J':
		if s.row == 0 && s.col == 0 && len(s.lines) > 1 {
			s.t.Error("the screen is cleared from its top: some terminals keep what was there in their scrollback")
		}
		s.lines[s.row] = s.lines[s.row][:s.col]
		s.lines = s.lines[:s.row+1]
	case 'm':
	default:
		s.t.Errorf("unknown control sequence %q %c", arg, what)
	}
}

func (s *screen) put(r rune) {
	switch r {
	case '\n':
		s.row, s.col = s.row+1, 0
	case '\r':
		s.col = 0
		return
	default:
		if s.col == s.width {
			s.row, s.col = s.row+1, 0
		}
	}
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
	if r != '\n' {
		if s.col < len(s.lines[s.row]) {
			s.lines[s.row][s.col] = r
		} else {
			s.lines[s.row] = append(s.lines[s.row], r)
		}
		s.col++
	}
}

// resize makes the screen narrower; lines that do not fit any more are broken, as terminals do.
func (s *screen) resize(width int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.width = width
	var lines [][]rune
	for _, l := range s.lines {
		for len(l) > width {
			lines, l = append(lines, l[:width:width]), l[width:]
		}
		lines = append(lines, l)
	}
	s.lines, s.row = lines, len(lines)-1
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, l := range s.lines {
		b.WriteString(strings.TrimRight(string(l), " ") + "\n")
	}
	return b.String()
}

func (s *screen) size() (int, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.width, 10
}

// play feeds events at their times and takes a picture of the screen after the given ones, and at the end.
func play(s *screen, events []engine.Event, pictures map[int]bool) string {
	var b strings.Builder
	start := time.Now()
	v := newTTYView(s, style{on: true}, review.Commands{Program: "snrun"}, s.size)
	for i, e := range events {
		due := start.Add(e.Time.Sub(began))
		time.Sleep(time.Until(due))
		e.Time = due
		v.event(e)
		if pictures[i] {
			time.Sleep(framePause)
			synctest.Wait()
			fmt.Fprintf(&b, "--- after event %d\n%s", i, s)
		}
	}
	v.close()
	fmt.Fprintf(&b, "--- at the end\n%s", s)
	return b.String()
}

func TestTTYView(t *testing.T) {
	for _, test := range []struct {
		name     string
		width    int
		events   []engine.Event
		pictures map[int]bool
		golden   string
	}{
		{"the main example", 100, syncEvents(), map[int]bool{3: true, 8: true}, "testdata/tty_sync.txt"},
		{"trouble", 80, troubleEvents(), map[int]bool{3: true, 7: true, 16: true}, "testdata/tty_trouble.txt"},
		{"long work", 100, longEvents(), map[int]bool{2: true, 4: true, 5: true, 7: true, 10: true, 11: true}, "testdata/tty_long.txt"},
		{"long work on a narrow terminal", 80, longEvents(), map[int]bool{4: true, 5: true}, "testdata/tty_long_narrow.txt"},
		{"a run that goes on", 100, againEvents(), nil, "testdata/tty_again.txt"},
		{"a narrow terminal", 32, troubleEvents(), map[int]bool{3: true, 16: true}, "testdata/tty_narrow.txt"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				golden(t, play(newScreen(t, test.width), test.events, test.pictures), test.golden)
			})
		})
	}
}

func TestTTYViewIsResized(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScreen(t, 80)
		v := newTTYView(s, style{}, review.Commands{Program: "snrun"}, s.size)
		v.event(engine.Event{Type: engine.RunStarted, Time: time.Now(), Run: "06c3k9q2f4x", Job: "sync"})
		e := started("/incidents", "incidents", "rest", 0)
		e.Time = time.Now()
		v.event(e)
		time.Sleep(2 * framePause)
		synctest.Wait() // for the frame of this very moment: it was measured for the wide screen
		s.resize(24)
		time.Sleep(2 * framePause)
		synctest.Wait()
		if got := strings.Count(s.String(), "incidents"); got != 1 {
			t.Errorf("after resizing the step stands %d times on the screen, want once:\n%s", got, s)
		}
		v.close()
	})
}

func TestTTYViewFitsTheHeight(t *testing.T) {
	t.Parallel()
	v := &ttyView{board: newBoard()}
	v.board.apply(started("/all", "all", "steps", 0))
	for i := range 30 {
		key := fmt.Sprintf("/all/s%d", i)
		v.board.apply(started(key, fmt.Sprintf("s%d", i), "rest", 1))
		if i < 29 {
			v.board.apply(ended(key, fmt.Sprintf("s%d", i), "rest", 1, engine.OK, time.Millisecond))
		}
	}
	rows := v.rows(80, 9, began)
	if len(rows) != 9 {
		t.Errorf("got %d rows, want 9:\n%s", len(rows), strings.Join(rows, "\n"))
	}
	all := strings.Join(rows, "\n")
	for _, want := range []string{" all ", " s29 ", "… and 23 steps that ended"} {
		if !strings.Contains(all, want) {
			t.Errorf("the rows do not show %q:\n%s", want, all)
		}
	}
}

func TestLiveLineIsNeverWiderThanTheTerminal(t *testing.T) {
	t.Parallel()
	l := newLine("/x", "ein_langer_name_mit_世界", "foreach", "foreach")
	l.depth, l.message = 3, strings.Repeat("世界 ", 40)
	for width := 1; width < 140; width++ {
		if got := cells(liveLine(style{}, l, width, began)); got >= max(width, 2) {
			t.Errorf("with %d columns the line takes %d", width, got)
		}
	}
}
