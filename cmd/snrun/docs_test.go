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

var (
	link    = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	titles  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notSlug = regexp.MustCompile(`[^a-z0-9_ -]`)
)

// TestDocsLinks holds that README.md and the pages under docs link to files and headings that there are, and that a reader
// finds every page from README.md.
func TestDocsLinks(t *testing.T) {
	t.Parallel()
	front := filepath.Join(root, "README.md")
	linked := map[string]bool{front: true}
	for next := []string{front}; len(next) > 0; next = next[1:] {
		for _, to := range checkLinks(t, next[0]) {
			if filepath.Ext(to) == ".md" && !linked[to] {
				linked[to] = true
				next = append(next, to)
			}
		}
	}
	for _, pattern := range []string{"*.md", "reference/*.md"} {
		pages, err := filepath.Glob(filepath.Join(root, "docs", filepath.FromSlash(pattern)))
		if err != nil || len(pages) == 0 {
			t.Fatal("there are no pages ", pattern, err)
		}
		for _, page := range pages {
			if !linked[page] {
				t.Errorf("no link leads to %s", page)
			}
		}
	}
}

// checkLinks gives the files that a page links to. A folder stands for its README.md.
func checkLinks(t *testing.T, page string) []string {
	t.Helper()
	var files []string
	for _, m := range link.FindAllStringSubmatch(readText(t, page), -1) {
		to := page
		if m[1] != "" {
			to = filepath.Join(filepath.Dir(page), filepath.FromSlash(m[1]))
		}
		info, err := os.Stat(to)
		if err != nil {
			t.Errorf("%s links to %s, which does not exist", page, m[1])
			continue
		}
		if index := filepath.Join(to, "README.md"); info.IsDir() && isFound(index) {
			to = index
		}
		if m[2] != "" && !slices.Contains(anchors(readText(t, to)), m[2]) {
			t.Errorf("%s links to #%s in %s, which has no such heading", page, m[2], to)
		}
		files = append(files, to)
	}
	return files
}

// anchors gives the names by which a page's headings are linked to.
func anchors(text string) []string {
	var names []string
	for _, m := range titles.FindAllStringSubmatch(text, -1) {
		names = append(names, strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return names
}

func readText(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
