package steptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"snrun/steps/steptest"
)

// answered asks a handler without a network between.
func answered(h http.Handler, address string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
	return w
}

type listed struct {
	Result []struct{ ID, Name, Note string }
	Next   *string
	URL    *string `json:"next_url"`
	Total  *int
}

func decoded(t *testing.T, w *httptest.ResponseRecorder) listed {
	t.Helper()
	var got listed
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return got
}

func TestListIsPaged(t *testing.T) {
	t.Parallel()
	list := &steptest.List{Count: 25, Size: 10, Width: 200, Most: 20, Totals: []int{25, -1}}
	for _, c := range []struct{ address, ids, next string }{
		{"/link", "0-9", "10"},
		{"/cursor?cursor=10", "10-19", "20"},
		{"/next_url?cursor=20", "20-24", ""},
		{"/offset?offset=8&limit=4", "8-11", "12"},
		{"/page?page=2", "10-19", "20"},
		{"/page?page=2&limit=99", "20-24", ""},
		{"/keyset?after=000000003&limit=2", "4-5", "6"},
		{"/keyset?after=000000024", "", ""},
	} {
		w := answered(list, c.address)
		got, ids, next := decoded(t, w), "", ""
		for i, r := range got.Result {
			n, _ := strconv.Atoi(r.ID)
			if r.Name != "record "+r.ID || len(r.Note) < 100 || len(r.ID) != 9 {
				t.Errorf("%s: got %+v", c.address, r)
			}
			switch i {
			case 0:
				ids = fmt.Sprint(n)
			case len(got.Result) - 1:
				ids += fmt.Sprint("-", n)
			}
		}
		if got.Next != nil {
			next = *got.Next
		}
		if link := w.Header().Get("Link"); ids != c.ids || next != c.next || (link != "") != (c.address == "/link") {
			t.Errorf("%s: got %s, next %q, link %q; want %s, %q", c.address, ids, next, link, c.ids, c.next)
		}
	}
	if got := decoded(t, answered(list, "/page")); *got.Total != 25 || *got.URL != "page?cursor=10" {
		t.Errorf("got total %d, address %s", *got.Total, *got.URL)
	}
	if got := decoded(t, answered(list, "/page?page=3")); got.Total != nil {
		t.Errorf("the third page tells a total of %d", *got.Total)
	}
	for _, wrong := range []string{"/items", "/page?page=x", "/offset?offset=-1"} {
		if w := answered(list, wrong); w.Code != http.StatusBadRequest {
			t.Errorf("%s: got %d", wrong, w.Code)
		}
	}
}

func TestListRefusesBeyondItsBudget(t *testing.T) {
	t.Parallel()
	list := &steptest.List{Count: 5, Budget: 2, Window: time.Hour}
	var got []string
	for range 3 {
		w := answered(list, "/page")
		got = append(got, fmt.Sprint(w.Code, " ", w.Header().Get("X-RateLimit-Remaining"), " of ", w.Header().Get("X-RateLimit-Limit")))
		reset, _ := strconv.ParseInt(w.Header().Get("X-RateLimit-Reset"), 10, 64)
		if left := time.Until(time.Unix(reset, 0)); left < 59*time.Minute || left > time.Hour+time.Second {
			t.Errorf("the limit begins anew in %s", left)
		}
		if wait, _ := strconv.Atoi(w.Header().Get("Retry-After")); (w.Code == 429) != (wait > 3500) {
			t.Errorf("%d asks to wait %d s", w.Code, wait)
		}
	}
	if want := []string{"200 1 of 2", "200 0 of 2", "429 0 of 2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnswersThatAskToWait(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/a", steptest.TooMany(1500*time.Millisecond), steptest.TooManyUntil(time.Minute))
	var waits []string
	for range 2 {
		resp, err := http.Get(s.URL + "/a")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		wait := resp.Header.Get("Retry-After")
		at, notDate := http.ParseTime(wait)
		if date, err := http.ParseTime(resp.Header.Get("Date")); notDate == nil && err == nil {
			wait = at.Sub(date).String()
		}
		waits = append(waits, fmt.Sprint(resp.StatusCode, " ", wait))
	}
	if want := []string{"429 2", "429 1m0s"}; !slices.Equal(waits, want) {
		t.Errorf("got %q, want %q", waits, want)
	}
}

// sink is an answer that nobody keeps.
type sink struct {
	header http.Header
	size   int
	end    string
}

func (s *sink) Header() http.Header { return s.header }
func (s *sink) WriteHeader(int)     {}
func (s *sink) Write(b []byte) (int, error) {
	s.size, s.end = s.size+len(b), string(b[max(len(b)-80, 0):])
	return len(b), nil
}

// TestListOfAMillion holds that a list is not kept: a page deep in it costs as much as the first.
func TestListOfAMillion(t *testing.T) {
	list := &steptest.List{Count: 1_000_000, Size: 1000, Width: 1200}
	serve := func(page int) (uint64, *sink) {
		r, w := httptest.NewRequest(http.MethodGet, "/page?page="+strconv.Itoa(page), nil), &sink{header: http.Header{}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		list.ServeHTTP(w, r)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc, w
	}
	serve(1)
	total := uint64(0)
	for page := 901; page <= 1000; page++ {
		cost, w := serve(page)
		total += cost
		if w.size < 1_200_000 || w.size > 1_201_100 {
			t.Fatalf("page %d has %d bytes", page, w.size)
		}
		if page == 1000 && !strings.Contains(w.end, `"next":null`) {
			t.Errorf("the last page ends with %s", w.end)
		}
	}
	if total > 10<<20 {
		t.Errorf("100 pages took %d bytes of memory", total)
	}
	if got := decoded(t, answered(list, "/page?page=1000")); got.Result[999].ID != "000999999" {
		t.Errorf("the last record is %s", got.Result[999].ID)
	}
}

func BenchmarkListPage(b *testing.B) {
	list := &steptest.List{Count: 1_000_000, Size: 1000, Width: 1200}
	r := httptest.NewRequest(http.MethodGet, "/page?page=500", nil)
	b.ReportAllocs()
	for b.Loop() {
		list.ServeHTTP(&sink{header: http.Header{}}, r)
	}
}
