package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// start gives a sandbox that listens until the test ends.
func start(t *testing.T, o Options) *Running {
	t.Helper()
	r, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return r
}

// answer is what a test looks at.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request with headers given as "Name: value". A body that begins with { is JSON unless a header says other.
func ask(t *testing.T, method, address, body string, headers ...string) answer {
	t.Helper()
	a, err := try(method, address, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, address, err)
	}
	return a
}

func try(method, address, body string, headers ...string) (answer, error) {
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(text)}, err
}

// signIn gives the Authorization header of a new access token.
func signIn(t *testing.T, s *Running) string {
	t.Helper()
	a := s.token(t, url.Values{"grant_type": {"client_credentials"}})
	if a.status != http.StatusOK {
		t.Fatalf("token endpoint: %d %s", a.status, a.body)
	}
	return "Authorization: Bearer " + field(t, a.body, "access_token")
}

// token asks the token endpoint, as the client it knows unless the form names another.
func (r *Running) token(t *testing.T, form url.Values) answer {
	t.Helper()
	if !form.Has("client_id") {
		form.Set("client_id", DefaultClientID)
		form.Set("client_secret", r.Secrets()["SANDBOX_CLIENT_SECRET"])
	}
	return ask(t, "POST", r.URL()+"/oauth_token.do", form.Encode(), "Content-Type: application/x-www-form-urlencoded")
}

// status is what the Table API says to an access token.
func (r *Running) status(t *testing.T, access string) int {
	t.Helper()
	return ask(t, "GET", r.listURL("incident", "sysparm_limit=1"), "", "Authorization: Bearer "+access).status
}

// serve asks a sandbox that does not listen: in a bubble of synctest there is no network.
func (s *Server) serve(method, path, body string, headers ...string) answer {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	return s.answerTo(r)
}

func (s *Server) answerTo(r *http.Request) answer {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

// tokenOf asks the token endpoint as token does, without a network.
func (s *Server) tokenOf(t *testing.T, form url.Values) answer {
	t.Helper()
	form.Set("client_id", s.options.ClientID)
	form.Set("client_secret", s.options.ClientSecret)
	return s.serve("POST", tokenPath, form.Encode())
}

// login gives the refresh token of a login with user name and password.
func (s *Server) login(t *testing.T) string {
	t.Helper()
	a := s.tokenOf(t, url.Values{"grant_type": {"password"}, "username": {s.options.User}, "password": {s.options.Password}})
	return field(t, a.body, "refresh_token")
}

func decode[T any](t *testing.T, body string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatalf("decoding %q: %v", body, err)
	}
	return value
}

func field(t *testing.T, body, name string) string {
	t.Helper()
	text, _ := decode[map[string]any](t, body)[name].(string)
	return text
}

// rows gives the result of a list.
func rows(t *testing.T, a answer) []map[string]any {
	t.Helper()
	if a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	return decode[struct{ Result []map[string]any }](t, a.body).Result
}

// one gives the result of a single record.
func one(t *testing.T, a answer) map[string]any {
	t.Helper()
	return decode[struct{ Result map[string]any }](t, a.body).Result
}

// listURL is the address of a table with parameters given as "name=value".
func (r *Running) listURL(table string, parameters ...string) string {
	query := url.Values{}
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		query.Set(name, value)
	}
	return r.URL() + "/api/now/table/" + table + "?" + query.Encode()
}

// basic gives the Authorization header of the user.
func (s *Server) basic() string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(s.options.User+":"+s.options.Password))
}

// post sends JSON.
func (s *Server) post(path, body string, headers ...string) answer {
	return s.serve("POST", path, body, append(headers, "Content-Type: application/json", s.basic())...)
}
