package web

import (
	"net/url"
	"strings"

	"snrun/engine"
	"snrun/history/words"
)

// jobTab is the texts that a run began with: of its job, and of the jobs that it calls.
type jobTab struct {
	Texts []textView
	Step  string // whose line is marked
}

// textView is a text line by line.
type textView struct {
	File  string
	Lines []textLine
}

// textLine is a line of a text. A marked one is where a step stands that is looked at, or that failed.
type textLine struct {
	Text   string
	Marked bool
}

// jobTab reads the texts.
func (s *Site) jobTab(run *engine.Run, q url.Values) (*jobTab, error) {
	text, called, err := s.Store.Texts(run.ID)
	if err != nil {
		return nil, err
	}
	t := &jobTab{Step: q.Get("step")}
	texts := append([]engine.Text{{File: run.File, Text: text}}, called...)
	for _, text := range texts {
		v := textView{File: text.File}
		for line := range strings.Lines(text.Text) {
			v.Lines = append(v.Lines, textLine{Text: words.Clean(strings.TrimRight(line, "\r\n"))})
		}
		t.Texts = append(t.Texts, v)
	}
	return t, nil
}
