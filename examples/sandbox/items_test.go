package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// items asks for a list of cmdb_ci.
func (s *Server) askItems(query string) answer {
	return s.serve("GET", "/api/now/table/cmdb_ci?"+query, "", s.basic())
}

func TestItemsInPages(t *testing.T) {
	t.Parallel()
	s := New(Options{Records: 250})
	seen := map[string]bool{}
	last := ""
	for offset := 0; offset < 300; offset += 100 {
		a := s.askItems(fmt.Sprintf("sysparm_fields=sys_id,name&sysparm_limit=100&sysparm_offset=%d", offset))
		if a.status != http.StatusOK || a.header.Get("X-Total-Count") != "250" {
			t.Fatalf("offset %d: %d, %s items", offset, a.status, a.header.Get("X-Total-Count"))
		}
		if next := strings.Contains(a.header.Get("Link"), `rel="next"`); next != (offset < 200) {
			t.Errorf("offset %d: Link is %s", offset, a.header.Get("Link"))
		}
		for _, row := range rows(t, a) {
			id := row["sys_id"].(string)
			if id <= last || len(id) != 32 || len(row) != 2 {
				t.Fatalf("%v comes after %s", row, last)
			}
			last, seen[id] = id, true
		}
	}
	if len(seen) != 250 {
		t.Errorf("%d items, want 250", len(seen))
	}
}

func TestItemsByKeyset(t *testing.T) {
	t.Parallel()
	s := New(Options{Records: 250})
	count, last := 0, ""
	for range 10 {
		page := rows(t, s.askItems("sysparm_limit=60&sysparm_query=sys_id%3E"+last+"%5EORDERBYsys_id"))
		if len(page) == 0 {
			break
		}
		count += len(page)
		last = page[len(page)-1]["sys_id"].(string)
	}
	if count != 250 {
		t.Errorf("%d items, want 250", count)
	}
}

func TestItemQueries(t *testing.T) {
	t.Parallel()
	s := New(Options{Records: 10})
	id := func(n int) string { return itemID(n) }
	for _, test := range []struct {
		query string
		want  string // the numbers of the first and the last, "" for none
	}{
		{"", "0-9"},
		{"sys_id>" + id(3), "4-9"},
		{"sys_id>=" + id(3), "3-9"},
		{"sys_id<" + id(3), "0-2"},
		{"sys_id<=" + id(3), "0-3"},
		{"sys_id=" + id(3), "3-3"},
		{"sys_id=" + strings.ToUpper(id(3)), "3-3"},
		{"sys_id=00000003", ""},
		{"sys_id>" + id(2) + "^sys_id<" + id(5) + "^ORDERBYsys_id", "3-4"},
		{"sys_id>" + id(5) + "^sys_id<" + id(2), ""},
		{"name=ci-00000003", "refused"},
		{"ORDERBYDESCsys_id", "refused"},
		{"sys_idIN" + id(3), "refused"},
	} {
		a := s.askItems("sysparm_fields=name&sysparm_query=" + strings.NewReplacer("^", "%5E", ">", "%3E", "<", "%3C", "=", "%3D").Replace(test.query))
		got := "refused"
		if a.status == http.StatusOK {
			got = ""
			if found := rows(t, a); len(found) > 0 {
				got = numberOf(found[0]) + "-" + numberOf(found[len(found)-1])
			}
		}
		if got != test.want {
			t.Errorf("%s finds %q, want %q (%d %s)", test.query, got, test.want, a.status, a.body)
		}
	}
}

// numberOf gives the number of an item.
func numberOf(row map[string]any) string {
	n, _ := strconv.Atoi(strings.TrimPrefix(row["name"].(string), "ci-"))
	return strconv.Itoa(n)
}

func TestItem(t *testing.T) {
	t.Parallel()
	s := New(Options{Records: 10})
	a := s.serve("GET", "/api/now/v2/table/cmdb_ci/"+itemID(7), "", s.basic())
	item := one(t, a)
	if item["sys_id"] != itemID(7) || numberOf(item) != "7" {
		t.Errorf("item 7 is %v", item)
	}
	if size := len(a.body) - len(`{"result":}`+"\n"); size < 1150 || size > 1300 {
		t.Errorf("an item is %d bytes, want 1.2 KB", size)
	}
	for _, id := range []string{itemID(10), "00000003", "zzz"} {
		if a := s.serve("GET", "/api/now/table/cmdb_ci/"+id, "", s.basic()); a.status != http.StatusNotFound {
			t.Errorf("item %s: %d %s", id, a.status, a.body)
		}
	}
	for _, method := range []string{"POST", "PATCH", "DELETE"} {
		path := "/api/now/table/cmdb_ci"
		if method != "POST" {
			path += "/" + itemID(7)
		}
		if a := s.serve(method, path, `{"name": "x"}`, s.basic()); a.status != http.StatusForbidden {
			t.Errorf("%s %s: %d %s, want it refused", method, path, a.status, a.body)
		}
	}
	if a := s.serve("GET", "/api/now/table/cmdb_ci", ""); a.status != http.StatusUnauthorized {
		t.Errorf("without a sign-in: %d", a.status)
	}
}

// TestItemColumns holds what the making of items relies on: sorted names, values that JSON and CSV take as they are.
func TestItemColumns(t *testing.T) {
	t.Parallel()
	last := ""
	for _, c := range itemColumns {
		if c.name <= last {
			t.Errorf("column %s stands behind %s", c.name, last)
		}
		last = c.name
		for _, n := range []int{0, 9, 123_456, 99_999_999} {
			value := string(c.add(nil, n))
			if plain, err := json.Marshal(value); err != nil || string(plain) != `"`+value+`"` || strings.ContainsAny(value, ",\n") {
				t.Errorf("%s of item %d has to be escaped: %s", c.name, n, value)
			}
		}
	}
}

func TestMillionItemsCostNothingUntilAsked(t *testing.T) {
	t.Parallel()
	s := New(Options{Records: 1_000_000, Incidents: -1})
	a := s.askItems("sysparm_fields=name&sysparm_limit=1&sysparm_offset=999999")
	if found := rows(t, a); len(found) != 1 || numberOf(found[0]) != "999999" || a.header.Get("X-Total-Count") != "1000000" {
		t.Errorf("the last of a million is %s", a.body)
	}
	if got := New(Options{Records: -1}).askItems("").body; got != "{\"result\":[]}\n" {
		t.Errorf("without records the table gives %s", got)
	}
}

// BenchmarkItems makes the pages of the million-record mirror.
func BenchmarkItems(b *testing.B) {
	for _, fields := range []string{"", "sys_id"} {
		b.Run(orElse(fields, "all fields"), func(b *testing.B) {
			s := New(Options{Records: 1_000_000, Incidents: -1})
			r := httptest.NewRequest("GET", "/api/now/table/cmdb_ci?sysparm_limit=1000&sysparm_offset=500000&sysparm_fields="+fields, nil)
			r.SetBasicAuth(s.options.User, s.options.Password)
			for b.Loop() {
				s.ServeHTTP(nobody{http.Header{}}, r)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
		})
	}
}
