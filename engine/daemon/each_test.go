package daemon

import (
	"fmt"
	"path/filepath"
	"testing"

	"snrun/jobs"
)

// TestLoadEach holds that each file's job or mistake is given with the place of the file, and that schedules of one time zone share it: ten
// thousand would else take 18 MB more.
func TestLoadEach(t *testing.T) {
	t.Parallel()
	const n = 50
	f := newFolder(t)
	p, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	texts, files := map[string]string{}, make([]string, n)
	for i := range files {
		files[i] = filepath.Join(f.dir, fmt.Sprintf("job_%02d.yaml", i))
		texts[files[i]] = "version: 1\nschedule: {cron: \"0 * * * *\", timezone: Europe/Berlin}\nsteps: [{log: a}]\n"
		if i%10 == 3 {
			texts[files[i]] += "mistake: true\n"
		}
	}
	list := make([]*jobs.Job, n)
	LoadEach(p.WithTexts(texts), files, func(i int, j *jobs.Job, err error) {
		if (err != nil) != (i%10 == 3) {
			t.Errorf("%s: %v", files[i], err)
		}
		list[i] = j
	})
	for i, j := range list {
		switch {
		case i%10 == 3:
		case j == nil || j.File != files[i]:
			t.Errorf("%s: got %v", files[i], j)
		case j.Schedules[0].Zone != list[0].Schedules[0].Zone:
			t.Errorf("%s has a time zone of its own", files[i])
		}
	}
}
