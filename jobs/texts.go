package jobs

import (
	"maps"
	"path/filepath"
	"slices"
)

// WithTexts gives the project with these texts in place of the files with these paths, which need not be there: the texts that a
// run began with. A job that one of them holds is found by its name before those in files.
func (p *Project) WithTexts(texts map[string]string) *Project {
	kept := *p
	kept.texts, kept.keptNames = make(map[string]string, len(texts)), make(map[string][]string, len(texts))
	for file, text := range texts {
		kept.texts[fullPath(file)] = text
	}
	for _, file := range slices.Sorted(maps.Keys(kept.texts)) {
		name := kept.NameOf(file)
		kept.keptNames[name] = append(kept.keptNames[name], file)
	}
	return &kept
}

// read gives what is in a file.
func (p *Project) read(file string) ([]byte, error) {
	if text, kept := p.kept(file); kept {
		return []byte(text), nil
	}
	return readNamed(file)
}

// kept gives the text that stands in for a file, where there is one.
func (p *Project) kept(file string) (text string, found bool) {
	if len(p.texts) == 0 {
		return "", false
	}
	text, found = p.texts[fullPath(file)]
	return text, found
}

// keptAs gives the files of the texts that hold a job of a name, sorted.
func (p *Project) keptAs(name string) []string { return p.keptNames[name] }

// fullPath gives a path from the root; the path itself where the current folder is gone.
func fullPath(file string) string {
	full, err := filepath.Abs(file)
	if err != nil {
		return file
	}
	return full
}
