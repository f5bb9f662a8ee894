package sandbox

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// listener is a client that waits for the browser to come back.
func listener(t *testing.T, status int) (redirect string, came *url.Values) {
	came = &url.Values{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*came = r.URL.Query()
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/callback", came
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	redirect, came := listener(t, http.StatusOK)
	page := s.URL() + "/oauth_auth.do?" + authorizing("redirect_uri="+redirect).Encode()
	if err := Answer(t.Context(), page, true); err != nil {
		t.Fatal(err)
	}
	if came.Get("code") == "" || came.Get("iss") != s.URL() {
		t.Errorf("the client is told %v", came)
	}
	if a := s.token(t, redeeming(came.Get("code"), "redirect_uri="+redirect)); a.status != http.StatusOK {
		t.Errorf("the code gives %d %s", a.status, a.body)
	}
	if err := Answer(t.Context(), page, false); err != nil || came.Get("error") != "access_denied" {
		t.Errorf("error %v, the client is told %v", err, came)
	}

	d := s.startDeviceLogin(t)
	local := strings.Replace(d.Complete, "http://example.com", s.URL(), 1)
	if err := Answer(t.Context(), local, true); err != nil {
		t.Error(err)
	}
	if a := s.poll(t, d); a.status != http.StatusOK {
		t.Errorf("the device is told %d %s", a.status, a.body)
	}
}

func TestAnswerThatCannot(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	failing, _ := listener(t, http.StatusTeapot)
	nobody, _ := listener(t, http.StatusOK)
	nobody = strings.Replace(nobody, "127.0.0.1:", "127.0.0.1:1", 1) // no port there is
	auth := func(changes ...string) string { return s.URL() + "/oauth_auth.do?" + authorizing(changes...).Encode() }
	tests := []struct{ name, page, want string }{
		{"elsewhere", "https://example.com/oauth_auth.do", "answering a login: the page is none of a sandbox: it is not on loopback"},
		{"no address", "::", "answering a login: the page is none of a sandbox: it is not on loopback"},
		{"no page", s.URL() + "/nothing", "answering a login: status 404 and no button to press: the page says nothing that could be told"},
		{"a mistake", auth("client_id=other"), "answering a login: status 400 and no button to press: There is no client “other” here; the client is “snrun”."},
		{"a client that fails", auth("redirect_uri=" + failing), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := errorText(Answer(t.Context(), tt.page, true)); got != tt.want {
				t.Errorf("error %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("the button fails", func(t *testing.T) {
		t.Parallel()
		s := start(t, Options{Faults: []Fault{{Kind: Unavailable, Path: "/oauth_auth.do", Method: "POST"}}})
		const want = "answering a login: status 503: the page says nothing that could be told"
		if got := errorText(Answer(t.Context(), s.URL()+"/oauth_auth.do?"+authorizing().Encode(), true)); got != want {
			t.Errorf("error %q, want %q", got, want)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		err := errorText(Answer(t.Context(), auth("redirect_uri="+nobody), true))
		if !strings.HasPrefix(err, "answering a login: ") || strings.Contains(err, "code=") || strings.Contains(err, "state=") {
			t.Errorf("error %q", err)
		}
	})
}
