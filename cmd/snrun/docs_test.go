package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"snrun/jobs"
)

// TestDocs holds that the pages of the reference say what the program says. -update rewrites them.
func TestDocs(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "reference")
	pages := jobs.Reference(kinds())
	if *update {
		rewritePages(t, dir, pages)
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != pages[name] {
			t.Errorf("%s is stale: run go test ./cmd/snrun -run Docs -update", name)
		}
	}
	for _, name := range filesIn(t, dir) {
		if _, known := pages[name]; !known {
			t.Errorf("%s describes nothing that there is", name)
		}
	}
}

func rewritePages(t *testing.T, dir string, pages map[string]string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// TestDocsLinks holds that the pages under docs link to files that there are.
func TestDocsLinks(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join("..", "..", "docs", "reference", "*.md"))
	if err != nil || len(more) == 0 {
		t.Fatal("there is no reference: ", err)
	}
	for _, page := range append(pages, more...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s links to %s, which does not exist", strings.TrimPrefix(page, filepath.Join("..", "..")), m[1])
			}
		}
	}
}
