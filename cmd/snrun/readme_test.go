package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"snrun/examples/sandbox"
)

// root is the folder of the repository.
const root = "../.."

// readme gives README.md and its fenced blocks of one language, in order.
func readme(t *testing.T, language string) (text string, blocks []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$").FindAllStringSubmatch(string(data), -1) {
		if m[1] == language {
			blocks = append(blocks, m[2])
		}
	}
	return string(data), blocks
}

// block is a fenced block of README.md, by its number from 0.
func block(t *testing.T, language string, n int) string {
	t.Helper()
	_, blocks := readme(t, language)
	if n >= len(blocks) {
		t.Fatalf("README.md has %d blocks of %q, want more than %d", len(blocks), language, n)
	}
	return blocks[n]
}

// steady is an output without what differs from run to run.
func steady(text string) string {
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.instead)
	}
	return strings.ReplaceAll(text, "go run ./cmd/snrun ", "snrun ")
}

func TestReadmeJob(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("incidents.yaml", block(t, "yaml", 0))
	u.must(exitOK, "validate")
	if got, want := u.must(exitOK, "run", "incidents").stdout, "{\"alerts\":37}\n"; got != want {
		t.Errorf("the job of README.md gives %s, want %s", got, want)
	}
}

func TestReadmeFirstCommands(t *testing.T) {
	t.Parallel()
	want := "go run ./cmd/snrun run --sandbox examples/incident_sync.yaml\ngo test ./...\n"
	if got := block(t, "sh", 0); got != want {
		t.Errorf("the first commands of README.md are\n%s\nwant\n%s", got, want)
	}
	cmd := snrun(root, strings.Fields(want)[3:6]...)
	cmd.Env = append(cmd.Env, "HOME="+t.TempDir())
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if got, want := steady(stderr.String()+stdout.String()), steady(block(t, "", 0)); got != want {
		t.Errorf("the first command prints\n%s\nREADME.md says\n%s", got, want)
	}
}

// TestReadmeTour walks the sixty seconds: the commands, then the mistake and what is said of it.
func TestReadmeTour(t *testing.T) {
	t.Parallel()
	dir, database := t.TempDir(), filepath.Join(t.TempDir(), "runs.db")
	call := func(want int, args ...string) string {
		t.Helper()
		cmd := snrun(dir, args...)
		cmd.Env = append(cmd.Env, "SNRUN_DATABASE="+database)
		out, err := cmd.CombinedOutput()
		if got := exitCodeOf(t, err); got != want {
			t.Fatalf("snrun %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, want, out)
		}
		return string(out)
	}
	for line := range strings.Lines(block(t, "sh", 1)) {
		line, _, _ = strings.Cut(line, " #")
		for command := range strings.SplitSeq(line, "&&") {
			switch words := strings.Fields(command); {
			case len(words) == 0 || words[0] == "go":
			case words[0] == "cd":
				dir = filepath.Join(dir, words[1])
			case filepath.Base(words[0]) == "snrun":
				call(exitOK, words[1:]...)
			default:
				t.Errorf("README.md has the command %q, which this test does not know", command)
			}
		}
	}
	mistake(t, filepath.Join(dir, "jobs", "hello.yaml"))
	if got, want := "$ ../snrun validate\n"+call(exitInvalid, "validate"), block(t, "", 1); got != want {
		t.Errorf("the mistake is told as\n%s\nREADME.md says\n%s", got, want)
	}
}

// mistake makes the mistake of README.md in a job.
func mistake(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const line = "      profile: servicenow\n"
	wrong := strings.Replace(string(text), line, line+"      metod: POST\n", 1)
	if err := os.WriteFile(file, []byte(wrong), 0o644); err != nil {
		t.Fatal(err)
	}
}
