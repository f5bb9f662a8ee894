package jobs_test

import (
	"path/filepath"
	"testing"
)

// TestTimeZonesAreShared holds that the schedules of one time zone share it: ten thousand would else take 70 MB.
func TestTimeZonesAreShared(t *testing.T) {
	t.Parallel()
	p := projectOf(t, allKinds(), nil)
	texts := map[string]string{}
	for _, name := range []string{"a", "b"} {
		texts[filepath.Join(p.Dir, name+".yaml")] = "version: 1\nschedule: {cron: \"0 * * * *\", timezone: Europe/Berlin}\nsteps: [{log: a}]\n"
	}
	var zones []any
	for file := range texts {
		j, err := p.WithTexts(texts).Load(file)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, j.Schedules[0].Zone)
	}
	if zones[0] != zones[1] {
		t.Error("each has a time zone of its own")
	}
}
