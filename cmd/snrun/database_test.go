package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snrun/examples/sandbox"
)

// oneStep is a job that asks once.
const oneStep = "version: 1\nsteps:\n  - id: tell\n    rest: {profile: chat, method: POST, path: /hook, json: {text: hello}}\n"

// change opens the database as another program would and carries out statements.
func (u *user) change(statements ...string) {
	u.t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(u.dir, "runs.db"))
	if err != nil {
		u.t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			u.t.Fatal(err)
		}
	}
}

// damage writes over all of the database but its first page.
func damage(u *user) {
	u.t.Helper()
	u.change("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode = DELETE")
	content := u.database()
	if len(content) < 8192 {
		u.t.Fatalf("the database has %d bytes, want several pages", len(content))
	}
	copy(content[4096:], bytes.Repeat([]byte("garbage "), len(content)/8))
	u.write("runs.db", string(content))
}

func (u *user) database() []byte {
	u.t.Helper()
	content, err := os.ReadFile(filepath.Join(u.dir, "runs.db"))
	if err != nil {
		u.t.Fatal(err)
	}
	return content
}

// checkCalm says whether an error was told without a panic, and with what must be in it.
func checkCalm(t *testing.T, got outcome, wants ...string) {
	t.Helper()
	if got.code != exitFailed {
		t.Errorf("exit code %d, want %d", got.code, exitFailed)
	}
	for _, want := range wants {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("the error does not say %q:\n%s", want, got.stderr)
		}
	}
	if strings.Contains(got.stderr, "panic") || strings.Contains(got.stderr, "goroutine ") {
		t.Errorf("the error shows the inside of the program:\n%s", got.stderr)
	}
}

// sqliteHeader is the length of the header, which SQLite itself counts openings in.
const sqliteHeader = 100

func TestDatabaseThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		prepare func(*user)
		wants   []string // in the error, the last of them what to do
	}{
		{"text", func(u *user) { u.write("runs.db", strings.Repeat("no database at all\n", 500)) }, []string{"damaged", "put a copy back"}},
		{"damaged pages", damage, []string{"damaged", "put a copy back"}},
		{"of a newer snrun", func(u *user) { u.change("PRAGMA user_version = 99") }, []string{"newer snrun", "use that snrun"}},
		{"of another program", func(u *user) {
			u.change("PRAGMA journal_mode = DELETE", "PRAGMA application_id = 77")
		}, []string{"another program's", "--db"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, sandbox.Options{})
			u.write("tell.yaml", oneStep)
			u.must(exitOK, "run", "tell")
			test.prepare(u)
			before := u.database()
			checkCalm(t, u.run("run", "tell"), append(test.wants, "runs.db", "was not started")...)
			checkCalm(t, u.run("history", "list"), append(test.wants, "runs.db")...)
			if !bytes.Equal(u.database()[sqliteHeader:], before[sqliteHeader:]) {
				t.Error("the database was written to")
			}
			checkRequests(t, u, "POST", "/chat/hook", 1)
		})
	}
}

func TestDatabaseThatCannotBeMade(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("tell.yaml", oneStep)
	checkCalm(t, u.run("run", "--db", "tell.yaml/runs.db", "tell"), "tell.yaml", "not a directory", "was not started", "--db")
	checkCalm(t, u.run("run", "--db", ".", "tell"), "is a directory", "was not started", "--db")
	checkRequests(t, u, "POST", "/chat/hook", 0)
}

// TestLockedDatabase waits as long as the program does: 10 s, beside the other tests.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("tell.yaml", oneStep)
	u.must(exitOK, "run", "tell")
	db, err := sql.Open("sqlite3", filepath.Join(u.dir, "runs.db")+"?_txlock=exclusive")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	held, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	_, paused := u.start("schedule", "pause", "tell")
	_, triggered := u.start("schedule", "trigger", "tell")
	_, cancelled := u.start("cancel", "@last")
	checkCalm(t, u.run("run", "tell"), "runs.db", "locked by another program", "end the program that holds it")
	checkCalm(t, paused(), "runs.db", "locked by another program")
	got := triggered()
	checkCalm(t, got, "runs.db", "locked by another program")
	if got.stdout != "" {
		t.Errorf("a run that was not queued has the id %s", got.stdout)
	}
	checkCalm(t, cancelled(), "has ended already")
	u.must(exitOK, "schedule", "list", "tell") // reading goes on
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	checkRequests(t, u, "POST", "/chat/hook", 1)
	if runs := u.history(); len(runs) != 1 {
		t.Errorf("history has %d runs, want 1: the second was not started", len(runs))
	}
}

// runLimited runs the program with files bounded at so many blocks of 512 bytes, as a full disk bounds them.
func (u *user) runLimited(blocks int, args ...string) outcome {
	u.t.Helper()
	cmd := snrun(u.dir)
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", fmt.Sprintf(`ulimit -f %d && exec snrun "$@"`, blocks), "sh"}, args...)
	cmd.Env = append(cmd.Env, u.environ...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	code := exitCodeOf(u.t, cmd.Run())
	u.written.keep(stdout.Bytes(), stderr.Bytes())
	return outcome{stdout.String(), stderr.String(), code}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, blocks := range []int{20, 150, 250, 700, 760} {
		t.Run(fmt.Sprint(blocks, " blocks"), func(t *testing.T) {
			t.Parallel()
			u := newUser(t, sandbox.Options{})
			u.write("fills.yaml", "version: 1\nsteps:\n  - foreach:\n      in: ${[1, 2, 3, 4, 5, 6, 7, 8, 9]}\n      steps:\n"+
				"        - rest: {profile: servicenow, path: /api/now/table/incident, query: {sysparm_limit: 100}}\noutput: done\n")
			got := u.runLimited(blocks, "run", "fills")
			checkCalm(t, got, "runs.db", "the disk is full", "free some space")
			if got.stdout != "" {
				t.Errorf("got %q on standard output, want nothing", got.stdout)
			}
			u.checkIntact()
			begun := strings.HasPrefix(got.stderr, "run ")
			if begun != (blocks >= 700) || begun != strings.Contains(got.stderr, "\n  go on with it then: snrun resume ") {
				t.Errorf("got %q, want a run that has begun to say how to go on", got.stderr)
			}
			u.must(exitOK, "run", "fills")
			for _, run := range u.history()[1:] {
				named := run.Error != nil && strings.Contains(run.Error.Message, "the disk is full")
				if run.Status != "interrupted" && (run.Status != "failed" || !named) {
					t.Errorf("the run is on record as %s with %+v, want it failed for the full disk, or interrupted", run.Status, run.Error)
				}
			}
		})
	}
}

// TestPruneOnAFullDisk holds that old runs can be deleted where there is hardly room for anything, or that it is said why not.
func TestPruneOnAFullDisk(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("fills.yaml", "version: 1\nsteps:\n  - foreach:\n      in: ${1..20}\n      steps:\n"+
		"        - rest: {profile: servicenow, path: /api/now/table/incident, query: {sysparm_limit: 100}}\n")
	for range 3 {
		u.must(exitOK, "run", "fills")
	}
	for _, blocks := range []int{20, 100, 400, 800} {
		if got := u.runLimited(blocks, "history", "prune", "--keep-runs", "1"); got.code != exitOK {
			checkCalm(t, got, "runs.db", "the disk is full", "free some space")
		}
		u.checkIntact()
	}
	u.must(exitOK, "history", "prune", "--keep-runs", "1")
	if runs := u.history(); len(runs) != 1 || runs[0].Status != "ok" {
		t.Errorf("left are %+v, want the newest run", runs)
	}
	u.checkIntact()
}

// roomy is a limit that no file of a test comes near, in blocks.
const roomy = 100_000

func TestFailedDownloadLeavesNoFile(t *testing.T) {
	t.Parallel()
	const job = "version: 1\nsteps:\n  - id: load\n    rest: {profile: files, path: /PATH, save_to: out/got.csv}\n    retry: none\n"
	for _, test := range []struct {
		name, path string
		fault      *sandbox.Fault
		blocks     int
		code       int
	}{
		{"cut off", "incidents.csv", &sandbox.Fault{Kind: sandbox.Cut, Path: "/files"}, roomy, exitTransient},
		{"dropped", "incidents.csv", &sandbox.Fault{Kind: sandbox.Drop, Path: "/files"}, roomy, exitTransient},
		{"unavailable", "incidents.csv", &sandbox.Fault{Kind: sandbox.Unavailable, Path: "/files"}, roomy, exitTransient},
		{"not found", "nothing.csv", nil, roomy, exitFailed},
		{"full disk", "big.csv", nil, 2000, exitFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, sandbox.Options{})
			if test.fault != nil {
				u.server.sandbox.Inject(*test.fault)
			}
			u.write("big.csv", strings.Repeat("x", 2000*512+1))
			u.write("upload.yaml", "version: 1\nsteps:\n  - rest: {profile: files, method: PUT, path: /big.csv, body_file: big.csv}\n")
			u.write("load.yaml", strings.Replace(job, "PATH", test.path, 1))
			if test.path == "big.csv" {
				u.must(exitOK, "run", "upload")
			}
			for _, before := range []string{"", "of yesterday"} {
				if before != "" {
					u.write("out/got.csv", before)
				}
				if got := u.runLimited(test.blocks, "run", "load"); got.code != test.code {
					t.Errorf("exit code %d, want %d\n%s", got.code, test.code, got.stderr)
				}
				if content := onlyFile(t, filepath.Join(u.dir, "out")); content != before {
					t.Errorf("out/ holds %.100q, want %q", content, before)
				}
			}
		})
	}
}

// onlyFile gives the content of the one file in a folder, "" when it has none or is not there.
func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return ""
	}
	if err != nil || len(entries) > 1 {
		t.Fatalf("%s: %v, %v, want one file", dir, entries, err)
	}
	content, err := os.ReadFile(filepath.Join(dir, entries[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestRunThatDoesNotCheckIsNotRecorded(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("wrong.yaml", "version: 1\nsteps:\n  - rest: {profile: chatt, method: POST, path: /hook}\n")
	u.write("missing.yaml", "version: 1\nsteps:\n  - log: ${secret.NOT_THERE}\n")
	u.write("inputs.yaml", "version: 1\ninputs:\n  n: {type: integer}\nsteps:\n  - log: x\n")
	u.write("tell.yaml", oneStep)
	mistakes := []struct {
		code int
		args []string
	}{
		{exitInvalid, []string{"run", "wrong"}},
		{exitInvalid, []string{"run", "missing"}},
		{exitUsage, []string{"run", "inputs"}},
		{exitUsage, []string{"run", "inputs", "-i", "n=many"}},
		{exitUsage, []string{"run", "nothing"}},
		{exitUsage, []string{"run", "--progress", "loud", "tell"}},
	}
	for _, m := range mistakes {
		u.must(m.code, m.args...)
	}
	if _, err := os.Stat(filepath.Join(u.dir, "runs.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a database (%v), want none", err)
	}
	u.must(exitOK, "run", "tell")
	for _, m := range mistakes {
		u.must(m.code, m.args...)
	}
	if runs := u.history(); len(runs) != 1 {
		t.Errorf("history has %d runs, want 1", len(runs))
	}
}

// TestOlderDatabaseTakesLong holds that who waits for a database of an older snrun to be brought up to date is told why, in the log and on a
// terminal, and that all go on then.
func TestOlderDatabaseTakesLong(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("snrun.yaml", "version: 1\ndatabase: runs.db\n")
	u.write("jobs/a.yaml", "version: 1\nsteps: [{log: a}]\n")
	if got := u.must(exitOK, "run", "a"); strings.Contains(got.stderr, "brought up to date") {
		t.Errorf("of a new one: %s", got.stderr)
	}
	u.change("DROP TABLE searchable", "DROP TABLE unsearchable", "DROP TABLE audit", "DROP TABLE latest", "DROP INDEX runs_ended", "DROP INDEX runs_ended_of_job", "DROP INDEX runs_failed",
		"DROP INDEX runs_interrupted", "CREATE INDEX runs_to_resume ON runs (run)", "ALTER TABLE runs DROP COLUMN workflow", "PRAGMA user_version = 4",
		"PRAGMA auto_vacuum = NONE; VACUUM") // else a lock keeps them from opening it at all
	db, err := sql.Open("sqlite3", filepath.Join(u.dir, "runs.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin() // so that it takes long
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	daemon, command := u.serve(nil, "--listen", "none"), u.background(nil, nil, "run", "a")
	daemon.sees("level=WARN", "brought up to date", "runs.db")
	command.sees("brought up to date")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	daemon.sees("ready", "socket")
	command.ends(exitOK)
	daemon.signal(syscall.SIGTERM)
	if log := daemon.ends(exitOK); strings.Count(log, "brought up to date") != 1 {
		t.Errorf("it is told more than once:\n%s", log)
	}
}
