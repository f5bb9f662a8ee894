package auth

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// signIns are the sign-ins that put something on a request, each with what shows that it did.
func signIns() map[string]Profile {
	return map[string]Profile{
		"basic":           {Auth: "basic", Settings: Settings{"username": "ann", "password": "pw-of-ann"}},
		"bearer":          {Auth: "bearer", Settings: Settings{"token": "t-1234"}},
		"key in a header": {Auth: "api_key", Settings: Settings{"name": "X-Key", "value": "k-1234"}},
		"key in a query":  {Auth: "api_key", Settings: Settings{"in": "query", "name": "key", "value": "k-1234"}},
		"aws_sigv4":       {Auth: "aws_sigv4", Settings: Settings{"access_key_id": "AKID", "secret_access_key": "s", "region": "eu-central-1", "service": "s3"}},
		"hmac": {Auth: "hmac", Settings: Settings{"key": "k", "template": "{method} {url}",
			"headers": [][2]string{{"X-Signature", "{signature}"}}}},
		"a header": {Header: http.Header{"X-Key": {"k-1234"}}},
	}
}

// signed says whether a request has any proof on it.
func signed(req *http.Request) bool {
	h := req.Header
	return h.Get("Authorization") != "" || h.Get("X-Key") != "" || h.Get("X-Signature") != "" || h.Get("X-Amz-Date") != "" || req.URL.Query().Has("key")
}

// A proxy stands in for all hosts of the world.
func TestOriginRule(t *testing.T) {
	t.Parallel()
	for name, p := range signIns() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := newRecorder(t, nil)
			p.Name, p.BaseURL, p.Proxy = "p", mustURL(t, "http://api.example.com/v1"), proxy.URL
			p.Origins = []string{"http://bücher.example", "http://[::1]:8080", "http://dot.example."}
			client := clientOf(t, keyringOf(t, Options{}, p), "p")
			for _, tt := range []struct {
				url  string
				ours bool
			}{
				{"http://api.example.com/other", true},
				{"http://API.Example.COM/", true},
				{"HTTP://api.example.com:80/", true},
				{"http://api.example.com:/", true},
				{"http://api.example.com:8080/", false},
				{"http://api.example.com:443/", false},
				{"http://api.example.com./", false},
				{"http://sub.api.example.com/", false},
				{"http://example.com/", false},
				{"http://api.example.com.evil.test/", false},
				{"http://evil.test/api.example.com", false},
				{"http://evil.test/?http://api.example.com/", false},
				{"http://evil.test#@api.example.com/", false},
				{"http://bücher.example/", true},
				{"http://BÜCHER.example/", true},
				{"http://xn--bcher-kva.example/", true},
				{"http://bucher.example/", false},
				{"http://b%C3%BCcher.example/", true},
				{"http://[::1]:8080/", true},
				{"http://[0:0:0:0:0:0:0:1]:8080/", false},
				{"http://[::1]/", false},
				{"http://[::1%25lo]:8080/", false},
				{"http://dot.example./", true},
				{"http://dot.example/", false},
			} {
				get(t, client, tt.url)
				if got := signed(proxy.last(t)); got != tt.ours {
					t.Errorf("%s: signed %v, want %v", tt.url, got, tt.ours)
				}
			}
			resp := get(t, client, "http://ann:pw@evil.test/")
			if got := proxy.last(t); signed(got) {
				t.Errorf("a name and a password in an address went out as %v", got.Header)
			}
			if resp.Request.URL.User == nil {
				t.Error("the request of the caller was changed")
			}
		})
	}
}

func TestOriginsOfAnotherScheme(t *testing.T) {
	t.Parallel()
	w, err := newWire(Profile{BaseURL: mustURL(t, "https://api.example.com")}, "")
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{
		"https://api.example.com/x": true, "https://api.example.com:443": true, "HTTPS://API.EXAMPLE.COM": true,
		"http://api.example.com": false, "http://api.example.com:443": false, "ws://api.example.com:443": false,
		"https://api.example.com:0443": false, "https://api.example.com:8443": false,
		// What net/http would look up under the name of the origin is the origin.
		"https://ａpi.example.com": true, "https://api.example。com": true, "https://api.example.com\u0307": false,
	} {
		if got := w.ours(mustURL(t, address)); got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
	}
}

// Every kind of redirect to another port: no proof goes along, no header of the profile, no cookie and no word of where it came from.
func TestRedirectsAway(t *testing.T) {
	t.Parallel()
	for name, p := range signIns() {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				t.Parallel()
				away := newRecorder(t, nil)
				server := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
					http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
					// Servers hand on the query that they were asked with.
					http.Redirect(w, req, away.URL+"/there?"+req.URL.RawQuery, status)
				})
				p := p
				p.Name, p.BaseURL = "p", mustURL(t, server.URL)
				resp := get(t, clientOf(t, keyringOf(t, Options{}, p), "p"), server.URL+"/here?a=1")
				got := away.last(t)
				if signed(got) || got.Header.Get("Referer") != "" || got.Header.Get("Cookie") != "" || got.URL.RawQuery != "a=1" {
					t.Errorf("the target got %s with %v", got.URL, got.Header)
				}
				if !signed(server.last(t)) || strings.Contains(resp.Request.URL.String(), "k-1234") {
					t.Errorf("signed %v, the answer's address is %s", signed(server.last(t)), resp.Request.URL)
				}
			})
		}
	}
}

func TestNoCookiesAreKept(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		if req.URL.Path == "/a" {
			http.Redirect(w, req, "/b", http.StatusFound)
		}
	})
	client := clientOf(t, keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL)}), "p")
	get(t, client, server.URL+"/a")
	get(t, client, server.URL+"/c")
	for _, req := range server.requests {
		if req.Header.Get("Cookie") != "" || req.Header.Get("Referer") != "" {
			t.Errorf("%s came with %v", req.URL, req.Header)
		}
	}
}

// A redirect within the profile's origins is signed by the profile, and not with what the server put into the address.
func TestRedirectWithAPassword(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/a" {
			http.Redirect(w, req, "http://ann:pw@"+req.Host+"/b", http.StatusFound)
		}
	})
	for name, p := range signIns() {
		p.Name, p.BaseURL = "p", mustURL(t, server.URL)
		get(t, clientOf(t, keyringOf(t, Options{}, p), "p"), server.URL+"/a")
		got := server.last(t)
		if got.URL.Path != "/b" || !signed(got) || strings.HasPrefix(got.Header.Get("Authorization"), "Basic") != (p.Auth == "basic") {
			t.Errorf("%s: %s came with %v", name, got.URL, got.Header)
		}
		if _, password, _ := got.BasicAuth(); password == "pw" {
			t.Errorf("%s: the server chose the password", name)
		}
	}
}

// What a server gives back of a key that stood in the query is taken out, so that it goes nowhere and shows nowhere.
func TestKeyInAnAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"https://other.example/x?a=1&key=k%261&b=2", "https://other.example/x?a=1&b=2"},
		{"/x?key=k%261", "/x"},
		{"?key=k%261#f", "#f"},
		{"/x?key=another", "/x?key=another"},
		{"/x?kéy=1&&%zz=1&key=k%261", "/x?kéy=1&%zz=1"},
		{"/x?a=1&&b=2", "/x?a=1&&b=2"},
		{"/x?", "/x?"},
		{"/x", "/x"},
		{"", ""},
		// The address to come back to is a parameter of a login page.
		{"https://other.example/?to=https%3A%2F%2Fa.example%2Fx%3Fa%3D1%26key%3Dk%25261&b=2", "https://other.example/?to=https%3A%2F%2Fa.example%2Fx%3Fa%3D1&b=2"},
		{"/in?to=%2Fin%3Fto%3D%252Fx%253Fkey%253Dk%2525261", "/in?to=%2Fin%3Fto%3D%252Fx"},
		{"/in?to=/x?key=k%261&b=2", "/in?to=/x&b=2"},
		{"/in?to=%2Fx%3Fa=1&b=%zz", "/in?to=%2Fx%3Fa=1&b=%zz"},
		{`</x?p=2&key=k%261>; rel="next", </x?key=k%261&p=1>; rel=prev, </y>; title="a?key=k%261"`, `</x?p=2>; rel="next", </x?p=1>; rel=prev, </y>; title="a"`},
	}
	for _, tt := range tests {
		got := inQueries(tt.in, func(query string) string { return withoutKey(query, "key", "k&1", nestedAddresses) })
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.want)
		}
	}
	server := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Link", `<http://other.example/?`+req.URL.RawQuery+`&p=2>; rel="next"`)
		w.Header().Set("Content-Location", req.URL.RequestURI())
	})
	k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), Auth: "api_key", Settings: Settings{"in": "query", "name": "key", "value": "k&1"}})
	other := newRecorder(t, nil)
	away := other.URL + "/?a=\"1\"&key=k%261&to=%2Fx%3Fkey%3Dk%25261" // as in a link of an answer's body
	if resp := get(t, clientOf(t, k, "p"), away); other.last(t).RequestURI != `/?a="1"&to=%2Fx` || resp.Request.URL.String() != away {
		t.Errorf("another host was asked for %s, by a request for %s", other.last(t).RequestURI, resp.Request.URL)
	}
	resp := get(t, clientOf(t, k, "p"), server.URL+"/x")
	got := append(resp.Header.Values("Link"), resp.Header.Values("Content-Location")...)
	if want := []string{`<http://other.example/?p=2>; rel="next"`, "/x"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
