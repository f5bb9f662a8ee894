package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// floors are the packages from the ground up. A package imports lower floors only.
var floors = [][]string{
	{"steps", "auth/store/postgres", "auth/httpsig", "history/words"},
	{"auth/store", "auth/store/postgres/postgrestest", "history/dialect"},
	{"auth", "auth/store/storetest", "steps/xml", "jobs/source"},
	{"steps/exchange", "steps/soap/xsd", "steps/soap/wsse"},
	{"steps/rest", "steps/soap/values", "steps/steptest"},
	{"steps/soap/wsdl"},
	{"steps/soap"},
	{"jobs", "steps/all"},
	{"engine/flow"},
	{"engine"},
	{"history", "engine/enginetest", "engine/temporal/temporaltest"},
	{"history/review", "history/historytest", "engine/schedule"},
	{"engine/metrics", "engine/notify", "engine/trace", "engine/temporal"},
	{"engine/daemon", "engine/temporal/schedules"},
	{"history/web"},
	{"examples/sandbox"},
	{"cmd/snrun"},
}

// topLevel is what may stand in the repository's root.
var topLevel = []string{
	".ci", ".git", ".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "auth", "cmd", "docs", "engine", "examples",
	"go.mod", "go.sum", "history", "jobs", "steps",
}

func TestFloors(t *testing.T) {
	t.Parallel()
	level := map[string]int{}
	for i, floor := range floors {
		for _, name := range floor {
			level[name] = i
		}
	}
	seen := map[string]bool{}
	for file, imports := range ourImports(t) {
		from := filepath.ToSlash(filepath.Dir(file))
		here, known := level[from]
		if !known {
			t.Errorf("%s: the package %s stands on no floor", file, from)
			continue
		}
		seen[from] = true
		for _, name := range imports {
			to, known := level[name]
			// A test may also use the packages for tests on its own floor.
			ok := known && (to < here || strings.HasSuffix(file, "_test.go") && (to <= here || strings.HasSuffix(name, "test")))
			if !ok {
				t.Errorf("%s: %s imports %s, which is not on a lower floor", file, from, name)
			}
		}
	}
	for name := range level {
		if !seen[name] {
			t.Errorf("floor %d names the package %s, which does not exist", level[name], name)
		}
	}
}

// TestFolderOrder holds that steps and auth need nothing of ours outside themselves.
func TestFolderOrder(t *testing.T) {
	t.Parallel()
	for file, imports := range ourImports(t) {
		top, _, _ := strings.Cut(filepath.ToSlash(file), "/")
		if top != "steps" && top != "auth" {
			continue
		}
		for _, name := range imports {
			if to, _, _ := strings.Cut(name, "/"); to != top {
				t.Errorf("%s imports %s: %s needs nothing of ours outside itself", file, name, top)
			}
		}
	}
}

// TestFlowIsPure holds that the interpreter and all below it on its side reach for no effect.
func TestFlowIsPure(t *testing.T) {
	t.Parallel()
	banned := []string{"context", "net", "net/http", "os", "math/rand", "math/rand/v2", "crypto/rand", "log", "os/exec", "database/sql"}
	for file, imports := range allImports(t, "engine/flow") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, name := range imports {
			for _, b := range banned {
				if name == b {
					t.Errorf("%s imports %s: the flow asks its Host for effects", file, name)
				}
			}
		}
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"time.Now(", "time.Sleep(", "time.After(", "\tgo func", "make(chan"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s has %q: the flow asks its Host for effects", file, strings.TrimSpace(word))
			}
		}
	}
}

func TestTopLevel(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{}
	for _, name := range topLevel {
		allowed[name] = true
	}
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !allowed[e.Name()] {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}

// TestNoInit holds that nothing happens before main: no init functions and no blank imports but that of the SQLite
// driver and of the zone data.
func TestNoInit(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{"time/tzdata": true, "github.com/mattn/go-sqlite3": true, "embed": true}
	for file := range ourImports(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if spec.Name != nil && spec.Name.Name == "_" && !allowed[path] {
				t.Errorf("%s imports %s only for its effect", file, path)
			}
		}
		for _, name := range functionsOf(parsed) {
			if name == "init" {
				t.Errorf("%s has an init function", file)
			}
		}
	}
}

// ourImports gives, for every Go file of the repository, the packages of ours that it imports.
func ourImports(t *testing.T) map[string][]string {
	ours := map[string][]string{}
	for file, imports := range allImports(t, ".") {
		ours[file] = []string{}
		for _, name := range imports {
			if rest, ok := strings.CutPrefix(name, "snrun/"); ok {
				ours[file] = append(ours[file], rest)
			}
		}
	}
	return ours
}

func allImports(t *testing.T, below string) map[string][]string {
	t.Helper()
	root := filepath.Join("..", "..")
	found := map[string][]string{}
	err := filepath.WalkDir(filepath.Join(root, below), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found[name] = []string{}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[name] = append(found[name], imported)
		}
		sort.Strings(found[name])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("no Go file below %s", below)
	}
	return found
}
