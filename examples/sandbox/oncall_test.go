package sandbox

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestAlerts(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	key := "X-Api-Key: " + s.Secrets()["SANDBOX_ONCALL_KEY"]
	tests := []struct {
		name, body string
		status     int
		answer     string
	}{
		{"new", `{"dedup":"a","title":"A & B","team":"network"}`, 201, `{"id":"alert-0001","dedup":"a","title":"A & B","team":"network","status":"open"}`},
		{"known", `{"dedup":"a","title":"other"}`, 409, `{"id":"alert-0001","dedup":"a","title":"A & B","team":"network","status":"open"}`},
		{"another", `{"dedup":"A","title":"B","priority":1}`, 201, `{"id":"alert-0002","dedup":"A","title":"B","team":"","status":"open"}`},
		{"no title", `{"dedup":"c"}`, 422, `{"error":"invalid_alert","message":"dedup and title are required"}`},
		{"no dedup", `{"title":"c"}`, 422, `{"error":"invalid_alert","message":"dedup and title are required"}`},
		{"unknown team", `{"dedup":"c","title":"c","team":"inquiry"}`, 422, `{"error":"unknown_team","message":"there is no team \"inquiry\" (there are network, software, hardware, database)"}`},
		{"no JSON", `{"dedup"`, 400, `{"error":"invalid_json","message":"unexpected EOF"}`},
	}
	for _, tt := range tests {
		a := ask(t, "POST", s.URL()+"/oncall/v1/alerts", tt.body, key)
		if a.status != tt.status || a.body != tt.answer+"\n" {
			t.Errorf("%s: %d %swant %d %s", tt.name, a.status, a.body, tt.status, tt.answer)
		}
		if at := a.header.Get("Location"); tt.status == 201 {
			if got := ask(t, "GET", s.URL()+at, "", key); got.body != a.body {
				t.Errorf("%s: Location leads to %d %s", tt.name, got.status, got.body)
			}
		}
	}
	if a := ask(t, "GET", s.URL()+"/oncall/v1/alerts/alert-0009", "", key); a.status != http.StatusNotFound {
		t.Errorf("unknown alert: %d, want 404", a.status)
	}
	if got := s.Alerts(); len(got) != 2 || got[1].Dedup != "A" {
		t.Errorf("Alerts: %+v", got)
	}
}

func TestAlertKey(t *testing.T) {
	t.Parallel()
	s := start(t, Options{OncallKey: "k-secret"})
	for header, want := range map[string]int{
		"X-Api-Key: k-secret": 200, "Authorization: Bearer k-secret": 200, "X-Api-Key: ": 401, "X-Api-Key: K-SECRET": 401,
		signIn(t, s): 401,
	} {
		name, _, _ := strings.Cut(header, " ")
		for _, path := range []string{"/oncall/v1/alerts", "/oncall/v1/engineers"} {
			if a := ask(t, "GET", s.URL()+path, "", header); a.status != want {
				t.Errorf("%s with %s …: %d, want %d", path, name, a.status, want)
			}
		}
	}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	key := "X-Api-Key: " + s.Secrets()["SANDBOX_ONCALL_KEY"]
	type list struct {
		Engineers []engineer
		Meta      struct {
			Cursor *string
			Total  int
		}
	}
	for _, tt := range []struct {
		limit string
		pages []int
	}{
		{"", []int{20, 20, 5}},
		{"15", []int{15, 15, 15}},
		{"100", []int{45}},
		{"1000", []int{45}},
		{"-1", []int{20, 20, 5}},
	} {
		seen, cursor := map[string]bool{}, ""
		for i, want := range tt.pages {
			a := ask(t, "GET", s.URL()+"/oncall/v1/engineers?limit="+tt.limit+"&cursor="+cursor, "", key)
			page := decode[list](t, a.body)
			for _, e := range page.Engineers {
				seen[e.ID] = true
			}
			last := i == len(tt.pages)-1
			if len(page.Engineers) != want || page.Meta.Total != 45 || (page.Meta.Cursor == nil) != last {
				t.Fatalf("limit %q, page %d: %s", tt.limit, i+1, a.body)
			}
			if !last {
				cursor = *page.Meta.Cursor
			}
		}
		if len(seen) != 45 {
			t.Errorf("limit %q: %d engineers, want 45", tt.limit, len(seen))
		}
	}
	for _, cursor := range []string{"x", "46", "ZnJvbTo0Ng", "ZnJvbTotMQ", "%00"} { // "from:46", "from:-1"
		if a := ask(t, "GET", s.URL()+"/oncall/v1/engineers?cursor="+cursor, "", key); a.status != http.StatusBadRequest {
			t.Errorf("cursor %q: %d, want 400", cursor, a.status)
		}
	}
	if a := ask(t, "GET", s.URL()+"/oncall/v1/alerts", "", key); a.body != `{"alerts":[],"meta":{"cursor":null,"total":0}}`+"\n" {
		t.Errorf("no alerts: %s", a.body)
	}
}

func TestAlertsAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	key := "X-Api-Key: " + s.Secrets()["SANDBOX_ONCALL_KEY"]
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 16 {
		all.Go(func() {
			a, err := try("POST", s.URL()+"/oncall/v1/alerts", `{"dedup":"same","title":"t"}`, key)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			statuses[a.status]++
			mu.Unlock()
		})
	}
	all.Wait()
	if statuses[201] != 1 || statuses[409] != 15 {
		t.Errorf("answers %v, want 201 once and 409 fifteen times", statuses)
	}
}

func TestChat(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	if a := ask(t, "POST", s.URL()+"/chat/hook", `{"text":"first"}`); a.status != 200 || a.body != "ok" || a.header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%d %q, want 200 ok", a.status, a.body)
	}
	for _, body := range []string{`{"text":""}`, `{}`, `{"text":1}`, `text=hello`} {
		if a := ask(t, "POST", s.URL()+"/chat/hook", body); a.status != 400 || a.body != "no_text" {
			t.Errorf("%s: %d %q, want 400 no_text", body, a.status, a.body)
		}
	}
	if a := ask(t, "GET", s.URL()+"/chat/messages", ""); a.body != `{"messages":["first"]}`+"\n" {
		t.Errorf("messages: %s", a.body)
	}
}

func TestFlaky(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for i, want := range []int{503, 503, 200, 200} {
		for _, key := range []string{"a", "b"} {
			if a := ask(t, "POST", s.URL()+"/flaky/"+key, ""); a.status != want {
				t.Errorf("visit %d of %s: %d, want %d", i+1, key, a.status, want)
			}
		}
	}
}
