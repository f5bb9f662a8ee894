package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestParseFault(t *testing.T) {
	t.Parallel()
	const form = "; write KIND:PATH:REQUESTS, such as 429:/api/now/table/incident:3"
	tests := []struct {
		text string
		want Fault
		err  string
	}{
		{"429:/api/now/table/incident:3", Fault{Kind: Limited, Path: "/api/now/table/incident", On: Nth(3)}, ""},
		{"503:/:1-2,5", Fault{Kind: Unavailable, Path: "/", On: []Span{{1, 2}, {5, 5}}}, ""},
		{"401:/api:4-", Fault{Kind: Expired, Path: "/api", On: After(3)}, ""},
		{"drop:/files", Fault{Kind: Drop, Path: "/files"}, ""},
		{"cut:/files:", Fault{Kind: Cut, Path: "/files"}, ""},
		{"hibernating:/api:1-3", Fault{Kind: Hibernating, Path: "/api", On: First(3)}, ""},
		{"slow:/api::delay=500ms,method=GET", Fault{Kind: Slow, Path: "/api", Method: "GET", Delay: 500 * time.Millisecond}, ""},
		{"429:/api:1:retry_after=1m30s", Fault{Kind: Limited, Path: "/api", On: Nth(1), RetryAfter: 90 * time.Second}, ""},
		{"redirect:/oauth_token.do:1:to=http://127.0.0.1:8/x", Fault{Kind: Redirect, Path: "/oauth_token.do", On: Nth(1), To: "http://127.0.0.1:8/x"}, ""},
		{"lost:/oauth_token.do:2", Fault{Kind: Lost, Path: "/oauth_token.do", On: Nth(2)}, ""},
		{"no_expires_in:/oauth_token.do", Fault{Kind: NoLifetime, Path: "/oauth_token.do"}, ""},
		{"redirect:/api:1:to=there", Fault{}, `fault "redirect:/api:1:to=there": to "there" is not of the form http://HOST:PORT` + form},
		{"", Fault{}, `fault "": there is no kind "" (there are 401, 429, 503, hibernating, slow, drop, cut, lost, redirect, no_expires_in)` + form},
		{"500:/api", Fault{}, `fault "500:/api": there is no kind "500" (there are 401, 429, 503, hibernating, slow, drop, cut, lost, redirect, no_expires_in)` + form},
		{"429", Fault{}, `fault "429": the path "" does not begin with a slash` + form},
		{"429:api:1", Fault{}, `fault "429:api:1": the path "api" does not begin with a slash` + form},
		{"429:/api:0", Fault{}, `fault "429:/api:0": the requests "0" are not of the form 3, 1-2 or 4-, counted from 1` + form},
		{"429:/api:-3", Fault{}, `fault "429:/api:-3": the requests "-3" are not of the form 3, 1-2 or 4-, counted from 1` + form},
		{"429:/api:5-2", Fault{}, `fault "429:/api:5-2": the requests "5-2" are not of the form 3, 1-2 or 4-, counted from 1` + form},
		{"429:/api:2-0", Fault{}, `fault "429:/api:2-0": the requests "2-0" are not of the form 3, 1-2 or 4-, counted from 1` + form},
		{"429:/api:1,,2", Fault{}, `fault "429:/api:1,,2": the requests "" are not of the form 3, 1-2 or 4-, counted from 1` + form},
		{"429:/api:x", Fault{}, `fault "429:/api:x": the requests "x" are not of the form 3, 1-2 or 4-, counted from 1` + form},
		{"429:/api:1:wait=2s", Fault{}, `fault "429:/api:1:wait=2s": there is no setting "wait" (there are method, retry_after, delay, to)` + form},
		{"slow:/api:1:delay=2", Fault{}, `fault "slow:/api:1:delay=2": time: missing unit in duration "2"` + form},
		{"slow:/api:1:delay=-2s", Fault{}, `fault "slow:/api:1:delay=-2s": a duration is negative` + form},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := ParseFault(tt.text)
			if text := errorText(err); text != tt.err {
				t.Errorf("error\n%s\nwant\n%s", text, tt.err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzParseFault(f *testing.F) {
	for _, seed := range []string{"429:/api/now/table/incident:3", "slow:/a:1-2,4-:delay=1s,method=GET", "drop:/", "redirect:/:1:to=http://127.0.0.1:8", "401::", "503:/:-", ":::::"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := ParseFault(text)
		if err != nil {
			return
		}
		data, err := json.Marshal(fault)
		if err != nil {
			t.Fatal(err)
		}
		var again Fault
		if err := json.Unmarshal(data, &again); err != nil {
			t.Fatalf("%q as JSON %s: %v", text, data, err)
		}
		for count := range 20 {
			if fault.hits(count) != again.hits(count) {
				t.Errorf("%q as JSON %s differs at %d", text, data, count)
			}
		}
	})
}

func TestFaultAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault   Fault
		status  int
		body    string // a part of it
		headers map[string]string
	}{
		{Fault{Kind: Expired}, 401, "User Not Authenticated", map[string]string{"WWW-Authenticate": `Basic realm="Service-now"`}},
		{Fault{Kind: Limited}, 429, "Rate limit exceeded", map[string]string{"Retry-After": "1", "X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0"}},
		{Fault{Kind: Limited, RetryAfter: 2500 * time.Millisecond}, 429, `"status":"failure"`, map[string]string{"Retry-After": "3"}},
		{Fault{Kind: Unavailable}, 503, "503 Service Unavailable", map[string]string{"Retry-After": "", "Content-Type": "text/html;charset=UTF-8"}},
		{Fault{Kind: Unavailable, RetryAfter: time.Minute}, 503, "", map[string]string{"Retry-After": "60"}},
		{Fault{Kind: Hibernating}, 200, "Your instance is hibernating", map[string]string{"Content-Type": "text/html;charset=UTF-8"}},
		{Fault{Kind: Slow, Delay: time.Millisecond}, 200, `{"result":`, nil},
	}
	for _, tt := range tests {
		t.Run(string(tt.fault.Kind)+tt.fault.RetryAfter.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			auth := signIn(t, s)
			tt.fault.Path, tt.fault.On = "/api/now/table/incident", Nth(2)
			s.Inject(tt.fault)
			for i := 1; i <= 3; i++ {
				want := answer{status: 200, body: `{"result":`}
				if i == 2 {
					want = answer{status: tt.status, body: tt.body}
				} else if i == 3 && tt.fault.Kind == Expired {
					auth = signIn(t, s)
				}
				a := ask(t, "GET", s.listURL("incident", "sysparm_limit=1"), "", auth)
				if a.status != want.status || !strings.Contains(a.body, want.body) {
					t.Errorf("request %d: %d %s", i, a.status, a.body)
				}
				for name, value := range tt.headers {
					if got := a.header.Get(name); i == 2 && got != value {
						t.Errorf("%s is %q, want %q", name, got, value)
					}
				}
			}
		})
	}
}

func TestLimitedResetLiesAhead(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Faults: []Fault{{Kind: Limited, Path: "/", RetryAfter: time.Hour}}})
	before := time.Now().Add(time.Hour).Unix()
	a := ask(t, "GET", s.URL()+"/flaky/x", "")
	reset, err := strconv.ParseInt(a.header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil || reset < before || reset > time.Now().Add(time.Hour).Unix() {
		t.Errorf("X-RateLimit-Reset is %q, want about %d", a.header.Get("X-RateLimit-Reset"), before)
	}
}

func TestExpiredFaultEndsTheToken(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	old, other := signIn(t, s), signIn(t, s)
	s.Inject(Fault{Kind: Expired, Path: "/api", On: Nth(1)})
	for i, want := range []int{401, 401} {
		if a := ask(t, "GET", s.listURL("incident"), "", old); a.status != want {
			t.Errorf("request %d with the token: %d, want %d", i+1, a.status, want)
		}
	}
	if a := ask(t, "GET", s.listURL("incident"), "", other); a.status != http.StatusOK {
		t.Errorf("with another token: %d, want 200", a.status)
	}
}

func TestDroppedConnections(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Inject(Fault{Kind: Drop, Path: "/flaky/drop", On: Nth(1)})
	s.Inject(Fault{Kind: Cut, Path: "/flaky/cut", On: Nth(1)})
	if a, err := try("GET", s.URL()+"/flaky/drop", ""); !errors.Is(err, io.EOF) {
		t.Errorf("drop: %d, error %v; want EOF", a.status, err)
	}
	a, err := try("GET", s.URL()+"/flaky/cut", "")
	if !errors.Is(err, io.ErrUnexpectedEOF) || a.status != http.StatusOK || !strings.HasPrefix(a.body, `{"result":[`) {
		t.Errorf("cut: %d %q, error %v; want 200, a part, unexpected EOF", a.status, a.body, err)
	}
	for _, key := range []string{"drop", "cut"} {
		if a := ask(t, "GET", s.URL()+"/flaky/"+key, ""); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "visit 1") {
			t.Errorf("%s, afterwards: %d %s; want 503, the first visit", key, a.status, a.body)
		}
	}
	var statuses []int
	for _, r := range s.Requests() {
		statuses = append(statuses, r.Status)
	}
	if want := []int{0, 200, 503, 503}; !slices.Equal(statuses, want) {
		t.Errorf("audited %v, want %v", statuses, want)
	}
}

func TestFaultsFitAndCount(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Inject(Fault{Kind: Unavailable, Path: "/chat", Method: "post", On: Nth(2)})
	s.Inject(Fault{Kind: Limited, Path: "/chat/hook", On: First(2)})
	s.Inject(Fault{Kind: Unavailable, Path: "/sandbox"}) // control requests never go wrong
	s.Inject(Fault{Kind: "thunder", Path: "/flaky"})
	steps := []struct {
		method, path string
		want         int
	}{
		{"GET", "/chat/messages", 200}, // not a POST, not the hook
		{"POST", "/chat/hook", 429},    // first of both
		{"POST", "/chat/hook", 503},    // both hit; the one that was added first answers
		{"POST", "/chat/hook", 200},    // the second fault counted while the first answered
		{"GET", "/sandbox/requests", 200},
		{"GET", "/flaky/x", 500},
	}
	for i, step := range steps {
		if a := ask(t, step.method, s.URL()+step.path, `{"text":"hello"}`); a.status != step.want {
			t.Errorf("request %d: %d, want %d", i+1, a.status, step.want)
		}
	}
	s.Inject(Fault{Kind: Unavailable, Path: "/"})
	s.ClearFaults()
	if a := ask(t, "POST", s.URL()+"/chat/hook", `{"text":"hello"}`); a.status != http.StatusOK {
		t.Errorf("after ClearFaults: %d, want 200", a.status)
	}
}

func TestFaultsOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	tests := []struct {
		body   string
		status int
		answer string
	}{
		{`{"kind":"429","path":"/flaky","on":"1-2","retry_after":"2s"}`, 201, `{"kind":"429","path":"/flaky","on":"1-2","retry_after":"2s"}`},
		{`{"kind":"redirect","path":"/chat","to":"http://127.0.0.1:8"}`, 201, `{"kind":"redirect","path":"/chat","to":"http://127.0.0.1:8"}`},
		{`{"kind":"redirect","path":"/chat","to":"8"}`, 400, `{"error":"invalid_fault","message":"to \"8\" is not of the form http://HOST:PORT"}`},
		{`{"kind":"429","path":"/flaky","after":2}`, 400, `{"error":"invalid_fault","message":"json: unknown field \"after\""}`},
		{`{"kind":"500","path":"/flaky"}`, 400, `{"error":"invalid_fault","message":"there is no kind \"500\" (there are 401, 429, 503, hibernating, slow, drop, cut, lost, redirect, no_expires_in)"}`},
		{`{"kind":"429","path":"/flaky","delay":"soon"}`, 400, `{"error":"invalid_fault","message":"time: invalid duration \"soon\""}`},
		{`{"kind":"429","path":"/flaky","on":"x"}`, 400, `{"error":"invalid_fault","message":"the requests \"x\" are not of the form 3, 1-2 or 4-, counted from 1"}`},
		{`{`, 400, `{"error":"invalid_fault","message":"unexpected EOF"}`},
	}
	for _, tt := range tests {
		if a := ask(t, "POST", s.URL()+"/sandbox/faults", tt.body); a.status != tt.status || a.body != tt.answer+"\n" {
			t.Errorf("%s: %d %swant %d %s", tt.body, a.status, a.body, tt.status, tt.answer)
		}
	}
	if a := ask(t, "GET", s.URL()+"/flaky/x", ""); a.status != 429 || a.header.Get("Retry-After") != "2" {
		t.Errorf("%d, Retry-After %q; want 429, 2", a.status, a.header.Get("Retry-After"))
	}
	if a := ask(t, "DELETE", s.URL()+"/sandbox/faults", ""); a.status != http.StatusNoContent {
		t.Errorf("DELETE: %d, want 204", a.status)
	}
	if a := ask(t, "GET", s.URL()+"/flaky/x", ""); a.status != 503 {
		t.Errorf("without faults: %d, want 503", a.status)
	}
}

func TestFaultsAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Faults: []Fault{{Kind: Limited, Path: "/chat/hook", On: []Span{{11, 30}}}}})
	var all sync.WaitGroup
	var mu sync.Mutex
	limited := 0
	for range 10 {
		all.Go(func() {
			for range 5 {
				a, err := try("POST", s.URL()+"/chat/hook", `{"text":"hello"}`)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				if a.status == http.StatusTooManyRequests {
					limited++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if limited != 20 || len(s.Messages()) != 30 || len(s.Requests()) != 50 {
		t.Errorf("%d limited, %d messages, %d requests; want 20, 30, 50", limited, len(s.Messages()), len(s.Requests()))
	}
}
