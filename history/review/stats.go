package review

import (
	"cmp"
	"math"
	"slices"
	"time"

	"snrun/history"
)

const (
	// mostMeasured is of how many runs at most it is said how long they last, the newest ones.
	mostMeasured = 10_000
	// fewMeasured is the same where it is said of many jobs.
	fewMeasured = 1000
	// mostFailed is of how many runs at most it is said in which step they failed.
	mostFailed = 10_000
	// calendarDays is how many days a calendar has.
	calendarDays = 90
	trendTime    = 7 * 24 * time.Hour
)

// Figures are what the runs of a job in some time come to. Durations are milliseconds. What cannot be said is null.
type Figures struct {
	Since       *time.Time `json:"since"` // of the runs that came to be then or later; null for all
	Until       time.Time  `json:"until"`
	Counts      Counts     `json:"counts"`
	SuccessRate *float64   `json:"success_rate"` // how many of those that ended ok, failed or interrupted were ok: 0 to 1
	P50         *int64     `json:"p50"`          // half of the runs that ended ok took no longer
	P95         *int64     `json:"p95"`          // 95 of 100 did
	Measured    int        `json:"measured"`     // how many runs these two are of: the newest that ended ok, at most 10,000, or 1,000 where it is one of many jobs
}

// Stats is how it has been going with a job.
type Stats struct {
	Job string `json:"job"`
	Figures
	Trend       Trend                `json:"trend"`
	FailedSteps []history.FailedStep `json:"failed_steps"` // of the newest 10,000 runs that failed or were interrupted
	Days        []Day                `json:"days"`         // the last 90, the oldest first; today is the last one
}

// JobFigures are the Figures of one of several jobs.
type JobFigures struct {
	Job string `json:"job"`
	Figures
}

// Trend is the last 7 days, to this minute, beside the 7 before them.
type Trend struct {
	Last   Figures `json:"last"`
	Before Figures `json:"before"`
}

// Day counts the runs that came to be on one day.
type Day struct {
	Day    string `json:"day"` // 2026-03-28, in the time zone that was asked for
	Counts Counts `json:"counts"`

	Began, Ends time.Time `json:"-"` // in that zone, where not every day has a midnight
}

// ReadStats says how it has been going with a job: in the time since since, zero for all of it, and in the last days of a time zone.
func ReadStats(store *history.Store, job string, since, now time.Time, zone *time.Location) (*Stats, error) {
	s := &Stats{Job: job}
	weekAgo := now.Add(-trendTime)
	for _, part := range []struct {
		to           *Figures
		since, until time.Time
	}{
		{&s.Figures, since, now}, {&s.Trend.Last, weekAgo, now}, {&s.Trend.Before, weekAgo.Add(-trendTime), weekAgo},
	} {
		figures, err := readFigures(store, job, part.since, part.until, mostMeasured)
		if err != nil {
			return nil, err
		}
		*part.to = *figures
	}
	var err error
	if s.FailedSteps, err = store.FailedSteps(job, since, now, mostFailed); err != nil {
		return nil, err
	}
	s.Days, err = readDays(store, job, now.In(zone))
	return s, err
}

// ReadFigures says what the runs come to that came to be since a time, zero for all: of each of the jobs that have some, in the order in
// which they are named, or of all on record where jobs is nil.
func ReadFigures(store *history.Store, jobs []string, since, now time.Time) ([]JobFigures, error) {
	if jobs == nil {
		var err error
		if jobs, err = store.Jobs(); err != nil {
			return nil, err
		}
	}
	list := []JobFigures{}
	for _, job := range jobs {
		figures, err := readFigures(store, job, since, now, fewMeasured)
		if err != nil {
			return nil, err
		}
		if figures.Counts.All() > 0 {
			list = append(list, JobFigures{job, *figures})
		}
	}
	return list, nil
}

// readFigures says what the runs of a job come to that came to be between two times, and how long the newest of them lasted.
func readFigures(store *history.Store, job string, since, until time.Time, newest int) (*Figures, error) {
	f := &Figures{Since: timeOf(since), Until: localMilli(until)}
	counts, err := store.CountsOf(job, since, until)
	if err != nil {
		return nil, err
	}
	f.Counts = CountsOf(counts[0])
	f.SuccessRate = f.Counts.Rate()
	took, err := store.Durations(job, since, until, newest)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(took, func(a, b history.Took) int { return cmp.Compare(a.Took, b.Took) })
	f.P50, f.P95, f.Measured = percentile(took, 0.50), percentile(took, 0.95), len(took)
	return f, nil
}

// Rate is the part of the runs that ended ok, nil where none ended by itself: one that a person cancelled says nothing of the job.
func (c Counts) Rate() *float64 {
	all := c.OK + c.Failed + c.Interrupted
	if all == 0 {
		return nil
	}
	rate := float64(c.OK) / float64(all)
	return &rate
}

// percentile is the least duration that is not exceeded by a part of a sorted list, in milliseconds; nil for an empty list.
func percentile(sorted []history.Took, part float64) *int64 {
	if len(sorted) == 0 {
		return nil
	}
	ms := sorted[max(0, int(math.Ceil(part*float64(len(sorted))))-1)].Took.Milliseconds()
	return &ms
}

// readDays counts the runs of a job on the last days, in the time zone of now.
func readDays(store *history.Store, job string, now time.Time) ([]Day, error) {
	year, month, today := now.Date()
	var moments []time.Time
	for i := range calendarDays + 1 {
		moments = append(moments, midnight(time.Date(year, month, today-calendarDays+1+i, 12, 0, 0, 0, now.Location())))
	}
	counts, err := store.CountsOf(job, moments...)
	if err != nil {
		return nil, err
	}
	days := make([]Day, len(counts))
	for i := range counts {
		days[i] = Day{Day: moments[i].Format(time.DateOnly), Counts: CountsOf(counts[i]), Began: moments[i], Ends: moments[i+1]}
	}
	return days, nil
}

// midnight gives when the day of a noon begins. There are days on which the clock is changed at midnight, so that there is none, or two.
func midnight(noon time.Time) time.Time {
	year, month, day := noon.Date()
	at := time.Date(year, month, day, 0, 0, 0, 0, noon.Location())
	if at.Day() != day {
		_, at = at.ZoneBounds()
	}
	if earlier := at.Add(-time.Hour); earlier.Day() == day {
		return earlier
	}
	return at
}
