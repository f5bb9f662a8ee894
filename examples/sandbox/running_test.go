package sandbox

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStartRefusesOtherAddresses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ addr, want string }{
		{"0.0.0.0:0", `sandbox address "0.0.0.0:0" is not on loopback: write it as 127.0.0.1:PORT`},
		{":0", `sandbox address ":0" is not on loopback: write it as 127.0.0.1:PORT`},
		{"[::]:0", `sandbox address "[::]:0" is not on loopback: write it as 127.0.0.1:PORT`},
		{"192.0.2.1:80", `sandbox address "192.0.2.1:80" is not on loopback: write it as 127.0.0.1:PORT`},
		{"example.com:80", `sandbox address "example.com:80" is not on loopback: write it as 127.0.0.1:PORT`},
		{"127.0.0.1", `sandbox address "127.0.0.1": write it as 127.0.0.1:PORT`},
	} {
		r, err := Start(Options{Addr: tt.addr})
		if r != nil {
			_ = r.Close()
		}
		if got := errorText(err); got != tt.want {
			t.Errorf("%q: error %q, want %q", tt.addr, got, tt.want)
		}
	}
}

func TestStartOnATakenAddress(t *testing.T) {
	t.Parallel()
	first := start(t, Options{})
	addr := strings.TrimPrefix(first.URL(), "http://")
	if second, err := Start(Options{Addr: addr}); err == nil {
		_ = second.Close()
		t.Errorf("two sandboxes listen on %s", addr)
	}
}

func TestStartOnLocalhost(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Addr: "localhost:0"})
	if a := ask(t, "GET", s.URL()+"/chat/messages", ""); a.status != http.StatusOK {
		t.Errorf("%s answers %d", s.URL(), a.status)
	}
}

// Close must neither wait for slow answers and idle connections nor leave any of them.
func TestCloseCutsShort(t *testing.T) {
	t.Parallel()
	s, err := Start(Options{Faults: []Fault{{Kind: Slow, Path: "/chat", Delay: time.Hour}}})
	if err != nil {
		t.Fatal(err)
	}
	idle, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	slow := make(chan error, 1)
	go func() {
		_, err := try("GET", s.URL()+"/chat/messages", "")
		slow <- err
	}()
	arrived := func(r Request) bool { return r.Path == "/chat/messages" }
	for !slices.ContainsFunc(s.Requests(), arrived) {
		if _, err := try("GET", s.URL()+"/flaky/x", ""); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if err := <-slow; err == nil {
		t.Error("the slow answer came")
	}
	for _, port := range []string{s.URL(), s.Server.away} {
		if _, err := try("GET", port+"/chat/messages", ""); err == nil {
			t.Errorf("the sandbox answers at %s after Close", port)
		}
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Password: "p&w=d ü", OncallKey: "k-secret"})
	auth := signIn(t, s)
	token := strings.TrimPrefix(auth, "Authorization: Bearer ")
	ask(t, "GET", s.listURL("incident", "sysparm_query=active=true", "sysparm_limit=1"), "", auth)
	ask(t, "GET", s.listURL("incident", "x="+token, "y=p&w=d ü"), "", "X-Api-Key: no")
	ask(t, "GET", s.URL()+"/oncall/v1/alerts", "", "X-Api-Key: k-secret")
	r, _ := http.NewRequest("GET", "/", nil)
	r.SetBasicAuth(DefaultUser, "p&w=d ü")
	ask(t, "DELETE", s.listURL("bogus"), "", "Authorization: "+r.Header.Get("Authorization"))
	want := []Request{
		{Method: "POST", Path: "/oauth_token.do", Status: 200, GrantType: "client_credentials"},
		{Method: "GET", Path: "/api/now/table/incident", Query: "sysparm_limit=1&sysparm_query=active=true", Status: 200, Auth: "token-1"},
		{Method: "GET", Path: "/api/now/table/incident", Query: "x=***&y=***", Status: 401, Auth: "unknown"},
		{Method: "GET", Path: "/oncall/v1/alerts", Status: 200, Auth: "api_key"},
		{Method: "DELETE", Path: "/api/now/table/bogus", Status: 400, Auth: "basic"},
	}
	told := ask(t, "GET", s.URL()+"/sandbox/requests", "")
	got := decode[struct{ Requests []Request }](t, told.body).Requests
	if len(got) != len(want) {
		t.Fatalf("%d requests, want %d: %v", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("request %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	for _, secret := range append([]string{token}, "p&w=d", "k-secret", s.Secrets()["SANDBOX_CLIENT_SECRET"]) {
		if strings.Contains(told.body, secret) {
			t.Error("the audit tells a secret")
		}
	}
	ask(t, "DELETE", s.URL()+"/sandbox/requests", "")
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests after DELETE, want 0", n)
	}
}

func TestAuditForgetsTheOldest(t *testing.T) {
	t.Parallel()
	var a audit
	for i := range maxAudit + 1 {
		a.add(&Request{Status: i})
	}
	list := a.list()
	if first, last := list[0].Status, list[len(list)-1].Status; first != maxAudit/2 || last != maxAudit {
		t.Errorf("remembers %d to %d, want %d to %d", first, last, maxAudit/2, maxAudit)
	}
}
