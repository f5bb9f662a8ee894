package main

import (
	"bytes"
	"database/sql"
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestStaticBinary runs the binary of the container in an empty folder, as its root where this test may do that.
func TestStaticBinary(t *testing.T) {
	t.Parallel()
	binary := os.Getenv("SNRUN_TEST_STATIC")
	if binary == "" {
		needs(t, "SNRUN_TEST_STATIC is not set", errors.New("export SNRUN_TEST_STATIC=$(.ci/build-static)"))
	}
	checkStatic(t, binary)

	dir := t.TempDir()
	program, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"snrun":         string(program),
		"snrun.yaml":    "version: 1\njobs: .\ndatabase: runs.db\n",
		"profiles.yaml": readText(t, root+"/examples/profiles.yaml"),
		"job.yaml":      staticJob,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(dir, "snrun"), "run", "--sandbox", "job.yaml")
	cmd.Dir, cmd.Env = dir, []string{}
	if os.Getuid() == 0 {
		shutIn(cmd, dir)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if got := stdout.String(); err != nil || got != `{"alerts":37,"name":"network"}`+"\n" {
		t.Errorf("got %s, %v\n%s", got, err, stderr.String())
	}
	checkIndexed(t, cmd, filepath.Join(dir, "runs.db"))
}

// checkIndexed holds that the program of a command has an index for searches.
func checkIndexed(t *testing.T, ran *exec.Cmd, database string) {
	t.Helper()
	search := exec.Command(ran.Path, "history", "search", "INC", "--json")
	search.Path, search.Dir, search.Env, search.SysProcAttr = ran.Path, ran.Dir, ran.Env, ran.SysProcAttr
	if out, err := search.Output(); err != nil || !bytes.HasPrefix(out, []byte("[{")) {
		t.Errorf("search finds %s, %v", out, err)
	}
	db, err := sql.Open("sqlite3", "file:"+database+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var upto int
	if err := db.QueryRow("SELECT upto FROM searchable").Scan(&upto); err != nil || upto != 1 {
		t.Errorf("%d runs are in the index, %v", upto, err)
	}
}

// staticJob needs the zone data, a name to be looked up, and the sandbox. That the name cannot be found is an error of the network.
const staticJob = `version: 1
schedule: {cron: "30 2 * * *", timezone: Europe/Berlin}
steps:
  - id: alerts
    foreach:
      in: {rest: {profile: servicenow, path: /api/now/table/incident, query: {sysparm_query: priority=1}, paginate: {type: offset, offset: query.sysparm_offset, limit: query.sysparm_limit, size: 100, items: "${response.body.result}"}}}
      as: incident
      key: ${incident.sys_id}
      steps:
        - rest: {profile: oncall, method: POST, path: /v1/alerts, json: {dedup: "${incident.sys_id}", title: "${incident.number}"}}
  - id: nowhere
    try:
      - retry: none
        rest: {url: "http://nowhere.invalid/", timeout: 5s}
    catch:
      - steps:
          - set: {name: "${error.kind}"}
output: {alerts: "${steps.alerts.succeeded}", name: "${steps.nowhere.output.name}"}
`

// checkStatic holds that a program needs no loader and no library.
func checkStatic(t *testing.T, binary string) {
	t.Helper()
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Errorf("%s wants a loader", binary)
		}
	}
	if libraries, err := f.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("%s wants %q, %v", binary, libraries, err)
	}
}

// shutIn makes a folder all that a program in it sees of the files.
func shutIn(cmd *exec.Cmd, dir string) {
	cmd.Path, cmd.Dir = "/"+filepath.Base(cmd.Path), "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
}
