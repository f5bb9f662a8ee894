package review

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"snrun/engine"
)

// TextDiff is what is different in the text of a job.
type TextDiff struct {
	File   string `json:"file"`
	Called bool   `json:"called"` // it is one that the job calls
	Change string `json:"change"` // changed, new or gone
	Added  int    `json:"added"`  // lines
	Gone   int    `json:"gone"`
	Hunks  []Hunk `json:"hunks"`
}

// Hunk is a part of a text with lines that are different, and a few around them.
type Hunk struct {
	BaseLine int    `json:"base_line"` // where it begins, from 1
	RunLine  int    `json:"run_line"`
	Lines    []Line `json:"lines"`
}

// Line is one of a text.
type Line struct {
	Op   string `json:"op"` // "+" where the base has it not, "-" where only the base has it, else " "
	Text string `json:"text"`
}

// textDiffs tells what is different in the text of a run's job and of those that it calls, as the last attempts had them.
func textDiffs(base, run *engine.Run) []TextDiff {
	job, called := ownAndCalled(run)
	wasJob, wasCalled := ownAndCalled(base)
	var diffs []TextDiff
	if d := textDiff(job.File, wasJob.Text, job.Text); d != nil {
		diffs = append(diffs, *d)
	}
	was := map[string]string{}
	for _, c := range wasCalled {
		was[beside(wasJob, c)] = c.Text
	}
	for _, c := range called {
		place := beside(job, c)
		text, known := was[place]
		delete(was, place)
		d := textDiff(c.File, text, c.Text)
		if d == nil {
			continue
		}
		if d.Called = true; !known {
			d.Change = "new"
		}
		diffs = append(diffs, *d)
	}
	for _, c := range wasCalled {
		if text, left := was[beside(wasJob, c)]; left {
			d := textDiff(c.File, text, "")
			if d == nil {
				continue
			}
			d.Called, d.Change = true, "gone"
			diffs = append(diffs, *d)
		}
	}
	return diffs
}

// ownAndCalled gives the text of a run's job, and those of the jobs that it calls.
func ownAndCalled(run *engine.Run) (own engine.Text, called []engine.Text) {
	texts := run.Texts()
	if len(texts) == 0 {
		return engine.Text{File: run.File}, run.Called
	}
	return texts[0], texts[1:]
}

// beside gives where a file stands as seen from that of the job: a project may have been moved as a whole.
func beside(job, called engine.Text) string {
	if rel, err := filepath.Rel(filepath.Dir(job.File), called.File); err == nil {
		return rel
	}
	return called.File
}

// textDiff tells what is different in a text; nil where nothing is.
func textDiff(file, base, run string) *TextDiff {
	out := diff.Diff("a", []byte(ended(base)), "b", []byte(ended(run)))
	if out == nil {
		return nil
	}
	d := &TextDiff{File: file, Change: "changed", Hunks: []Hunk{}}
	for _, line := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")[3:] { // behind what names the files
		var h Hunk
		var n, m int
		if _, err := fmt.Sscanf(line, "@@ -%d,%d +%d,%d @@", &h.BaseLine, &n, &h.RunLine, &m); err == nil {
			d.Hunks = append(d.Hunks, h)
			continue
		}
		d.line(line)
	}
	return d
}

// ended gives a text with an end of its last line, so that this alone is no difference.
func ended(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

// line adds a line to the last hunk.
func (d *TextDiff) line(line string) {
	l := Line{line[:1], line[1:]}
	switch l.Op {
	case "+":
		d.Added++
	case "-":
		d.Gone++
	}
	h := &d.Hunks[len(d.Hunks)-1]
	h.Lines = append(h.Lines, l)
}
