package jobs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"snrun/jobs"
)

// TestNames holds what a job is called, and how it is found.
func TestNames(t *testing.T) {
	t.Parallel()
	p := projectOf(t, allKinds(), map[string]string{
		"jobs/incident-sync.yaml": "version: 1\nsteps: [{log: a}]\n",
		"jobs/sub/other.yml":      "version: 1\nname: \"Named_here\" # not as the file\nsteps: [{log: a}]\n",
		"jobs/twin_a.yaml":        "version: 1\nname: twin\nsteps: [{log: a}]\n",
		"jobs/twin_b.yaml":        "version: 1\nname: twin\nsteps: [{log: b}]\n",
		"jobs/.hidden/no.yaml":    "not read",
		"jobs/notes.txt":          "not read",
	})
	if got, want := p.Names(), []string{"incident-sync", "Named_here", "twin", "twin"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, name := range []string{"incident-sync", "Named_here"} {
		if j, err := p.Load(name); err != nil || j.Name != name {
			t.Errorf("%s: got %v, %v", name, j, err)
		}
	}
	for ref, want := range map[string]string{
		"twin":          "2 jobs have the name \"twin\"",
		"incident_sync": "did you mean \"incident-sync\"?",
		"gone.yaml":     "there is no file gone.yaml",
	} {
		if _, err := p.Load(ref); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
	}
	if _, err := p.Load(filepath.Join(p.Dir, "jobs") + string(filepath.Separator)); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("a folder: got %v", err)
	}
}

// TestFilesOfAFlatProject holds that profiles and settings are no jobs, also where all stand in one folder.
func TestFilesOfAFlatProject(t *testing.T) {
	t.Parallel()
	p := projectOf(t, allKinds(), map[string]string{
		"snrun.yaml": "version: 1\njobs: .\nprofiles: systems.yaml\n", "systems.yaml": exampleProfiles,
		"a.yaml": "version: 1\nsteps: [{log: a}]\n",
	})
	if got, want := p.Files(), []string{filepath.Join(p.Dir, "a.yaml")}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(p.Profiles) != 3 {
		t.Errorf("got %d profiles, want 3", len(p.Profiles))
	}
}

// TestFilesOfAMountedProject holds that jobs are found where folders and files are links, as Kubernetes mounts them, and each once.
func TestFilesOfAMountedProject(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "..2026_01_01", "jobs"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.yaml", "jobs/b.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, "..2026_01_01", name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"..data": "..2026_01_01", "a.yaml": "..data/a.yaml", "jobs": "..data/jobs"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for folder, want := range map[string]string{".": "a", "jobs": "b"} {
		p, err := jobs.Open(dir, jobs.Settings{Jobs: folder, Profiles: "profiles.yaml"}, jobs.Options{Kinds: allKinds()})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(p.Names(), " "); got != want {
			t.Errorf("jobs: %s has %q, want %q", folder, got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       jobs.Settings
	}{
		{"the defaults", "version: 1\n", jobs.Settings{Jobs: "jobs", Profiles: "profiles.yaml", Server: jobs.Server{Grace: 30 * time.Second}}},
		{
			"all of them", "version: 1\njobs: flows\nprofiles: p.yaml\ndatabase: runs.db\nhistory: {keep: {age: 90d, runs: 1000}}\nsecrets: {dir: /run/secrets, exec: {A: [vault, kv, -n=1, '', 2], b_2: [./get]}}\n",
			jobs.Settings{
				Jobs: "flows", Profiles: "p.yaml", Database: "runs.db", SecretsDir: "/run/secrets",
				SecretsExec: map[string][]string{"A": {"vault", "kv", "-n=1", "", "2"}, "b_2": {"./get"}},
				Server:      jobs.Server{Grace: 30 * time.Second},
				Keep:        jobs.Keep{KeepRule: jobs.KeepRule{Age: 90 * 24 * time.Hour, Runs: 1000}},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, jobs.SettingsFile), []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "p.yaml"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if got, err := jobs.ReadSettings(dir); err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
	got, err := jobs.ReadSettings(t.TempDir())
	if err != nil || !reflect.DeepEqual(got, tests[0].want) {
		t.Errorf("without a file: got %+v, %v, want %+v", got, err, tests[0].want)
	}
}

// TestMissingProfiles holds that a file of profiles that is named has to be there; the default need not.
func TestMissingProfiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, jobs.SettingsFile), []byte("version: 1\nprofiles: systems.yaml\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := jobs.ReadSettings(dir)
	if want := ":2:11: there is no file systems.yaml"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want … %s", err, want)
	}
	for _, file := range []string{jobs.SettingsFile, filepath.Join(dir, jobs.SettingsFile)} { // any file will do
		if err := os.WriteFile(filepath.Join(dir, jobs.SettingsFile), []byte("version: 1\nprofiles: "+file+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := jobs.ReadSettings(dir); err != nil || got.Profiles != file {
			t.Errorf("got %s, %v, want %s", got.Profiles, err, file)
		}
	}
}

// TestFindProject holds that the nearest settings upwards make the project, and without any the folder itself.
func TestFindProject(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	deep := filepath.Join(root, "project", "jobs", "sub")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := jobs.FindProject(deep); got != deep {
		t.Errorf("without settings: got %s, want %s", got, deep)
	}
	project := filepath.Join(root, "project")
	if err := os.WriteFile(filepath.Join(project, jobs.SettingsFile), []byte("version: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := jobs.FindProject(deep); got != project {
		t.Errorf("got %s, want %s", got, project)
	}
}

// TestUnreadableFiles holds that what cannot be read is an error that is not taken for a mistake in it.
func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"profiles.yaml", jobs.SettingsFile} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var path *os.PathError
	if _, err := jobs.ReadSettings(dir); !errors.As(err, &path) {
		t.Errorf("settings: got %v", err)
	}
	if _, err := jobs.Open(dir, jobs.Settings{Jobs: "jobs", Profiles: "profiles.yaml", Server: jobs.Server{Grace: 30 * time.Second}}, jobs.Options{Kinds: allKinds()}); !errors.As(err, &path) {
		t.Errorf("profiles: got %v", err)
	}
}

// TestPipes holds that a job may come through a pipe that a person names, as a shell makes one, and that one in the folder of jobs is not
// waited for.
func TestPipes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "jobs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "jobs", "b.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := jobs.Open(dir, jobs.Settings{Jobs: "jobs", Profiles: "profiles.yaml"}, jobs.Options{Kinds: allKinds()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Load("b"); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("got %v", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		defer w.Close()
		_, _ = w.WriteString("version: 1\nsteps: [{log: hi}]\n")
	}()
	if job, err := p.Load(fmt.Sprintf("/dev/fd/%d", r.Fd())); err != nil || len(job.Steps) != 1 {
		t.Errorf("got %v, %v", job, err)
	}
}

// TestKeepOfOneJob holds that a job's own rule says the same as that of all where it leaves something out.
func TestKeepOfOneJob(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	p := projectOf(t, allKinds(), map[string]string{
		"jobs/noisy.yaml": "version: 1\nsteps: [{log: a}]\n",
		"snrun.yaml": "version: 1\nhistory: {keep: {age: 90d, runs: 1000, failed: 180d, size: 2GB, " +
			"jobs: {noisy: {age: 7d, runs: 0}, audit: {age: 0s, failed: 0s}}}}\n",
	})
	s, err := jobs.ReadSettings(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for job, want := range map[string]jobs.KeepRule{
		"other": {Age: 90 * day, Runs: 1000, Failed: 180 * day},
		"noisy": {Age: 7 * day, Failed: 180 * day},
		"audit": {Runs: 1000},
	} {
		if got := s.Keep.Of(job); got != want {
			t.Errorf("%s: got %+v, want %+v", job, got, want)
		}
	}
	if s.Keep.Size != 2<<30 || s.Keep.KeepsAll() || !(jobs.Keep{KeepRule: jobs.KeepRule{Failed: day}}).KeepsAll() {
		t.Errorf("got %+v", s.Keep)
	}
	p.Settings = s
	if got := p.CheckKeep(); len(got) != 1 || !got[0].Warning || !strings.Contains(got[0].Error(), `the name "audit"`) {
		t.Errorf("got %v, want a warning about audit", got)
	}
	owns := p.Owner()
	for _, c := range []struct {
		job, file string
		want      bool
	}{
		{"noisy", "/elsewhere/noisy.yaml", true}, {"audit", "", true}, {"gone", filepath.Join(p.Dir, "jobs/old/gone.yaml"), true},
		{"other", "/elsewhere/other.yaml", false}, {"other", "", false},
	} {
		if got := owns(c.job, c.file); got != c.want {
			t.Errorf("owns %s of %s: %v, want %v", c.job, c.file, got, c.want)
		}
	}
}
