package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"snrun/auth"
	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/steps"
)

// dryRun shows what a run would send. The report goes to standard output: it is what was asked for.
func (a *app) dryRun(ctx context.Context, name string, o runOptions) error {
	ctx, stop := withSignals(ctx)
	defer stop()
	if o.sandbox {
		s, err := a.startSandbox(nil)
		if err != nil {
			return err
		}
		defer s.Close()
	}
	p, job, err := a.loadJob(name)
	if err != nil {
		return a.proposeSandbox(p, name, err)
	}
	inputs, err := a.inputs(job, o)
	if err != nil {
		return err
	}
	r, err := a.ready(ctx, p, job, o.executeOptions, notStarted)
	if err != nil {
		return err
	}
	list, err := a.drySteps(ctx, r, engine.Request{Job: job, Inputs: inputs, Env: r.env, Secrets: r.secrets, Space: o.space()})
	if err != nil {
		return stopped(ctx, err)
	}
	if o.asJSON {
		err = a.printJSON(dryRecords(list))
	} else {
		err = a.print(dryPage(a.page(), job.Name, list))
	}
	if err != nil {
		return err
	}
	return exitWith(dryCode(list))
}

// drySteps goes through a job with clients that send nothing. State is read from the history where there is one.
func (a *app) drySteps(ctx context.Context, r *prepared, req engine.Request) ([]*engine.DryStep, error) {
	keys, err := a.keyring(r, func(auth.TokenEvent) {})
	if err != nil {
		return nil, err
	}
	defer keys.Close()
	c := engine.Config{Journal: engine.NewMemory(), Clients: keys.Dry(steps.IsLookup), Redactor: a.redactor, Dir: r.project.Dir, UserAgent: userAgent}
	file, err := a.databaseFile(r.project.Settings)
	if err != nil {
		return nil, err
	}
	store, err := history.OpenReadOnly(file)
	switch {
	case err == nil:
		defer store.Close()
		c.Journal = store
	case !errors.Is(err, history.ErrNoRuns):
		return nil, err
	}
	return engine.New(c).DryRun(ctx, req)
}

// dryCode is the exit code of a dry run: a mistake is one of the files, a step that would fail on purpose is not.
func dryCode(list []*engine.DryStep) int {
	code := exitOK
	for _, s := range list {
		switch {
		case s.Status != engine.DryFailed:
		case s.Kind == "fail":
			code = max(code, exitFailed)
		default:
			code = exitInvalid
		}
	}
	return code
}

// dryPage is a dry run for people.
func dryPage(p page, job string, list []*engine.DryStep) string {
	var b strings.Builder
	b.WriteString(p.style.bold("dry run") + "  " + words.Clean(job) + p.style.faint("  nothing is sent, saved or recorded") + "\n")
	for _, s := range list {
		b.WriteString(p.dryStep(s))
	}
	b.WriteString(drySummary(list) + "\n")
	return b.String()
}

// dryStep is a step, and the requests that it would send below it.
func (p page) dryStep(s *engine.DryStep) string {
	title := words.Clean(s.Name)
	if title == "" {
		title = s.ID
	}
	if title == "" {
		title = s.Kind
	}
	head := indent(s.Depth) + colourMark(p.style, dryMark(s.Status)) + " " + pad(title, titleWidth-2*s.Depth) + "  "
	head += p.style.faint(pad(s.Kind, kindWidth)) + " " + p.dryDetail(s)
	var b strings.Builder
	b.WriteString(strings.TrimRight(head, " ") + "\n")
	for _, r := range s.Requests {
		for _, line := range p.dryRequest(r) {
			b.WriteString(strings.TrimRight(indent(s.Depth+1)+line, " ") + "\n")
		}
	}
	return b.String()
}

func dryMark(status engine.DryStatus) string {
	switch status {
	case engine.DrySends:
		return "→"
	case engine.DryDone:
		return "✓"
	case engine.DrySkipped:
		return "-"
	case engine.DryUnknown:
		return "?"
	case engine.DryFailed:
		return "✗"
	}
	return "▸"
}

// dryDetail is what a line says of a step.
func (p page) dryDetail(s *engine.DryStep) string {
	var parts []string
	if s.Message != "" {
		parts = append(parts, words.Clean(s.Message))
	}
	if s.Error != nil {
		parts = append(parts, strings.ReplaceAll(errorText(s.Error), "\n", "\n"+indent(s.Depth+1)))
	}
	if s.Value != nil {
		text, isText := s.Value.(string)
		if !isText || s.Kind != "log" {
			text = oneLine(s.Value)
		}
		text = words.FirstLine(text)
		if p.width > 0 {
			text = cut(text, max(20, p.width-40))
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// dryRequest are the lines of a request.
func (p page) dryRequest(r engine.DryRequest) []string {
	line := p.style.bold(r.Method + " " + words.Clean(r.URL))
	if r.Fetched {
		return []string{line + p.style.faint("  was fetched: it says what is to be sent")}
	}
	lines := []string{line}
	for _, l := range strings.Split(strings.TrimSuffix(p.message(">", r.Request), "\n"), "\n") {
		lines = append(lines, strings.TrimPrefix(l, "  "))
	}
	if r.SignIn != "" {
		lines = append(lines, p.style.faint("and the sign-in of its profile ("+r.SignIn+")"))
	}
	return lines
}

// drySummary counts what was shown.
func drySummary(list []*engine.DryStep) string {
	sent, unknown, failed := 0, 0, 0
	for _, s := range list {
		switch s.Status {
		case engine.DryUnknown:
			unknown++
		case engine.DryFailed:
			failed++
		}
		for _, r := range s.Requests {
			if !r.Fetched {
				sent++
			}
		}
	}
	text := words.Plural(sent, "request") + " shown"
	if unknown > 0 {
		text += fmt.Sprintf(", %s not known without an answer", words.Plural(unknown, "step"))
	}
	if failed > 0 {
		text += fmt.Sprintf(", %s that would fail", words.Plural(failed, "step"))
	}
	return text
}

// dryRecord is a step as `run --dry-run --json` prints it.
type dryRecord struct {
	Key      string             `json:"key"`
	ID       string             `json:"id"`
	Name     string             `json:"name,omitempty"`
	Kind     string             `json:"kind"`
	Status   string             `json:"status"` // sends, ok, skipped, unknown, failed; "" of a block
	Message  string             `json:"message,omitempty"`
	Value    any                `json:"value,omitempty"`
	Error    *steps.Error       `json:"error"`
	Requests []dryRequestRecord `json:"requests,omitempty"`
}

type dryRequestRecord struct {
	Method  string         `json:"method"`
	URL     string         `json:"url"`
	Request review.Message `json:"request"`
	SignIn  string         `json:"sign_in,omitempty"` // the type of the sign-in that would be put on it
	Fetched bool           `json:"fetched,omitempty"` // it was made: it says what is to be sent
}

func dryRecords(list []*engine.DryStep) []dryRecord {
	records := make([]dryRecord, len(list))
	for i, s := range list {
		records[i] = dryRecord{Key: s.Key, ID: s.ID, Name: s.Name, Kind: s.Kind, Status: string(s.Status), Message: s.Message, Value: s.Value, Error: s.Error}
		for _, r := range s.Requests {
			records[i].Requests = append(records[i].Requests, dryRequestRecord{r.Method, r.URL, review.NewMessage(r.Request), r.SignIn, r.Fetched})
		}
	}
	return records
}
