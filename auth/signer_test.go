package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// recorder is a server that keeps the requests it got.
type recorder struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

// newRecorder starts a server that records, and then answers with handle; with 200 where that is nil.
func newRecorder(t testing.TB, handle http.HandlerFunc) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.requests = append(r.requests, req)
		r.bodies = append(r.bodies, string(body))
		r.mu.Unlock()
		req.Body = io.NopCloser(strings.NewReader(string(body)))
		if handle != nil {
			handle(w, req)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.requests)
}

// last is the request that came last.
func (r *recorder) last(t testing.TB) *http.Request {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.requests) == 0 {
		t.Fatal("no request arrived")
	}
	return r.requests[len(r.requests)-1]
}

func mustURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func keyringOf(t testing.TB, o Options, profiles ...Profile) *Keyring {
	t.Helper()
	k, err := NewKeyring(profiles, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

func clientOf(t testing.TB, k *Keyring, profile string) *http.Client {
	t.Helper()
	client, err := k.Client(t.Context(), profile)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// get makes a request and gives its answer, the body read and closed.
func get(t testing.TB, client *http.Client, address string, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return resp
}

func TestSignInsWithoutTokens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		auth     string
		settings Settings
		header   string // name of the header that signs in
		value    string
		query    string
	}{
		{"none", "none", nil, "Authorization", "", "b=2&a=1"},
		{"nothing named", "", nil, "Authorization", "", "b=2&a=1"},
		{"basic", "basic", Settings{"username": "ann", "password": "pä:ss"}, "Authorization", "Basic YW5uOnDDpDpzcw==", "b=2&a=1"},
		{"basic without a password", "basic", Settings{"username": "key", "password": ""}, "Authorization", "Basic a2V5Og==", "b=2&a=1"},
		{"bearer", "bearer", Settings{"token": "t-1234"}, "Authorization", "Bearer t-1234", "b=2&a=1"},
		{"key in a header", "api_key", Settings{"name": "x-api-key", "value": "k-1234"}, "X-Api-Key", "k-1234", "b=2&a=1"},
		{"key in the query", "api_key", Settings{"in": "query", "name": "api key", "value": "k&1"}, "Authorization", "", "b=2&a=1&api+key=k%261"},
		{"key over another", "api_key", Settings{"in": "query", "name": "b", "value": "k"}, "Authorization", "", "a=1&b=k"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := newRecorder(t, nil)
			k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), Auth: tt.auth, Settings: tt.settings})
			resp := get(t, clientOf(t, k, "p"), server.URL+"/x?b=2&a=1", "Referer", "https://other.example/secret")
			got := server.last(t)
			if got.Header.Get(tt.header) != tt.value {
				t.Errorf("%s: got %q, want %q", tt.header, got.Header.Get(tt.header), tt.value)
			}
			if got.URL.RawQuery != tt.query {
				t.Errorf("query: got %q, want %q", got.URL.RawQuery, tt.query)
			}
			if got.Header.Get("Referer") != "" {
				t.Error("a Referer was sent")
			}
			if resp.Request.URL.RawQuery != "b=2&a=1" || resp.Request.Header.Get(tt.header) != "" {
				t.Errorf("the answer shows how its request was signed: %s", resp.Request.URL)
			}
		})
	}
}

func TestProfileHeaders(t *testing.T) {
	t.Parallel()
	server, other := newRecorder(t, nil), newRecorder(t, nil)
	k := keyringOf(t, Options{}, Profile{
		Name: "p", BaseURL: mustURL(t, server.URL), Header: http.Header{"accept": {"application/json"}, "X-Tenant": {"t1"}},
	})
	client := clientOf(t, k, "p")
	get(t, client, server.URL, "Accept", "text/plain")
	if got := server.last(t).Header; got.Get("Accept") != "text/plain" || got.Get("X-Tenant") != "t1" {
		t.Errorf("got Accept %q and X-Tenant %q, want text/plain and t1", got.Get("Accept"), got.Get("X-Tenant"))
	}
	get(t, client, other.URL)
	if got := other.last(t).Header; got.Get("Accept") != "" || got.Get("X-Tenant") != "" {
		t.Errorf("another origin got %v", got)
	}
}

func TestCredentialsStayWithinOrigins(t *testing.T) {
	t.Parallel()
	server, other, third := newRecorder(t, nil), newRecorder(t, nil), newRecorder(t, nil)
	tests := []struct {
		name   string
		to     *recorder
		url    string
		signed bool
	}{
		{"the base URL", server, server.URL + "/other/path", true},
		{"a further origin", third, third.URL, true},
		{"another port", other, other.URL, false},
		{"another name of the host", server, strings.Replace(server.URL, "127.0.0.1", "localhost", 1), false},
		{"user info that looks like the host", other, strings.Replace(other.URL, "http://", "http://"+strings.TrimPrefix(server.URL, "http://")+"@", 1), false},
	}
	k := keyringOf(t, Options{},
		Profile{Name: "header", BaseURL: mustURL(t, server.URL+"/api"), Origins: []string{third.URL}, Auth: "bearer", Settings: Settings{"token": "t-1234"}},
		Profile{Name: "query", BaseURL: mustURL(t, server.URL+"/api"), Origins: []string{third.URL}, Auth: "api_key",
			Settings: Settings{"in": "query", "name": "key", "value": "k-1234"}})
	for _, tt := range tests {
		get(t, clientOf(t, k, "header"), tt.url)
		if got := strings.HasPrefix(tt.to.last(t).Header.Get("Authorization"), "Bearer"); got != tt.signed {
			t.Errorf("%s: bearer token sent: %v, want %v", tt.name, got, tt.signed)
		}
		get(t, clientOf(t, k, "query"), tt.url)
		if got := tt.to.last(t).URL.Query().Has("key"); got != tt.signed {
			t.Errorf("%s: key sent: %v, want %v", tt.name, got, tt.signed)
		}
	}
}

func TestRedirectsDoNotCarryCredentials(t *testing.T) {
	t.Parallel()
	other := newRecorder(t, nil)
	server := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/away" {
			http.Redirect(w, req, other.URL+"/there", http.StatusTemporaryRedirect)
		}
		if req.URL.Path == "/inside" {
			http.Redirect(w, req, "/home", http.StatusFound)
		}
	})
	k := keyringOf(t, Options{}, Profile{
		Name: "p", BaseURL: mustURL(t, server.URL), Auth: "api_key", Settings: Settings{"name": "Authorization", "value": "Token 1234"},
		Header: http.Header{"X-Tenant": {"t1"}},
	})
	get(t, clientOf(t, k, "p"), server.URL+"/away")
	if got := other.last(t).Header; got.Get("Authorization") != "" || got.Get("X-Tenant") != "" || got.Get("Referer") != "" {
		t.Errorf("the redirect's target got %v", got)
	}
	get(t, clientOf(t, k, "p"), server.URL+"/inside")
	if got := server.last(t); got.URL.Path != "/home" || got.Header.Get("Authorization") != "Token 1234" || got.Header.Get("Referer") != "" {
		t.Errorf("a redirect inside got %s with %v", got.URL.Path, got.Header)
	}
}

func TestSignInHeaderLeavesSignInOff(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, nil)
	k := keyringOf(t, Options{}, Profile{
		Name: "p", BaseURL: mustURL(t, server.URL), Auth: "bearer", Settings: Settings{"token": "t-1234"}, Header: http.Header{"X-Tenant": {"t1"}},
	})
	for _, profile := range []string{"p", ""} {
		get(t, clientOf(t, k, profile), server.URL, SignInHeader, "none")
		got := server.last(t).Header
		if got.Get("Authorization") != "" || got.Get(SignInHeader) != "" {
			t.Errorf("profile %q sent %v", profile, got)
		}
		if sent := got.Get("X-Tenant") != ""; sent != (profile == "p") {
			t.Errorf("profile %q sent its header: %v", profile, sent)
		}
	}
	get(t, clientOf(t, k, "p"), server.URL, SignInHeader, "yes")
	if got := server.last(t).Header; got.Get("Authorization") == "" || got.Get(SignInHeader) != "" {
		t.Errorf("with another value: sent %v", got)
	}
}

func TestRequestIsNotChanged(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, nil)
	k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), Auth: "bearer", Settings: Settings{"token": "t-1234"}})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = nil
	resp, err := clientOf(t, k, "p").Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(req.Header) != 0 || resp.Request != req {
		t.Errorf("the request became %v", req.Header)
	}
}

func TestMaxConcurrent(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	entered, leave := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		w.(http.Flusher).Flush()
		entered <- struct{}{}
		<-leave
		now.Add(-1)
	}))
	t.Cleanup(server.Close)
	k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), MaxConcurrent: 2})
	client := clientOf(t, k, "p")

	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { get(t, client, server.URL) })
	}
	<-entered
	<-entered
	// Both slots are taken by bodies that have not ended: a third request waits, and stops waiting with its context.
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Do(req); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a request beyond the limit: got %v, want its deadline", err)
	}
	go func() {
		for range 4 {
			leave <- struct{}{}
			<-entered
		}
		leave <- struct{}{}
		leave <- struct{}{}
	}()
	all.Wait()
	if got := most.Load(); got != 2 {
		t.Errorf("%d requests were under way at once, want 2", got)
	}
}

// A request that fails gives its place to the next one.
func TestMaxConcurrentAfterFailures(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, func(_ http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/cut" {
			panic(http.ErrAbortHandler)
		}
	})
	k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), MaxConcurrent: 1})
	client := *clientOf(t, k, "p")
	client.Timeout = time.Minute // for the case that the place is not given back
	for range 2 {
		if resp, err := client.Post(server.URL+"/cut", "text/plain", strings.NewReader("x")); err == nil {
			resp.Body.Close()
			t.Error("a request whose connection was cut gave no error")
		}
	}
	if resp := get(t, &client, server.URL); resp.StatusCode != http.StatusOK {
		t.Errorf("got status %d", resp.StatusCode)
	}
}

// An answer that was read to its end gives its place to the next one, even where nobody closes it.
func TestMaxConcurrentAtTheEndOfABody(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "an answer") })
	k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), MaxConcurrent: 1})
	client := *clientOf(t, k, "p")
	client.Timeout = time.Minute // for the case that the place is not given back
	resp, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); string(text) != "an answer" || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
	get(t, &client, server.URL)
}

// A RoundTripper closes the body also of a request that it does not send.
func TestBodiesOfRequestsThatAreNotSent(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	limited := Profile{Name: "limited", BaseURL: mustURL(t, server.URL), MaxConcurrent: 1}
	tokens := oauthProfile(t, server.URL, nil)
	k := keyringOf(t, Options{}, limited, tokens)
	held, err := clientOf(t, k, "limited").Get(server.URL) // its body is not read, so it keeps the one place
	if err != nil {
		t.Fatal(err)
	}
	defer held.Body.Close()
	before := server.count()
	for profile, ctx := range map[string]context.Context{"limited": ended(t), tokens.Name: t.Context()} {
		closed := false
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, closing{strings.NewReader("body"), &closed})
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := clientOf(t, k, profile).Transport.RoundTrip(req); err == nil {
			resp.Body.Close()
			t.Errorf("%s: the request was sent", profile)
		}
		if !closed {
			t.Errorf("%s: the body was not closed", profile)
		}
	}
	if sent := server.count() - before; sent != 1 { // for the token
		t.Errorf("%d requests were sent, want one for the token", sent)
	}
}

// ended is a context that is over.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// A token that others had in use while a replay was rejected with it is not shown again.
func TestReplayedTokenIsRejectedToo(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, nil)
	tokens := newServer(t, &system{})
	p := oauthProfile(t, server.URL, Settings{"token_url": tokens + "/token"})
	var k *Keyring
	answers := 0
	p.RefreshWhen = func(*http.Response) (bool, error) {
		if answers++; answers == 2 {
			k.sources["p"].current.Load().accepted.Store(true) // by a request of somebody else
		}
		return answers <= 2, nil
	}
	k = keyringOf(t, Options{}, p)
	get(t, clientOf(t, k, "p"), server.URL)
	get(t, clientOf(t, k, "p"), server.URL)
	if got := server.last(t).Header.Get("Authorization"); got != "Bearer T3-token" || server.count() != 3 {
		t.Errorf("the last of %d requests had %q, want T3-token in the third", server.count(), got)
	}
}

func TestUnknownProfile(t *testing.T) {
	t.Parallel()
	k := keyringOf(t, Options{})
	if _, err := k.Client(t.Context(), "nobody"); err == nil || err.Error() != `there is no profile named "nobody"` {
		t.Errorf("got %v", err)
	}
	if client := clientOf(t, k, ""); client.Jar != nil || client.Timeout != 0 {
		t.Error("the client has a cookie jar or a timeout")
	}
}

func TestKeyringMasksItsSecrets(t *testing.T) {
	t.Parallel()
	base := mustURL(t, "https://api.example.com")
	r := NewRedactor()
	keyringOf(t, Options{Redactor: r},
		Profile{Name: "a", BaseURL: base, Auth: "basic", Settings: Settings{"username": "ann", "password": "pw-of-ann"}, Proxy: "http://u:pw-of-proxy@127.0.0.1:3128"},
		Profile{Name: "b", BaseURL: base, Auth: "bearer", Settings: Settings{"token": "token-of-b"}},
		Profile{Name: "c", BaseURL: base, Auth: "api_key", Settings: Settings{"name": "K", "value": "Token key-of-c"}},
		Profile{Name: "d", BaseURL: base, Auth: "oauth2", Settings: Settings{
			"grant": "password", "token_url": "/t", "client_id": "i", "client_secret": "sec+of/d", "username": "u", "password": "pw-of-d", "client_auth": "header",
		}})
	for _, text := range []string{"pw-of-ann", "YW5uOnB3LW9mLWFubg==", "pw-of-proxy", "token-of-b", "Token key-of-c", "sec%2Bof%2fd", "pw-of-d", "aTpzZWMlMkJvZiUyRmQ="} {
		if got := r.Text("<" + text + ">"); got != "<***>" {
			t.Errorf("got %s, want <***>", got)
		}
	}
}
