package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"snrun/examples/sandbox"
	"snrun/history/words"
)

func TestCut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		n    int
		want string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"abc", 1, "…"}, {"abc", 0, ""}, {"世界", 3, "世…"}, {"世界", 4, "世界"},
		{"e\u0301e\u0301", 2, "e\u0301e\u0301"},
	} {
		if got := cut(test.text, test.n); got != test.want {
			t.Errorf("cut(%q, %d) = %q, want %q", test.text, test.n, got, test.want)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		n    int
		want []string
	}{
		{"", 5, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one  two", 4, []string{"one", "two"}},
		{"http://example.com/long", 7, []string{"http://", "example", ".com/lo", "ng"}},
		{"a\n\nb", 5, []string{"a", "", "b"}},
		{"世界世界", 5, []string{"世界", "世界"}},
		{"世", 1, []string{"世"}},
	} {
		if got := wrap(test.text, test.n); !slices.Equal(got, test.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", test.text, test.n, got, test.want)
		}
	}
}

func TestReflow(t *testing.T) {
	t.Parallel()
	text := "key: {a, b}\n\n    the doc of a key that is long\n"
	got := page{width: 24}.reflow(text)
	want := "key: {a, b}\n\n    the doc of a key\n    that is long\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := (page{}).reflow(text); got != text {
		t.Errorf("in a pipe lines are broken: got\n%s", got)
	}
}

func FuzzText(f *testing.F) {
	f.Add("plain", 10)
	f.Add("世界 \x1b[2J e\u0301 \xff", 3)
	f.Fuzz(func(t *testing.T, text string, n int) {
		n %= 200
		safe := words.Clean(text)
		if i := strings.IndexFunc(safe, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }); i >= 0 {
			t.Errorf("clean(%q) leaves a control character at %d", text, i)
		}
		if got := cells(cut(safe, n)); got > max(n, 0) {
			t.Errorf("cut(%q, %d) takes %d columns", safe, n, got)
		}
		for _, l := range wrap(safe, n) {
			if n > 1 && cells(l) > n {
				t.Errorf("wrap(%q, %d) gives %q", safe, n, l)
			}
		}
	})
}

func TestProgramName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ arg0, want string }{
		{"snrun", "snrun"},
		{"./snrun", "./snrun"},
		{"/opt/my tools/snrun", "'/opt/my tools/snrun'"},
		{"/tmp/go-build123/b001/exe/snrun", "go run ./cmd/snrun"},
		{"/cache/0b/0b" + strings.Repeat("73", 31) + "-d/snrun", "go run ./cmd/snrun"},
		{"/opt/0b/snrun-d/snrun", "/opt/0b/snrun-d/snrun"},
	} {
		if got := programName(test.arg0); got != test.want {
			t.Errorf("%s: got %s, want %s", test.arg0, got, test.want)
		}
	}
}

// TestShownCommandsCanBePasted calls the program by a path: what it advises to type must begin with that, too.
func TestShownCommandsCanBePasted(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	for _, test := range []struct{ args, want string }{
		{"auth login", "see: ./bin/snrun auth login --help"},
		{"auth lgin", `unknown command "auth lgin"` + "\n  did you mean \"login\"? see: ./bin/snrun auth --help"},
		{"auth reset oncall", "see: ./bin/snrun explain auth"},
		{"secret set TOKEN=x", "./bin/snrun secret set TOKEN < file"},
		{"secret rm TOKEN", "./bin/snrun secret list"},
		{"run other.yaml", "see: ./bin/snrun run --help"},
		{"explain nothing", "see: ./bin/snrun explain"},
		{"validate nowhere", "see: ./bin/snrun validate --help"},
		{"history list --lmit", "see: ./bin/snrun history list --help"},
		{"history show @last", "start one: ./bin/snrun run JOB"},
	} {
		said, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
		if err != nil {
			t.Fatal(err)
		}
		defer said.Close()
		a := newApp(strings.NewReader(""), said, said, append(slices.Clip(u.environ), keyringVariable+"=off"))
		a.name = "./bin/snrun"
		code := a.run(t.Context(), append([]string{"--project", u.dir}, strings.Fields(test.args)...))
		if text, err := os.ReadFile(said.Name()); err != nil || code == exitOK || !strings.Contains(string(text), test.want) {
			t.Errorf("snrun %s: exit code %d, %v, want it to say %q:\n%s", test.args, code, err, test.want, text)
		}
	}
}

func TestSoFarAndCountdown(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		d              time.Duration
		soFar, waiting string
	}{
		{0, "0.0s", "0s"},
		{249 * time.Millisecond, "0.2s", "1s"},
		{2100 * time.Millisecond, "2.1s", "3s"},
		{59 * time.Second, "59s", "59s"},
		{200 * time.Second, "3m20s", "3m20s"},
	} {
		if got := soFar(test.d); got != test.soFar {
			t.Errorf("so far %v: got %s, want %s", test.d, got, test.soFar)
		}
		if got := countdown(test.d); got != test.waiting {
			t.Errorf("wait %v: got %s, want %s", test.d, got, test.waiting)
		}
	}
}
