package rest_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

// bothWays runs a test with pages that are decoded as a whole, and with pages that are cut into their items.
func bothWays(t *testing.T, name string, test func(t *testing.T, env *steptest.Env)) {
	for _, way := range []string{"whole", "streamed"} {
		t.Run(name+"/"+way, func(t *testing.T) {
			t.Parallel()
			env := steptest.NewEnv(t)
			if way == "streamed" {
				env.Stream = &steps.Stream{}
			}
			test(t, env)
		})
	}
}

// linkPage is a request for a page whose items are at a path of the body.
func linkPage(url, items string, more steps.Input) steps.Input {
	in := steps.Input{"url": url + "/t", "paginate": steps.Input{"type": "link", "items": steptest.Path(items)}}
	for key, v := range more {
		in[key] = v
	}
	return in
}

// streamed makes surroundings in which pages are streamed, and so much of an item is read.
func streamed(t testing.TB, item steps.Reads) *steptest.Env {
	env := steptest.NewEnv(t)
	env.Stream = &steps.Stream{Item: item}
	return env
}

// TestAnswersOfAPage holds that a page that is cut into its items meets the same end as one that is decoded as a whole.
func TestAnswersOfAPage(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", 5<<20) + `"`
	as := func(contentType, body string) steptest.Answer {
		return steptest.Answer{Header: steptest.Header("Content-Type", contentType), Body: body}
	}
	chunked := func(body string) steptest.Answer {
		a := steptest.JSON(body)
		a.Chunked = true
		return a
	}
	for _, c := range []struct {
		name   string
		answer steptest.Answer
		items  string
		in     steps.Input
		want   string // the items, or the beginning of the error behind the address
	}{
		{"items", steptest.JSON(`{"result":[1,{"a":[true]},"x"]}`), "body.result", nil, "[1 map[a:[true]] x]"},
		{"without a length", chunked(`{"result":[1,2]}`), "body.result", nil, "[1 2]"},
		{"the body itself", steptest.JSON(` [1, 2] `), "body", nil, "[1 2]"},
		{"below two keys", steptest.JSON(`{"a":{"b":[1]}}`), "body.a.b", nil, "[1]"},
		{"null", steptest.JSON(`{"result":null}`), "body.result", nil, "[]"},
		{"repeated", steptest.JSON(`{"result":[1],"result":[2]}`), "body.result", nil, "[2]"},
		{"repeated above", steptest.JSON(`{"a":{"b":[1]},"a":{}}`), "body.a.b", nil, `content: paginate.items: ${response.body.a.b}: there is no "b" in an empty map`},
		{"missing", steptest.JSON(`{"a":[1],"b":2}`), "body.result", nil, `content: paginate.items: ${response.body.result}: there is no "result" in a map with a, b`},
		{"missing below", steptest.JSON(`{"a":{"x":1}}`), "body.a.b", nil, `content: paginate.items: ${response.body.a.b}: there is no "b" in a map with x`},
		{"no list", steptest.JSON(`{"result":{"a":1}}`), "body.result", nil, "content: paginate.items: ${response.body.result} is a map with a, not a list"},
		{"empty", steptest.JSON(``), "body.result", nil, "[]"},
		{"no content", steptest.Answer{Status: 204}, "body.result", nil, "[]"},
		{"text as JSON", steptest.JSON(`"text"`), "body", nil, `content: paginate.items: ${response.body} is the text "text", not a list`},
		{"long text as JSON", chunked(long), "body", nil, `content: paginate.items: ${response.body} is the text "` + strings.Repeat("x", 40) + `…", not a list`},
		{"a byte order mark", steptest.JSON("\uFEFF[1]"), "body", nil, "[1]"},
		{"UTF-16", as("application/json; charset=utf-16", "\x00[\x001\x00]"), "body", nil, "[1]"},
		{"Latin 1", as("application/json; charset=iso-8859-1", "[\"\xe9\"]"), "body", nil, "[é]"},
		{"UTF-8 by name", as("application/json; charset=UTF-8", `["é"]`), "body", nil, "[é]"},
		{"no type", steptest.Answer{Header: http.Header{"Content-Type": nil}, Body: `[1]`}, "body", nil, "[1]"},
		{"JSON that is called text", as("text/plain", `[1]`), "body", steps.Input{"accept": "json"}, "[1]"},
		{"XML", as("application/xml", `<a><b>1</b><b>2</b></a>`), "body.a.b", nil, "[1 2]"},
		{"HTML that is called JSON", steptest.JSON(`<html>x`), "body", nil, "content: 200: the body is an HTML page, not data (application/json, 7 bytes): <html>x"},
		{"broken", steptest.JSON("{\"result\":[1,\n 2,]}"), "body.result", nil, `content: 200: the body is not JSON: line 2, column 4: a comma stands before ']'; nothing may follow the last entry (application/json, 19 bytes): {"result":[1, 2,]}`},
		{"broken behind", steptest.JSON(`[1] x`), "body", nil, `content: 200: the body is not JSON: line 1, column 5: 'x' stands after the end of the JSON value (application/json, 5 bytes): [1] x`},
		{"cut off", steptest.Answer{Header: steptest.Header("Content-Type", "application/json"), Body: `[1, 2]`, Cut: true}, "body", nil, "network: the connection broke after 3 of 6 bytes of the answer"},
		{"just as large as allowed", steptest.JSON(`[1,2,3]`), "body", steps.Input{"max_body": int64(7)}, "[1 2 3]"},
		{"larger than allowed", steptest.JSON(`[1,2,3]`), "body", steps.Input{"max_body": int64(6)}, "content: 200: the body is larger than max_body (6 bytes) (application/json, 7 bytes): [1,2,3"},
		{"larger than allowed, without a length", chunked(`[1` + strings.Repeat(" ", 5000) + `]`), "body", steps.Input{"max_body": int64(2)}, "content: 200: the body is larger than max_body (2 bytes) (application/json, of unknown size): [1"},
		{"an error", steptest.Answer{Status: 400, Header: steptest.Header("Content-Type", "application/json"), Body: `{"error":{"message":"no such field"}}`}, "body.result", nil, "status: 400 Bad Request: no such field"},
		{"an error that is expected", steptest.Answer{Status: 404, Header: steptest.Header("Content-Type", "application/json"), Body: `{"result":[]}`}, "body.result",
			steps.Input{"expect": steptest.Status(404)}, "[]"},
		{"not as expected", steptest.JSON(`{"error":"x","result":[1]}`), "body.result", steps.Input{"expect": noError(steps.Reads{"body": {"error": nil}})},
			`expect: 200, not as expected: response.body.error == nil is false (job.yaml:1:1); the body: {"error":"x","result":[1]}`},
		{"as expected", steptest.JSON(`{"result":[1]}`), "body.result", steps.Input{"profile_expect": noError(steps.Reads{"body": {"error": nil}})}, "[1]"},
	} {
		bothWays(t, c.name, func(t *testing.T, env *steptest.Env) {
			s := steptest.NewServer(t).On("/t", c.answer)
			pages, err := steptest.Walk(t, rest.Kind(), linkPage(s.URL, c.items, c.in), env)
			var got string
			if len(pages) > 0 {
				got = fmt.Sprint(pages[0])
			}
			if err != nil {
				e := failed(t, err)
				got = e.Kind + ": " + strings.TrimPrefix(e.Message, "GET "+s.URL+"/t: ")
			}
			if got != c.want {
				t.Errorf("got  %.300s\nwant %s", got, c.want)
			}
		})
	}
}

// noError is the condition of a profile that knows errors by a key of the body.
func noError(reads steps.Reads) *steps.Late {
	l := steptest.Func("response.body.error == nil", func(r map[string]any) (any, error) {
		body, _ := r["body"].(map[string]any)
		return body["error"] == nil, nil
	}, "body")
	l.Reads = reads
	return l
}

// TestWhatIsStreamed holds which pages are cut into their items: expressions that read the items see them all.
func TestWhatIsStreamed(t *testing.T) {
	t.Parallel()
	count := func(reads steps.Reads) *steps.Late {
		l := steptest.Func("len(response.body.result) == 2", func(r map[string]any) (any, error) {
			list, _ := r["body"].(map[string]any)["result"].([]any)
			return len(list) == 2, nil
		}, "body")
		l.Reads = reads
		return l
	}
	items := func(path ...string) *steps.Late {
		l := steptest.Func("${response.body.result[:]}", func(r map[string]any) (any, error) { return r["body"].(map[string]any)["result"], nil }, "body")
		l.Path = path
		return l
	}
	next := steptest.Path("body.next")
	for _, c := range []struct {
		name string
		in   steps.Input
		pg   steps.Input
		want string // the first item as far as it is read
	}{
		{"nothing else", nil, nil, "map[a:1]"},
		{"next beside the items", nil, steps.Input{"type": "cursor", "inject": "query.c", "next": next}, "map[a:1]"},
		{"a condition that reads what is not known", steps.Input{"expect": count(nil)}, nil, "map[a:1 b:2]"},
		{"a condition that reads the items", steps.Input{"expect": count(steps.Reads{"body": {"result": nil}})}, nil, "map[a:1 b:2]"},
		{"one of the profile", steps.Input{"profile_expect": []any{steptest.Status(200), count(steps.Reads{"body": nil})}}, nil, "map[a:1 b:2]"},
		{"stop_when reads the items", nil, steps.Input{"stop_when": count(steps.Reads{"body": {"result": nil}})}, "map[a:1 b:2]"},
		{"a condition that reads everything", steps.Input{"expect": steptest.Func("true", func(map[string]any) (any, error) { return true, nil })}, nil, "map[a:1 b:2]"},
		{"a condition that reads something else", steps.Input{"expect": noError(steps.Reads{"body": {"error": nil}, "status": nil})}, nil, "map[a:1]"},
		{"items by an expression", nil, steps.Input{"items": items()}, "map[a:1 b:2]"},
		{"items by a path", nil, steps.Input{"items": items("body", "result")}, "map[a:1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("/t", steptest.JSON(`{"result":[{"a":1,"b":2},{"a":2,"b":3}],"x":1}`))
			in := linkPage(s.URL, "body.result", c.in)
			for key, v := range c.pg {
				in["paginate"].(steps.Input)[key] = v
			}
			if c.pg["next"] != nil {
				s = steptest.NewServer(t).On("/t", steptest.JSON(`{"result":[{"a":1,"b":2}],"next":"n"}`), steptest.JSON(`{"result":[],"next":""}`))
				in["url"] = s.URL + "/t"
			}
			pages, err := steptest.Walk(t, rest.Kind(), in, streamed(t, steps.Reads{"a": nil}))
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(pages[0][0]); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if c.pg["next"] != nil && len(s.Requests()) != 2 {
				t.Errorf("got %d pages, want 2", len(s.Requests()))
			}
		})
	}
}

// longPage is a page of more than is held in memory, with so many items, and a mark in the last.
func longPage(items int, last string) string {
	var b strings.Builder
	b.WriteString("{\"before\":[1],\n\"result\":[")
	for i := range items {
		fmt.Fprintf(&b, "{\"id\":%d,\"note\":%q},\n", i, strings.Repeat("n", 1000))
	}
	b.WriteString(last + `],"next":"n"}`)
	return b.String()
}

func TestLongPage(t *testing.T) {
	t.Parallel()
	const items = 12_000 // 12 MB: more than a body may have by default
	body := longPage(items, `{"id":-1}`)
	for _, chunked := range []bool{false, true} {
		s := steptest.NewServer(t).On("/t", steptest.Answer{Header: steptest.Header("Content-Type", "application/json"), Body: body, Chunked: chunked})
		env := streamed(t, steps.Reads{"id": nil})
		in := linkPage(s.URL, "body.result", nil)
		in["paginate"] = steps.Input{"type": "keyset", "by": "id", "inject": "query.after", "items": steptest.Path("body.result")}
		out, err := rest.Kind().Run(t.Context(), in, &env.Env)
		if err != nil {
			t.Fatal(err)
		}
		if out.Items.Len() != items+1 || out.Next.(map[string]any)["at"] != -1 {
			t.Fatalf("got %d items, next %v", out.Items.Len(), out.Next)
		}
		var all sync.WaitGroup
		for start := range 4 {
			all.Go(func() {
				for i := start; i < items; i += 4 {
					if v, err := out.Items.At(i); err != nil || !reflect.DeepEqual(v, map[string]any{"id": i}) {
						t.Errorf("item %d: got %v, %v", i, v, err)
						return
					}
				}
			})
		}
		all.Wait()
		x := env.Exchanges()[0]
		if x.Response.Size != int64(len(body)) || string(x.Response.Body) != body[:64<<10] {
			t.Errorf("history: got %d bytes of %d", len(x.Response.Body), x.Response.Size)
		}
		if err := out.Items.Close(); err != nil {
			t.Error(err)
		}
		if v, err := out.Items.At(0); err == nil {
			t.Errorf("after Close: got %v, want an error", v)
		}
	}
}

// TestLongPageThatFails holds that a long page that does not come as a whole, or is no JSON to its end, gives no items.
func TestLongPageThatFails(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", 11<<20) + `"`
	page := longPage(6000, `{"id":-1}`)
	as := steptest.Header("Content-Type", "application/json")
	for _, c := range []struct {
		name   string
		answer steptest.Answer
		in     steps.Input
		kind   string
		want   string
	}{
		{"cut off", steptest.Answer{Header: as, Body: longPage(12_000, `1`), Cut: true}, nil, steps.Network, fmt.Sprintf("the connection broke after %d of %d bytes", len(longPage(12_000, `1`))/2, len(longPage(12_000, `1`)))},
		{"broken at the end", steptest.JSON(longPage(6000, `{"id":tru}`)), nil, steps.Content, "the body is not JSON: line 6002, column 7: 't' stands where a value was expected"},
		{"two values", steptest.JSON(page + "{}"), nil, steps.Content, "line 6002, column 23: '{' stands after the end"},
		{"larger than allowed", steptest.JSON(page), steps.Input{"max_body": int64(5 << 20)}, steps.Content, "the body is larger than max_body (5MB)"},
		{"an item that is too long", steptest.JSON(longPage(6000, long)), nil, steps.Content, "item 6001 is too long: it is larger than max_body (10MB)"},
		{"much beside the items", steptest.JSON(`{"x":` + long + `,"result":[]}`), nil, steps.Content, "what stands beside the items is too long: it is larger than max_body (10MB)"},
		{"not as expected", steptest.JSON(page), steps.Input{"expect": steptest.Status(201)}, steps.Expect, "200, not as expected"},
		{"no list", steptest.JSON(strings.Replace(page, `"result"`, `"results"`, 1)), nil, steps.Content, `there is no "result" in a map with before, next, results`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("/t", c.answer)
			pages, err := steptest.Walk(t, rest.Kind(), linkPage(s.URL, "body.result", c.in), streamed(t, nil))
			if e := failed(t, err); pages != nil || e.Kind != c.kind || !strings.Contains(e.Message, c.want) {
				t.Errorf("got %d pages, %s: %.400s\nwant %s: … %s", len(pages), e.Kind, e.Message, c.kind, c.want)
			}
		})
	}
}

// TestNoRoomForAPage cannot be parallel: where pages are put aside is a matter of the process.
func TestNoRoomForAPage(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/missing")
	s := steptest.NewServer(t).On("/t", steptest.JSON(longPage(6000, `1`)))
	_, err := steptest.Walk(t, rest.Kind(), linkPage(s.URL, "body.result", nil), streamed(t, nil))
	e := failed(t, err)
	if e.Kind != steps.Limit || !strings.Contains(e.Message, "a page of more than 4MB is put aside in the folder ") || !strings.Contains(e.Hint, "TMPDIR") {
		t.Errorf("got %s: %s (%s)", e.Kind, e.Message, e.Hint)
	}
}

// TestLongPageLeavesNoFile cannot be parallel, either.
func TestLongPageLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	repeated := strings.Replace(longPage(6000, `1`), `"next"`, `"result":[{"id":8},{"id":9}],"next"`, 1)
	s := steptest.NewServer(t).On("/t", steptest.JSON(repeated))
	env := streamed(t, nil)
	out, err := rest.Kind().Run(t.Context(), linkPage(s.URL, "body.result", nil), &env.Env)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Items.Close()
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("got %v, %v in the folder for files that pass", files, err)
	}
	if last, err := out.Items.At(1); out.Items.Len() != 2 || fmt.Sprint(last) != "map[id:9]" {
		t.Errorf("got %d items, %v, %v; want those of the key that is repeated", out.Items.Len(), last, err)
	}
}

// TestPageThatRepeats holds that a counting walk knows a page again, also one in a file, by its items alone.
func TestPageThatRepeats(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]string{"short": `{"at":1,"result":[1,2]}`, "long": longPage(6000, `1`)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("/t", steptest.JSON(last), steptest.JSON(strings.Replace(last, "1", "2", 1)))
			in := linkPage(s.URL, "body.result", nil)
			in["paginate"] = steps.Input{"type": "page", "page": "query.p", "items": steptest.Path("body.result")}
			pages, err := steptest.Walk(t, rest.Kind(), in, streamed(t, nil))
			if e := failed(t, err); len(pages) != 1 || !strings.Contains(e.Message, "page 2 has the same items as page 1") {
				t.Errorf("got %d pages, %s", len(pages), e.Message)
			}
		})
	}
}

// TestPagesShareMemory holds that the memory of a page that was given back does not show in what was read of it. The walk's own
// key is found also where nobody else reads it.
func TestPagesShareMemory(t *testing.T) {
	t.Parallel()
	s, env, kind := steptest.NewServer(t), streamed(t, steps.Reads{"a": nil}), rest.Kind()
	var read []any
	for i := range 20 {
		s.On("/t", steptest.JSON(fmt.Sprintf(`{"result":[{"a":"text %d","k":%d}]}`, i, i)))
		in := linkPage(s.URL, "body.result", nil)
		in["paginate"] = steps.Input{"type": "keyset", "by": "k", "inject": "query.k", "items": steptest.Path("body.result")}
		out, err := kind.Run(t.Context(), in, &env.Env)
		if err != nil || out.Next.(map[string]any)["at"] != i {
			t.Fatalf("got next %v, %v", out.Next, err)
		}
		v, err := out.Items.At(0)
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, v)
		if err := errors.Join(out.Items.Close(), out.Items.Close()); err != nil {
			t.Fatal(err)
		}
		if v, err := out.Items.At(0); err == nil {
			t.Errorf("after Close: got %v, want an error", v)
		}
	}
	s.On("/two", steptest.JSON(`{"result":[2]}`)).On("/three", steptest.JSON(`{"result":[3]}`))
	for path, want := range map[string]string{"/two": "2", "/three": "3"} { // both open at once, after pages that were closed twice
		out, err := kind.Run(t.Context(), steps.Input{"url": s.URL + path, "paginate": steps.Input{"type": "link", "items": steptest.Path("body.result")}}, &env.Env)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if v, err := out.Items.At(0); fmt.Sprint(v) != want || err != nil {
				t.Errorf("%s: got %v, %v, want %s", path, v, err, want)
			}
		}()
	}
	for i, v := range read {
		if want := fmt.Sprintf("text %d", i); fmt.Sprint(v) != "map[a:"+want+"]" {
			t.Errorf("got %v, want %s", v, want)
		}
		if body := string(env.Exchanges()[i].Response.Body); !strings.Contains(body, fmt.Sprintf(`"text %d"`, i)) {
			t.Errorf("history: got %s", body)
		}
	}
}

// TestHistoryOfAPage holds that what is to be masked is, wherever history's share of the page ends.
func TestHistoryOfAPage(t *testing.T) {
	t.Parallel()
	body := `{"result":[{"id":1,"password":"s3cret-s3cret"},{"password":{"old":["s3cret"]},"id":2}],"token":"s3cret"}`
	s := steptest.NewServer(t)
	for keep := range len(body) + 2 {
		s.On("/t", steptest.JSON(body))
		env := streamed(t, nil)
		in := linkPage(s.URL, "body.result", steps.Input{"history": steps.Input{"bodies": int64(keep), "redact": []any{"$..password", "$.token"}}})
		if _, err := steptest.Walk(t, rest.Kind(), in, env); err != nil {
			t.Fatal(err)
		}
		x := env.Exchanges()[0]
		got := string(x.Response.Body)
		if strings.Contains(got, "s3") || len(got) > keep || !strings.HasPrefix(got, body[:min(keep, 31)]) || x.Response.Size != int64(len(body)) {
			t.Errorf("%d bytes: got %d of %d: %s", keep, len(got), x.Response.Size, got)
		}
	}
}

// TestOutputAsItIsRead holds that of a plain answer only what is read is decoded, and all of it where it fails.
func TestOutputAsItIsRead(t *testing.T) {
	t.Parallel()
	body := `{"id":7,"name":"x","error":null,"more":{"a":1,"b":2}}`
	whole := map[string]any{"id": 7, "name": "x", "error": nil, "more": map[string]any{"a": 1, "b": 2}}
	for _, c := range []struct {
		name  string
		reads steps.Reads
		in    steps.Input
		want  any
	}{
		{"everything", nil, nil, whole},
		{"all of the output", steps.Reads{"output": nil}, nil, whole},
		{"a field", steps.Reads{"output": {"id": nil}, "status": nil}, nil, map[string]any{"id": 7}},
		{"a field that is missing", steps.Reads{"output": {"ID": nil}}, nil, whole},
		{"nothing", steps.Reads{"status": nil}, nil, map[string]any{}},
		{"a condition's field, too", steps.Reads{"output": {"more": {"a": nil}}}, steps.Input{"expect": noError(steps.Reads{"body": {"error": nil}})},
			map[string]any{"error": nil, "more": map[string]any{"a": 1}}},
		{"a condition that reads everything", steps.Reads{"output": {"id": nil}}, steps.Input{"expect": noError(nil)}, whole},
		{"a condition that reads no body", steps.Reads{"output": {"id": nil}}, steps.Input{"expect": steptest.Status(200)}, map[string]any{"id": 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, env := steptest.NewServer(t).On("/x", steptest.JSON(body)), steptest.NewEnv(t)
			env.Reads = c.reads
			out, err := rest.Kind().Run(t.Context(), under(s, "x", c.in), &env.Env)
			if err != nil || !reflect.DeepEqual(out.Value, c.want) {
				t.Errorf("got %v, %v; want %v", out.Value, err, c.want)
			}
		})
	}
	t.Run("an error shows all", func(t *testing.T) {
		t.Parallel()
		s, env := steptest.NewServer(t).On("/x", steptest.JSON(body)), steptest.NewEnv(t)
		env.Reads = steps.Reads{"output": {"id": nil}}
		_, err := rest.Kind().Run(t.Context(), under(s, "x", steps.Input{"expect": steptest.Status(201)}), &env.Env)
		if e := failed(t, err); !reflect.DeepEqual(e.Response["body"], whole) {
			t.Errorf("got %v, want %v", e.Response["body"], whole)
		}
	})
	t.Run("an error of a page shows all", func(t *testing.T) {
		t.Parallel()
		s := steptest.NewServer(t).On("/t", steptest.JSON(`{"result":[1,2],"x":3}`))
		in := linkPage(s.URL, "body.result", steps.Input{"expect": steptest.Status(201)})
		_, err := steptest.Walk(t, rest.Kind(), in, streamed(t, nil))
		if e := failed(t, err); fmt.Sprint(e.Response["body"]) != "map[result:[1 2] x:3]" {
			t.Errorf("got %v", e.Response["body"])
		}
	})
}

// TestTextOfAPage holds that the text of a page is its items, all or as far as they are read, in memory and in a file.
func TestTextOfAPage(t *testing.T) {
	t.Parallel()
	short := `{"before":["[1]"], "result": [ {"id" : 1, "note":"\u0061]"},` + "\n" + `[2] , null ] , "next": ["n"]}`
	for name, body := range map[string]string{
		"short": short, "one item": `{"result":[7]}`, "empty": `{"result":[ ]}`, "long": longPage(6000, `{"id":-1}`),
	} {
		for _, item := range []steps.Reads{nil, {"id": nil}} {
			t.Run(name+" "+item.String(), func(t *testing.T) {
				t.Parallel()
				s, env := steptest.NewServer(t).On("/t", steptest.JSON(body)), streamed(t, item)
				out, err := rest.Kind().Run(t.Context(), linkPage(s.URL, "body.result", nil), &env.Env)
				if err != nil {
					t.Fatal(err)
				}
				want := make([]any, out.Items.Len())
				for i := range want {
					if want[i], err = out.Items.At(i); err != nil {
						t.Fatal(err)
					}
				}
				text, err := out.Items.Text()
				if err != nil {
					t.Fatal(err)
				}
				if got, err := steps.DecodeJSON(text); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("got %.200v, %v, want %.200v", got, err, want)
				}
				out.Items.Close()
				if text, err := out.Items.Text(); err == nil && len(want) > 0 {
					t.Errorf("after Close: got %.200s, want an error", text)
				}
			})
		}
	}
}
