package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"snrun/examples/sandbox"
)

// deploy is the folder of the files by which snrun is installed.
const deploy = root + "/docs/deploy/"

// TestUnit holds that systemd takes the unit without a word, and sees little that it leaves open.
func TestUnit(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		needs(t, "no systemd-analyze", err)
	}
	unit := filepath.Join(t.TempDir(), "snrun.service")
	// Only a unit whose program is there is silent.
	text := strings.ReplaceAll(readText(t, deploy+"snrun.service"), "/usr/local/bin/snrun ", "/bin/true ")
	if err := os.WriteFile(unit, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err := exec.Command(analyze, "security", "--no-pager", "--offline=true", "--threshold=19", unit).CombinedOutput() // of 1.9
	if err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}

// settingIn is a setting of a unit: its name and value.
var settingIn = regexp.MustCompile(`(?m)^#?([A-Za-z]+)=(.*)$`)

// unitSettings gives the settings of the unit by their names, also of those that are commented out.
func unitSettings(t *testing.T) map[string][]string {
	t.Helper()
	settings := map[string][]string{}
	for _, m := range settingIn.FindAllStringSubmatch(readText(t, deploy+"snrun.service"), -1) {
		settings[m[1]] = append(settings[m[1]], m[2])
	}
	return settings
}

// TestUnitCallsWhatThereIs holds that the command and the variables of the unit are snrun's, and that draining fits into the time that
// systemd gives.
func TestUnitCallsWhatThereIs(t *testing.T) {
	t.Parallel()
	settings := unitSettings(t)
	command := strings.Fields(settings["ExecStart"][0])
	if err := knows(command[1:]); err != nil {
		t.Errorf("ExecStart=%s: %v", command, err)
	}
	for _, setting := range settings["Environment"] {
		checkVariable(t, setting)
	}
	grace := regexp.MustCompile("`grace` \\| duration .* Default: `(\\d+)s`").FindStringSubmatch(readText(t, root+"/docs/reference/project.md"))
	stop, err := strconv.Atoi(settings["TimeoutStopSec"][0])
	if given, _ := strconv.Atoi(grace[1]); err != nil || stop < given+20 {
		t.Errorf("TimeoutStopSec=%d, %v, want clearly more than the grace of %s s", stop, err, grace[1])
	}
	want := fmt.Sprint(exitUsage, " ", exitInvalid)
	if got := settings["RestartPreventExitStatus"]; !slices.Equal(got, []string{want}) {
		t.Errorf("RestartPreventExitStatus=%s, want %s", got, want)
	}
}

// checkVariable holds that some file of this program asks for a variable, given as NAME=VALUE.
func checkVariable(t *testing.T, setting string) {
	t.Helper()
	name, _, _ := strings.Cut(setting, "=")
	for file := range ourImports(t) {
		if !strings.HasSuffix(file, "_test.go") && strings.Contains(readText(t, filepath.Join(root, file)), `"`+name+`"`) {
			return
		}
	}
	t.Errorf("%s: no part of snrun asks for %s", setting, name)
}

// cronJob is what matters here of the CronJob.
type cronJob struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Spec       struct {
		ConcurrencyPolicy string `yaml:"concurrencyPolicy"`
		JobTemplate       struct {
			Spec struct {
				BackoffLimit     int `yaml:"backoffLimit"`
				PodFailurePolicy struct {
					Rules []struct {
						Action      string
						OnExitCodes struct {
							ContainerName, Operator string
							Values                  []int
						} `yaml:"onExitCodes"`
					}
				} `yaml:"podFailurePolicy"`
				Template struct {
					Spec struct {
						RestartPolicy string `yaml:"restartPolicy"`
						Containers    []struct {
							Name string
							Args []string
							Env  []struct{ Name, Value string }
						}
					}
				}
			}
		} `yaml:"jobTemplate"`
	}
}

// TestCronJob holds that the CronJob calls commands and variables that there are, and tries again what may work later, and that alone.
func TestCronJob(t *testing.T) {
	t.Parallel()
	var c cronJob
	if err := yaml.Unmarshal([]byte(readText(t, deploy+"cronjob.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	job := c.Spec.JobTemplate.Spec
	pod := job.Template.Spec
	if got := []string{c.APIVersion, c.Kind, c.Spec.ConcurrencyPolicy, pod.RestartPolicy}; !slices.Equal(got, []string{"batch/v1", "CronJob", "Forbid", "Never"}) {
		t.Errorf("got %q", got)
	}
	rules := job.PodFailurePolicy.Rules
	if len(rules) != 1 || rules[0].Action != "FailJob" || rules[0].OnExitCodes.Operator != "NotIn" || !slices.Equal(rules[0].OnExitCodes.Values, []int{exitTransient}) || job.BackoffLimit < 1 {
		t.Errorf("got the rules %+v and %d retries, want retries with code %d only", rules, job.BackoffLimit, exitTransient)
	}
	if err := knows(pod.Containers[0].Args); err != nil {
		t.Error(err)
	}
	for _, v := range pod.Containers[0].Env {
		checkVariable(t, v.Name)
	}
}

// TestContainerfile holds that what the image is told about is there.
func TestContainerfile(t *testing.T) {
	t.Parallel()
	text := readText(t, deploy+"Containerfile")
	for _, m := range regexp.MustCompile(`(?m)^(?:ENV| {3}) (SNRUN_\w+)=`).FindAllStringSubmatch(text, -1) {
		checkVariable(t, m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text, -1) {
		if strings.Contains(m[1], "/") {
			t.Errorf("FROM %s names a registry", m[1])
		}
	}
	if !strings.Contains(readText(t, root+"/go.mod"), "\ngo "+strings.TrimSpace(regexp.MustCompile(`golang:(\S+)`).FindStringSubmatch(text)[1])) {
		t.Error("the image is not built with the Go of go.mod")
	}
}

// TestCredentials runs a job as the unit does: the key and a secret in a folder that only $CREDENTIALS_DIRECTORY names.
func TestCredentials(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.copyExample("incident_sync.yaml")
	folder := t.TempDir()
	environ := []string{"CREDENTIALS_DIRECTORY=" + folder, "SNRUN_KEY_FILE=" + filepath.Join(folder, "key")}
	for _, entry := range u.environ {
		name, value, _ := strings.Cut(entry, "=")
		file, isSecret := strings.CutPrefix(name, secretVariable)
		if !isSecret {
			environ = append(environ, entry)
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, file), []byte(value), 0o440); err != nil {
			t.Fatal(err)
		}
	}
	u.environ = environ
	u.must(exitOK, "key", "new", filepath.Join(folder, "key"))
	if err := os.Chmod(filepath.Join(folder, "key"), 0o440); err != nil { // systemd's mode
		t.Fatal(err)
	}
	if got := u.must(exitOK, "run", "incident_sync").stdout; got != "{\"alerts\":37}\n" {
		t.Errorf("got %s", got)
	}
	if got := u.must(exitOK, "secret", "list").stdout; strings.Count(got, folder) < 2 {
		t.Errorf("the secrets do not come from %s:\n%s", folder, got)
	}
	if !isFound(filepath.Join(u.dir, "runs-auth.db")) {
		t.Error("no token was kept under the key")
	}
}

// TestBackup makes a copy of the database with the statement of docs/operations.md while a daemon writes to it, and puts it back: the
// runs are there, and, after a pause, none is made up for.
func TestBackup(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	f.serve(1)
	f.asked(10)
	copied := filepath.Join(f.dir, "copy.db")
	statement := regexp.MustCompile(`"(VACUUM INTO) '/backup/snrun\.db'"`).FindStringSubmatch(readText(t, root+"/docs/operations.md"))[1]
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(f.dir, "runs.db")+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement+" ?", copied); err != nil {
		t.Fatal(err)
	}
	db.Close()
	f.end()
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(f.dir, "runs.db"+end)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := os.Rename(copied, filepath.Join(f.dir, "runs.db")); err != nil {
		t.Fatal(err)
	}
	f.checkIntact()
	before := f.story()
	f.must(exitOK, "schedule", "pause", "--all", "--why", "put back from a copy")
	last := time.Now()
	f.serve(1)
	f.settled(last)
	f.end()
	after := f.story()
	if len(before.runs) == 0 || len(after.runs) <= len(before.runs) {
		t.Fatalf("%d runs came back, and then there were %d", len(before.runs), len(after.runs))
	}
	for id, run := range after.runs {
		if old := before.runs[id]; old == nil && run.status != "skipped" {
			t.Errorf("though all was paused there is %s", run)
		}
	}
}
