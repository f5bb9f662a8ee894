package web

import (
	"net/url"

	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs/source"
)

// jobTab is the texts that the last attempt of a run had: of its job, and of the jobs that it calls.
type jobTab struct {
	Texts []textView
	Step  string // whose line is marked
	Other bool   // the run began with others
}

// textView is a text line by line.
type textView struct {
	File  string
	Lines []codeLine
}

// codeLine is a line of a text. A marked one is where a step stands that is looked at, or that failed.
type codeLine struct {
	Text   string
	Number int // from 1
	Marked bool
}

// jobTab gives the texts, with the line marked where the step stands that the address names, else the one that failed first.
func (s *Site) jobTab(body *runPage, q url.Values) *jobTab {
	run := body.Run
	t := &jobTab{Step: q.Get("step"), Other: run.Latest != nil}
	file, line := "", 0
	if t.Step != "" {
		if pos, known := review.PlaceOf(run, t.Step); known {
			file, line = pos.File, pos.Line
		}
	} else if body.First != nil {
		file, line = body.First.File, body.First.Line
	}
	for _, text := range run.Texts() {
		v := textView{File: text.File}
		if text.File == file {
			v.Lines = linesOf(text.Text, line)
		} else {
			v.Lines = linesOf(text.Text, 0)
		}
		t.Texts = append(t.Texts, v)
	}
	return t
}

// linesOf cuts a text into lines, one of them marked.
func linesOf(text string, marked int) []codeLine {
	var list []codeLine
	for i, line := range source.Lines(text) {
		list = append(list, codeLine{Text: words.Clean(line), Number: i + 1, Marked: i+1 == marked})
	}
	return list
}
