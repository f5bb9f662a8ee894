package review

import (
	"cmp"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

// junitExport writes runs as the results of tests, as CI servers read them: a run is a suite, a step a case. A step that failed in a run
// that went well all the same does not fail there; its error is in system-err.
type junitExport struct {
	*pieces
	store *history.Store
	by    Export
	count int
}

func (x *junitExport) begin() {
	x.write(xml.Header + "<testsuites name=\"" + x.by.Program + "\">\n")
}

func (x *junitExport) end() { x.write("</testsuites>\n") }

// suite is the head of a suite. Its cases are written one by one.
type suite struct {
	ID, Name, Package string
	Tests, Failures   int
	Errors, Skipped   int
	Time, Stamp, Host string
	Properties        [][2]string
}

type junitCase struct {
	XMLName xml.Name      `xml:"testcase"`
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Skipped *junitTrouble `xml:"skipped"`
	Failure *junitTrouble `xml:"failure"`
	Error   *junitTrouble `xml:"error"`
	Out     string        `xml:"system-out,omitempty"`
	Err     string        `xml:"system-err,omitempty"`
}

type junitTrouble struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func (x *junitExport) run(run *engine.Run) error {
	counts, err := x.store.StepCounts(run.ID, history.StepFilter{})
	if err != nil {
		return err
	}
	whole := wholeCase(run, counts)
	x.write(x.suiteOf(run, counts, whole).head())
	if whole != nil {
		x.add(*whole)
	}
	err = x.store.EachStep(run.ID, history.StepFilter{}, func(s engine.StepRun) error { return x.add(caseOf(run, s)) })
	if err != nil {
		return err
	}
	x.count++
	return x.write("</testsuite>\n")
}

// suiteOf counts the cases of a run.
func (x *junitExport) suiteOf(run *engine.Run, counts map[engine.Status]int, whole *junitCase) suite {
	_, host, _ := strings.Cut(run.Process, "@")
	s := suite{
		ID: strconv.Itoa(x.count), Name: run.Job, Package: run.ID, Time: junitTime(run.Started, run.Ended), Host: host,
		Stamp:    cmp.Or(run.Started, run.Due).UTC().Format("2006-01-02T15:04:05"),
		Failures: counts[engine.Failed], Errors: counts[engine.InDoubt], Skipped: unfinished(counts),
		Properties: [][2]string{{"run", run.ID}, {"status", string(run.Status)}, {"trigger", run.Trigger}, {"file", run.File}},
	}
	if run.Status == engine.OK {
		s.Failures, s.Errors = 0, 0
	}
	for _, n := range counts {
		s.Tests += n
	}
	if whole != nil {
		s.Tests++
		if whole.Error != nil {
			s.Errors++
		} else {
			s.Skipped++
		}
	}
	return s
}

// unfinished counts the steps that did not come to an end of their own.
func unfinished(counts map[engine.Status]int) int {
	return counts[engine.Skipped] + counts[engine.Cancelled] + counts[engine.Running] + counts[engine.Waiting]
}

// wholeCase is a case for the run itself, where none of its steps tells how it ended; else nil.
func wholeCase(run *engine.Run, counts map[engine.Status]int) *junitCase {
	c := &junitCase{Name: "run", Class: run.Job, Time: junitTime(run.Started, run.Ended)}
	switch {
	case run.Status == engine.Queued || run.Status == engine.Skipped:
		c.Skipped = &junitTrouble{Message: cmp.Or(run.Reason, string(run.Status))}
	case run.Status == engine.OK || run.Status == engine.Running || counts[engine.Failed]+counts[engine.InDoubt] > 0:
		return nil
	case run.Error != nil:
		c.Error = troubleOf(run.Error)
	default:
		c.Error = &junitTrouble{Type: string(run.Status), Message: cmp.Or(run.Reason, string(run.Status))}
	}
	return c
}

// caseOf is the case of a step.
func caseOf(run *engine.Run, s engine.StepRun) junitCase {
	c := junitCase{Name: s.Key, Class: run.Job, Time: junitTime(s.Started, s.Ended)}
	if s.Kind == "log" {
		c.Out = s.Message
	}
	if s.Error == nil {
		s.Error = &steps.Error{Kind: string(s.Status), Message: string(s.Status)}
	}
	switch {
	case s.Status == engine.OK:
	case s.Status != engine.Failed && s.Status != engine.InDoubt:
		c.Skipped = &junitTrouble{Message: string(s.Status)}
	case run.Status == engine.OK:
		c.Err = "tolerated: " + s.Error.Message
	case s.Status == engine.InDoubt:
		c.Error = troubleOf(s.Error)
	default:
		c.Failure = troubleOf(s.Error)
	}
	return c
}

func troubleOf(e *steps.Error) *junitTrouble {
	text := e.Message
	if e.Hint != "" {
		text += "\n" + e.Hint
	}
	message, _, _ := strings.Cut(e.Message, "\n")
	return &junitTrouble{Type: e.Kind, Message: message, Text: text}
}

// junitTime is a duration in seconds, 0 where it is not over.
func junitTime(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return "0.000"
	}
	return fmt.Sprintf("%.3f", max(0, to.Sub(from).Seconds()))
}

func (x *junitExport) add(c junitCase) error {
	text, err := xml.Marshal(c)
	if err != nil {
		return err
	}
	return x.write("  " + string(text) + "\n")
}

// head is the beginning of a suite.
func (s suite) head() string {
	var b strings.Builder
	b.WriteString("<testsuite")
	attr := func(name, value string) {
		b.WriteString(" " + name + `="`)
		xml.EscapeText(&b, []byte(value))
		b.WriteString(`"`)
	}
	attr("id", s.ID)
	attr("name", s.Name)
	attr("package", s.Package)
	attr("timestamp", s.Stamp)
	attr("hostname", cmp.Or(s.Host, "localhost"))
	attr("tests", strconv.Itoa(s.Tests))
	attr("failures", strconv.Itoa(s.Failures))
	attr("errors", strconv.Itoa(s.Errors))
	attr("skipped", strconv.Itoa(s.Skipped))
	attr("time", s.Time)
	b.WriteString(">\n  <properties>")
	for _, p := range s.Properties {
		b.WriteString("<property")
		attr("name", p[0])
		attr("value", p[1])
		b.WriteString("/>")
	}
	b.WriteString("</properties>\n")
	return b.String()
}

// base64Of writes data as base64.
func base64Of(data []byte) string { return base64.StdEncoding.EncodeToString(data) }
