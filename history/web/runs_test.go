package web

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"snrun/engine"
	"snrun/history"
)

// requestsOf lists the requests of a step.
func requestsOf(step string) history.RequestFilter { return history.RequestFilter{Step: step} }

// listed gives the runs that a page of the list shows, and where its links with a relation lead.
func listed(doc *html.Node) (runs []string, links map[string]string) {
	links = map[string]string{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "a" {
			continue
		}
		if id, is := strings.CutPrefix(attr(n, "href"), "/runs/"); is && within(n, "tbody") && !strings.Contains(id, "?") {
			runs = append(runs, id)
		}
		if rel := attr(n, "rel"); rel != "" {
			links[rel] = attr(n, "href")
		}
	}
	return runs, links
}

// TestRunsInPages holds that the list goes from page to page and back without leaving out a run or showing one twice.
func TestRunsInPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	var want []string // the newest first
	for i := range 120 {
		job := "a"
		if i%3 == 0 {
			job = "b <i>"
		}
		want = append(want, h.ran(job, engine.OK, time.Duration(i+1)*time.Hour))
	}
	var got []string
	path, pages := "/runs", []string(nil)
	for path != "" {
		runs, links := listed(h.page(path))
		got, pages, path = append(got, runs...), append(pages, path), links["next"]
	}
	if strings.Join(got, " ") != strings.Join(want, " ") || len(pages) != 3 {
		t.Errorf("%d pages list %d runs, want 3 with all %d in their order", len(pages), len(got), len(want))
	}
	_, links := listed(h.page(pages[2]))
	back, links := listed(h.page(links["prev"]))
	if strings.Join(back, " ") != strings.Join(want[50:100], " ") {
		t.Errorf("the page before the last is another one on the way back: %d runs", len(back))
	}
	if first, links := listed(h.page(links["prev"])); strings.Join(first, " ") != strings.Join(want[:50], " ") || links["prev"] != "" || links["next"] == "" {
		t.Errorf("the way back does not lead to the first page: %d runs, %v", len(first), links)
	}
	runs, links := listed(h.page("/runs?job=b+%3Ci%3E&since=48h"))
	if len(runs) != 16 || links["next"] != "" {
		t.Errorf("%d runs of a job in two days, want 16; links %v", len(runs), links)
	}
	h.says("/runs?job=b+%3Ci%3E&since=48h", "snrun history list --job 'b <i>' --since 48h")
}

// TestRunsWithAText holds that a search shows where the text stands, as a text.
func TestRunsWithAText(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	run, calls := failedSync(time.Now().Add(-time.Hour))
	id := h.passed(run, calls...)
	h.ran("a", engine.OK, 2*time.Hour)
	doc := h.page("/runs?text=PWNED")
	if runs, _ := listed(doc); len(runs) != 1 || runs[0] != id {
		t.Errorf("found %q, want %s", runs, id)
	}
	marked := ""
	for n := range doc.Descendants() {
		if n.Data == "mark" {
			marked = textIn(n)
		}
	}
	if marked != "pwned" {
		t.Errorf("marked is %q", marked)
	}
	for path, want := range map[string]string{"/runs?text=nothing+of+that+kind": "No run is like that", "/runs?text=+": "2 hours ago"} {
		h.says(path, want)
	}
}
