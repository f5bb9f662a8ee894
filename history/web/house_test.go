package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"snrun/auth"
	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/history"
	"snrun/history/review"
	"snrun/jobs"
	"snrun/steps"
	"snrun/steps/all"
)

// house is a project whose daemon runs, with its pages and somebody who looks at them.
type house struct {
	t        testing.TB
	dir      string
	database string
	store    *history.Store
	daemon   *daemon.Daemon
	site     *Site
	server   *httptest.Server
	browser  *http.Client
	end      func() // ends the daemon, as a signal does
}

// houseOptions say how a house is other than usual.
type houseOptions struct {
	idle     bool // its daemon fires nothing
	change   func(*Config)
	watch    func(engine.Event) // hears of what happens in runs
	dir      string             // of a project that is there already; "" for a new one
	database string             // where its history stands already; "" for a new one
}

// newHouse has a daemon run a project of these files, by their paths, until the test ends.
func newHouse(t testing.TB, files map[string]string, o houseOptions) *house {
	t.Helper()
	h := &house{t: t, dir: o.dir, database: o.database}
	if h.dir == "" {
		h.dir = t.TempDir()
	}
	h.write(files)
	if h.database == "" {
		h.database = filepath.Join(h.dir, "runs.db")
		if postgrestest.IsAgain() {
			h.database = postgrestest.Server(t).URL
		}
	}
	var err error
	if h.store, err = history.Open(h.database, history.Options{}); err != nil {
		t.Fatal(err)
	}
	redactor := auth.NewRedactor()
	redactor.Add("hunter2-hunter2")
	ready := make(chan struct{})
	h.daemon = daemon.New(daemon.Config{
		Open: h.open, Store: h.store, Redactor: redactor, Log: slog.New(slog.DiscardHandler), Program: "snrun", Version: "0", MaxRuns: 2, MaxQueue: 10,
		LateAfter: 5 * time.Minute, Idle: o.idle, Bare: h.bare, Commands: review.Commands{Program: "snrun"}, Watch: o.watch, Limits: &auth.Limits{},
		GoOn:  func(string, bool) []string { return nil },
		Tasks: []daemon.Task{{Name: "ready", Run: func(context.Context) error { close(ready); return nil }}},
	})
	c := Config{
		Store: h.store, Daemon: h.daemon, Redactor: redactor, Log: slog.New(slog.DiscardHandler), Commands: review.Commands{Program: "snrun"}, Version: "0",
		SignIns: func(context.Context) ([]review.SignIn, error) { return nil, nil },
	}
	if o.change != nil {
		o.change(&c)
	}
	h.site = New(c)
	h.live(ready)
	h.server = httptest.NewServer(h.site)
	t.Cleanup(h.server.Close)
	h.browser = visit(t, h.site, h.server, Operator)
	return h
}

// live has the daemon run, and waits until it does.
func (h *house) live(ready chan struct{}) {
	h.t.Helper()
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.daemon.Run(ctx) }()
	h.end = sync.OnceFunc(func() {
		end()
		if err := <-ended; err != nil {
			h.t.Errorf("the daemon ends with %v", err)
		}
		h.store.Close()
	})
	h.t.Cleanup(h.end)
	select {
	case <-ready:
	case err := <-ended:
		ended <- nil
		h.t.Fatalf("the daemon does not run: %v", err)
	}
}

// write makes files.
func (h *house) write(files map[string]string) {
	h.t.Helper()
	for name, text := range files {
		file := filepath.Join(h.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			h.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("version: 1\n"+text), 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
}

// open reads the project.
func (h *house) open() (*daemon.Project, error) {
	settings, err := jobs.ReadSettings(h.dir)
	if err != nil {
		return nil, err
	}
	p, err := jobs.Open(h.dir, settings, jobs.Options{Kinds: steps.NewSet(append(jobs.Kinds(), all.Kinds()...)...)})
	if err != nil {
		return nil, err
	}
	return &daemon.Project{Project: p, Secrets: noSecrets}, nil
}

// bare is a project of which nothing can be read.
func (h *house) bare() *daemon.Project {
	return &daemon.Project{Project: &jobs.Project{Dir: h.dir, Settings: jobs.Settings{Jobs: "jobs"}}, Secrets: noSecrets, Mistaken: true}
}

func noSecrets(r *auth.Redactor) *auth.Secrets {
	return auth.NewSecrets(auth.SecretsOptions{Redactor: r})
}

// ran puts a run on record that began some time ago and took a minute.
func (h *house) ran(job string, status engine.Status, ago time.Duration, change ...func(*engine.Run)) string {
	h.t.Helper()
	began := time.Now().Add(-ago)
	run := &engine.Run{
		ID: engine.New(engine.Config{}).NewID(began), Job: job, Trigger: engine.TriggerSchedule, Due: began, Started: began,
		File: filepath.Join(h.dir, "jobs", job+".yaml"), Text: "version: 1\n", Process: "1@host", Inputs: map[string]any{},
	}
	if status == engine.Failed {
		run.Error = &steps.Error{Kind: "http", Step: "/alert", Message: "the server answered 422"}
	}
	for _, c := range change {
		c(run)
	}
	if err := h.store.Begin(run); err != nil {
		h.t.Fatal(err)
	}
	if status == engine.Running {
		return run.ID
	}
	run.Status, run.Ended = status, began.Add(min(time.Minute, ago))
	if err := h.store.Finish(run); err != nil {
		h.t.Fatal(err)
	}
	return run.ID
}

// get asks for something, and gives its status and text.
func (h *house) get(path string) (int, string) {
	h.t.Helper()
	resp, err := h.browser.Get(h.server.URL + path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// page gives a page, which must be one that is sound.
func (h *house) page(path string) *html.Node {
	h.t.Helper()
	status, text := h.get(path)
	if status != http.StatusOK {
		h.t.Fatalf("%s gives %d:\n%s", path, status, text)
	}
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, w := range unsound(text, doc) {
		h.t.Errorf("%s: %s", path, w)
	}
	return doc
}

// says holds that a page says something.
func (h *house) says(path string, want ...string) {
	h.t.Helper()
	text := textIn(h.page(path))
	for _, w := range want {
		if !strings.Contains(text, w) {
			h.t.Errorf("%s does not say %q:\n%s", path, w, text)
		}
	}
}

// textIn gives what a reader sees of a part of a page, its words with one space between.
func textIn(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && slices.Contains([]string{"td", "th", "dd", "dt", "p", "li", "h1", "h2", "div", "tr", "option"}, n.Data) {
			b.WriteString(" ")
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// unsound says what is wrong with a page: tags that do not close, ids that come twice, fields without a name, what the policy of the
// pages forbids.
func unsound(text string, doc *html.Node) []string {
	wrong := unclosed(text)
	ids, labelled := map[string]bool{}, map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "label" {
			labelled[attr(n, "for")] = true
		}
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				wrong = append(wrong, fmt.Sprintf("<%s %s=%q> is forbidden", n.Data, a.Key, a.Val))
			}
		}
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				wrong = append(wrong, "the id "+id+" comes twice")
			}
			ids[id] = true
		}
		if n.Data == "style" || n.Data == "script" && attr(n, "src") == "" {
			wrong = append(wrong, "there is a <"+n.Data+">")
		}
		if isField(n) && !labelled[attr(n, "id")] && attr(n, "aria-label") == "" && !within(n, "label") {
			wrong = append(wrong, fmt.Sprintf("the field %q has no label", attr(n, "name")))
		}
	}
	return wrong
}

func isField(n *html.Node) bool {
	return slices.Contains([]string{"input", "select", "textarea"}, n.Data) && attr(n, "type") != "hidden"
}

func within(n *html.Node, tag string) bool {
	for p := range n.Ancestors() {
		if p.Data == tag {
			return true
		}
	}
	return false
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// unclosed says which tags of a page do not close, or close what is not open: parsers forgive that in silence.
func unclosed(text string) (wrong []string) {
	void := []string{"meta", "link", "img", "input", "br", "hr"} // shapes close themselves, or have a title in them
	var open []string
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				wrong = append(wrong, fmt.Sprintf("%q stay open", open))
			}
			return wrong
		case html.StartTagToken:
			if name, _ := z.TagName(); !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				return append(wrong, fmt.Sprintf("</%s> closes %q", name, open))
			}
			open = open[:len(open)-1]
		}
	}
}
