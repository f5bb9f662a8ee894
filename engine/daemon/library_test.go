package daemon

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/auth"
	"snrun/jobs"
	"snrun/jobs/source"
	"snrun/steps"
	"snrun/steps/all"
)

// folder is a project in a folder.
type folder struct {
	t   *testing.T
	dir string
}

func newFolder(t *testing.T) *folder { return &folder{t, t.TempDir()} }

// write makes files with texts, and removes those whose text is "-".
func (f *folder) write(files map[string]string) {
	f.t.Helper()
	for name, text := range files {
		path := filepath.Join(f.dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if text == "-" {
			err = os.Remove(path)
		} else if err == nil {
			err = os.WriteFile(path, []byte("version: 1\n"+text), 0o600)
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
}

// open reads the project.
func (f *folder) open() (*Project, error) {
	settings, err := jobs.ReadSettings(f.dir)
	if err != nil {
		return nil, err
	}
	digest := sha256.New()
	for _, name := range []string{jobs.SettingsFile, settings.Profiles} {
		data, _ := os.ReadFile(filepath.Join(f.dir, name))
		fmt.Fprintf(digest, "%d %s", len(data), data)
	}
	kinds := steps.NewSet(append(jobs.Kinds(), all.Kinds()...)...)
	p, err := jobs.Open(f.dir, settings, jobs.Options{Kinds: kinds})
	if err != nil {
		return nil, err
	}
	secrets := func(r *auth.Redactor) *auth.Secrets { return auth.NewSecrets(auth.SecretsOptions{Redactor: r}) }
	return &Project{Project: p, Digest: string(digest.Sum(nil)), Secrets: secrets}, nil
}

// standing writes what a library has: each job with what it logs, and the files with mistakes.
func standing(t *testing.T, l *Library, c Change) string {
	t.Helper()
	var b strings.Builder
	for _, name := range l.Names() {
		job, err := l.named(name).parse()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fmt.Fprintf(&b, "%s=%s", name, job.Description)
		for _, called := range job.Called() {
			fmt.Fprintf(&b, "(%s)", called.Name)
		}
		b.WriteByte(' ')
	}
	fmt.Fprintf(&b, "+%v ~%v -%v", c.Added, c.Changed, c.Removed)
	for _, broken := range l.Broken() {
		fmt.Fprintf(&b, " !%s[%s]: %s", filepath.Base(broken.File), broken.Job, broken.Mistakes[0].Message)
	}
	fmt.Fprintf(&b, " news %d mended %d", len(c.Broken), len(c.Mended))
	return b.String()
}

func says(text string) string { return "description: " + text + "\nsteps: [{log: x}]\n" }

// TestLibrary holds what becomes of jobs when their files change: each round changes files and reads them again.
func TestLibrary(t *testing.T) {
	t.Parallel()
	const profile = "profiles: {p: {base_url: http://127.0.0.1:1}}\n"
	uses := "description: u\nsteps: [{rest: {profile: p, path: /}}]\n"
	calls := "description: c\nsteps: [{call: {job: b}}]\n"
	type round struct {
		files map[string]string
		want  string
	}
	tests := []struct {
		name   string
		rounds []round
	}{
		{"added, changed, removed, renamed", []round{
			{map[string]string{"jobs/a.yaml": says("1"), "jobs/sub/b.yml": says("1")}, "a=1 b=1 +[a b] ~[] -[] news 0 mended 0"},
			{nil, "a=1 b=1 +[] ~[] -[] news 0 mended 0"},
			{map[string]string{"jobs/a.yaml": says("2"), "jobs/c.yaml": says("1")}, "a=2 b=1 c=1 +[c] ~[a] -[] news 0 mended 0"},
			{map[string]string{"jobs/a.yaml": "-"}, "b=1 c=1 +[] ~[] -[a] news 0 mended 0"},
			{map[string]string{"jobs/c.yaml": "-", "jobs/d.yaml": "name: c\n" + says("1")}, "b=1 c=1 +[] ~[c] -[] news 0 mended 0"},
			{map[string]string{"jobs/d.yaml": "name: e\n" + says("1")}, "b=1 e=1 +[e] ~[] -[c] news 0 mended 0"},
		}},
		{"a broken file stays as it was, and is told once", []round{
			{map[string]string{"jobs/a.yaml": says("1"), "jobs/b.yaml": says("1")}, "a=1 b=1 +[a b] ~[] -[] news 0 mended 0"},
			{map[string]string{"jobs/a.yaml": "stepz: 1\n", "jobs/b.yaml": says("2")}, `a=1 b=2 +[] ~[b] -[] !a.yaml[a]: unknown key "stepz" in a job news 1 mended 0`},
			{nil, `a=1 b=2 +[] ~[] -[] !a.yaml[a]: unknown key "stepz" in a job news 0 mended 0`},
			{map[string]string{"jobs/a.yaml": "steqs: 1\n"}, `a=1 b=2 +[] ~[] -[] !a.yaml[a]: unknown key "steqs" in a job news 1 mended 0`},
			{map[string]string{"jobs/a.yaml": says("3")}, "a=3 b=2 +[] ~[a] -[] news 0 mended 1"},
		}},
		{"a new file with mistakes is no job", []round{
			{map[string]string{"jobs/a.yaml": says("1"), "jobs/b.yaml": "stepz: 1\n"}, `a=1 +[a] ~[] -[] !b.yaml[]: unknown key "stepz" in a job news 1 mended 0`},
			{map[string]string{"jobs/b.yaml": "-"}, "a=1 +[] ~[] -[] news 0 mended 1"},
		}},
		{"of two with one name the first one stays", []round{
			{map[string]string{"jobs/a.yaml": says("1")}, "a=1 +[a] ~[] -[] news 0 mended 0"},
			{map[string]string{"jobs/0.yaml": "name: a\n" + says("2")}, "a=1 +[] ~[] -[] !0.yaml[]: the job a is in DIR/jobs/a.yaml too !a.yaml[a]: the job a is in DIR/jobs/0.yaml too news 2 mended 0"},
			{map[string]string{"jobs/a.yaml": "-"}, "a=2 +[] ~[a] -[] news 0 mended 2"},
		}},
		{"of two with one name from the beginning none is run", []round{
			{map[string]string{"jobs/a.yaml": says("1"), "jobs/b.yaml": "name: a\n" + says("2"), "jobs/c.yaml": says("3")},
				"c=3 +[c] ~[] -[] !a.yaml[]: the job a is in DIR/jobs/b.yaml too !b.yaml[]: the job a is in DIR/jobs/a.yaml too news 2 mended 0"},
			{map[string]string{"jobs/b.yaml": "name: b\n" + says("2")}, "a=1 b=2 c=3 +[a b] ~[] -[] news 0 mended 2"},
		}},
		{"a job is another one when a job that it calls is", []round{
			{map[string]string{"jobs/a.yaml": calls, "jobs/b.yaml": says("1")}, "a=c(b) b=1 +[a b] ~[] -[] news 0 mended 0"},
			{nil, "a=c(b) b=1 +[] ~[] -[] news 0 mended 0"},
			{map[string]string{"jobs/b.yaml": says("2")}, "a=c(b) b=2 +[] ~[a b] -[] news 0 mended 0"},
			{map[string]string{"jobs/b.yaml": "stepz: 1\n"},
				`a=c(b) b=2 +[] ~[] -[] !a.yaml[a]: the job "b" cannot be called, as it has mistakes itself !b.yaml[b]: unknown key "stepz" in a job news 2 mended 0`},
			{map[string]string{"jobs/b.yaml": "-"}, `a=c(b) +[] ~[] -[b] !a.yaml[a]: there is no job "b" in DIR/jobs news 1 mended 1`},
		}},
		{"broken profiles and settings stay as they were", []round{
			{map[string]string{"jobs/a.yaml": uses, "profiles.yaml": profile, "snrun.yaml": ""}, "a=u +[a] ~[] -[] news 0 mended 0"},
			{map[string]string{"profiles.yaml": "profiles: {p: {base: 1}}\n", "jobs/b.yaml": uses},
				`a=u b=u +[b] ~[] -[] !profiles.yaml[]: unknown key "base" in profile p news 1 mended 0`},
			{map[string]string{"profiles.yaml": profile, "snrun.yaml": "jobz: x\n"}, `a=u b=u +[] ~[] -[] !snrun.yaml[]: unknown key "jobz" in a settings file news 1 mended 1`},
			{map[string]string{"snrun.yaml": ""}, "a=u b=u +[] ~[] -[] news 0 mended 1"},
			{map[string]string{"profiles.yaml": "profiles: {q: {base_url: http://127.0.0.1:1}}\n"},
				`a=u b=u +[] ~[] -[] !a.yaml[a]: unknown profile "p" !b.yaml[b]: unknown profile "p" news 2 mended 0`},
			{map[string]string{"profiles.yaml": profile + "# new\n"}, "a=u b=u +[] ~[a b] -[] news 0 mended 2"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			l := NewLibrary(f.open)
			for i, r := range test.rounds {
				f.write(r.files)
				c, err := l.Load(time.Now())
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.ReplaceAll(standing(t, l, c), f.dir, "DIR"); got != r.want {
					t.Errorf("round %d\n got %s\nwant %s", i, got, r.want)
				}
			}
		})
	}
}

// TestLibraryWithoutAJob holds that a project in which nothing can be run is an error that says why.
func TestLibraryWithoutAJob(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no folder of jobs", nil, "no job can be run: there is no job file in"},
		{"only broken files", map[string]string{"jobs/a.yaml": "stepz: 1\n", "jobs/b.yaml": "name: [\n"}, `unknown key "stepz"`},
		{"broken settings", map[string]string{"jobs/a.yaml": says("1"), "snrun.yaml": "jobz: 1\n"}, `unknown key "jobz"`},
		{"broken profiles", map[string]string{"jobs/a.yaml": says("1"), "profiles.yaml": "profilez: 1\n"}, `unknown key "profilez"`},
		{"only files of one name", map[string]string{"jobs/a.yaml": says("1"), "jobs/b.yaml": "name: a\n" + says("2")}, "the job a is in"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			f.write(test.files)
			_, err := NewLibrary(f.open).Load(time.Now())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			var mistakes source.Errors
			if !errors.Is(err, ErrNothing) && !errors.As(err, &mistakes) {
				t.Errorf("%T is no error of a project", err)
			}
		})
	}
}

// TestLibraryWhoseFolderIsGone holds that no job goes because its folder cannot be read for a while.
func TestLibraryWhoseFolderIsGone(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(map[string]string{"jobs/a.yaml": says("1")})
	l := NewLibrary(f.open)
	if _, err := l.Load(time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(f.dir, "jobs"), filepath.Join(f.dir, "away")); err != nil {
		t.Fatal(err)
	}
	c, err := l.Load(time.Now())
	if err != nil || len(l.Names()) != 1 || len(c.Broken) != 1 {
		t.Errorf("got %v and %+v, %v; want the job, and the folder among what is broken", l.Names(), c, err)
	}
}

// TestLibraryMany holds that what has not changed is not checked again: that is most of the work where there are many files.
func TestLibraryMany(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	files := map[string]string{}
	for i := range 300 {
		files[fmt.Sprintf("jobs/j%04d.yaml", i)] = says("1")
	}
	files["jobs/caller.yaml"] = "steps: [{call: {job: j0001}}]\n"
	f.write(files)
	l := NewLibrary(f.open)
	load := func() {
		t.Helper()
		if _, err := l.Load(time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	load()
	before, caller := l.named("j0002"), l.named("caller")
	f.write(map[string]string{"jobs/j0001.yaml": says("2")})
	load()
	if l.named("j0002") != before {
		t.Error("what has not changed was checked again")
	}
	if l.named("caller") == caller || !strings.Contains(l.named("j0001").text, "description: 2") {
		t.Error("what has changed was not read")
	}
}

// TestLibrarySinceWhen holds that a file is broken since it was first, also where its mistakes change.
func TestLibrarySinceWhen(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	l := NewLibrary(f.open)
	began := time.Now()
	for i, broken := range []string{"", "stepz: 1\n", "stepz: 1\nmore: 2\n"} {
		f.write(map[string]string{"jobs/a.yaml": says("1"), "jobs/b.yaml": says("2") + broken})
		if _, err := l.Load(began.Add(time.Duration(i) * time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if got := l.Broken(); len(got) != 1 || !got[0].Since.Equal(began.Add(time.Hour)) || len(got[0].Mistakes) != 2 {
		t.Errorf("got %+v, want it broken for an hour", got)
	}
}

// TestLibraryWithoutJobs holds that a worker, to which runs bring the texts of their jobs, looks at no job file: neither one with mistakes
// nor a folder that is missing is told of. Profiles that change are.
func TestLibraryWithoutJobs(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(map[string]string{"jobs/bad.yaml": "stebs: []\n", "profiles.yaml": "profiles: {one: {base_url: \"https://one.example.com\"}}\n"})
	l := NewLibrary(f.open)
	l.jobless = true
	for i, round := range []struct {
		files map[string]string
		news  bool
	}{
		{nil, false},
		{map[string]string{"jobs/bad.yaml": "-", "jobs": "-"}, false},
		{map[string]string{"profiles.yaml": "profiles: {two: {base_url: \"https://two.example.com\"}}\n"}, true},
		{nil, false},
	} {
		for _, name := range []string{"jobs/bad.yaml", "jobs", "profiles.yaml"} { // a file before its folder
			if text, there := round.files[name]; there {
				f.write(map[string]string{name: text})
			}
		}
		c, err := l.Load(time.Now())
		if got := standing(t, l, c); err != nil || got != "+[] ~[] -[] news 0 mended 0" || c.Project != round.news {
			t.Errorf("round %d: %s, %v, %v", i, got, c.Project, err)
		}
	}
}
