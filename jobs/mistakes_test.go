package jobs_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"snrun/jobs"
	"snrun/jobs/source"
	"snrun/steps"
	"snrun/steps/all"
)

var update = flag.Bool("update", false, "rewrite what the tests expect")

// wanted is the file of an archive that holds the report of the others.
const wanted = "want"

// allKinds are the kinds of the language with those that steps has.
func allKinds() steps.Set {
	return steps.NewSet(append(jobs.Kinds(), all.Kinds()...)...)
}

// TestMistakes loads the project in each archive and compares everything that is reported. A line `secrets: A B` above the
// files names the secrets that there are; without it secrets are not looked for.
func TestMistakes(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/mistakes/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("there are no cases: ", err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := reportOf(t, archive)
			want := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == wanted })
			if *update {
				rewrite(t, file, archive, got)
				return
			}
			if want < 0 {
				t.Fatalf("%s has no file %q; go test ./jobs -update writes it", file, wanted)
			}
			if want := string(archive.Files[want].Data); got != want {
				t.Errorf("got the report\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// rewrite puts a report into an archive.
func rewrite(t *testing.T, file string, archive *txtar.Archive, report string) {
	t.Helper()
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == wanted })
	archive.Files = append(archive.Files, txtar.File{Name: wanted, Data: []byte(report)})
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// reportOf loads all files of an archive and gives everything that is reported, with paths relative to the project.
func reportOf(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	dir := unpack(t, archive)
	var all source.Errors
	told := map[string]bool{} // of a job that others call, with theirs
	keep := func(err error) {
		var mistakes source.Errors
		if !errors.As(err, &mistakes) && err != nil {
			t.Fatal(err)
		}
		for _, e := range mistakes {
			if !told[e.Error()] {
				told[e.Error()] = true
				all = append(all, e)
			}
		}
	}
	settings, err := jobs.ReadSettings(dir)
	if keep(err); err != nil {
		return relative(all, dir)
	}
	project, err := jobs.Open(dir, settings, jobs.Options{Kinds: allKinds(), Secret: secretsOf(string(archive.Comment))})
	keep(err)
	for _, file := range project.Files() {
		_, err := project.Load(file)
		keep(err)
	}
	checkOnce(t, all)
	return relative(all, dir)
}

func relative(all source.Errors, dir string) string {
	return strings.ReplaceAll(all.Error()+"\n", dir+string(filepath.Separator), "")
}

// checkOnce fails where two mistakes have one place: the second says nothing new.
func checkOnce(t *testing.T, all source.Errors) {
	t.Helper()
	seen := map[source.Pos]string{}
	for _, e := range all {
		// What a mapping lacks can only be told where it begins.
		if strings.Contains(e.Message, " needs ") {
			continue
		}
		if first, twice := seen[e.Pos]; twice && first != e.Message {
			t.Errorf("%s is told of twice: %q and %q", e.Pos, first, e.Message)
		}
		seen[e.Pos] = e.Message
	}
}

// unpack writes the files of an archive, but for the report, into a folder.
func unpack(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range archive.Files {
		if f.Name == wanted {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type missingSecret string

func (s missingSecret) Error() string { return fmt.Sprintf("secret %s is missing", string(s)) }
func (s missingSecret) Help() string  { return "set it" }

// secretsOf reads the line that names the secrets.
func secretsOf(comment string) func(string) error {
	for line := range strings.Lines(comment) {
		if list, ok := strings.CutPrefix(line, "secrets:"); ok {
			return func(name string) error {
				if slices.Contains(strings.Fields(list), name) {
					return nil
				}
				return missingSecret(name)
			}
		}
	}
	return nil
}
