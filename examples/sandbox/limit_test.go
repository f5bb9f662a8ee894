package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestParseLimit(t *testing.T) {
	t.Parallel()
	const write = "; write PATH:REQUESTS/WINDOW, such as /oncall:100/1m"
	for _, test := range []struct {
		text, err string
		want      Limit
	}{
		{"/oncall:100/1m", "", Limit{"/oncall", 100, time.Minute, false}},
		{"/sms/:5/500ms:date", "", Limit{"/sms/", 5, 500 * time.Millisecond, true}},
		{"", `limit "": ` + write[2:], Limit{}},
		{"/oncall", `limit "/oncall": ` + write[2:], Limit{}},
		{"/oncall:0/1m", `limit "/oncall:0/1m": ` + write[2:], Limit{}},
		{"/oncall:x/1m", `limit "/oncall:x/1m": ` + write[2:], Limit{}},
		{"/oncall:10", `limit "/oncall:10": ` + write[2:], Limit{}},
		{"/oncall:10/-1s", `limit "/oncall:10/-1s": ` + write[2:], Limit{}},
		{"oncall:10/1s", `limit "oncall:10/1s": the path "oncall" does not begin with a slash` + write, Limit{}},
		{"/oncall:10/1s:time", `limit "/oncall:10/1s:time": there is no setting "time" (there is date)` + write, Limit{}},
	} {
		got, err := ParseLimit(test.text)
		if got != test.want || errorText(err) != test.err {
			t.Errorf("%q: %+v, %v, want %+v, %s", test.text, got, err, test.want, test.err)
		}
	}
}

// send sends a text message.
func (s *Server) send(headers ...string) answer {
	return s.post("/sms/v1/messages", `{"to": "eng-001", "text": "hello"}`, append(headers, "X-Api-Key: "+s.options.OncallKey)...)
}

func TestLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Limits: []Limit{{Path: "/sms/", Requests: 2, Per: time.Minute}, {Path: "/sandbox", Requests: 1, Per: time.Hour}}})
		time.Sleep(10*time.Second + time.Millisecond)
		reset := strconv.FormatInt(time.Now().Truncate(time.Minute).Add(time.Minute).Unix(), 10)
		check := func(a answer, status int, remaining, after string) {
			t.Helper()
			h := a.header
			if a.status != status || h.Get("X-RateLimit-Limit") != "2" || h.Get("X-RateLimit-Remaining") != remaining ||
				h.Get("X-RateLimit-Reset") != reset || h.Get("Retry-After") != after {
				t.Errorf("%d %v, want %d, %s left, until %s, Retry-After %q", a.status, h, status, remaining, reset, after)
			}
		}
		check(s.send(), http.StatusCreated, "1", "")
		check(s.send(), http.StatusCreated, "0", "")
		check(s.send(), http.StatusTooManyRequests, "0", "50")
		for range 2 {
			if a := s.serve("GET", "/sandbox/stored", ""); a.status != http.StatusOK || a.header.Get("X-RateLimit-Limit") != "" {
				t.Errorf("a control request is limited: %d %v", a.status, a.header)
			}
		}
		time.Sleep(49 * time.Second)
		check(s.send(), http.StatusTooManyRequests, "0", "1")
		time.Sleep(time.Second)
		reset = strconv.FormatInt(time.Now().Truncate(time.Minute).Add(time.Minute).Unix(), 10)
		check(s.send(), http.StatusCreated, "1", "")
		if n := len(s.Texts()); n != 3 {
			t.Errorf("%d messages were sent, want those three that were let pass", n)
		}
	})
}

func TestLimitWithDate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Limits: []Limit{{Path: "/sms/", Requests: 1, Per: time.Minute, Date: true}}})
		s.send()
		at, err := http.ParseTime(s.send().header.Get("Retry-After"))
		if want := time.Now().Truncate(time.Minute).Add(time.Minute); err != nil || !at.Equal(want) {
			t.Errorf("Retry-After is %v, %v, want %v", at, err, want)
		}
	})
}

func TestSMSIsLimitedFromTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Limits: []Limit{{Path: "/oncall", Requests: 1, Per: time.Minute}}})
		for i := range 21 {
			if a := s.send(); (a.status == http.StatusTooManyRequests) != (i == 20) {
				t.Errorf("message %d: %d", i+1, a.status)
			}
		}
	})
}

func TestSMS(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	first := s.send("Idempotency-Key: k")
	if again := s.send("Idempotency-Key: k"); again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("sent again under its key: %s, want %s", again.body, first.body)
	}
	if other := s.send(); field(t, other.body, "id") != "sms-00002" {
		t.Errorf("without a key: %s, want another message", other.body)
	}
	if a := s.post("/sms/v1/messages", `{"to": "x"}`, "X-Api-Key: "+s.options.OncallKey); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "required") {
		t.Errorf("without a text: %d %s", a.status, a.body)
	}
	if n := len(s.Texts()); n != 2 {
		t.Errorf("%d messages were sent, want 2", n)
	}
}
