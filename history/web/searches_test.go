package web

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/engine"
)

// TestManySearches holds that searches are bounded, by whatever way they are asked for, and exports by themselves; and that each gives its turn
// back. What is no search is answered all the while.
func TestManySearches(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	id := h.ran("a", engine.Failed, time.Hour)
	export := "/api/v1/runs/" + id + "/export?format="
	searches := []string{"/runs?text=answered", "/api/v1/runs?text=answered", "/api/v1/search?text=answered"}
	others := []string{"/runs", "/api/v1/runs", "/runs/" + id}
	for range 2 * manySearches { // they would run out
		for _, path := range append(searches, export+"json", export+"har") {
			if status, text := h.get(path); status != http.StatusOK {
				t.Fatalf("%s gives %d: %.300s", path, status, text)
			}
		}
	}
	busy := func(turns turns, ask, free []string) {
		t.Helper()
		for range cap(turns) {
			turns <- struct{}{}
		}
		var asked sync.WaitGroup
		for _, path := range ask {
			asked.Go(func() {
				resp, err := h.browser.Get(h.server.URL + path)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "10" {
					t.Errorf("%s gives %s while others take all turns, Retry-After %q", path, resp.Status, resp.Header.Get("Retry-After"))
				}
			})
		}
		asked.Wait()
		for _, path := range free {
			if status, text := h.get(path); status != http.StatusOK {
				t.Errorf("%s gives %d: %.300s", path, status, text)
			}
		}
		if _, text := h.get(ask[0]); !strings.Contains(text, "at once") {
			t.Errorf("nobody is told why: %.300s", text)
		}
		for range cap(turns) {
			turns.release()
		}
	}
	busy(h.site.searches, searches, append(others, export+"json"))
	busy(h.site.exports, []string{export + "json", export + "junit"}, append(others, searches...))
	h.says("/runs?text=answered", "1 hour ago")
}

// TestSearchFromOlderToNewer holds that a search goes both ways, for people and for programs, and on where it ended.
func TestSearchFromOlderToNewer(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	var ids []string // the oldest first
	for i := range 5 {
		ids = append(ids, h.ran("asks", engine.Failed, time.Duration(9-i)*time.Hour))
	}
	for _, list := range []struct{ path, key, id string }{{"/runs", "runs", "id"}, {"/search", "hits", "run"}} {
		page := h.want(200, "GET", list.path+"?text=answered&limit=2&after="+ids[0], "")
		got := ""
		for _, r := range page[list.key].([]any) {
			got += r.(map[string]any)[list.id].(string) + " "
		}
		if want := ids[2] + " " + ids[1] + " "; got != want || page["next"] != ids[2] {
			t.Errorf("%s: after %s come %s and next is %v, want %s", list.path, ids[0], got, page["next"], want)
		}
	}
	for range runsOnPage {
		h.ran("asks", engine.Failed, time.Hour)
	}
	seen := func(path string) ([]string, map[string]string) { // a place where the text stands leads to the run too
		runs, links := listed(h.page(path))
		return slices.Compact(runs), links
	}
	runs, links := seen("/runs?text=answered&after=" + ids[0])
	if len(runs) != runsOnPage || runs[len(runs)-1] != ids[1] || links["prev"] == "" {
		t.Fatalf("%d runs come after %s, with the links %v", len(runs), ids[0], links)
	}
	if newer, _ := seen(links["prev"]); len(newer) != 4 || newer[3] <= runs[0] {
		t.Errorf("the newer ones are %q, newer than %s", newer, runs[0])
	}
	if older, _ := seen(links["next"]); len(older) != 1 || older[0] != ids[0] {
		t.Errorf("the older ones are %q, want %s", older, ids[0])
	}
}
