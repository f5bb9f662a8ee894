package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/steps/steptest"
)

// stylesOfPaging are the walks over a steptest.List.
var stylesOfPaging = map[string]string{
	"link":     `{type: link, items: "${response.body.result}"}`,
	"next_url": `{type: next_url, next: "${response.body.next_url}", items: "${response.body.result}"}`,
	"cursor":   `{type: cursor, next: "${response.body.next}", inject: query.cursor, items: "${response.body.result}"}`,
	"offset":   `{type: offset, offset: query.offset, limit: query.limit, size: 2, items: "${response.body.result}"}`,
	"page":     `{type: page, page: query.page, limit: query.limit, size: 2, total: "${response.body.total}", items: "${response.body.result}"}`,
	"keyset":   `{type: keyset, by: id, inject: query.after, limit: query.limit, size: 2, items: "${response.body.result}"}`,
}

// TestPageIsTriedAgain holds that a page which fails is asked for again by itself, whatever it failed by: the pages before it
// are not read twice, and the walk gives each item once.
func TestPageIsTriedAgain(t *testing.T) {
	t.Parallel()
	faults := []struct {
		name   string
		fault  steptest.Answer
		waited time.Duration // more than 0 where it is certain
		beside string        // keys of the step
	}{
		{"429 with seconds", steptest.TooMany(90 * time.Second), 90 * time.Second, ""},
		{"429 with a date", steptest.TooManyUntil(90 * time.Second), 90 * time.Second, ""},
		{"503", steptest.Answer{Status: 503}, 0, ""},
		{"half a body", steptest.Answer{Cut: true}, 0, ""},
		{"no answer", steptest.Answer{Drop: true}, 0, ""},
		{"reset", steptest.Answer{Reset: true}, 0, ""},
		{"stall", steptest.Answer{Stall: true}, 0, ""},
		{"silence", steptest.Answer{Silent: true}, 0, ""},
		{"no items", steptest.JSON(`{"next": "4"}`), 2 * time.Second, "when: error.kind == 'content', backoff: {initial: 2s, jitter: none}"},
		{"HTML", steptest.Answer{Header: steptest.Header("Content-Type", "text/html"), Body: "<html>"}, 2 * time.Second, "when: error.kind == 'content', backoff: {initial: 2s, jitter: none}"},
		{"an error in a good answer", steptest.JSON(`{"result": [], "busy": true}`), 2 * time.Second, "when: error.kind == 'expect', backoff: {initial: 2s, jitter: none}"},
	}
	for _, c := range faults {
		for style, paginate := range stylesOfPaging {
			t.Run(c.name+"/"+style, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					list := &steptest.List{Count: 9, Size: 2, Instead: map[int][]steptest.Answer{3: {c.fault}}}
					w := newWorld(t)
					w.clients = steptest.Pipe(t, list)
					began := time.Now()
					run := w.run(fmt.Sprintf(`steps:
  - id: r
    rest: {url: "http://a.example/%s", expect: "response.status < 300 && response.body?.busy != true", paginate: %s}
    retry: {attempts: 3, %s}
output: ${map(steps.r.output, int(.id))}`, style, paginate, c.beside))
					check(t, "outcome", outcome(run), "ok [0,1,2,3,4,5,6,7,8]")
					check(t, "pages asked for", fmt.Sprint(list.Asked()), "[1 2 3 3 4 5]")
					if waited := time.Since(began); c.waited > 0 && (waited < c.waited || waited > c.waited+time.Second) {
						t.Errorf("waited %s, want %s", waited, c.waited)
					}
				})
			})
		}
	}
}

// TestPageThatStaysBroken holds that a walk whose page never comes gives nothing.
func TestPageThatStaysBroken(t *testing.T) {
	t.Parallel()
	for style, paginate := range stylesOfPaging {
		t.Run(style, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				list := &steptest.List{Count: 9, Size: 2, Instead: map[int][]steptest.Answer{3: {{Status: 503, Times: -1}}}}
				w := newWorld(t)
				w.clients = steptest.Pipe(t, list)
				run := w.run(fmt.Sprintf("steps:\n  - {id: r, rest: {url: 'http://a.example/%s', paginate: %s}}\noutput: ${len(steps.r.output)}", style, paginate))
				if got := outcome(run); !strings.HasPrefix(got, "failed null status(r) GET http://a.example/"+style+": 503") {
					t.Errorf("got %s", got)
				}
				check(t, "pages asked for", fmt.Sprint(list.Asked()), "[1 2 3 3 3]")
			})
		})
	}
}

// TestThrottledWalk holds that a walk over more pages than a server gives in a while waits, and comes to its end.
func TestThrottledWalk(t *testing.T) {
	t.Parallel()
	for style, paginate := range stylesOfPaging {
		t.Run(style, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				list := &steptest.List{Count: 19, Size: 2, Budget: 4, Window: 10 * time.Second}
				w := newWorld(t)
				w.clients = steptest.Pipe(t, list)
				began := time.Now()
				run := w.run(fmt.Sprintf("steps:\n  - {id: r, rest: {url: 'http://a.example/%s', paginate: %s}}\noutput: ${len(steps.r.output)}", style, paginate))
				check(t, "outcome", outcome(run), "ok 19")
				if waited := time.Since(began); waited < 20*time.Second || waited > 22*time.Second {
					t.Errorf("ten pages, four in 10s, took %s", waited)
				}
			})
		})
	}
}
