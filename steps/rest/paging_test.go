package rest_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

var styles = []string{"link", "next_url", "cursor", "offset", "page", "keyset"}

// styled is a walk over a steptest.List in one style, two records a page.
func styled(style, url string, more steps.Input) steps.Input {
	pg := map[string]steps.Input{
		"link":     {},
		"next_url": {"next": steptest.Path("body.next_url")},
		"cursor":   {"next": steptest.Path("body.next"), "inject": "query.cursor"},
		"offset":   {"offset": "query.offset", "limit": "query.limit", "size": 2},
		"page":     {"page": "query.page", "limit": "query.limit", "size": 2},
		"keyset":   {"by": "id", "inject": "query.after", "limit": "query.limit", "size": 2},
	}[style]
	pg["type"], pg["items"], pg["max_pages"] = style, steptest.Path("body.result"), 50
	for key, v := range more {
		if v == nil {
			delete(pg, key)
		} else {
			pg[key] = v
		}
	}
	return steps.Input{"url": url + "/" + style, "paginate": pg}
}

// came writes the numbers of the records of a walk.
func came(t *testing.T, pages [][]any) string {
	t.Helper()
	var ids []string
	for _, items := range pages {
		for _, item := range items {
			id := strings.TrimLeft(item.(map[string]any)["id"].(string), "0")
			ids = append(ids, "0"[:max(1-len(id), 0)]+id)
		}
	}
	return strings.Join(ids, " ")
}

func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }

func upTo(n int) string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprint(i))
	}
	return strings.Join(ids, " ")
}

// TestEachStyleMeetsEachFault holds that no half list passes for a whole one: a walk gives all records once and in order, or
// it fails.
func TestEachStyleMeetsEachFault(t *testing.T) {
	t.Parallel()
	total := steps.Input{"total": steptest.Path("body.total")}
	expected := steps.Input{"expect_total": steptest.Path("body.total")}
	counting := []string{"offset", "page"}
	broken := func(a steptest.Answer) *steptest.List {
		return &steptest.List{Count: 11, Instead: map[int][]steptest.Answer{3: {a}}}
	}
	for _, c := range []struct {
		name   string
		list   *steptest.List
		more   steps.Input
		styles []string // all when nil
		count  int      // of records that come when no error is wanted
		err    string
		kind   string
	}{
		{"no records", &steptest.List{}, nil, nil, 0, "", ""},
		{"one record", &steptest.List{Count: 1}, nil, nil, 1, "", ""},
		{"short last page", &steptest.List{Count: 11}, nil, nil, 11, "", ""},
		{"full last page", &steptest.List{Count: 12}, nil, nil, 12, "", ""},
		{"total told", &steptest.List{Count: 12}, total, counting, 12, "", ""},
		{"total held", &steptest.List{Count: 12}, expected, nil, 12, "", ""},
		{"total told on the first page only", &steptest.List{Count: 11, Most: 1, Totals: []int{11, -1}}, total, counting, 11, "", ""},
		{"total that grows", &steptest.List{Count: 12, Totals: []int{6, 6, 12}}, total, counting, 12, "", ""},
		{"total that shrinks", &steptest.List{Count: 12, Totals: []int{12, 6}}, total, counting, 12, "", ""},
		{"records that go on the way", &steptest.List{Count: 8, Totals: []int{12, 8}}, total, counting, 8, "", ""},
		{"records that go on the way, from short pages", &steptest.List{Count: 8, Most: 1, Totals: []int{12, 8}}, total, counting, 8, "", ""},
		{"total that grows, held", &steptest.List{Count: 12, Totals: []int{6, 12}}, expected, nil, 12, "", ""},
		{"total that was never kept", &steptest.List{Count: 10, Totals: []int{12}}, expected, nil, 0, "the walk gave 10 items", steps.Expect},
		{"more than the total", &steptest.List{Count: 12, Totals: []int{10}}, expected, nil, 0, "the walk gave 12 items", steps.Expect},
		{"page that repeats", &steptest.List{Count: 12, Back: map[int]int{3: 3}}, nil, nil, 0, "page [34] leads back to itself|page 4 has the same items as page 3", steps.Content},
		{"page that repeats, total told", &steptest.List{Count: 12, Back: map[int]int{3: 3}}, total, counting, 0, "page 4 has the same items as page 3", steps.Content},
		{"first page that repeats", &steptest.List{Count: 12, Back: map[int]int{1: 1}}, nil, nil, 0, "page 2 leads back to itself|page 2 has the same items as page 1", steps.Content},
		{"circle of two", &steptest.List{Count: 40, Back: map[int]int{6: 5}}, nil, nil, 0, "page [679] leads back to page [48]|page 10 has the same items as page 8", steps.Content},
		{"circle of five", &steptest.List{Count: 40, Back: map[int]int{8: 4}}, nil, nil, 0, "page [0-9]+ leads back to page [48]|page (9|13) has the same items as page [48]", steps.Content},
		{"circle of all", &steptest.List{Count: 40, Back: map[int]int{7: 1}}, nil, nil, 0, "page 14 leads back to page 8|page 15 has the same items as page 8", steps.Content},
		{"page that is dropped", &steptest.List{Count: 11, Lost: map[int]bool{3: true}}, expected, nil, 0, "the walk gave ", steps.Expect},
		{"page that is dropped, total told", &steptest.List{Count: 11, Lost: map[int]bool{3: true}}, total, counting, 0, "page 3 is empty, but only 4 of 11 items have come", steps.Content},
		{"server's own limit", &steptest.List{Count: 11, Size: 1, Most: 1}, total, counting, 11, "", ""},
		{"server's own limit, no size", &steptest.List{Count: 5, Size: 1, Most: 1}, steps.Input{"limit": nil, "size": nil}, []string{"page", "keyset"}, 5, "", ""},
		{"server's own limit, held", &steptest.List{Count: 11, Most: 1}, expected, []string{"offset", "page", "keyset"}, 0, "the walk gave 1 items in 1 pages", steps.Expect},
		{"deaf for the position", &steptest.List{Count: 11, Deaf: map[string]bool{"cursor": true, "offset": true, "page": true, "after": true}}, nil, nil, 0, "page [12] (leads back to|has the same items as) ", steps.Content},
		{"deaf for the position, total told", &steptest.List{Count: 11, Deaf: map[string]bool{"offset": true, "page": true}}, total, counting, 0, "page 2 has the same items as page 1", steps.Content},
		{"deaf for the limit", &steptest.List{Count: 11, Deaf: map[string]bool{"limit": true}}, nil, []string{"offset", "page", "keyset"}, 0, "page 1 has 11 items, but 2 were asked for", steps.Content},
		{"too many requests", broken(steptest.TooMany(7e9)), nil, nil, 0, "429 Too Many Requests", steps.Status},
		{"half a body", broken(steptest.Answer{Cut: true}), nil, nil, 0, "the connection broke after", steps.Network},
		{"no answer", broken(steptest.Answer{Drop: true, Times: -1}), nil, nil, 0, "the server closed the connection without an answer", steps.Network},
		{"reset", broken(steptest.Answer{Reset: true, Times: -1}), nil, nil, 0, "the server broke the connection", steps.Network},
		{"a page without items", broken(steptest.JSON(`{"next":"6","next_url":"?cursor=6"}`)), nil, nil, 0, `there is no "result"`, steps.Content},
		{"a page of HTML", broken(steptest.Answer{Header: steptest.Header("Content-Type", "text/html"), Body: "<html>"}), nil, nil, 0, "HTML", steps.Content},
		{"stopped", &steptest.List{Count: 11}, steps.Input{"stop_when": steptest.Func("response.page == 3", func(r map[string]any) (any, error) { return r["page"] == 3, nil }, "page")}, nil, 6, "", ""},
		{"too many pages", &steptest.List{Count: 11}, steps.Input{"max_pages": 3}, nil, 0, "the walk goes on after 3 pages", steps.Limit},
	} {
		for _, style := range styles {
			if c.styles != nil && !slices.Contains(c.styles, style) {
				continue
			}
			bothWays(t, c.name+"/"+style, func(t *testing.T, env *steptest.Env) {
				list := &steptest.List{Count: c.list.Count, Size: max(c.list.Size, 2), Most: c.list.Most, Totals: c.list.Totals,
					Back: c.list.Back, Lost: c.list.Lost, Deaf: c.list.Deaf, Instead: maps.Clone(c.list.Instead)}
				if c.list.Deaf["limit"] {
					list.Size = 100
				}
				s := httptest.NewServer(list)
				t.Cleanup(s.Close)
				pages, err := steptest.Walk(t, rest.Kind(), styled(style, s.URL, c.more), env)
				if c.err == "" {
					if got := came(t, pages); got != upTo(c.count) || err != nil {
						t.Errorf("got %s, %v; want %d records (asked for pages %v)", got, err, c.count, list.Asked())
					}
					return
				}
				if e := failed(t, err); e.Kind != c.kind || !matches(c.err, e.Message) {
					t.Errorf("got %s: %s; want %s: … %s (asked for pages %v)", e.Kind, e.Message, c.kind, c.err, list.Asked())
				}
			})
		}
	}
}

// TestStyleAsks holds what each style asks for, wherever in a request it may say so.
func TestStyleAsks(t *testing.T) {
	t.Parallel()
	post := steps.Input{"method": "POST", "json": steps.Pairs{{Key: "q", Value: "x"}}}
	form := steps.Input{"method": "POST", "form": steps.Pairs{{Key: "q", Value: "x"}}}
	for _, c := range []struct {
		name, style string
		more        steps.Input // of paginate
		in          steps.Input
		want        []string // query, or body
	}{
		{"pages", "page", nil, nil, []string{"page=1&limit=2", "page=2&limit=2", "page=3&limit=2"}},
		{"pages by number only", "page", steps.Input{"limit": nil, "size": nil}, nil, []string{"page=1", "page=2", "page=3", "page=4"}},
		{"pages of a known size", "page", steps.Input{"limit": nil}, nil, []string{"page=1", "page=2", "page=3"}},
		{"pages in a JSON body", "page", steps.Input{"page": "body.page", "limit": "body.limit"}, post,
			[]string{`{"q":"x","page":1,"limit":2}`, `{"q":"x","page":2,"limit":2}`, `{"q":"x","page":3,"limit":2}`}},
		{"pages in a form", "page", steps.Input{"page": "body.page", "limit": "body.limit"}, form, []string{"q=x&page=1&limit=2", "q=x&page=2&limit=2", "q=x&page=3&limit=2"}},
		{"pages in a header", "page", steps.Input{"page": "header.page", "limit": nil}, nil, []string{"page: 1", "page: 2", "page: 3"}},
		{"keys", "keyset", nil, nil, []string{"limit=2", "after=000000001&limit=2", "after=000000003&limit=2"}},
		{"keys without a size", "keyset", steps.Input{"limit": nil, "size": nil}, nil, []string{"", "after=000000001", "after=000000003", "after=000000004"}},
		{"keys in a JSON body", "keyset", steps.Input{"inject": "body.after", "limit": nil}, post,
			[]string{`{"q":"x"}`, `{"q":"x","after":"000000001"}`, `{"q":"x","after":"000000003"}`}},
		{"keys in a header", "keyset", steps.Input{"inject": "header.after", "limit": nil}, nil, []string{"after: ", "after: 000000001", "after: 000000003"}},
		{"keys in a form", "keyset", steps.Input{"inject": "body.after", "limit": nil}, form, []string{"q=x", "q=x&after=000000001", "q=x&after=000000003"}},
		{"addresses", "next_url", nil, nil, []string{"", "cursor=2", "cursor=4"}},
		{"offsets in a JSON body", "offset", steps.Input{"offset": "body.offset", "limit": "body.limit"}, post,
			[]string{`{"q":"x","offset":0,"limit":2}`, `{"q":"x","offset":2,"limit":2}`, `{"q":"x","offset":4,"limit":2}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			list := &steptest.List{Count: 5, Size: 2}
			var asked []string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(strings.NewReader(string(body)))
				ask := r.URL.RawQuery + string(body)
				for _, name := range []string{"page", "after"} {
					if strings.HasPrefix(c.want[0], name+": ") {
						ask = name + ": " + r.Header.Get(name)
					}
				}
				asked = append(asked, ask)
				list.ServeHTTP(w, r)
			}))
			t.Cleanup(s.Close)
			in := styled(c.style, s.URL, c.more)
			maps.Copy(in, c.in)
			pages, err := steptest.Walk(t, rest.Kind(), in, steptest.NewEnv(t))
			if got := came(t, pages); got != upTo(5) || err != nil {
				t.Errorf("got %s, %v", got, err)
			}
			if !slices.Equal(asked, c.want) {
				t.Errorf("asked: got %q, want %q", asked, c.want)
			}
		})
	}
}

func TestPagesFromZero(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/items", steptest.JSON(`[1,2]`), steptest.JSON(`[3]`))
	in := steps.Input{"url": s.URL + "/items", "paginate": steps.Input{"type": "page", "page": "query.p", "start": 0, "size": 2}}
	pages, err := steptest.Walk(t, rest.Kind(), in, steptest.NewEnv(t))
	if err != nil || fmt.Sprint(pages) != "[[1 2] [3]]" {
		t.Errorf("got %v, %v", pages, err)
	}
	if first, last := s.Requests()[0].Raw, s.Last().Raw; first != "p=0" || last != "p=1" {
		t.Errorf("asked for %s … %s", first, last)
	}
}

// TestPagesWithRecordsThatMayNotBeSeen holds that a total which counts what a page leaves out is reached by full pages.
func TestPagesWithRecordsThatMayNotBeSeen(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/items", steptest.JSON(`[1]`), steptest.JSON(`[2,3]`), steptest.JSON(`[4]`))
	in := steps.Input{"url": s.URL + "/items", "paginate": steps.Input{"type": "page", "page": "query.p", "limit": "query.l", "size": 2,
		"total": steptest.Func("${6}", func(map[string]any) (any, error) { return 6, nil })}}
	pages, err := steptest.Walk(t, rest.Kind(), in, steptest.NewEnv(t))
	if err != nil || fmt.Sprint(pages) != "[[1] [2 3] [4]]" {
		t.Errorf("got %v, %v", pages, err)
	}
}

// TestCountsThatAreNone holds what is checked again when the values that only the run knows are there.
func TestCountsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		pg   steps.Input
		want string
	}{
		{"size", steps.Input{"type": "page", "page": "query.p", "size": 0}, "paginate.size must be at least 1"},
		{"start", steps.Input{"type": "page", "page": "query.p", "start": -1}, "paginate.start cannot be negative"},
		{"size of keys", steps.Input{"type": "keyset", "by": "id", "inject": "query.p", "limit": "query.l", "size": -1}, "paginate.size must be at least 1"},
		{"place", steps.Input{"type": "page", "page": "body.p"}, "means a body, but the step has neither json nor form"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := steptest.Walk(t, rest.Kind(), steps.Input{"url": "http://a.example", "paginate": c.pg}, steptest.NewEnv(t))
			if e := failed(t, err); e.Kind != steps.BadInput || !strings.Contains(e.Message, c.want) {
				t.Errorf("got %s: %s; want %s", e.Kind, e.Message, c.want)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, by, item string
		want           string // the second request's query, or the error
	}{
		{"text", "id", `{"id":"a b"}`, "k=a%20b"},
		{"number with all digits", "id", `{"id":12345678901234567890}`, "k=12345678901234567890"},
		{"below", "meta.id", `{"meta":{"id":7}}`, "k=7"},
		{"missing", "id", `{"name":1}`, `the last item of page 1 has no id: there is no "id" in a map with name`},
		{"missing below", "meta.id", `{"meta":[1]}`, `the last item of page 1 has no meta.id: there is no "id" in a list`},
		{"null", "id", `{"id":null}`, "id of the last item of page 1 is null"},
		{"empty", "id", `{"id":""}`, `id of the last item of page 1 is the text ""`},
		{"map", "id", `{"id":{"value":1}}`, "id of the last item of page 1 is a map with value"},
		{"item that is no map", "id", `5`, `there is no "id" in the number 5`},
	} {
		bothWays(t, c.name, func(t *testing.T, env *steptest.Env) {
			s := steptest.NewServer(t).On("/items", steptest.JSON(`[{"id":1,"meta":{"id":1}},`+c.item+`]`), steptest.JSON(`[]`))
			in := steps.Input{"url": s.URL + "/items", "paginate": steps.Input{"type": "keyset", "by": c.by, "inject": "query.k"}}
			pages, err := steptest.Walk(t, rest.Kind(), in, env)
			if strings.HasPrefix(c.want, "k=") {
				if err != nil || len(pages) != 2 || s.Last().Raw != c.want {
					t.Errorf("got %v, %v, asked for %s; want %s", pages, err, s.Last().Raw, c.want)
				}
				return
			}
			if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, c.want) || e.Hint == "" {
				t.Errorf("got %s: %s; want content: … %s", e.Kind, e.Message, c.want)
			}
		})
	}
}

func TestNextURL(t *testing.T) {
	t.Parallel()
	other := steptest.NewServer(t)
	for _, c := range []struct{ name, next, want string }{
		{"relative query", `"?p=2&q=a b"`, "/v1/items?p=2&q=a%20b"},
		{"relative path", `"more"`, "/v1/more?"},
		{"path", `"/v2/items?p=2"`, "/v2/items?p=2"},
		{"with blanks around", `" /v2/items "`, "/v2/items?"},
		{"another port", `"` + other.URL + `/items?key=k"`, "the next page is at another origin, " + other.URL},
		{"another scheme", `"https://127.0.0.1/items?key=k"`, "another origin, https://127.0.0.1"},
		{"without a scheme", `"//elsewhere.example/items"`, "another origin, http://elsewhere.example"},
		{"itself", `"/v1/items?p=1"`, "page 1 leads back to itself"},
		{"number", `2`, "${response.body.next} is the number 2, not an address"},
		{"list", `["/a"]`, "is a list, not an address"},
		{"no address", `"http://[/"`, "is none"},
	} {
		bothWays(t, c.name, func(t *testing.T, env *steptest.Env) {
			s := steptest.NewServer(t)
			last := steptest.JSON(`{"items":[2],"next":null}`)
			s.On("/v1/items", steptest.JSON(`{"items":[1],"next":`+c.next+`}`), last).On("/v1/more", last).On("/v2/items", last)
			in := steps.Input{"url": s.URL + "/v1/items?p=1", "paginate": steps.Input{"type": "next_url", "next": steptest.Path("body.next"), "items": steptest.Path("body.items")}}
			pages, err := steptest.Walk(t, rest.Kind(), in, env)
			if strings.HasPrefix(c.want, "/") {
				if r := s.Last(); err != nil || fmt.Sprint(pages) != "[[1] [2]]" || r.Path+"?"+r.Raw != c.want {
					t.Errorf("got %v, %v, asked for %s?%s; want %s", pages, err, r.Path, r.Raw, c.want)
				}
				return
			}
			if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, c.want) || strings.Contains(e.Message, "key=k") {
				t.Errorf("got %s: %s; want content: … %s", e.Kind, e.Message, c.want)
			}
		})
	}
}

// TestAddressBackToTheStart holds that a walk which leads to its first page is found there, not only in the second round.
func TestAddressBackToTheStart(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t)
	s.On("/items", linkTo(`</items?p=2>; rel=next`, `[1]`), linkTo(`</items?p=1>; rel=next`, `[2]`))
	_, err := steptest.Walk(t, rest.Kind(), steps.Input{"url": s.URL + "/items?p=1", "paginate": steps.Input{"type": "link"}}, steptest.NewEnv(t))
	if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, "page 2 leads back to page 1") {
		t.Errorf("got %s: %s", e.Kind, e.Message)
	}
}

// TestPagesThatOnlyLookAlike holds that what changes from answer to answer does not hide that a page came again, and that
// items which are alike in part are no circle.
func TestPagesThatOnlyLookAlike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, first, second, want string }{
		{"the same, at another time", `{"at":1,"items":[{"a":1,"b":[true,null]},{"a":2}]}`, `{"at":2,"items":[{"b":[true,null],"a":1},{"a":2}]}`, "page 2 has the same items as page 1"},
		{"in another order", `{"items":[{"a":1},{"a":2}]}`, `{"items":[{"a":2},{"a":1}]}`, ""},
		{"under other keys", `{"items":[{"a":1,"b":2},{"a":1}]}`, `{"items":[{"a":2,"b":1},{"a":1}]}`, ""},
		{"with key and value exchanged", `{"items":[{"a":"b"},1]}`, `{"items":[{"b":"a"},1]}`, ""},
		{"in empty lists", `{"items":[[],1]}`, `{"items":[[[]],1]}`, ""},
		{"in other lists", `{"items":[[1],[2,3]]}`, `{"items":[[1,2],[3]]}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("/items", steptest.JSON(c.first), steptest.JSON(c.second), steptest.JSON(`{"items":[]}`))
			in := steps.Input{"url": s.URL + "/items", "paginate": steps.Input{"type": "page", "page": "query.p", "items": steptest.Path("body.items")}}
			pages, err := steptest.Walk(t, rest.Kind(), in, steptest.NewEnv(t))
			if c.want == "" {
				if err != nil || len(pages) != 3 {
					t.Errorf("got %v, %v", pages, err)
				}
				return
			}
			if e := failed(t, err); !strings.Contains(e.Message, c.want) {
				t.Errorf("got %s; want %s", e.Message, c.want)
			}
		})
	}
}
