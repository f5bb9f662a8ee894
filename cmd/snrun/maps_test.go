package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// mapLine is a line of a package's map: the first words of file names, and what they are about, here or in the next line.
	mapLine = regexp.MustCompile(`(?m)^//\t([a-z0-9_]+(?:, [a-z0-9_]+)*)(?:  .*)?$`)
	mapHead = regexp.MustCompile(`(?ms)^// The files(?:, by the first word of their names)?:\n.*?^package `)
)

// TestPackageMaps holds that the files which a package's comment lists are all that it has: a reader goes by them.
func TestPackageMaps(t *testing.T) {
	t.Parallel()
	maps := 0
	for file := range ourImports(t) {
		text := mapHead.FindString(readText(t, filepath.Join(root, file)))
		if text == "" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		maps++
		var listed []string
		for _, m := range mapLine.FindAllStringSubmatch(text, -1) {
			listed = append(listed, strings.Split(m[1], ", ")...)
		}
		has := sources(t, filepath.Join(root, filepath.Dir(file)))
		for _, name := range has {
			first, _, _ := strings.Cut(name, "_")
			if name+".go" != filepath.Base(file) && !slices.Contains(listed, name) && !slices.Contains(listed, first) {
				t.Errorf("%s: the package's comment does not say what %s.go is about", file, name)
			}
		}
		for _, word := range listed {
			if !slices.ContainsFunc(has, func(name string) bool { return name == word || strings.HasPrefix(name, word+"_") }) {
				t.Errorf("%s: the package's comment lists %s, which is no file", file, word)
			}
		}
	}
	if maps < 5 {
		t.Errorf("only %d packages have a map", maps)
	}
}

// sources gives the names of a folder's files of Go, without their ends, but for tests.
func sources(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if name, isGo := strings.CutSuffix(e.Name(), ".go"); isGo && !strings.HasSuffix(name, "_test") {
			names = append(names, name)
		}
	}
	return names
}
