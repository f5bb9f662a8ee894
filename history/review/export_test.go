package review

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

// exported is what is written of runs.
func exported(t *testing.T, store *history.Store, format string, ids ...string) string {
	t.Helper()
	var b strings.Builder
	if err := (Export{Format: format, Program: "snrun", Version: "1"}).Write(t.Context(), &b, store, ids); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// busySync is failedSync with requests of all sorts.
func busySync(t *testing.T) *history.Store {
	t.Helper()
	binary := request(200, "\xff\xfe")
	binary.Response = steps.Message{Body: []byte{0, 255}, Size: 2, Header: http.Header{"Content-Type": {"image/png"}}}
	moved := request(302, "")
	moved.URL = "https://example.com/a?q=%20b&x&q=***&bad=%zz#part"
	moved.Request.Header = http.Header{"Authorization": {"***"}, "X-A": {"1", "2"}}
	moved.Response.Header = http.Header{"Location": {"/b"}}
	moved.Connect, moved.FirstByte = 20*time.Millisecond, 50*time.Millisecond
	none := steps.Exchange{Method: "GET", URL: "http://127.0.0.1/", Error: "connection refused", Started: after(1000), Duration: time.Second, Response: steps.Message{Size: -1}}
	long := request(200, "x")
	long.Response = steps.Message{Body: []byte("abc"), Size: 4096}
	unkept := request(200, "")
	unkept.Request.Size, unkept.Response = 4096, steps.Message{Size: 4096}
	odd := request(200, "a\x1b\x00b")
	odd.Connect, odd.FirstByte, odd.Duration = time.Hour, time.Hour, time.Millisecond
	run := failedSync("r1")
	run.Steps = append(run.Steps, engine.StepRun{Key: "/log:3", Kind: "log", Status: engine.OK, Message: "two\n\x1b]0;lines & <b>", Started: after(1), Ended: after(2)})
	return keep(t, run,
		engine.Entry{Key: "/incidents", StepKey: "/incidents", Attempt: 1, Started: after(500), Ended: after(600), Exchanges: []steps.Exchange{binary, moved, none, long, unkept, odd}})
}

func TestExportJSON(t *testing.T) {
	t.Parallel()
	store := busySync(t)
	well := failedSync("r2")
	well.Status, well.Error, well.Steps = engine.OK, nil, nil
	keepIn(t, store, well)
	var got []map[string]any
	if err := json.Unmarshal([]byte(exported(t, store, "json", "r1", "r2")), &got); err != nil || len(got) != 2 {
		t.Fatalf("got %d runs, %v", len(got), err)
	}
	for i, id := range []string{"r1", "r2"} {
		shown, err := Read(store, id, Options{HTTP: true})
		if err != nil {
			t.Fatal(err)
		}
		text, err := JSON(shown)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		for _, run := range []map[string]any{got[i], want} { // an export has the steps as they were noted
			if list, some := run["steps"].([]any); some {
				slices.SortFunc(list, func(a, b any) int { return strings.Compare(keyIn(a), keyIn(b)) })
			}
		}
		if !reflect.DeepEqual(got[i], want) {
			t.Errorf("%s: got %v\nwant, as history show --json --http has it, %v", id, got[i], want)
		}
	}
	if text := exported(t, store, "json"); text != "[\n]\n" {
		t.Errorf("without runs: got %q", text)
	}
}

func keyIn(step any) string { return step.(map[string]any)["key"].(string) }

func TestExportHAR(t *testing.T) {
	t.Parallel()
	text := exported(t, busySync(t), "har", "r1")
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("testdata/har-1.2.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("this is no HTTP Archive: %v\n%s", err, text)
	}
	var got struct {
		Log struct {
			Entries []harEntry
			Pages   []harPage
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	entries := got.Log.Entries
	if len(entries) != 6 || len(got.Log.Pages) != 1 || got.Log.Pages[0].ID != "r1" {
		t.Fatalf("got %d entries and the pages %v", len(entries), got.Log.Pages)
	}
	for i, e := range entries {
		if sum := math.Max(0, e.Timings.Connect) + e.Timings.Send + e.Timings.Wait + e.Timings.Receive; math.Abs(sum-e.Time) > 1e-6 || e.Page != "r1" {
			t.Errorf("entry %d: %v ms in parts of %v ms, page %q", i, e.Time, sum, e.Page)
		}
	}
	binary, moved, none, long, unkept := entries[0], entries[1], entries[2], entries[3], entries[4]
	if data, err := base64.StdEncoding.DecodeString(binary.Response.Content.Text); err != nil || !bytes.Equal(data, []byte{0, 255}) || binary.Response.Content.Encoding != "base64" || binary.Request.Body.Text != "" {
		t.Errorf("what is no text: got %+v, %+v", binary.Response.Content, binary.Request.Body)
	}
	if q := fmt.Sprint(moved.Request.Query); q != "[{q  b} {x } {q ***} {bad %zz}]" {
		t.Errorf("got the parameters %s", q)
	}
	if h := fmt.Sprint(moved.Request.Headers); h != "[{Authorization ***} {X-A 1} {X-A 2}]" || moved.Response.RedirectURL != "/b" {
		t.Errorf("got the headers %s and the redirect to %q", h, moved.Response.RedirectURL)
	}
	if tm := moved.Timings; tm.Connect != 20 || tm.Wait != 50 || tm.Receive != 30 || tm.DNS != -1 {
		t.Errorf("got the times %+v", tm)
	}
	if none.Response.Status != 0 || none.Error != "connection refused" || none.Response.Content.Size != -1 || none.Timings.Wait != 1000 {
		t.Errorf("without an answer: got %+v", none)
	}
	if long.Response.Content.Comment != "the first 3 B of 4.0 KB" || unkept.Request.Body.Comment != "not kept" || unkept.Request.BodySize != 4096 {
		t.Errorf("of bodies that are not whole: got %+v, %+v", long.Response.Content, unkept.Request.Body)
	}
}

// report is what another program reads of an export for CI.
type report struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []struct {
		Name      string `xml:"name,attr"`
		Tests     int    `xml:"tests,attr"`
		Failures  int    `xml:"failures,attr"`
		Errors    int    `xml:"errors,attr"`
		Skipped   int    `xml:"skipped,attr"`
		Time      string `xml:"time,attr"`
		Timestamp string `xml:"timestamp,attr"`
		Cases     []struct {
			Name    string   `xml:"name,attr"`
			Class   string   `xml:"classname,attr"`
			Time    string   `xml:"time,attr"`
			Failure *trouble `xml:"failure"`
			Error   *trouble `xml:"error"`
			Skipped *trouble `xml:"skipped"`
			Out     string   `xml:"system-out"`
			Err     string   `xml:"system-err"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

type trouble struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func TestExportJUnit(t *testing.T) {
	t.Parallel()
	store := busySync(t)
	tolerant := failedSync("r2")
	tolerant.Status, tolerant.Error = engine.OK, nil
	late := failedSync("r3")
	late.Error, late.Steps = &steps.Error{Kind: steps.Timeout, Message: "the run's time is up"}, late.Steps[:1]
	doubtful := failedSync("r4")
	doubtful.Status, doubtful.Steps = engine.Interrupted, []engine.StepRun{{Key: "/tell", Kind: "rest", Status: engine.InDoubt, Error: bad()}, {Key: "/x", Kind: "set", Status: engine.Cancelled}}
	keepIn(t, store, tolerant)
	keepIn(t, store, late)
	keepIn(t, store, doubtful)
	text := exported(t, store, "junit", "r1", "r2", "r3", "r4")
	checkJUnit(t, text)
	var got report
	if err := xml.Unmarshal([]byte(text), &got); err != nil || len(got.Suites) != 4 {
		t.Fatalf("%v:\n%s", err, text)
	}
	for i, want := range []string{"12 8 0 1", "11 0 0 1", "2 0 1 0", "2 0 1 1"} {
		s := got.Suites[i]
		said := fmt.Sprint(s.Tests, s.Failures, s.Errors, s.Skipped)
		tests, failures, errs, skipped := len(s.Cases), 0, 0, 0
		for _, c := range s.Cases {
			if c.Failure != nil {
				failures++
			}
			if c.Error != nil {
				errs++
			}
			if c.Skipped != nil {
				skipped++
			}
		}
		if counted := fmt.Sprint(tests, failures, errs, skipped); said != want || counted != want {
			t.Errorf("suite %d says %s and has %s, want %s", i, said, counted, want)
		}
	}
	first := got.Suites[0]
	if first.Name != "sync" || first.Time != "1.500" || first.Timestamp != "2026-03-01T09:00:00" {
		t.Errorf("got the suite %+v", first)
	}
	if c := first.Cases[2]; c.Name != "/alerts[inc-0]/alert" || c.Class != "sync" || c.Time != "0.200" || c.Failure.Type != "status" || !strings.HasSuffix(c.Failure.Text, "title is missing") {
		t.Errorf("got the case %+v", c)
	}
	if c := first.Cases[len(first.Cases)-1]; c.Out != "two\n\uFFFD]0;lines & <b>" {
		t.Errorf("got the log %q", c.Out)
	}
	if c := got.Suites[1].Cases[1]; c.Failure != nil || !strings.HasPrefix(c.Err, "tolerated: POST") {
		t.Errorf("of a run that went well: got %+v", c)
	}
	if c := got.Suites[2].Cases[0]; c.Name != "run" || c.Error == nil || c.Error.Message != "the run's time is up" {
		t.Errorf("of a run whose error is of no step: got %+v", c)
	}
}

// oddText has what XML cannot hold, and what JSON must escape.
const oddText = "a\x00b\x03\x1b[31mc\r\nd\ufffe\uffff\xff]]><![CDATA[&\"'"

// TestExportOfOddTexts holds that other programs can read an export, whatever stands in errors, messages, keys and addresses.
func TestExportOfOddTexts(t *testing.T) {
	t.Parallel()
	failed := &steps.Error{Kind: oddText, Message: oddText, Step: "/a[" + oddText + "]", Hint: oddText}
	run := &engine.Run{
		ID: "r1", Job: "sync " + oddText, File: oddText, Process: "1@" + oddText, Trigger: oddText, Status: engine.Failed, Due: morning, Started: morning, Ended: after(9),
		Attempt: 1, Error: failed, Reason: oddText,
		Steps: []engine.StepRun{
			{Key: "/a[" + oddText + "]", Kind: "rest", Status: engine.Failed, Error: failed, Started: after(1), Ended: after(2)},
			{Key: "/log", Kind: "log", Status: engine.OK, Message: oddText, Started: after(1), Ended: after(2)},
			{Key: "/skip " + oddText, Kind: "rest", Status: engine.InDoubt, Error: failed},
		},
	}
	x := steps.Exchange{
		Method: "GET" + oddText, URL: "http://127.0.0.1/?" + oddText + "=" + oddText, Error: oddText, Started: after(1), Status: 200,
		Request:  steps.Message{Header: http.Header{"X-" + oddText: {oddText}, "Content-Type": {oddText}}, Body: []byte(oddText), Size: 5},
		Response: steps.Message{Header: http.Header{"Location": {oddText}, "Content-Type": {oddText}}, Body: []byte(oddText), Size: 5},
	}
	store := keep(t, run, engine.Entry{Key: run.Steps[0].Key, StepKey: run.Steps[0].Key, Attempt: 1, Started: after(1), Ended: after(2), Exchanges: []steps.Exchange{x}})
	tolerant := *run
	tolerant.ID, tolerant.Status = "r2", engine.OK
	lone := *run
	lone.ID, lone.Steps = "r3", nil
	keepIn(t, store, &tolerant)
	keepIn(t, store, &lone)
	for _, format := range Formats() {
		text := exported(t, store, format, "r1", "r2", "r3")
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\x03\x1b") {
			t.Errorf("%s has what is no text: %q", format, text)
		}
		if format == "junit" {
			checkJUnit(t, text)
			if n := strings.Count(text, "b\uFFFD\uFFFD[31mc"); n < 12 {
				t.Errorf("junit has the text %d times:\n%q", n, text)
			}
		} else if !json.Valid([]byte(text)) || strings.Count(text, `\u001b[31mc`) < 3 {
			t.Errorf("%s cannot be read:\n%s", format, text)
		}
	}
}

// junitGrammar is what may stand in what, with which attributes: those with a "!" must be there. It is that of the schema by which
// Jenkins checks results.
var junitGrammar = map[string]struct{ elements, attributes string }{
	"testsuites": {"testsuite", "name time tests failures errors"},
	"testsuite":  {"testsuite properties testcase system-out system-err", "name! tests! failures! errors! group time skipped timestamp hostname id package file log url"},
	"properties": {"property", ""},
	"property":   {"", "name! value!"},
	"testcase":   {"skipped error failure system-out system-err", "name! time classname group"},
	"skipped":    {"", "type message"}, "error": {"", "type message"}, "failure": {"", "type message"},
	"system-out": {"", ""}, "system-err": {"", ""},
}

func checkJUnit(t *testing.T, text string) {
	t.Helper()
	within := []string{}
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			rule, known := junitGrammar[name]
			if len(within) > 0 && !slices.Contains(strings.Fields(junitGrammar[within[len(within)-1]].elements), name) || !known || len(within) == 0 && name != "testsuites" {
				t.Errorf("%s stands in %v", name, within)
			}
			within = append(within, name)
			allowed := strings.Fields(rule.attributes)
			for _, a := range token.Attr {
				allowed = slices.DeleteFunc(allowed, func(n string) bool { return n == a.Name.Local+"!" })
				if !slices.Contains(strings.Fields(strings.ReplaceAll(rule.attributes, "!", "")), a.Name.Local) {
					t.Errorf("%s has the attribute %s", name, a.Name.Local)
				}
			}
			if i := slices.IndexFunc(allowed, func(n string) bool { return strings.HasSuffix(n, "!") }); i >= 0 {
				t.Errorf("%s has no attribute %s", name, allowed[i])
			}
		case xml.EndElement:
			within = within[:len(within)-1]
		}
	}
}

func TestExportEndsWhereNobodyWaits(t *testing.T) {
	t.Parallel()
	store := busySync(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, format := range Formats() {
		if err := (Export{Format: format}).Write(ctx, io.Discard, store, []string{"r1"}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", format, err)
		}
		if err := (Export{Format: format}).Write(t.Context(), failing50{}, store, []string{"r1"}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s to a full disk: got %v", format, err)
		}
		if err := (Export{Format: format}).Write(t.Context(), io.Discard, store, []string{"nope"}); !errors.Is(err, history.ErrUnknownRun) {
			t.Errorf("%s of no run: got %v", format, err)
		}
	}
	if err := (Export{Format: "csv"}).Write(t.Context(), io.Discard, store, nil); err == nil || !strings.Contains(err.Error(), "json, har, junit") {
		t.Errorf("in a format that there is not: got %v", err)
	}
}

type failing50 struct{}

func (failing50) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestPick(t *testing.T) {
	t.Parallel()
	store := keep(t, failedSync("r0000"))
	for i := 1; i < 1203; i++ {
		run := &engine.Run{ID: fmt.Sprintf("r%04d", i), Job: "sync", Status: engine.OK, Due: morning, Started: morning, Attempt: 1}
		if err := store.Begin(run); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		f           history.Filter
		count       int
		first, last string
	}{
		{history.Filter{Job: "sync"}, 1203, "r0000", "r1202"},
		{history.Filter{Limit: 2}, 2, "r1201", "r1202"},
		{history.Filter{Limit: 1100}, 1100, "r0103", "r1202"},
		{history.Filter{Statuses: []engine.Status{engine.Failed}}, 1, "r0000", "r0000"},
		{history.Filter{Job: "other"}, 0, "", ""},
	} {
		ids, err := Pick(store, test.f)
		if err != nil || len(ids) != test.count || len(ids) > 0 && (ids[0] != test.first || ids[len(ids)-1] != test.last) {
			t.Errorf("%+v: got %d ids, %v", test.f, len(ids), err)
		}
	}
}

// An export holds one request at a time, however many a run has.
func TestExportIsFlat(t *testing.T) {
	var calls []engine.Entry
	for i := range 40 {
		var list []steps.Exchange
		for range 20 {
			x := request(200, "a")
			x.Response = steps.Message{Body: bytes.Repeat([]byte(fmt.Sprint(i%10)), 50_000+len(list)), Size: 50_000}
			list = append(list, x)
		}
		key := fmt.Sprintf("/a[%d]/b", i)
		calls = append(calls, engine.Entry{Key: key, StepKey: key, Attempt: 1, Started: after(1), Ended: after(2), Exchanges: list})
	}
	store := keep(t, failedSync("r1"), calls...)
	calls = nil
	for _, format := range Formats() {
		var most uint64
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		n := 0
		w := writes(func(p []byte) (int, error) {
			if n++; n%100 == 0 {
				runtime.GC()
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
			return len(p), nil
		})
		if err := (Export{Format: format}).Write(t.Context(), w, store, []string{"r1"}); err != nil {
			t.Fatal(err)
		}
		if grown := int64(most) - int64(before.HeapAlloc); grown > 8<<20 {
			t.Errorf("%s takes %d MB for a run of 40 MB", format, grown>>20)
		}
	}
}

type writes func([]byte) (int, error)

func (w writes) Write(p []byte) (int, error) { return w(p) }
