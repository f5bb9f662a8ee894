package web

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"snrun/engine/daemon"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs"
)

// projectJobs gives all jobs of the project, also those whose files have mistakes, sorted by name. Nothing is said yet of how it stands
// with them: a Book fills that in.
func (s *Site) projectJobs() []review.Job {
	broken := map[string]daemon.Broken{} // by file
	for _, b := range s.brokenJobs() {
		broken[b.File] = b
	}
	all := s.Daemon.Jobs()
	list := make([]review.Job, 0, len(all)+len(broken))
	for _, j := range all {
		if b, wrong := broken[j.File]; wrong {
			list = append(list, s.brokenJob(j.Name, b))
			delete(broken, j.File)
			continue
		}
		list = append(list, review.NewJob(j.Name, j.File, j.Schedules))
	}
	if len(broken) == 0 {
		return list
	}
	for file, b := range broken {
		list = append(list, s.brokenJob(nameOfFile(file), b))
	}
	slices.SortFunc(list, byName)
	return list
}

func byName(a, b review.Job) int { return compareNames(a.Job, a.File, b.Job, b.File) }

// brokenJob is a job whose file has mistakes.
func (s *Site) brokenJob(name string, b daemon.Broken) review.Job {
	return review.BrokenJob(name, b.File, mistakesText(b.Mistakes), "see: "+s.Commands.Validate(b.File))
}

// brokenJobs gives the files of jobs that have mistakes: those of the project itself are told apart.
func (s *Site) brokenJobs() []daemon.Broken {
	return slices.DeleteFunc(s.Daemon.Broken(), s.isSettings)
}

// isSettings says whether mistakes are in what all jobs share.
func (s *Site) isSettings(b daemon.Broken) bool {
	base := filepath.Base(b.File)
	if base == jobs.SettingsFile || filepath.Ext(base) == "" {
		return true
	}
	p := s.Daemon.Project()
	return p != nil && base == filepath.Base(p.Settings.Profiles) && filepath.Dir(b.File) != p.Settings.Jobs
}

// nameOfFile is what a job is called whose file cannot be read.
func nameOfFile(file string) string {
	base := filepath.Base(file)
	return base[:len(base)-len(filepath.Ext(base))]
}

// mistakesText is the first mistake in a file, and how many more there are.
func mistakesText(list []daemon.Mistake) string {
	if len(list) == 0 {
		return "it has mistakes"
	}
	text := list[0].String()
	if more := len(list) - 1; more > 0 {
		text += " (and " + words.Plural(more, "further mistake") + ")"
	}
	return text
}

// book reads what is known of jobs beside their files.
func (s *Site) book(list []review.Job, now time.Time) (*review.Book, error) {
	b := &review.Book{Commands: s.Commands, LateAfter: s.Daemon.LateAfter, Kept: map[string]review.Kept{}}
	if p := s.Daemon.Project(); p != nil {
		b.Folder, b.Elsewhere = p.Dir, p.Elsewhere
	}
	for _, broken := range s.Daemon.Broken() {
		if broken.Job != "" {
			b.Kept[broken.File] = review.Kept{Since: broken.Since, Next: s.nextOf(broken.Job, now)}
		}
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Job
	}
	return b, b.Read(s.Store, names, now)
}

// nextOf gives when a job is due next as the daemon knows it; nil for never.
func (s *Site) nextOf(name string, now time.Time) *time.Time {
	if next := review.DueTimes(s.Daemon.Schedules(name), now, 1); len(next) > 0 {
		return &next[0].At
	}
	return nil
}

// filled gives jobs with all that is known of them.
func (s *Site) filled(list []review.Job, now time.Time) (*review.Book, error) {
	b, err := s.book(list, now)
	if err != nil {
		return nil, err
	}
	for i := range list {
		b.Fill(&list[i], now)
	}
	return b, nil
}

// more is how many names there are beyond the first n.
func more(names []string, n int) int { return max(0, len(names)-n) }

// few is the first n of the names.
func few(names []string, n int) []string { return names[:min(n, len(names))] }

// percent writes a part of all as it is read: never 100 % where anything is missing from it.
func percent(part float64) string {
	if part < 1 && part > 0.999 {
		return "over 99.9 %"
	}
	return strings.TrimSuffix(strconv.FormatFloat(part*100, 'f', 1, 64), ".0") + " %"
}

// milli writes a duration that is a number of milliseconds.
func milli(ms int64) string { return words.Span(time.Duration(ms) * time.Millisecond) }
