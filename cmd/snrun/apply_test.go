package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.temporal.io/sdk/client"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine/temporal/temporaltest"
)

// clustered is a project whose runs a Temporal server carries out.
type clustered struct {
	t       *testing.T
	dir     string
	environ []string
	there   client.Client // of the namespace
}

func newClustered(t *testing.T, files map[string]string) *clustered {
	t.Helper()
	return clusteredOn(t, temporaltest.Server(t), files)
}

func clusteredOn(t *testing.T, server *temporaltest.Running, files map[string]string) *clustered {
	t.Helper()
	c := &clustered{t: t, dir: t.TempDir()}
	database, namespace := postgrestest.Server(t).URL, server.Namespace(t)
	c.there = server.Client(t, namespace)
	c.environ = []string{
		"TZ=Europe/Berlin", "SNRUN_DATABASE=" + database, "SNRUN_TEMPORAL=" + server.Address(), "SNRUN_TEMPORAL_NAMESPACE=" + namespace,
		"SNRUN_KEY=" + strings.Repeat("ab", 32),
	}
	for name, text := range files {
		c.write(name, text)
	}
	return c
}

func (c *clustered) write(name, text string) {
	c.t.Helper()
	file := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *clustered) snrun(args ...string) *exec.Cmd {
	cmd := snrun(c.dir, args...)
	cmd.Env = append(cmd.Env, c.environ...)
	return cmd
}

// became applies and gives what became of each schedule.
func (c *clustered) became(code int, args ...string) string {
	c.t.Helper()
	stdout, _ := finished(c.t, code, c.snrun(append([]string{"apply", "--json"}, args...)...))
	var records []appliedRecord
	if err := json.Unmarshal([]byte(stdout), &records); err != nil {
		c.t.Fatalf("%v: %s", err, stdout)
	}
	var list []string
	for _, r := range records {
		list = append(list, r.Job+" "+textOf(r.Schedule)+" "+r.Became)
	}
	return strings.Join(list, ", ")
}

// TestApplyCommand has a person apply schedules, edit a job and take one away.
func TestApplyCommand(t *testing.T) {
	t.Parallel()
	c := newClustered(t, map[string]string{
		"snrun.yaml":       "version: 1\n",
		"jobs/night.yaml":  "version: 1\nschedule: {cron: \"30 2 * * *\"}\nsteps: [{log: night}]\n",
		"jobs/often.yaml":  "version: 1\nschedule: {cron: \"*/15 * * * *\", timezone: UTC, inputs: {n: 1}}\ninputs: {n: {type: integer}}\nsteps: [{log: often}]\n",
		"jobs/manual.yaml": "version: 1\nsteps: [{log: manual}]\n",
	})
	stdout, stderr := finished(t, exitOK, c.snrun("apply", "--dry-run"))
	for _, want := range []string{"WOULD BE", "night  30 2 * * * Europe/Berlin  created", "often  */15 * * * * UTC"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the table has no %q:\n%s", want, stdout)
		}
	}
	if !strings.Contains(stderr, "night: its times are written out until ") {
		t.Errorf("the remarks are %q", stderr)
	}
	const both = "night 30 2 * * * Europe/Berlin created, often */15 * * * * UTC created"
	if got := c.became(exitOK); got != both {
		t.Errorf("%s", got)
	}
	if got := c.became(exitOK); got != strings.ReplaceAll(both, "created", "unchanged") {
		t.Errorf("%s", got)
	}
	c.write("jobs/often.yaml", "version: 1\nschedule: {cron: \"*/15 * * * *\", timezone: UTC}\nsteps: [{log: edited}]\n")
	if got := c.became(exitOK, "night"); got != "night 30 2 * * * Europe/Berlin unchanged" {
		t.Errorf("%s", got)
	}
	finished(t, exitOK, c.snrun("schedule", "pause", "night"))
	if got := c.became(exitOK, "night", "--dry-run"); got != "night 30 2 * * * Europe/Berlin unchanged" { // since the server was told
		t.Errorf("%s", got)
	}
	if err := os.Remove(filepath.Join(c.dir, "jobs", "often.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, stderr := finished(t, exitOK, c.snrun("apply")); !strings.Contains(stderr, "often: the project has no such job any more") {
		t.Errorf("of a job that is gone it says %q", stderr)
	}
	if got := c.became(exitOK, "--prune"); !strings.HasSuffix(got, ", often  deleted") {
		t.Errorf("%s", got)
	}
}

// TestApplyWithMistakes holds that nothing is applied where a job has mistakes, and that bad flags are told of.
func TestApplyWithMistakes(t *testing.T) {
	t.Parallel()
	c := newClustered(t, map[string]string{
		"snrun.yaml":     "version: 1\n",
		"jobs/good.yaml": "version: 1\nschedule: {cron: \"@daily\"}\nsteps: [{log: good}]\n",
		"jobs/bad.yaml":  "version: 1\nschedule: {cron: \"@daly\"}\nsteps: [{log: bad}]\n",
	})
	if _, stderr := finished(t, exitInvalid, c.snrun("apply")); !strings.Contains(stderr, "nothing was applied") || !strings.Contains(stderr, "@daly is not known") {
		t.Errorf("%s", stderr)
	}
	if got := c.became(exitOK, "good", "--dry-run"); got != "good @daily Europe/Berlin created" {
		t.Errorf("%s", got)
	}
	if stdout, _ := finished(t, exitOK, c.snrun("apply", "--help")); !strings.Contains(stdout, "--temporal HOST:PORT ") {
		t.Errorf("it is explained as\n%s", stdout)
	}
	finished(t, exitUsage, c.snrun("apply", "good", "--prune"))
	finished(t, exitUsage, c.snrun("apply", "nobody"))
	if _, stderr := finished(t, exitInvalid, c.snrun("apply", "good", "--db", "runs.db")); !strings.Contains(stderr, "need a database that all workers reach") {
		t.Errorf("%s", stderr)
	}
	c.environ = append(c.environ, "SNRUN_DATABASE=")
	if _, stderr := finished(t, exitInvalid, c.snrun("apply", "good")); !strings.Contains(stderr, "/snrun.db is a file") {
		t.Errorf("where nothing names a database it says %s", stderr)
	}
}
