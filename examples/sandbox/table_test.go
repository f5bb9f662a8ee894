package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestListPages(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	auth := signIn(t, s)
	link := func(offset int, rel string) string {
		return fmt.Sprintf(`<%s/api/now/table/incident?sysparm_query=priority%%3D1%%5EORDERBYnumber&sysparm_fields=number&sysparm_limit=10&sysparm_offset=%d>;rel="%s"`, s.URL(), offset, rel)
	}
	tests := []struct {
		name, parameters string
		records          int
		links            []string
	}{
		{"first", "sysparm_limit=10", 10, []string{link(0, "first"), link(10, "next"), link(30, "last")}},
		{"second", "sysparm_limit=10&sysparm_offset=10", 10, []string{link(0, "first"), link(0, "prev"), link(20, "next"), link(30, "last")}},
		{"last", "sysparm_limit=10&sysparm_offset=30", 7, []string{link(0, "first"), link(20, "prev"), link(30, "last")}},
		{"between pages", "sysparm_limit=10&sysparm_offset=5", 10, []string{link(0, "first"), link(0, "prev"), link(15, "next"), link(30, "last")}},
		{"exactly at the end", "sysparm_limit=10&sysparm_offset=27", 10, []string{link(0, "first"), link(17, "prev"), link(30, "last")}},
		{"behind the end", "sysparm_limit=10&sysparm_offset=999", 0, []string{link(0, "first"), link(30, "prev"), link(30, "last")}},
		{"all in one", "sysparm_limit=37", 37, nil},
		{"no limit", "", 37, nil},
		{"no number", "sysparm_limit=ten&sysparm_offset=x", 37, nil},
		{"zero and negative", "sysparm_limit=0&sysparm_offset=-5", 37, nil},
		{"huge", "sysparm_limit=9223372036854775807&sysparm_offset=9223372036854775807", 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, "GET", s.URL()+"/api/now/table/incident?sysparm_query=priority=1%5EORDERBYnumber&sysparm_fields=number&"+tt.parameters, "", auth)
			if got := len(rows(t, a)); got != tt.records {
				t.Errorf("%d records, want %d", got, tt.records)
			}
			if got := a.header.Get("X-Total-Count"); got != "37" {
				t.Errorf("X-Total-Count is %q, want 37", got)
			}
			if got, want := a.header.Get("Link"), strings.Join(tt.links, ","); got != want {
				t.Errorf("Link\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestListAlongLinks(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	auth := signIn(t, s)
	next := regexp.MustCompile(`<([^>]*)>;rel="next"`)
	var numbers []string
	for at := s.listURL("incident", "sysparm_query=ORDERBYnumber", "sysparm_limit=33", "sysparm_fields=number", "active=true"); at != ""; {
		a := ask(t, "GET", at, "", auth)
		for _, row := range rows(t, a) {
			numbers = append(numbers, row["number"].(string))
		}
		at = ""
		if m := next.FindStringSubmatch(a.header.Get("Link")); m != nil {
			at = m[1]
		}
	}
	if !slices.IsSorted(numbers) || len(slices.Compact(numbers)) != 218 {
		t.Errorf("%d numbers, sorted %v; want 218 once each, sorted", len(numbers), slices.IsSorted(numbers))
	}
}

func TestListWithoutCounting(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	auth := signIn(t, s)
	a := ask(t, "GET", s.listURL("incident", "sysparm_limit=5", "sysparm_no_count=true"), "", auth)
	if a.header.Get("X-Total-Count") != "" || a.header.Get("Link") != "" || len(rows(t, a)) != 5 {
		t.Errorf("sysparm_no_count: headers %v", a.header)
	}
	a = ask(t, "GET", s.listURL("incident", "sysparm_limit=5", "sysparm_suppress_pagination_header=true"), "", auth)
	if a.header.Get("X-Total-Count") != "250" || a.header.Get("Link") != "" {
		t.Errorf("sysparm_suppress_pagination_header: headers %v", a.header)
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Incidents: -1, Tables: map[string][]map[string]string{"u_part": {
		{"name": "bolt", "size": "2"}, {"name": "nut", "size": "2"}, {"name": "a^ORsize=2", "size": "9"},
	}}})
	auth := signIn(t, s)
	for _, tt := range []struct {
		name, query string
		want        int
	}{
		{"a field as a parameter", "size=2", 2},
		{"with a query", "size=2&sysparm_query=nameSTARTSWITHb", 1},
		{"a caret in a parameter is no operator", "name=a%5EORsize%3D2", 1},
		{"unknown parameter", "bogus=2", 3},
		{"nothing found is an empty list", "size=77", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := len(rows(t, ask(t, "GET", s.URL()+"/api/now/v2/table/u_part?"+tt.query, "", auth))); got != tt.want {
				t.Errorf("%d records, want %d", got, tt.want)
			}
		})
	}
	if a := ask(t, "GET", s.listURL("u_part", "size=77"), "", auth); a.body != `{"result":[]}`+"\n" {
		t.Errorf("nothing found: %q", a.body)
	}
}

func TestView(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	auth := signIn(t, s)
	number := "INC0010007"
	row := s.store.find("incident", "number="+number)[0]
	caller := s.store.find("sys_user", "sys_id="+row["caller_id"])[0]
	link := s.URL() + "/api/now/table/sys_user/" + row["caller_id"]
	tests := []struct {
		name, parameters, want string
	}{
		{"plain", "sysparm_fields=number,priority,caller_id",
			`{"result":[{"caller_id":{"link":"` + link + `","value":"` + row["caller_id"] + `"},"number":"INC0010007","priority":"1"}]}`},
		{"without links", "sysparm_fields=caller_id&sysparm_exclude_reference_link=true",
			`{"result":[{"caller_id":"` + row["caller_id"] + `"}]}`},
		{"empty reference", "sysparm_fields=assigned_to", `{"result":[{"assigned_to":""}]}`},
		{"display", "sysparm_fields=number,priority,caller_id&sysparm_display_value=true",
			`{"result":[{"caller_id":{"display_value":"` + caller["name"] + `","link":"` + link + `"},"number":"INC0010007","priority":"1 - Critical"}]}`},
		{"display without links", "sysparm_fields=caller_id&sysparm_display_value=true&sysparm_exclude_reference_link=true",
			`{"result":[{"caller_id":"` + caller["name"] + `"}]}`},
		{"all", "sysparm_fields=number,priority,caller_id&sysparm_display_value=all",
			`{"result":[{"caller_id":{"display_value":"` + caller["name"] + `","link":"` + link + `","value":"` + row["caller_id"] + `"},` +
				`"number":{"display_value":"INC0010007","value":"INC0010007"},"priority":{"display_value":"1 - Critical","value":"1"}}]}`},
		{"all without links", "sysparm_fields=caller_id&sysparm_display_value=all&sysparm_exclude_reference_link=true",
			`{"result":[{"caller_id":{"display_value":"` + caller["name"] + `","value":"` + row["caller_id"] + `"}}]}`},
		{"walked", "sysparm_fields=caller_id.name,%20caller_id.location.country,bogus",
			`{"result":[{"caller_id.location.country":"` + s.store.find("cmn_location", "sys_id="+caller["location"])[0]["country"] + `","caller_id.name":"` + caller["name"] + `"}]}`},
		{"unknown fields only", "sysparm_fields=bogus,number.x", `{"result":[{}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, "GET", s.URL()+"/api/now/table/incident?sysparm_query=number="+number+"&"+tt.parameters, "", auth)
			if a.body != tt.want+"\n" {
				t.Errorf("got\n%swant\n%s", a.body, tt.want)
			}
		})
	}
}

func TestReferenceLinkLeadsToTheRecord(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	auth := signIn(t, s)
	for _, version := range []string{"", "/v1", "/v2"} {
		row := rows(t, ask(t, "GET", s.URL()+"/api/now"+version+"/table/incident?sysparm_limit=1", "", auth))[0]
		caller := row["caller_id"].(map[string]any)
		a := ask(t, "GET", caller["link"].(string), "", auth)
		if got := one(t, a)["sys_id"]; got != caller["value"] || !strings.Contains(caller["link"].(string), "/api/now"+version+"/table/") {
			t.Errorf("%s leads to %v", caller["link"], got)
		}
	}
}

func TestRecordLife(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	auth := signIn(t, s)
	made := ask(t, "POST", s.listURL("incident"), `{"short_description":"Äpfel & \"quotes\"","priority":2,"active":true,"close_notes":null,
		"correlation_id":12345678901234567890,"sys_id":"mine","sys_updated_on":"1999-01-01 00:00:00","u_unknown":"x"}`, auth)
	row := one(t, made)
	if made.status != http.StatusCreated || row["number"] != "INC0010251" {
		t.Fatalf("status %d, number %v; want 201, INC0010251", made.status, row["number"])
	}
	want := map[string]any{"short_description": `Äpfel & "quotes"`, "priority": "2", "active": "true", "close_notes": "", "state": "1",
		"correlation_id": "12345678901234567890", "sys_updated_on": "2026-07-01 00:00:00", "sys_created_by": DefaultUser, "sys_mod_count": "0"}
	for name, value := range want {
		if row[name] != value {
			t.Errorf("%s is %v, want %v", name, row[name], value)
		}
	}
	if _, ok := row["u_unknown"]; ok || row["sys_id"] == "mine" {
		t.Errorf("an unknown or a read-only field was taken: %v", row)
	}
	at := made.header.Get("Location")
	if at != s.URL()+"/api/now/table/incident/"+row["sys_id"].(string) {
		t.Errorf("Location is %q", at)
	}
	for i, method := range []string{"PUT", "PATCH"} {
		changed := ask(t, method, at+"?sysparm_fields=state,short_description,sys_mod_count,sys_updated_on", fmt.Sprintf(`{"state":"%d"}`, i+2), auth)
		want := fmt.Sprintf(`{"result":{"short_description":"Äpfel & \"quotes\"","state":"%d","sys_mod_count":"%d","sys_updated_on":"2026-07-01 00:00:0%d"}}`, i+2, i+1, i+1)
		if changed.status != http.StatusOK || changed.body != want+"\n" {
			t.Errorf("%s: %d\n%swant\n%s", method, changed.status, changed.body, want)
		}
	}
	if a := ask(t, "DELETE", at, "", auth); a.status != http.StatusNoContent || a.body != "" {
		t.Errorf("DELETE: %d %q, want 204 and nothing", a.status, a.body)
	}
	for _, method := range []string{"GET", "DELETE", "PATCH", "PUT"} {
		body := ""
		if method[0] == 'P' {
			body = `{"state":"2"}`
		}
		a := ask(t, method, at, body, auth)
		want := `{"error":{"message":"No Record found","detail":"Record doesn't exist or ACL restricts the record retrieval"},"status":"failure"}`
		if a.status != http.StatusNotFound || a.body != want+"\n" {
			t.Errorf("%s of a record that is gone: %d %s", method, a.status, a.body)
		}
	}
}

func TestTableErrors(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	auth := signIn(t, s)
	id := s.store.find("incident", "")[0]["sys_id"]
	const json, text = "Content-Type: application/json", "Content-Type: text/plain"
	tests := []struct {
		name, method, path, header, body string
		status                           int
		message, detail                  string
	}{
		{"unknown table", "GET", "/api/now/table/bogus", json, "", 400, "Invalid table bogus", ""},
		{"unknown table, one record", "DELETE", "/api/now/table/bogus/1", json, "", 400, "Invalid table bogus", ""},
		{"method", "DELETE", "/api/now/table/incident", json, "", 405, "Method not supported", ""},
		{"method, one record", "POST", "/api/now/table/incident/" + id, json, "{}", 405, "Method not supported", ""},
		{"unknown path", "GET", "/api/now/tables/incident", json, "", 400, "Requested URI does not represent any resource", ""},
		{"unknown version", "GET", "/api/now/v9/table/incident", json, "", 400, "Requested URI does not represent any resource", ""},
		{"not JSON", "POST", "/api/now/table/incident", json, "{", 400, "Exception while reading request", "The payload is not valid JSON."},
		{"empty", "POST", "/api/now/table/incident", json, "", 400, "Exception while reading request", "The payload is not valid JSON."},
		{"a list", "POST", "/api/now/table/incident", json, "[]", 400, "Exception while reading request", "The payload is not valid JSON."},
		{"two values", "POST", "/api/now/table/incident", json, "{}{}", 400, "Exception while reading request", "The payload is not valid JSON."},
		{"text", "POST", "/api/now/table/incident", text, "{}", 415, "Unsupported media type", "send the record as application/json"},
		{"text for a change", "PATCH", "/api/now/table/incident/" + id, text, "{}", 415, "Unsupported media type", "send the record as application/json"},
		{"too large", "POST", "/api/now/table/incident", json, `{"description":"` + strings.Repeat("x", maxPayload) + `"}`, 400,
			"Exception while reading request", "Rejected large REST payload with content-length = 10485778 bytes. Max allowed: 10485760 bytes."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, tt.method, s.URL()+tt.path, tt.body, tt.header, auth)
			got := decode[envelope](t, a.body)
			detail := ""
			if got.Error.Detail != nil {
				detail = *got.Error.Detail
			}
			if a.status != tt.status || got.Error.Message != tt.message || detail != tt.detail || got.Status != "failure" {
				t.Errorf("%d %s\nwant %d %q %q", a.status, a.body, tt.status, tt.message, tt.detail)
			}
		})
	}
	if n := len(s.store.find("incident", "")); n != 250 {
		t.Errorf("%d incidents afterwards, want 250", n)
	}
}

func TestSeedIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	a, b := New(Options{}), New(Options{})
	for _, table := range []string{"incident", "sys_user", "cmn_location"} {
		x, y := a.store.find(table, ""), b.store.find(table, "")
		if !slices.EqualFunc(x, y, func(x, y record) bool { return maps.Equal(x, y) }) {
			t.Errorf("%s differs", table)
		}
	}
	if x, y := a.Secrets(), b.Secrets(); x["SANDBOX_PASSWORD"] == y["SANDBOX_PASSWORD"] {
		t.Error("two sandboxes have the same password")
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	s := New(Options{}).store
	form := regexp.MustCompile(`^[0-9a-f]{32}$`)
	ids, times := map[string]bool{}, map[string]int{}
	for _, row := range s.find("incident", "") {
		ids[row["sys_id"]] = true
		if !form.MatchString(row["sys_id"]) {
			t.Errorf("sys_id %q", row["sys_id"])
		}
		if row["sys_updated_on"] < "2026-01-02 " || row["sys_updated_on"] > "2026-06-29" || row["sys_created_on"] > row["sys_updated_on"] {
			t.Errorf("%s: created %s, updated %s", row["number"], row["sys_created_on"], row["sys_updated_on"])
		}
		if row["priority"] == "1" {
			times[row["sys_updated_on"]]++
		}
	}
	if len(ids) != 250 {
		t.Errorf("%d sys_ids, want 250", len(ids))
	}
	if ties := 37 - len(times); ties < 3 {
		t.Errorf("%d P1 incidents share their time with another; a sync that loses ties would not be noticed", ties)
	}
}

func TestIncidentCounts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ asked, incidents, critical int }{{0, 250, 37}, {1000, 1000, 148}, {1, 1, 0}, {7, 7, 1}, {-1, 0, 0}} {
		s := New(Options{Incidents: tt.asked}).store
		if n, p1 := len(s.find("incident", "")), len(s.find("incident", "priority=1")); n != tt.incidents || p1 != tt.critical {
			t.Errorf("Incidents %d: %d, %d of priority 1; want %d, %d", tt.asked, n, p1, tt.incidents, tt.critical)
		}
	}
}

func TestOwnTables(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Tables: map[string][]map[string]string{
		"u_asset":  {{"sys_id": "0123456789abcdef0123456789abcdef", "name": "Pump", "sys_updated_on": "2025-05-05 05:05:05"}},
		"sys_user": {{"name": "Zoe", "badge": "007"}},
	}})
	auth := signIn(t, s)
	row := one(t, ask(t, "GET", s.URL()+"/api/now/table/u_asset/0123456789abcdef0123456789abcdef", "", auth))
	if row["name"] != "Pump" || row["sys_updated_on"] != "2025-05-05 05:05:05" || row["sys_mod_count"] != "0" {
		t.Errorf("own table: %v", row)
	}
	if got := rows(t, ask(t, "GET", s.listURL("sys_user", "badge=007"), "", auth)); len(got) != 1 || got[0]["name"] != "Zoe" {
		t.Errorf("own row in a table that is there: %v", got)
	}
}

func TestTableAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Incidents: 20})
	auth := signIn(t, s)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				made, err := try("POST", s.listURL("incident"), `{"short_description":"at once"}`, auth)
				if err != nil || made.status != http.StatusCreated {
					t.Errorf("POST: %d %v", made.status, err)
					return
				}
				at := made.header.Get("Location")
				for _, step := range []struct{ method, body string }{{"PATCH", `{"state":"2"}`}, {"GET", ""}, {"DELETE", ""}} {
					if a, err := try(step.method, at, step.body, auth); err != nil || a.status >= 300 {
						t.Errorf("%s: %d %v", step.method, a.status, err)
					}
				}
				if _, err := try("GET", s.listURL("incident", "sysparm_query=caller_id.nameLIKEa^ORDERBYDESCnumber"), "", auth); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := len(s.store.find("incident", "")); n != 20 {
		t.Errorf("%d incidents afterwards, want 20", n)
	}
}
