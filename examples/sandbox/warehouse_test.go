package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const rowsPath = "/warehouse/v1/sets/items/rows"

func TestStoredRowsAreCounted(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	for i, test := range []struct {
		body, key string
		status    int
		replayed  bool
		want      Stored
	}{
		{`{"rows": [{"id": "a", "n": 1}, {"id": "b"}]}`, "k-1", 201, false, Stored{Rows: 2, Batches: 1, Largest: 2}},
		{`{"rows": [{"id": "a", "n": 1}, {"id": "b"}]}`, "k-1", 201, true, Stored{Rows: 2, Batches: 1, Largest: 2}},
		{`{"rows": [{"id": "c"}]}`, "k-1", 422, false, Stored{Rows: 2, Batches: 1, Largest: 2}},
		{`{"rows": [{"id": "b"}, {"id": "c"}]}`, "", 201, false, Stored{Rows: 3, Again: 1, Batches: 2, Largest: 2}},
		{`{"rows": [{"id": "c"}]}`, "", 201, false, Stored{Rows: 3, Again: 2, Batches: 3, Largest: 2}},
		{`{"rows": [{"id": "d"}, {}]}`, "k-2", 422, false, Stored{Rows: 3, Again: 2, Batches: 3, Largest: 2}},
		{`{"rows": [{"id": "d"}, 7]}`, "", 422, false, Stored{Rows: 3, Again: 2, Batches: 3, Largest: 2}},
		{`{"rows": [`, "", 400, false, Stored{Rows: 3, Again: 2, Batches: 3, Largest: 2}},
	} {
		var headers []string
		if test.key != "" {
			headers = append(headers, "Idempotency-Key: "+test.key)
		}
		a := s.post(rowsPath, test.body, headers...)
		if replayed := a.header.Get("Idempotent-Replayed") == "true"; a.status != test.status || replayed != test.replayed {
			t.Errorf("%d: %d, replayed %t, want %d, %t (%s)", i, a.status, replayed, test.status, test.replayed, a.body)
		}
		got := s.Stored()["items"]
		if got.LastRow = nil; got != test.want {
			t.Errorf("%d: stored %+v, want %+v", i, got, test.want)
		}
	}
	if a := s.post("/warehouse/v1/sets/others/rows?key=sys_id", `{"rows": [{"sys_id": "x", "id": "y"}, {"sys_id": 7}]}`); a.status != http.StatusCreated ||
		s.TimesStored("others", "x") != 1 || s.TimesStored("others", "7") != 1 {
		t.Errorf("rows under another key: %d %s", a.status, a.body)
	}
	for id, want := range map[string]int{"a": 1, "b": 2, "c": 2, "d": 0} {
		if got := s.TimesStored("items", id); got != want {
			t.Errorf("%s came %d times, want %d", id, got, want)
		}
	}
	if a := s.serve("GET", "/warehouse/v1/sets/items", "", s.basic()); !strings.HasPrefix(a.body, `{"rows":3,"again":2,"batches":3,"largest":2,"last_row":{"id":"c"}}`) {
		t.Errorf("the set is %s", a.body)
	}
	if a := s.serve("GET", "/warehouse/v1/sets/other", "", s.basic()); a.status != http.StatusNotFound || !strings.Contains(a.body, "items") {
		t.Errorf("a set that there is not: %d %s", a.status, a.body)
	}
	if a := s.serve("GET", "/sandbox/stored", ""); !strings.Contains(a.body, `"items":{"rows":3,"again":2`) {
		t.Errorf("/sandbox/stored says %s", a.body)
	}
}

// TestOneKeyAtOnce sends one request many times at the same moment.
func TestOneKeyAtOnce(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	var senders sync.WaitGroup
	for range 20 {
		senders.Go(func() {
			if a := s.post(rowsPath, `{"rows": [{"id": "a"}]}`, "Idempotency-Key: k"); a.status != http.StatusCreated {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	senders.Wait()
	if got := s.TimesStored("items", "a"); got != 1 {
		t.Errorf("the row came %d times, want once", got)
	}
}

func TestWarehouseAsksForASignIn(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	for _, path := range []string{"GET /warehouse/v1/sites", "GET /warehouse/v1/sets/a", "POST " + rowsPath, "POST /warehouse/v1/exports", "POST /sms/v1/messages"} {
		method, path, _ := strings.Cut(path, " ")
		if a := s.serve(method, path, "{}"); a.status != http.StatusUnauthorized {
			t.Errorf("%s %s without a sign-in: %d", method, path, a.status)
		}
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	s := New(Options{Records: 20})
	started := s.post("/warehouse/v1/exports", `{"format": "csv", "records": 3}`, "Idempotency-Key: k")
	if again := s.post("/warehouse/v1/exports", `{"format": "csv", "records": 3}`, "Idempotency-Key: k"); again.body != started.body {
		t.Errorf("sent again: %s, want the same export", again.body)
	}
	at := started.header.Get("Location")
	if started.status != http.StatusAccepted || field(t, started.body, "status") != "queued" || at != "/warehouse/v1/exports/export-0001" {
		t.Fatalf("started: %d %s, at %s", started.status, started.body, at)
	}
	if a := s.serve("GET", at+"/file", "", s.basic()); a.status != http.StatusNotFound {
		t.Errorf("the file is there before the export is ready: %d %s", a.status, a.body)
	}
	for i, want := range []string{"running", "running", "ready", "ready"} {
		a := s.serve("GET", at, "", s.basic())
		if got := field(t, a.body, "status"); got != want || (field(t, a.body, "file") == "") != (want == "running") {
			t.Errorf("question %d: %s, want %s", i+1, a.body, want)
		}
	}
	file := s.serve("GET", at+"/file", "", s.basic())
	want := "sys_id,name,serial_number\n"
	for n := range 3 {
		want += itemID(n) + ",ci-0000000" + strconv.Itoa(n) + "," + string(itemColumns[27].add(nil, n)) + "\n"
	}
	if file.status != http.StatusOK || file.body != want {
		t.Errorf("%d, the file is\n%s\nwant\n%s", file.status, file.body, want)
	}
	if n := len(s.Exports()); n != 1 {
		t.Errorf("%d exports, want 1", n)
	}
}

func TestExportOfLines(t *testing.T) {
	t.Parallel()
	s := New(Options{Records: 200})
	at := s.post("/warehouse/v1/exports", `{"format": "ndjson"}`).header.Get("Location")
	for range questions {
		s.serve("GET", at, "", s.basic())
	}
	lines := strings.Split(s.serve("GET", at+"/file", "", s.basic()).body, "\n")
	if len(lines) != 201 || decode[map[string]string](t, lines[199])["sys_id"] != itemID(199) || lines[200] != "" {
		t.Errorf("%d lines, the last but one is %s", len(lines), lines[max(len(lines)-2, 0)])
	}
}

func TestExportMistakes(t *testing.T) {
	t.Parallel()
	s := New(Options{Records: 20})
	for body, status := range map[string]int{
		`{"format": "xlsx"}`: 422, `{"records": 21}`: 422, `{"records": -1}`: 422, `{"records": "x"}`: 400, `[]`: 400, `{}`: 202,
	} {
		if a := s.post("/warehouse/v1/exports", body); a.status != status {
			t.Errorf("%s: %d %s, want %d", body, a.status, a.body, status)
		}
	}
	for _, path := range []string{"/warehouse/v1/exports/export-0009", "/warehouse/v1/exports/export-0009/file"} {
		if a := s.serve("GET", path, "", s.basic()); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	get := func(path string) map[string]any {
		return decode[map[string]any](t, s.serve("GET", path, "", s.basic()).body)
	}
	sizes := func(key string, pages ...string) (all []int) {
		for _, page := range pages {
			all = append(all, len(get("/warehouse/v1/" + page)[key].([]any)))
		}
		return all
	}
	for _, test := range []struct {
		got  []int
		want []int
	}{
		{sizes("sites", "sites?per_page=25", "sites?per_page=25&page=2", "sites?per_page=25&page=3", "sites?per_page=25&page=4", "sites?page=x&per_page=0"), []int{25, 25, 5, 0, 20}},
		{sizes("changes", "changes", "changes?after=chg-0050", "changes?after=chg-0100", "changes?after=chg-0130", "changes?after=&limit=7"), []int{50, 50, 30, 0, 7}},
	} {
		for i := range test.want {
			if test.got[i] != test.want[i] {
				t.Errorf("pages of %v, want %v", test.got, test.want)
			}
		}
	}
	path, names := "/warehouse/v1/departments?top=15", map[any]bool{}
	for range 5 {
		page := get(path)
		for _, one := range page["value"].([]any) {
			names[one.(map[string]any)["id"]] = true
		}
		next, more := page["next"].(string)
		if !more {
			break
		}
		path = strings.TrimPrefix(next, "http://example.com")
	}
	if len(names) != 34 || path != "/warehouse/v1/departments?skip=30&top=15" {
		t.Errorf("%d departments, the last page is %s", len(names), path)
	}
}
