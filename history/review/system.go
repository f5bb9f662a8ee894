package review

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/words"
	"snrun/jobs"
)

// System is what a program, its database and its project are like.
type System struct {
	Version  string          `json:"version"`
	Go       string          `json:"go"`
	Process  string          `json:"process"`
	Started  time.Time       `json:"started"`
	Idle     bool            `json:"idle"` // it fires nothing: pages for one person
	Database history.Extent  `json:"database"`
	Project  string          `json:"project"` // its folder
	Jobs     int             `json:"jobs"`
	Daemons  []engine.Daemon `json:"daemons"`
	Keeps    []string        `json:"keeps"` // which runs are kept, in words
	Settings []Setting       `json:"settings"`
	Checks   []Check         `json:"checks"`
}

// Setting is a setting that is in force.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Check is something that was looked at, and what was found.
type Check struct {
	Name string `json:"name"`
	Ok   bool   `json:"ok"`
	Says string `json:"says"`
	Help string `json:"help,omitempty"` // what to do
}

// Keeps says which runs are kept, in words: what holds of all jobs first.
func Keeps(k jobs.Keep) []string {
	if k.KeepsAll() {
		return []string{"all runs are kept"}
	}
	list := []string{"of all jobs: " + keepsRule(k.KeepRule)}
	var names []string
	for name := range k.Jobs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		list = append(list, "of "+name+": "+keepsRule(k.Jobs[name]))
	}
	if k.Size > 0 {
		list = append(list, "beyond "+words.Size(k.Size)+" the oldest runs go first")
	}
	return list
}

// keepsRule says a rule in words.
func keepsRule(r jobs.KeepRule) string {
	var said []string
	if r.Age > 0 {
		said = append(said, "those of the last "+jobs.FormatDuration(r.Age))
	}
	if r.Runs > 0 {
		said = append(said, fmt.Sprintf("the newest %s", words.Thousands(r.Runs)))
	}
	if len(said) == 0 {
		return "all"
	}
	text := strings.Join(said, ", at most ")
	if r.Failed > 0 {
		text += "; those that did not end well for " + jobs.FormatDuration(r.Failed)
	}
	return text
}

// littleRoom is how much room on a disk is little, in bytes.
const littleRoom = 1 << 30

// CheckDatabase looks whether there is room, and whether the database can be written.
func CheckDatabase(e history.Extent, unwell string) []Check {
	writes := Check{Name: "database", Ok: true, Says: "it can be written"}
	switch {
	case unwell != "":
		writes.Ok, writes.Says, writes.Help = false, unwell, "make room, or give the user whom snrun runs as the right to write"
	case !e.Writable:
		writes.Ok, writes.Says = false, "it is open for reading only"
	}
	room := Check{Name: "disk", Ok: e.Free < 0 || e.Free >= littleRoom, Says: words.Size(e.Free) + " are free"}
	if !room.Ok {
		room.Help = "make room, or keep fewer runs: history.keep in snrun.yaml"
	}
	if e.Free < 0 {
		room.Says = "how much is free is not known here"
	}
	search := Check{Name: "full-text search", Ok: true, Says: "with an index (FTS5)"}
	switch {
	case e.PostgreSQL != "":
		search.Says = "without an index: on PostgreSQL searches look through the runs"
	case !e.FullText:
		search.Says = "without an index: this program has no FTS5, and looks through the runs"
	}
	return []Check{writes, room, search}
}

// maxAhead is how far ahead of the clock a run may be.
const maxAhead = time.Minute

// CheckClock looks whether the clock can be right: no run is from the future. The newest one that is on record tells.
func CheckClock(newest time.Time, now time.Time) Check {
	zone, _ := now.Local().Zone()
	c := Check{Name: "clock", Ok: true, Says: now.Local().Format("2006-01-02 15:04:05 -07:00") + ", time zone " + zoneText(zone)}
	if newest.After(now.Add(maxAhead)) {
		c.Ok = false
		c.Says = "the newest run is of " + newest.Local().Format("2006-01-02 15:04:05 -07:00") + ", which is still to come: the clock was ahead, or is behind"
		c.Help = "have the machine set its clock by the network (NTP)"
	}
	return c
}

// zoneText names the time zone of the machine.
func zoneText(short string) string {
	if name := time.Local.String(); name != "Local" && name != short {
		return name + " (" + short + ")"
	}
	return short
}

// CheckDaemon looks whether a daemon runs the project's jobs.
func (b *Book) CheckDaemon(now time.Time) Check {
	switch d := b.Daemon(); {
	case d == nil:
		return Check{Name: "daemon", Says: "none runs the jobs of this project", Help: "start one: " + b.Commands.Serve()}
	case Hangs(d, now):
		return Check{Name: "daemon", Says: d.Process + " hangs: its last sign of life was " + words.Ago(d.Seen, now), Help: "look at its log, and end the process"}
	default:
		return Check{Name: "daemon", Ok: true, Says: d.Process + " runs the jobs, its last sign of life was " + words.Ago(d.Seen, now)}
	}
}
