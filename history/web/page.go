package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

//go:embed pages/*.html
var pages embed.FS

// page is what a template is given.
type page struct {
	Title   string
	Here    string // the entry of the menu that it belongs to: its path
	Command string // what does the same in a terminal; "" where nothing does
	Live    string // where its changes are told while it is looked at; "" for none
	Visitor visitor
	Now     time.Time
	Version string
	Search  string // what stands in the field for searches
	Done    string // what was done just now, as one of outcomes; "" for nothing
	Body    any    // what the page itself is about
}

// templates are the pages by their names.
type templates map[string]*template.Template

// readTemplates reads the templates, which are in the binary. What has a page's name and more, such as run-steps.html, is part of that page.
func readTemplates() templates {
	layout := template.Must(template.New("layout.html").Funcs(functions()).ParseFS(pages, "pages/layout*.html"))
	files, err := pages.ReadDir("pages")
	if err != nil {
		panic(err) // they are in the binary
	}
	all := templates{}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".html")
		if strings.HasPrefix(name, "layout") || strings.Contains(name, "-") {
			continue
		}
		t := template.Must(template.Must(layout.Clone()).ParseFS(pages, "pages/"+f.Name()))
		if parts, _ := fs.Glob(pages, "pages/"+name+"-*.html"); len(parts) > 0 {
			t = template.Must(t.ParseFS(pages, parts...))
		}
		all[name] = t
	}
	return all
}

// functions are what templates can call.
func functions() template.FuncMap {
	return template.FuncMap{
		"when": when, "ago": words.Ago, "span": words.Span, "size": words.Size, "plural": words.Plural, "clean": words.Clean,
		"firstLine": words.FirstLine, "mark": mark, "statusWord": statusWord, "path": path,
		"menu": menu, "near": near, "deref": deref, "more": more, "few": few, "subject": subject, "percent": percent, "milli": milli,
		"count": words.Thousands, "dueText": review.DueText, "address": addressOf, "base": filepath.Base, "elsewhere": review.Elsewhere,
	}
}

// entry is one of the menu.
type entry struct{ Name, Path string }

// menu is what stands at the top of every page.
func menu() []entry {
	return []entry{
		{"Overview", "/"}, {"Runs", "/runs"}, {"Jobs", "/jobs"}, {"Schedules", "/schedules"}, {"Profiles", "/profiles"}, {"System", "/system"},
	}
}

// when writes a time as a column has it, and whole where it is pointed at. A script puts it into the reader's time zone.
func when(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	whole := t.Local().Format("2006-01-02 15:04:05 -07:00")
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339Nano) + `" title="` + whole + `">` + t.Local().Format("2006-01-02 15:04:05") + `</time>`)
}

// near writes how far off a time is, with the time itself where it is pointed at.
func near(t, now time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	whole := t.Local().Format("2006-01-02 15:04:05 -07:00")
	return template.HTML(`<time class="ago" datetime="` + t.UTC().Format(time.RFC3339Nano) + `" title="` + whole + `">` + words.Ago(t, now) + `</time>`)
}

// deref is a text that may not be there.
func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// mark is the sign of a status, which tells it without its colour.
func mark(s engine.Status) string {
	switch s {
	case engine.OK:
		return "✓"
	case engine.Failed:
		return "✗"
	case engine.Running:
		return "▶"
	case engine.Interrupted, engine.InDoubt:
		return "!"
	case engine.Cancelled:
		return "■"
	case engine.Skipped:
		return "↷"
	}
	return "…"
}

func statusWord(s engine.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// path joins the parts of a path, each of them escaped.
func path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}

// show answers with a page.
func (s *Site) show(w http.ResponseWriter, r *http.Request, name string, p page) error {
	return s.showAs(http.StatusOK, w, r, name, p)
}

// showAs answers with a page under a status. It is written whole or not at all, and no secret shows in it.
func (s *Site) showAs(status int, w http.ResponseWriter, r *http.Request, name string, p page) error {
	p.Visitor, p.Now, p.Version = visitorOf(r), time.Now(), s.Version
	p.Done = outcomes()[r.URL.Query().Get("done")] // never a text from the address
	var b bytes.Buffer
	if err := s.templates[name].ExecuteTemplate(&b, "layout.html", p); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(s.Redactor.Bytes(b.Bytes()))
	return nil
}

// Problem is why a request cannot be answered, and what to do about it.
type Problem struct {
	Status  int // of HTTP
	Message string
	Hint    string
	Details []string // what there is to tell besides, line by line; programs are told it
	// RetryAfter is how long it takes until it may be different; 0 where that is not known.
	RetryAfter time.Duration
}

// Error is the message.
func (p *Problem) Error() string { return p.Message }

// problemOf makes an error a Problem.
func problemOf(err error) *Problem {
	var p *Problem
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return &Problem{Status: http.StatusRequestEntityTooLarge, Message: "the request brings more than " + words.Size(large.Limit)}
	case errors.As(err, &p):
		return p
	case errors.Is(err, history.ErrUnknownRun), errors.Is(err, history.ErrAmbiguousRun):
		return &Problem{Status: http.StatusNotFound, Message: err.Error()}
	case errors.Is(err, engine.ErrLocked), errors.Is(err, engine.ErrFull):
		return &Problem{Status: http.StatusServiceUnavailable, Message: err.Error()}
	}
	return &Problem{Status: http.StatusInternalServerError, Message: err.Error()}
}

// problem answers with a page, or for programs with JSON, that says what is wrong.
func (s *Site) problem(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		s.Log.Error("a page could not be shown", "path", r.URL.Path, "error", err)
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	switch {
	case forPrograms(r):
		err = s.tellProgram(w, p)
	case p.Status == http.StatusUnauthorized, p.Status == http.StatusTooManyRequests && visitorOf(r).Role == "":
		err = s.refuse(w, r, p)
	default:
		err = s.showAs(p.Status, w, r, "problem", page{Title: http.StatusText(p.Status), Body: p})
	}
	if err != nil {
		http.Error(w, "the page could not be shown", http.StatusInternalServerError)
	}
}

// MarshalJSON writes the problem as RFC 9457 has it.
func (p *Problem) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type    string   `json:"type"`
		Title   string   `json:"title"`
		Status  int      `json:"status"`
		Detail  string   `json:"detail"`
		Hint    string   `json:"hint,omitempty"`
		Details []string `json:"details,omitempty"`
	}{"about:blank", http.StatusText(p.Status), p.Status, p.Message, p.Hint, p.Details})
}

// tellProgram answers with a problem as RFC 9457 has it.
func (s *Site) tellProgram(w http.ResponseWriter, p *Problem) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="snrun"`)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	w.Write(append(s.Redactor.Bytes(text), '\n'))
	return nil
}
