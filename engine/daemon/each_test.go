package daemon

import (
	"fmt"
	"path/filepath"
	"testing"

	"snrun/jobs"
)

// TestLoadEach holds that each file's job or mistake is given with the place of the file.
func TestLoadEach(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	p, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	const n = 50
	texts, files := map[string]string{}, make([]string, n)
	for i := range files {
		files[i] = filepath.Join(f.dir, fmt.Sprintf("job_%02d.yaml", i))
		texts[files[i]] = "version: 1\n" + says("x")
		if i%10 == 3 {
			texts[files[i]] += "mistake: true\n"
		}
	}
	seen := 0
	LoadEach(p.WithTexts(texts), files, func(i int, j *jobs.Job, err error) {
		seen++
		switch broken := i%10 == 3; {
		case broken != (err != nil):
			t.Errorf("%s: %v", files[i], err)
		case !broken && j.File != files[i]:
			t.Errorf("%s: got the job of %s", files[i], j.File)
		}
	})
	if seen != n {
		t.Errorf("%d files were given, want %d", seen, n)
	}
}
