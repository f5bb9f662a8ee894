package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

// table serves count records by offset and limit; see its fields for how it may misbehave.
type table struct {
	count  int
	cap    int             // never more than this many at once, 0 for no cap
	hidden map[int]bool    // records that are counted but not shown
	gone   int             // records from here on are counted but gone
	total  bool            // tell the total
	asked  []string        // what was asked for
	deaf   map[string]bool // parameters that are not understood
}

func (s *table) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.asked = append(s.asked, r.URL.RawQuery)
	number := func(name string, unless int) int {
		n, err := strconv.Atoi(q.Get(name))
		if err != nil || s.deaf[name] {
			return unless
		}
		return n
	}
	from, limit := number("offset", 0), number("limit", s.count)
	if s.cap > 0 {
		limit = min(limit, s.cap)
	}
	ids := []int{}
	for id := from; id < min(from+limit, s.count); id++ {
		if !s.hidden[id] && (s.gone == 0 || id < s.gone) {
			ids = append(ids, id)
		}
	}
	if s.total {
		w.Header().Set("X-Total-Count", strconv.Itoa(s.count))
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"result": ids})
}

func totalCount() *steps.Late {
	return steptest.Func(`${int(response.headers["x-total-count"])}`, func(r map[string]any) (any, error) {
		return r["headers"].(map[string]any)["x-total-count"], nil
	}, "headers")
}

func offsetWalk(url string, fields steps.Input) steps.Input {
	pg := steps.Input{"type": "offset", "offset": "query.offset", "limit": "query.limit", "size": 4, "items": steptest.Path("body.result")}
	for k, v := range fields {
		pg[k] = v
	}
	return steps.Input{"url": url + "/t?offset=99&order=id", "paginate": pg}
}

func TestOffsetWalk(t *testing.T) {
	t.Parallel()
	hidden := map[int]bool{2: true, 5: true, 9: true}
	for _, c := range []struct {
		name  string
		table table
		in    steps.Input
		want  []int // items a page
		err   string
		kind  string
	}{
		{"nothing", table{count: 0}, nil, []int{0}, "", ""},
		{"short last page", table{count: 10}, nil, []int{4, 4, 2}, "", ""},
		{"full last page", table{count: 8}, nil, []int{4, 4, 0}, "", ""},
		{"full last page, total known", table{count: 8, total: true}, steps.Input{"total": totalCount()}, []int{4, 4}, "", ""},
		{"total of none", table{count: 0, total: true}, steps.Input{"total": totalCount()}, []int{0}, "", ""},
		{"server with a cap of its own", table{count: 10, cap: 3, total: true}, steps.Input{"total": totalCount()}, []int{3, 3, 3, 1}, "", ""},
		{"records that may not be seen", table{count: 10, hidden: hidden, total: true}, steps.Input{"total": totalCount(), "size": 2}, []int{2, 1, 1, 2, 1}, "", ""},
		{"short page without a total", table{count: 10, hidden: hidden}, nil, []int{3}, "", ""},
		{"empty page before the total", table{count: 10, gone: 4, total: true}, steps.Input{"total": totalCount()}, []int{4},
			"page 2 is empty, but only 4 of 10 items have come", steps.Content},
		{"total kept", table{count: 10, total: true}, steps.Input{"expect_total": totalCount()}, []int{4, 4, 2}, "", ""},
		{"total not kept", table{count: 10, gone: 5, total: true}, steps.Input{"expect_total": totalCount()}, []int{4},
			`the walk gave 5 items in 2 pages, but ${int(response.headers["x-total-count"])} says 10`, steps.Expect},
		{"total missing", table{count: 10}, steps.Input{"expect_total": steptest.Path("body.total")}, []int{4, 4},
			"paginate.expect_total: ${response.body.total} is null", steps.Content},
		{"limit unknown to the server", table{count: 10, deaf: map[string]bool{"limit": true}}, nil, nil, "page 1 has 10 items, but 4 were asked for", steps.Content},
		{"offset unknown to the server", table{count: 10, deaf: map[string]bool{"offset": true}}, nil, []int{4}, "page 2 has the same items as page 1", steps.Content},
		{"too many pages", table{count: 10}, steps.Input{"max_pages": 2}, []int{4, 4}, "the walk goes on after 2 pages", steps.Limit},
		{"as many pages as allowed", table{count: 10}, steps.Input{"max_pages": 3}, []int{4, 4, 2}, "", ""},
		{"stopped", table{count: 10}, steps.Input{"expect_total": totalCount(), "stop_when": steptest.Func("response.page == 2", func(r map[string]any) (any, error) { return r["page"] == 2, nil }, "page")},
			[]int{4, 4}, "", ""},
		{"items elsewhere", table{count: 10}, steps.Input{"items": steptest.Path("body.results")}, nil, `there is no "results" in a map with result`, steps.Content},
		{"items are no list", table{count: 10}, steps.Input{"items": steptest.Path("body")}, nil, "${response.body} is a map with result, not a list", steps.Content},
	} {
		bothWays(t, c.name, func(t *testing.T, env *steptest.Env) {
			c := c
			s := httptest.NewServer(&c.table)
			t.Cleanup(s.Close)
			pages, err := steptest.Walk(t, rest.Kind(), offsetWalk(s.URL, c.in), env)
			var got []int
			for _, p := range pages {
				got = append(got, len(p))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("items a page: got %v, want %v (asked: %v)", got, c.want, c.table.asked)
			}
			if c.err == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if e := failed(t, err); e.Kind != c.kind || !strings.Contains(e.Message, c.err) {
				t.Errorf("got %s: %s; want %s: … %s", e.Kind, e.Message, c.kind, c.err)
			}
		})
	}
}

func TestOffsetWalkAsks(t *testing.T) {
	t.Parallel()
	tab := &table{count: 5}
	s := httptest.NewServer(tab)
	t.Cleanup(s.Close)
	env := steptest.NewEnv(t)
	if _, err := steptest.Walk(t, rest.Kind(), offsetWalk(s.URL, nil), env); err != nil {
		t.Fatal(err)
	}
	if want := []string{"order=id&offset=0&limit=4", "order=id&offset=4&limit=4"}; !slices.Equal(tab.asked, want) {
		t.Errorf("got %q, want %q", tab.asked, want)
	}
	for i, x := range env.Exchanges() {
		if x.Page != i+1 {
			t.Errorf("exchange %d: got page %d", i, x.Page)
		}
	}
}

func TestWalkTellsTheTotal(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(&table{count: 10, total: true})
	t.Cleanup(s.Close)
	for _, c := range []struct {
		in   steps.Input
		want int
	}{{steps.Input{"total": totalCount()}, 10}, {nil, -1}} {
		out, err := steptest.Run(t, rest.Kind(), offsetWalk(s.URL, c.in))
		if err != nil || out.Total != c.want || out.Names["status"] != 200 {
			t.Errorf("got total %d, %v; want %d", out.Total, err, c.want)
		}
	}
}

func TestItemsOfNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer steptest.Answer
		fails  bool
	}{
		{"null", steptest.JSON(`{"result":null}`), false},
		{"no content", steptest.Answer{Status: 204}, false},
		{"missing", steptest.JSON(`{}`), true},
		{"body is null", steptest.JSON(`null`), true},
		{"body is a list", steptest.JSON(`[1]`), true},
	} {
		bothWays(t, c.name, func(t *testing.T, env *steptest.Env) {
			s := steptest.NewServer(t).On("/t", c.answer)
			pages, err := steptest.Walk(t, rest.Kind(), offsetWalk(s.URL, nil), env)
			if c.fails {
				if e := failed(t, err); e.Kind != steps.Content {
					t.Errorf("got %s: %s", e.Kind, e.Message)
				}
				return
			}
			if err != nil || len(pages) != 1 || len(pages[0]) != 0 {
				t.Errorf("got %v, %v; want one empty page", pages, err)
			}
		})
	}
}

func linkTo(target, body string) steptest.Answer {
	return steptest.Answer{Header: steptest.Header("Content-Type", "application/json", "Link", target), Body: body}
}

func TestLinkWalk(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t)
	s.On("/items", linkTo(`</items?after=a,b&q=x;y>; title="a, \"b\""; rel="last next", <https://elsewhere.example>; rel=first`, `[1,2]`),
		linkTo(`<`+s.URL+`/more%20items?p=3>; rel=NEXT`, `[3]`)).
		On("/more items", linkTo(`</items>; rel=prev`, `[]`))
	in := steps.Input{"url": s.URL + "/items?first=1", "paginate": steps.Input{"type": "link"}, "headers": steps.Pairs{{Key: "X-A", Value: "1"}}}
	pages, err := steptest.Walk(t, rest.Kind(), in, steptest.NewEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(pages), "[[1 2] [3] []]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var asked []string
	for _, r := range s.Requests() {
		asked = append(asked, r.Path+"?"+r.Raw+" "+r.Header.Get("X-A"))
	}
	if want := []string{"/items?first=1 1", "/items?after=a,b&q=x;y 1", "/more%20items?p=3 1"}; !slices.Equal(asked, want) {
		t.Errorf("asked: got %q, want %q", asked, want)
	}
}

func TestLinkWalkRefused(t *testing.T) {
	t.Parallel()
	other := steptest.NewServer(t)
	for _, c := range []struct{ name, target, want string }{
		{"another port", other.URL + "/items?key=k", "the next page is at another origin, " + other.URL},
		{"another host", "//elsewhere.example/items", "another origin, http://elsewhere.example"},
		{"another host behind a name", "http://127.0.0.1@elsewhere.example/items?key=k", "another origin, http://elsewhere.example"},
		{"the host with a dot", "http://127.0.0.1./items", "another origin"},
		{"https", "https://127.0.0.1/items?key=k", "another origin, https://127.0.0.1"},
		{"another scheme", "ftp://127.0.0.1/", "another origin"},
		{"no address", "http://[/", "is none"},
		{"itself", "/items?p=1", "page 1 leads back to itself"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("/items", linkTo("<"+c.target+`>; rel="next"`, `[1]`))
			_, err := steptest.Walk(t, rest.Kind(), steps.Input{"url": s.URL + "/items?p=1", "paginate": steps.Input{"type": "link"}}, steptest.NewEnv(t))
			if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, c.want) || strings.Contains(e.Message, "key=k") {
				t.Errorf("got %s: %s; want content: … %s", e.Kind, e.Message, c.want)
			}
		})
	}
}

func TestLinkWalkIsNotTakenUpElsewhere(t *testing.T) {
	t.Parallel()
	s, other := steptest.NewServer(t), steptest.NewServer(t)
	env := steptest.NewEnv(t)
	env.Cursor = map[string]any{"page": 2, "count": 1, "at": other.URL + "/items?key=k"}
	_, err := rest.Kind().Run(t.Context(), steps.Input{"url": s.URL + "/items", "paginate": steps.Input{"type": "link"}}, &env.Env)
	if e := failed(t, err); e.Kind != steps.BadInput || !strings.Contains(e.Message, "is not one of this walk") || strings.Contains(e.Message, "key=k") {
		t.Errorf("got %s: %s", e.Kind, e.Message)
	}
}

func TestCursorWalk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, inject string
		cursor       string // of the second page, as JSON
		in           steps.Input
		got          func(steptest.Request) string
		want         string
	}{
		{"query", "query.cursor", `"a+b/="`, nil, func(r steptest.Request) string { return r.Raw }, "cursor=a%2Bb%2F%3D"},
		{"number with all digits", "query.cursor", `12345678901234567890`, nil, func(r steptest.Request) string { return r.Raw }, "cursor=12345678901234567890"},
		{"header", "header.x-cursor", `"c"`, nil, func(r steptest.Request) string { return r.Header.Get("X-Cursor") }, "c"},
		{"json body", "body.page.after", `7`, steps.Input{"method": "POST", "json": steps.Pairs{{Key: "page", Value: steps.Pairs{{Key: "size", Value: 2}}}}},
			func(r steptest.Request) string { return r.Body }, `{"page":{"size":2,"after":7}}`},
		{"json body from data", "body.after", `"x"`, steps.Input{"method": "POST", "json": map[string]any{"z": 1}},
			func(r steptest.Request) string { return r.Body }, `{"after":"x","z":1}`},
		{"form", "body.after", `7`, steps.Input{"method": "POST", "form": steps.Pairs{{Key: "after", Value: ""}, {Key: "n", Value: "1"}}},
			func(r steptest.Request) string { return r.Body }, `n=1&after=7`},
	} {
		bothWays(t, c.name, func(t *testing.T, env *steptest.Env) {
			s := steptest.NewServer(t).On("/items", steptest.JSON(`{"items":[1],"next":`+c.cursor+`}`), steptest.JSON(`{"items":[2],"next":""}`))
			in := under(s, "items", c.in)
			in["paginate"] = steps.Input{"type": "cursor", "next": steptest.Path("body.next"), "inject": c.inject, "items": steptest.Path("body.items")}
			pages, err := steptest.Walk(t, rest.Kind(), in, env)
			if err != nil || fmt.Sprint(pages) != "[[1] [2]]" {
				t.Fatalf("got %v, %v", pages, err)
			}
			if got := c.got(s.Last()); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCursorThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, cursor, want string }{
		{"repeated", `"same"`, "page 2 leads back to itself"},
		{"list", `[1]`, "${response.body.next} is a list, not a cursor"},
		{"true", `true`, "is true, not a cursor"},
	} {
		bothWays(t, c.name, func(t *testing.T, env *steptest.Env) {
			answer := steptest.JSON(`{"next":` + c.cursor + `,"items":[1]}`)
			answer.Times = -1
			s := steptest.NewServer(t).On("/items", answer)
			in := steps.Input{"url": s.URL + "/items", "paginate": steps.Input{"type": "cursor", "next": steptest.Path("body.next"),
				"inject": "query.c", "items": steptest.Path("body.items")}}
			_, err := steptest.Walk(t, rest.Kind(), in, env)
			if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, c.want) {
				t.Errorf("got %s: %s; want content: … %s", e.Kind, e.Message, c.want)
			}
		})
	}
}
