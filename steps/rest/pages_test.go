package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

// TestKeysThatComeAgain holds that a server which gives the items from the key on, not those after it, is found out: each
// page would begin with an item that has come already.
func TestKeysThatComeAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, by, first, second, want string }{
		{"number", "id", `[{"id":1},{"id":2}]`, `[{"id":2},{"id":3}]`, "page 2 begins where page 1 ended: id of its first item is the number 2 too"},
		{"text", "id", `[{"id":"a"},{"id":"b"}]`, `[{"id":"b"}]`, `page 2 begins where page 1 ended: id of its first item is the text "b" too`},
		{"below", "m.id", `[{},{"m":{"id":2}}]`, `[{"m":{"id":2}}]`, "page 2 begins where page 1 ended: m.id of its first item is the number 2 too"},
		{"after it", "id", `[{"id":1},{"id":2}]`, `[{"id":3}]`, ""},
		{"empty", "id", `[{"id":1},{"id":2}]`, `[]`, ""},
		{"not there", "id", `[{"id":1},{"id":""}]`, `[{}]`, "cannot ask for the next page"},
	} {
		bothWays(t, c.name, func(t *testing.T, env *steptest.Env) {
			s := steptest.NewServer(t).On("/items", steptest.JSON(c.first), steptest.JSON(c.second))
			in := steps.Input{"url": s.URL + "/items", "paginate": steps.Input{"type": "keyset", "by": c.by, "inject": "query.k", "size": 2}}
			pages, err := steptest.Walk(t, rest.Kind(), in, env)
			if c.want == "" {
				if err != nil || len(pages) != 2 {
					t.Errorf("got %v, %v", pages, err)
				}
				return
			}
			if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, c.want) || e.Hint == "" {
				t.Errorf("got %s: %s; want content: … %s", e.Kind, e.Message, c.want)
			}
		})
	}
}

// TestItemsThatAreNoList holds what a person is told whose answer has a list, but not as one.
func TestItemsThatAreNoList(t *testing.T) {
	t.Parallel()
	flatten := `write items: ${flatten([get(response.body.r, "item") ?? []])}`
	for _, c := range []struct{ name, contentType, body, hint string }{
		{"one item in XML", "application/xml", `<r><item><id>1</id></item></r>`, flatten},
		{"an empty element in XML", "application/xml", `<r/>`, flatten},
		{"no item in XML", "text/xml; charset=utf-8", `<r><n>0</n></r>`, flatten},
		{"JSON by another name", "text/plain", `{"r":{"item":[1]}}`, "write accept: json"},
		{"text", "text/plain", `r`, "point items at the list in the body"},
		{"elsewhere", "application/json", `{"r":{"items":[1],"all":[2]}}`, "write items: ${response.body.r.all}"},
		{"below", "application/json", `{"r":{"item":{"all":[2]}}}`, "write items: ${response.body.r.item.all}"},
		{"above", "application/json", `{"all":[2]}`, "write items: ${response.body.all}"},
		{"null", "application/json", `{"r":null}`, "add ?? []"},
	} {
		bothWays(t, c.name, func(t *testing.T, env *steptest.Env) {
			s := steptest.NewServer(t).On("/t", steptest.Answer{Status: 200, Header: map[string][]string{"Content-Type": {c.contentType}}, Body: c.body})
			_, err := steptest.Walk(t, rest.Kind(), linkPage(s.URL, "body.r.item", nil), env)
			if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("got %s: %s (%s); want … (%s)", e.Kind, e.Message, e.Hint, c.hint)
			}
		})
	}
}

// TestListThatIsTheBody holds that a page which is nothing but its list is cut into items too.
func TestListThatIsTheBody(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/t", steptest.JSON(`[{"a":1,"b":2}]`))
	pages, err := steptest.Walk(t, rest.Kind(), linkPage(s.URL, "body", nil), streamed(t, steps.Reads{"a": nil}))
	if fmt.Sprint(pages) != "[[map[a:1]]]" || err != nil {
		t.Errorf("got %v, %v, want what is read of its items", pages, err)
	}
}

// TestLongPagesThatDiffer holds that two pages in files which have one item each are not taken for one.
func TestLongPagesThatDiffer(t *testing.T) {
	t.Parallel()
	long := func(last string) steptest.Answer {
		return steptest.JSON(`{"result":["` + strings.Repeat("x", 5<<20) + last + `"]}`)
	}
	s := steptest.NewServer(t).On("/t", long("1"), long("2"), steptest.JSON(`{"result":[]}`))
	in := steps.Input{"url": s.URL + "/t", "paginate": steps.Input{"type": "page", "page": "query.p", "items": steptest.Path("body.result")}}
	if pages, err := steptest.Walk(t, rest.Kind(), in, streamed(t, nil)); err != nil || len(pages) != 3 {
		t.Errorf("got %d pages, %v, want 3", len(pages), err)
	}
}

// TestCursorInNoMap holds what is said of a body that has no room for a cursor.
func TestCursorInNoMap(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/t", steptest.JSON(`{"result":[1],"next":"n"}`))
	in := steps.Input{"url": s.URL + "/t", "method": "POST", "json": steps.Pairs{{Key: "a", Value: "x"}},
		"paginate": steps.Input{"type": "cursor", "next": steptest.Path("body.next"), "inject": "body.a.c", "items": steptest.Path("body.result")}}
	_, err := steptest.Walk(t, rest.Kind(), in, steptest.NewEnv(t))
	if e := failed(t, err); e.Kind != steps.BadInput || !strings.Contains(e.Message, `paginate.inject: the text "x" has no key "c"`) {
		t.Errorf("got %s: %s", e.Kind, e.Message)
	}
}
