package web

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"mime"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
)

var update = flag.Bool("update", false, "write openapi.json anew from openapi.yaml")

// history50 is what /runs asks for where nothing else is said.
var history50 = history.Filter{Limit: listLimit}

// readDescription gives the description of the API as JSON.
func readDescription(t testing.TB) map[string]any {
	t.Helper()
	text, err := descriptions.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	text, err = json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc.(map[string]any)
}

// TestDescriptionAsJSON holds that both files of the description say the same. -update writes the JSON anew.
func TestDescriptionAsJSON(t *testing.T) {
	t.Parallel()
	text, err := review.JSON(readDescription(t))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("openapi.json", text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, _ := descriptions.ReadFile("openapi.json"); !bytes.Equal(got, text) {
		t.Error("openapi.json is stale: go test ./history/web -run Description -update")
	}
}

// at gives what stands at a place, "" where nothing does. What refers to something else gives that.
func at(doc map[string]any, place ...string) any {
	var v any = doc
	for _, key := range place {
		m, _ := resolved(doc, v).(map[string]any)
		v = m[key]
	}
	return resolved(doc, v)
}

func resolved(doc map[string]any, v any) any {
	if m, is := v.(map[string]any); is {
		if ref, is := m["$ref"].(string); is {
			return at(doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
	}
	return v
}

// TestDescriptionHasAllOperations holds that the description tells of just what is served: paths, methods, roles, parameters and bodies.
func TestDescriptionHasAllOperations(t *testing.T) {
	t.Parallel()
	doc := readDescription(t)
	ids := map[string]bool{}
	served := map[string]bool{}
	for _, o := range operations() {
		name := o.method + " " + o.path
		served[name] = true
		told, is := at(doc, "paths", o.path, strings.ToLower(o.method)).(map[string]any)
		if !is {
			t.Errorf("%s is not described", name)
			continue
		}
		id, _ := told["operationId"].(string)
		if id == "" || ids[id] {
			t.Errorf("%s has the operationId %q, which is none or another's", name, id)
		}
		ids[id] = true
		if told["x-role"] != string(o.role) {
			t.Errorf("%s is for a %s, and said to be for a %v", name, o.role, told["x-role"])
		}
		if got := parametersOf(doc, told["parameters"], "query"); !slices.Equal(got, slices.Sorted(slices.Values(o.query))) {
			t.Errorf("%s is said to take %q, and takes %q", name, got, o.query)
		}
		inPath := regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(o.path, -1)
		if got := parametersOf(doc, at(doc, "paths", o.path, "parameters"), "path"); len(got) != len(inPath) || len(got) > 0 && got[0] != inPath[0][1] {
			t.Errorf("%s is said to have %q in its path", name, got)
		}
		if at(doc, "paths", o.path, strings.ToLower(o.method), "responses", "default") == nil {
			t.Errorf("%s has no problem described", name)
		}
	}
	for path, item := range doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			if name := strings.ToUpper(method) + " " + path; method != "parameters" && !served[name] {
				t.Errorf("%s is described, and not served", name)
			}
		}
	}
}

// parametersOf gives the names of the parameters in a place, sorted.
func parametersOf(doc map[string]any, list any, in string) []string {
	var names []string
	all, _ := list.([]any)
	for _, p := range all {
		if m, _ := resolved(doc, p).(map[string]any); m["in"] == in && m["description"] != nil && m["schema"] != nil {
			names = append(names, m["name"].(string))
		}
	}
	return slices.Sorted(slices.Values(names))
}

// TestDescriptionRefers holds that whatever the description refers to is there, and that nothing is there which it does not refer to.
func TestDescriptionRefers(t *testing.T) {
	t.Parallel()
	doc := readDescription(t)
	used := map[string]bool{}
	each(doc, func(m map[string]any) {
		if ref, is := m["$ref"].(string); is {
			used[strings.TrimPrefix(ref, "#/components/")] = true
		}
	})
	for _, ref := range slices.Sorted(maps.Keys(used)) {
		if at(doc, append([]string{"components"}, strings.Split(ref, "/")...)...) == nil {
			t.Errorf("it refers to %s, which is not there", ref)
		}
	}
	for kind, all := range doc["components"].(map[string]any) {
		for name := range all.(map[string]any) {
			if kind != "securitySchemes" && !used[kind+"/"+name] {
				t.Errorf("nothing refers to %s/%s", kind, name)
			}
		}
	}
}

// each visits all objects in a value.
func each(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, inside := range v {
			each(inside, visit)
		}
	case []any:
		for _, inside := range v {
			each(inside, visit)
		}
	}
}

// described holds answers against the description, in which no object has keys that are not described.
type described struct {
	*apiHouse
	doc      map[string]any
	compiler *jsonschema.Compiler
	seen     map[string]bool // operations that were answered well
}

func newDescribed(t *testing.T) *described {
	t.Helper()
	d := &described{apiHouse: newAPIHouse(t), doc: readDescription(t), compiler: jsonschema.NewCompiler(), seen: map[string]bool{}}
	each(d.doc, func(m map[string]any) {
		if _, is := m["properties"].(map[string]any); is && m["additionalProperties"] == nil {
			m["additionalProperties"] = false
		}
	})
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource("api.json", d.doc); err != nil {
		t.Fatal(err)
	}
	return d
}

// fits asks, and holds that the answer has this status and fits the description. It gives the JSON of the answer.
func (d *described) fits(status int, method, path, body string) any {
	d.t.Helper()
	got := d.ask(method, path, body)
	name := method + " " + path
	if got.StatusCode != status {
		d.t.Errorf("%s: %s, want %d\n%s", name, got.Status, status, got.text)
		return nil
	}
	req, _ := http.NewRequest(method, d.server.URL+apiPath+path, nil)
	_, pattern := d.site.mux.Handler(req)
	place := strings.TrimPrefix(pattern, method+" "+apiPath)
	response := "default"
	if status < 400 {
		d.seen[method+" "+place] = true
		response = strconv.Itoa(status)
	}
	pointer := "api.json#/paths/" + escaped(place) + "/" + strings.ToLower(method) + "/responses/" + response
	if ref, is := at(d.doc, "paths", place, strings.ToLower(method), "responses").(map[string]any)[response].(map[string]any)["$ref"].(string); is {
		pointer = "api.json" + ref
	}
	told, _ := at(d.doc, "paths", place, strings.ToLower(method), "responses", response).(map[string]any)
	for header := range orEmpty(told["headers"]) {
		if got.Header.Get(header) == "" {
			d.t.Errorf("%s: there is no header %s", name, header)
		}
	}
	kind, _, _ := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if orEmpty(told["content"])[kind] == nil {
		d.t.Errorf("%s: %d of type %q is not described", name, status, kind)
		return nil
	}
	switch pointer += "/content/" + escaped(kind); kind {
	case "application/yaml", "application/xml":
		return nil
	case "text/event-stream":
		data := regexp.MustCompile(`(?m)^event: change\nid: \w+\ndata: (.*)$`).FindSubmatch(got.text)
		if data == nil || !bytes.HasSuffix(got.text, []byte("event: end\ndata: {}\n\n")) {
			d.t.Errorf("%s: the stream is %q", name, got.text)
			return nil
		}
		return d.valid(name, pointer+"/x-data", data[1])
	}
	return d.valid(name, pointer+"/schema", got.text)
}

// valid holds that a text is JSON which fits a schema.
func (d *described) valid(name, pointer string, text []byte) any {
	d.t.Helper()
	schema, err := d.compiler.Compile(pointer)
	if err != nil {
		d.t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		d.t.Errorf("%s: %v\n%s", name, err, text)
	}
	return v
}

func escaped(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(key)
}

func orEmpty(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// TestAnswersFitTheDescription asks for everything there is, over runs that did all that runs do, and holds each answer against its schema.
func TestAnswersFitTheDescription(t *testing.T) {
	t.Parallel()
	d := newDescribed(t)
	good := d.runs("asks", "")
	d.down.Store(true)
	bad := d.runs("asks", `{"inputs":{"priority":2}}`)
	d.down.Store(false)
	odd, tolerant := d.runs("odd", ""), d.runs("tolerant", "")
	d.ran("nightly", engine.Running, time.Minute)
	skipped := d.ran("nightly", engine.Skipped, time.Hour, func(r *engine.Run) { r.Reason = "missed" })
	d.fits(200, "POST", "/jobs/nightly/pause", `{"why":"so"}`)

	for _, path := range []string{
		"/runs", "/runs?status=failed,ok&since=1h&limit=1", "/runs?text=down", "/search?text=down", "/search?text=nothing+at+all",
		"/runs/" + good, "/runs/" + bad + "?http=1", "/runs/" + odd + "?http=1", "/runs/" + tolerant + "?limit=1", "/runs/" + skipped, "/runs/" + bad + "?step=all&http=1",
		"/runs/" + tolerant + "/steps?limit=2", "/runs/" + good + "/steps?step=say", "/runs/" + bad + "/exchanges?limit=1", "/runs/" + skipped + "/exchanges",
		"/runs/" + good + "/timeline", "/runs/" + bad + "/timeline", "/runs/" + tolerant + "/timeline", "/runs/" + skipped + "/timeline",
		"/runs/" + bad + "/diff", "/runs/" + tolerant + "/diff?with=" + good, "/runs/" + good + "/diff?with=" + odd,
		"/runs/" + bad + "/export", "/runs/" + good + "/export?format=har", "/runs/" + bad + "/export?format=junit",
		"/runs/" + bad + "/events", "/overview", "/system", "/jobs/asks/stats", "/jobs/asks/stats?since=1d", "/jobs/never/stats",
		"/jobs", "/jobs?state=broken", "/jobs/asks", "/jobs/broken", "/jobs/nightly", "/schedules", "/jobs/nightly/slots", "/profiles", "/daemons", "/openapi.yaml", "/openapi.json",
	} {
		d.fits(200, "GET", path, "")
	}

	again := d.fits(200, "POST", "/runs/"+bad+"/resume", `{"job":"original"}`)
	d.await(bad, "queued", "running", "failed")
	d.fits(409, "POST", "/runs/"+bad+"/resume", "")
	d.fits(200, "POST", "/runs/"+tolerant+"/retry", "")
	d.fits(201, "POST", "/runs/"+good+"/rerun", "")
	waits := orEmpty(d.fits(201, "POST", "/jobs/waits/run", `{"inputs":{}}`))["run"].(string)
	d.await(waits, "queued")
	d.fits(200, "POST", "/runs/"+waits+"/cancel", "")
	d.fits(200, "POST", "/runs/bulk", `{"action":"retry","runs":["`+good+`","`+bad+`","nosuch"]}`)
	d.fits(200, "POST", "/jobs/nightly/unpause", "")
	d.fits(200, "POST", "/profiles/erp/test", "")
	d.fits(200, "POST", "/profiles/erp/reset", "")
	d.fits(404, "GET", "/runs/nosuch", "")
	d.fits(200, "GET", "/audit", "")
	d.fits(200, "GET", "/audit?limit=1&who=operator-ann&action=resume", "")
	if done := orEmpty(again)["done"]; done != "resumed" && done != "waits" {
		t.Errorf("resuming gives %v", again)
	}
	d.seen["GET /events"] = true // it does not end: see TestEventsOfTheAPI
	for _, o := range operations() {
		if !d.seen[o.method+" "+o.path] {
			t.Errorf("%s %s was not answered well in this test", o.method, o.path)
		}
	}
}

// TestPageOfTheAPI holds that whatever docs/api.md shows is there, and that it shows all that programs can ask for.
func TestPageOfTheAPI(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	site := newSite(t, Access{})
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile(`(GET|POST|7070)\s?(/api/v1/[^\s`+"`"+`"]*)`).FindAllStringSubmatch(string(text), -1) {
		method := m[1]
		if method == "7070" {
			method = http.MethodGet
			if strings.HasSuffix(m[2], "/run") {
				method = http.MethodPost
			}
		}
		req, err := http.NewRequest(method, "http://127.0.0.1"+m[2], nil)
		if err != nil {
			t.Fatal(err)
		}
		_, pattern := site.mux.Handler(req)
		shown[pattern] = true
		i := slices.IndexFunc(operations(), func(o operation) bool { return o.method+" "+apiPath+o.path == pattern })
		if i < 0 {
			t.Errorf("%s %s is not there", method, m[2])
			continue
		}
		for name := range req.URL.Query() {
			if !slices.Contains(operations()[i].query, name) {
				t.Errorf("%s %s has no parameter %s", method, m[2], name)
			}
		}
	}
	for _, o := range operations() {
		if pattern := o.method + " " + apiPath + o.path; !shown[pattern] && !strings.Contains(string(text), "`"+apiPath+o.path+"`") {
			t.Errorf("docs/api.md does not show %s", pattern)
		}
	}
}
