package sandbox

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// started is the answer to a device that asks to sign in.
type started struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Page       string `json:"verification_uri"`
	Complete   string `json:"verification_uri_complete"`
	ExpiresIn  int    `json:"expires_in"`
	Interval   int    `json:"interval"`
}

func (s *Server) startDeviceLogin(t *testing.T) started {
	t.Helper()
	form := url.Values{"client_id": {s.options.ClientID}, "client_secret": {s.options.ClientSecret}, "scope": {"useraccount"}}
	a := s.serve("POST", "/oauth_device.do", form.Encode())
	if a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return decode[started](t, a.body)
}

func (s *Server) poll(t *testing.T, d started) answer {
	t.Helper()
	return s.tokenOf(t, url.Values{"grant_type": {byDevice}, "device_code": {d.DeviceCode}})
}

// verify opens the page for a code as it is typed, and presses a button.
func (s *Server) verify(typed, decision string) answer {
	return s.press(s.serve("GET", verifyPath+"?user_code="+url.QueryEscape(typed), "").body, decision)
}

func TestDeviceLogin(t *testing.T) {
	t.Parallel()
	for _, typed := range []func(code string) string{
		func(code string) string { return code },
		strings.ToLower,
		func(code string) string { return " " + strings.ReplaceAll(code, "-", "") + " " },
	} {
		synctest.Test(t, func(t *testing.T) {
			s := New(Options{})
			d := s.startDeviceLogin(t)
			if d.Page != "http://example.com/oauth_device_verify.do" || d.Complete != d.Page+"?user_code="+d.UserCode || d.ExpiresIn != 600 || d.Interval != 5 {
				t.Errorf("the device is told %+v", d)
			}
			if a := s.poll(t, d); a.status != http.StatusBadRequest || field(t, a.body, "error") != "authorization_pending" {
				t.Errorf("before: %d %s", a.status, a.body)
			}
			if a := s.verify(typed(d.UserCode), "allow"); a.status != http.StatusOK || !strings.Contains(a.body, "The device is signed in") {
				t.Fatalf("%q: %d %s", typed(d.UserCode), a.status, a.body)
			}
			a := s.poll(t, d)
			if a.status != http.StatusOK || field(t, a.body, "refresh_token") == "" {
				t.Fatalf("afterwards: %d %s", a.status, a.body)
			}
			auth := "Authorization: Bearer " + field(t, a.body, "access_token")
			if a := s.serve("GET", "/api/now/table/incident?sysparm_limit=1", "", auth); a.status != http.StatusOK {
				t.Errorf("with the token: %d %s", a.status, a.body)
			}
			if a := s.poll(t, d); a.status != http.StatusUnauthorized {
				t.Errorf("a second token for one login: %d %s", a.status, a.body)
			}
		})
	}
}

func TestDevicePolling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Incidents: -1, DeviceInterval: 2 * time.Second})
		d := s.startDeviceLogin(t)
		if d.Interval != 2 {
			t.Errorf("the interval is %d, want 2", d.Interval)
		}
		for i, step := range []struct {
			after time.Duration
			want  string
		}{
			{0, "authorization_pending"},
			{2 * time.Second, "authorization_pending"},
			{2*time.Second - 1, "slow_down"},
			{7*time.Second - 1, "slow_down"},
			{12 * time.Second, "authorization_pending"},
			{deviceLifetime, "expired_token"},
		} {
			time.Sleep(step.after)
			if a := s.poll(t, d); a.status != http.StatusBadRequest || field(t, a.body, "error") != step.want {
				t.Errorf("question %d: %d %s, want %s", i+1, a.status, a.body, step.want)
			}
		}
		if a := s.verify(d.UserCode, "allow"); !strings.HasPrefix(a.body, "no button") || !strings.Contains(a.body, "No login waits") {
			t.Errorf("the page of a login that has expired: %s", a.body)
		}
	})
}

func TestDeviceDenied(t *testing.T) {
	t.Parallel()
	s := New(Options{Incidents: -1})
	d := s.startDeviceLogin(t)
	if a := s.verify(d.UserCode, "deny"); a.status != http.StatusOK || !strings.Contains(a.body, "not signed in") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.poll(t, d); a.status != http.StatusBadRequest || field(t, a.body, "error") != "access_denied" {
		t.Errorf("the device is told %d %s", a.status, a.body)
	}
	if a := s.poll(t, d); a.status != http.StatusUnauthorized {
		t.Errorf("the device is told once more %d %s", a.status, a.body)
	}
	if a := s.serve("GET", verifyPath+"?user_code="+d.UserCode, ""); a.status != http.StatusBadRequest {
		t.Errorf("the page of a login that was answered: %d %s", a.status, a.body)
	}
}

func TestDevicePage(t *testing.T) {
	t.Parallel()
	s := New(Options{Incidents: -1})
	d := s.startDeviceLogin(t)
	if a := s.serve("GET", verifyPath, ""); a.status != http.StatusOK || !strings.Contains(a.body, `name="user_code"`) {
		t.Errorf("without a code: %d %s", a.status, a.body)
	}
	for _, typed := range []string{"BBBB-BBBB", "B", "<b>", strings.Repeat("B", 500)} {
		a := s.serve("GET", verifyPath+"?user_code="+url.QueryEscape(typed), "")
		if a.status != http.StatusBadRequest || !strings.Contains(a.body, "No login waits for the code") || strings.Contains(a.body, "<b>") {
			t.Errorf("%q: %d %s", typed, a.status, a.body)
		}
	}
	shown := s.serve("GET", verifyPath+"?user_code="+d.UserCode, "")
	for _, want := range []string{DefaultClientID, DefaultUser, "useraccount", "only if you have started this login yourself"} {
		if !strings.Contains(shown.body, want) {
			t.Errorf("the page does not have %q:\n%s", want, shown.body)
		}
	}
	if policy := shown.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self';") {
		t.Errorf("the policy is %q", policy)
	}
	other := s.serve("GET", verifyPath+"?user_code="+d.UserCode, "") // open in two windows
	for i, page := range []answer{shown, shown, other} {
		want := http.StatusBadRequest
		if i == 0 {
			want = http.StatusOK
		}
		if a := s.press(page.body, "allow"); a.status != want {
			t.Errorf("press %d: %d %s", i+1, a.status, a.body)
		}
	}
	for _, body := range []string{"", "consent=no&decision=allow", "consent=no", "user_code=" + d.UserCode + "&decision=allow"} {
		if a := s.serve("POST", verifyPath, body); a.status != http.StatusBadRequest {
			t.Errorf("%q: %d %s", body, a.status, a.body)
		}
	}
}

func TestDeviceStartRefusals(t *testing.T) {
	t.Parallel()
	s := New(Options{Incidents: -1, StandardErrors: true, ClientSecret: "c-secret"})
	for _, tt := range []struct {
		form   string
		status int
		want   string
	}{
		{"client_id=snrun&client_secret=no", 401, "invalid_client"},
		{"", 401, "invalid_client"},
		{"client_id=snrun&client_id=snrun&client_secret=c-secret", 400, "invalid_request"},
		{"client_id=snrun&client_secret=c-secret&scope=admin", 400, "invalid_scope"},
	} {
		if a := s.serve("POST", "/oauth_device.do", tt.form); a.status != tt.status || field(t, a.body, "error") != tt.want {
			t.Errorf("%q: %d %s, want %d %s", tt.form, a.status, a.body, tt.status, tt.want)
		}
	}
}
