package auth

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http/httpguts"
)

// digestServer asks for a digest, and checks it by the rules of RFC 7616 with code of its own. Its functions run with mu held.
type digestServer struct {
	algorithm, qop string // as it asks for them; "" leaves them out
	uses           int    // how often a nonce may be used, 0 for any number, -1 for never; a higher count than the one before is always wanted
	asks           []string
	open           bool // lets everybody in
	mute           bool // asks without a challenge where a proof is wrong
	changed        bool // the password is another one

	mu     sync.Mutex
	nonces map[string]int // how often each was used
	seen   []string       // "method uri proof? body" of each request
	proofs int
}

func (s *digestServer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	header := req.Header.Get("Authorization")
	var body []byte
	if header != "" || req.Header.Get("Expect") == "" { // reading it would ask for it
		body, _ = io.ReadAll(req.Body)
	}
	s.seen = append(s.seen, fmt.Sprintf("%s %s %t %d", req.Method, req.RequestURI, header != "", len(body)))
	if s.open {
		return
	}
	if header == "" {
		s.ask(w, false)
		return
	}
	s.proofs++
	right, stale := s.check(req, header, body)
	switch {
	case right && !stale:
		fmt.Fprintf(w, "welcome %s", body)
	case s.mute:
		w.WriteHeader(http.StatusUnauthorized)
	default:
		s.ask(w, right)
	}
}

func (s *digestServer) ask(w http.ResponseWriter, stale bool) {
	if s.nonces == nil {
		s.nonces = make(map[string]int)
	}
	nonce := fmt.Sprintf("nonce-%d-%s==", len(s.nonces), strings.Repeat("x", 8))
	s.nonces[nonce] = 0
	challenge := fmt.Sprintf(`Digest realm="a \"realm\" \\ of J\xfcrgen", nonce="%s", opaque="op,aque"`, nonce)
	challenge = strings.ReplaceAll(challenge, `\xfc`, "\xfc")
	if s.algorithm != "" {
		challenge += ", algorithm=" + s.algorithm
	}
	if s.qop != "" {
		challenge += fmt.Sprintf(`, qop="%s"`, s.qop)
	}
	if stale {
		challenge += ", stale=TRUE"
	}
	for _, other := range s.asks {
		w.Header().Add("WWW-Authenticate", other)
	}
	w.Header().Add("WWW-Authenticate", challenge)
	w.WriteHeader(http.StatusUnauthorized)
	fmt.Fprint(w, "who are you?")
}

// check says whether a proof is right, and whether its nonce is not to be used any more.
func (s *digestServer) check(req *http.Request, header string, body []byte) (right, stale bool) {
	p := proofParams(header)
	hash := func(parts ...string) string { return fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(parts, ":")))) }
	if strings.HasPrefix(s.algorithm, "SHA-256") {
		hash = func(parts ...string) string {
			return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(parts, ":"))))
		}
	}
	a1 := hash("Mufasa", "a \"realm\" \\ of J\xfcrgen", "Circle of Life")
	if strings.HasSuffix(s.algorithm, "-sess") {
		a1 = hash(a1, p["nonce"], p["cnonce"])
	}
	a2 := hash(req.Method, req.RequestURI)
	if p["qop"] == "auth-int" {
		a2 = hash(req.Method, req.RequestURI, hash(string(body)))
	}
	want := hash(a1, p["nonce"], a2)
	if s.qop != "" {
		want = hash(a1, p["nonce"], p["nc"], p["cnonce"], p["qop"], a2)
	}
	used, known := s.nonces[p["nonce"]]
	count, _ := strconv.ParseInt(p["nc"], 16, 64)
	right = !s.changed && p["response"] == want && p["uri"] == req.RequestURI && p["username"] == "Mufasa" && p["opaque"] == "op,aque" &&
		p["algorithm"] == s.algorithm && (s.qop == "" || slices.Contains(strings.Split(strings.ReplaceAll(s.qop, " ", ""), ","), p["qop"]))
	if s.qop == "" {
		count = int64(used) + 1
	}
	stale = !known || int(count) <= used || s.uses != 0 && int(count) > s.uses
	if right && !stale {
		s.nonces[p["nonce"]] = int(count)
	}
	return right, stale
}

// proofParams reads an Authorization header, with less care than its parser should have.
func proofParams(header string) map[string]string {
	params := map[string]string{}
	rest := strings.TrimPrefix(header, "Digest ")
	for rest != "" {
		name, after, _ := strings.Cut(rest, "=")
		var value []byte
		quoted := strings.HasPrefix(after, `"`)
		i := 0
		if quoted {
			i = 1
		}
		for ; i < len(after) && (quoted && after[i] != '"' || !quoted && after[i] != ','); i++ {
			if quoted && after[i] == '\\' {
				i++
			}
			value = append(value, after[i])
		}
		params[strings.Trim(name, ", ")] = string(value)
		_, rest, _ = strings.Cut(after[min(i, len(after)):], ",")
	}
	return params
}

func digestClient(t *testing.T, s http.Handler, password string) (*http.Client, string) {
	t.Helper()
	server := newServer(t, s)
	return clientOf(t, keyringOf(t, Options{}, digestProfile(t, server, password)), "p"), server
}

func digestProfile(t *testing.T, base, password string) Profile {
	return Profile{Name: "p", BaseURL: mustURL(t, base), Auth: "digest", Settings: Settings{"username": "Mufasa", "password": password}}
}

// answerTo makes a request, and gives the status and the body of its answer.
func answerTo(t *testing.T, client *http.Client, method, address, body string) (int, string) {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, reader)
	if err != nil {
		t.Fatal(err)
	}
	return exchanged(t, client, req)
}

func TestDigest(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{"", "MD5", "SHA-256", "MD5-sess", "SHA-256-sess"} {
		for _, qop := range []string{"", "auth", "auth, auth-int", "auth-int,auth", "auth-int"} {
			if qop == "" && strings.HasSuffix(algorithm, "-sess") {
				continue
			}
			t.Run(algorithm+" "+qop, func(t *testing.T) {
				t.Parallel()
				s := &digestServer{algorithm: algorithm, qop: qop}
				client, base := digestClient(t, s, "Circle of Life")
				for i := range 3 {
					if status, text := answerTo(t, client, "POST", base+"/a%20b?c=d&e=%22", "a body"); status != 200 || text != "welcome a body" {
						t.Errorf("request %d: got %d %s", i+1, status, text)
					}
				}
				if status, _ := answerTo(t, client, "GET", base, ""); status != 200 {
					t.Errorf("without a body: got %d", status)
				}
				// Only the first had to be asked.
				if want := []string{"POST /a%20b?c=d&e=%22 false 6", "POST /a%20b?c=d&e=%22 true 6", "POST /a%20b?c=d&e=%22 true 6", "POST /a%20b?c=d&e=%22 true 6", "GET / true 0"}; !slices.Equal(s.seen, want) {
					t.Errorf("got  %q\nwant %q", s.seen, want)
				}
			})
		}
	}
}

func TestDigestStaleNonce(t *testing.T) {
	t.Parallel()
	s := &digestServer{algorithm: "MD5", qop: "auth", uses: 2}
	client, base := digestClient(t, s, "Circle of Life")
	for i := range 5 {
		if status, _ := answerTo(t, client, "PUT", base, "body"); status != 200 {
			t.Errorf("request %d: got %d", i+1, status)
		}
	}
	if s.proofs != 7 || len(s.seen) != 8 { // the third and the fifth are asked again
		t.Errorf("%d requests with %d proofs, want 8 with 7: %q", len(s.seen), s.proofs, s.seen)
	}
}

// A server that takes no proof gets one a request, whatever it says about it.
func TestDigestEndsAfterOneTry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		server   *digestServer
		password string
	}{
		{"a wrong password", &digestServer{algorithm: "SHA-256", qop: "auth"}, "another"},
		{"a wrong password, without a qop", &digestServer{}, "another"},
		{"a wrong password, and no word about it", &digestServer{algorithm: "MD5", qop: "auth", mute: true}, "another"},
		{"stale for ever", &digestServer{algorithm: "MD5-sess", qop: "auth", uses: -1}, "Circle of Life"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, base := digestClient(t, tt.server, tt.password)
			for range 2 {
				status, text := answerTo(t, client, "POST", base, "body")
				if status != 401 || text != "who are you?" && !tt.server.mute {
					t.Errorf("got %d %q, want the server's 401", status, text)
				}
			}
			if tt.server.proofs != 2 || len(tt.server.seen) != 4 {
				t.Errorf("two requests showed %d proofs in %q, want 2 in 4", tt.server.proofs, tt.server.seen)
			}
		})
	}
}

// A password that was good once and is no longer: the nonce is new, so it may be that, but it is tried only once more.
func TestDigestPasswordChanges(t *testing.T) {
	t.Parallel()
	s := &digestServer{qop: "auth"}
	client, base := digestClient(t, s, "Circle of Life")
	if status, _ := answerTo(t, client, "GET", base, ""); status != 200 {
		t.Fatalf("got %d", status)
	}
	s.mu.Lock()
	s.changed = true
	s.mu.Unlock()
	for i, want := range []int{3, 4} {
		if status, _ := answerTo(t, client, "GET", base, ""); status != 401 || s.proofs != want {
			t.Errorf("request %d: got %d after %d proofs, want 401 after %d", i+2, status, s.proofs, want)
		}
	}
}

// Cameras are known that ask with the same nonce for ever. A password that such a one refuses is not shown to it twice in one request.
func TestDigestOfANonceThatStays(t *testing.T) {
	t.Parallel()
	var seen []string
	stale, changed := false, false
	client, base := digestClient(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		proof := req.Header.Get("Authorization") != ""
		seen = append(seen, fmt.Sprint(proof))
		if proof && !stale && !changed {
			return
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="r", nonce="n", qop="auth", stale=%t`, stale))
		w.WriteHeader(http.StatusUnauthorized)
		stale = false
	}), "Circle of Life")
	for _, tt := range []struct {
		name           string
		stale, changed bool
		status         int
		proofs         string
	}{
		{"asked", false, false, 200, "[false true]"},
		{"known", false, false, 200, "[true]"},
		{"stale", true, false, 200, "[true true]"},
		{"another password", false, true, 401, "[true]"},
		{"forgotten", false, true, 401, "[false true]"},
	} {
		seen, stale, changed = nil, tt.stale, tt.changed
		if status, _ := answerTo(t, client, "GET", base, ""); status != tt.status || fmt.Sprint(seen) != tt.proofs {
			t.Errorf("%s: got %d after %v, want %d after %s", tt.name, status, seen, tt.status, tt.proofs)
		}
	}
}

// Where a server no longer says how to sign in, what it said before is forgotten.
func TestDigestOfAServerThatFallsSilent(t *testing.T) {
	t.Parallel()
	s := &digestServer{qop: "auth", mute: true}
	client, base := digestClient(t, s, "Circle of Life")
	answerTo(t, client, "GET", base, "")
	s.changed = true
	if _, err := client.Get(base); err == nil || !strings.Contains(err.Error(), "without saying how to sign in") {
		t.Errorf("got %v", err)
	}
	s.changed, s.seen = false, nil
	if status, _ := answerTo(t, client, "GET", base, ""); status != 200 || s.seen[0] != "GET / false 0" {
		t.Errorf("got %d after %q", status, s.seen)
	}
}

// Each port of a host has its own nonces.
func TestDigestChallengesBelongToAnOrigin(t *testing.T) {
	t.Parallel()
	a, b := &digestServer{qop: "auth"}, &digestServer{qop: "auth", algorithm: "SHA-256"}
	other := newServer(t, b)
	base := newServer(t, a)
	p := digestProfile(t, base, "Circle of Life")
	p.Origins = []string{other}
	k := keyringOf(t, Options{}, p)
	for range 2 {
		for _, address := range []string{base, other} {
			if status, _ := answerTo(t, clientOf(t, k, "p"), "GET", address, ""); status != 200 {
				t.Errorf("%s: got %d", address, status)
			}
		}
	}
	if a.proofs != 2 || b.proofs != 2 {
		t.Errorf("%d and %d proofs, want 2 each", a.proofs, b.proofs)
	}
}

func TestDigestOnlyForTheProfilesOrigins(t *testing.T) {
	t.Parallel()
	other := &digestServer{qop: "auth"}
	away := newServer(t, other)
	s := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, away, http.StatusTemporaryRedirect)
	})
	k := keyringOf(t, Options{}, digestProfile(t, s.URL, "Circle of Life"))
	for _, address := range []string{s.URL, away} {
		if status, text := answerTo(t, clientOf(t, k, "p"), "GET", address, ""); status != 401 || text != "who are you?" {
			t.Errorf("got %d %s", status, text)
		}
	}
	if other.proofs != 0 {
		t.Error("another origin got a proof")
	}
}

func TestDigestIsNotOffered(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		asks  []string
		wants string
		help  string
	}{
		{"Basic", []string{`Basic realm="x"`}, "asks for Basic, not", "type: basic"},
		{"nothing", nil, "without saying how", "base_url"},
		{"Bearer", []string{`Bearer realm="x", error="invalid_token"`}, "asks for Bearer, not", "oauth2"},
		{"another hash", []string{`Digest realm="x", nonce="n", algorithm=SHA3-999, qop="auth"`, `Negotiate`}, "Digest (algorithm SHA3-999, qop auth) or Negotiate", "base_url"},
		{"another qop", []string{`Digest realm="x", nonce="n", qop="auth-conf"`}, "qop auth-conf", "base_url"},
		{"no nonce", []string{`Digest realm="x", qop="auth"`}, "not for a digest", "base_url"},
		{"a session without a qop", []string{`Digest realm="x", nonce="n", algorithm=MD5-sess`}, "algorithm MD5-sess", "base_url"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newRecorder(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Www-Authenticate"] = tt.asks
				w.WriteHeader(http.StatusUnauthorized)
			})
			_, err := clientOf(t, keyringOf(t, Options{}, digestProfile(t, s.URL, "Circle of Life")), "p").Get(s.URL)
			var failed *SigningError
			if !errors.As(err, &failed) || failed.Status != 401 || failed.Temporary() {
				t.Fatalf("got %v, want a *SigningError", err)
			}
			if !strings.HasPrefix(failed.Error(), "profile p: digest: ") || !strings.Contains(failed.Error(), tt.wants) || !strings.Contains(failed.Help(), tt.help) {
				t.Errorf("got %q, %q; want %q, %q", failed, failed.Help(), tt.wants, tt.help)
			}
			if got := s.last(t).Header.Get("Authorization"); got != "" {
				t.Errorf("sent %s", got)
			}
		})
	}
}

func TestDigestOfOneChallengeAmongOthers(t *testing.T) {
	t.Parallel()
	s := &digestServer{qop: "auth", algorithm: "SHA-256", asks: []string{`Negotiate YWJj==, Basic realm="a, Digest b", Digest realm="x", nonce="n", algorithm=FOO`}}
	client, base := digestClient(t, s, "Circle of Life")
	if status, _ := answerTo(t, client, "GET", base, ""); status != 200 {
		t.Errorf("got %d", status)
	}
}

func TestDigestBodies(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789abcdef", 1<<14) // 256 KB
	t.Run("large", func(t *testing.T) {
		t.Parallel()
		s := &digestServer{qop: "auth"}
		client, base := digestClient(t, s, "Circle of Life")
		if status, text := answerTo(t, client, "PUT", base, large); status != 200 || text != "welcome "+large {
			t.Errorf("got %d and %d bytes", status, len(text))
		}
		if want := []string{"PUT / false 0", "PUT / true 262144"}; !slices.Equal(s.seen, want) {
			t.Errorf("got %q, want %q: nothing of the body before it was asked for", s.seen, want)
		}
	})
	t.Run("large, for nobody in particular", func(t *testing.T) {
		t.Parallel()
		s := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
			if req.Header.Get("Expect") != "" {
				w.WriteHeader(http.StatusExpectationFailed)
			}
		})
		client := clientOf(t, keyringOf(t, Options{}, digestProfile(t, s.URL, "Circle of Life")), "p")
		if status, _ := answerTo(t, client, "PUT", s.URL, large); status != 200 || s.bodies[len(s.bodies)-1] != large {
			t.Errorf("got %d", status)
		}
	})
	t.Run("read once", func(t *testing.T) {
		t.Parallel()
		s := &digestServer{qop: "auth"}
		client, base := digestClient(t, s, "Circle of Life")
		body := bytes.NewBufferString("body")
		_, err := client.Post(base, "text/plain", struct{ io.Reader }{body})
		var failed *SigningError
		if !errors.As(err, &failed) || len(s.seen) != 0 || body.Len() != 4 {
			t.Errorf("got %v, %d requests, %d bytes left; want an error before anything is lost", err, len(s.seen), body.Len())
		}
	})
	t.Run("gone meanwhile", func(t *testing.T) {
		t.Parallel()
		s := &digestServer{qop: "auth"}
		client, base := digestClient(t, s, "Circle of Life")
		gone := errors.New("there is no file x")
		req := awsRequest(t, "POST", base, "body")
		req.GetBody = func() (io.ReadCloser, error) { return nil, gone }
		if _, err := client.Do(req); !errors.Is(err, gone) || s.proofs != 0 {
			t.Errorf("got %v", err)
		}
	})
}

// Whoever sees a proof can try passwords on it, so the last ones are masked.
func TestDigestMasksItsProofs(t *testing.T) {
	t.Parallel()
	s := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	r := NewRedactor()
	client := clientOf(t, keyringOf(t, Options{Redactor: r}, digestProfile(t, s.URL, "Circle of Life")), "p")
	for range keptProofs {
		get(t, client, s.URL)
	}
	for _, req := range s.requests[1:] {
		proof := proofParams(req.Header.Get("Authorization"))["response"]
		if got := r.Text("<" + proof + ">"); got != "<***>" || len(proof) != 32 {
			t.Errorf("got %s for a proof", got)
		}
	}
}

// A server that wants no sign-in gets the request once, whole, and no proof.
func TestDigestWhereNoneIsWanted(t *testing.T) {
	t.Parallel()
	s := &digestServer{open: true}
	client, base := digestClient(t, s, "Circle of Life")
	if status, _ := answerTo(t, client, "POST", base, "body"); status != 200 || !slices.Equal(s.seen, []string{"POST / false 4"}) {
		t.Errorf("got %d, %q", status, s.seen)
	}
}

func TestDigestConcurrently(t *testing.T) {
	t.Parallel()
	s := &digestServer{qop: "auth", algorithm: "SHA-256", uses: 5}
	client, base := digestClient(t, s, "Circle of Life")
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for j := range 10 {
				body := fmt.Sprintf("%d-%d", i, j)
				if status, text := answerTo(t, client, "POST", base, body); status != 200 || text != "welcome "+body {
					t.Errorf("got %d %s", status, text)
				}
			}
		})
	}
	all.Wait()
}

// The examples of RFC 7616 §3.9 and RFC 2617 §3.5. That of SHA-512-256 is wrong in the RFC (erratum 4897): the value is that of the
// erratum.
func TestDigestOfTheRFCs(t *testing.T) {
	t.Parallel()
	const rfc7616 = `Digest realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", algorithm=`
	tests := []struct {
		name, asks         string
		username, password string
		uri, cnonce        string
		want               string
	}{
		{"MD5", rfc7616 + "MD5", "Mufasa", "Circle of Life", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "8ca523f5e9506fed4657c9700eebdbec"},
		{"SHA-256", rfc7616 + "SHA-256", "Mufasa", "Circle of Life", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"RFC 2617", `Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`,
			"Mufasa", "Circle Of Life", "/dir/index.html", "0a4f113b", "6629fae49393a05397450978507c4ef1"},
		{"SHA-512-256, the name hashed", `Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", ` +
			`opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true`, "Jäsøn Doe", "Secret, or not?", "/doe.json",
			"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := findChallenge(http.Header{"Www-Authenticate": {tt.asks}})
			if err != nil {
				t.Fatal(err)
			}
			d := &digester{redactor: NewRedactor(), username: tt.username, password: tt.password, cnonce: func() string { return tt.cnonce }}
			req := awsRequest(t, "GET", "http://www.example.org"+tt.uri, "")
			if err := d.prove(req, c, 1); err != nil {
				t.Fatal(err)
			}
			got := proofParams(req.Header.Get("Authorization"))
			if got["response"] != tt.want || got["nc"] != "00000001" || got["qop"] != "auth" || got["uri"] != tt.uri || got["opaque"] == "" {
				t.Errorf("got %v, want the response %s", got, tt.want)
			}
			if hashed := "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"; c.Userhash && (got["username"] != hashed || got["userhash"] != "true") {
				t.Errorf("got the name %s, want %s", got["username"], hashed)
			}
		})
	}
}

func TestParseOffers(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{`Basic realm="x"`, "Basic[realm=x]"},
		{`Digest realm="a, b" ,nonce=abc== , QOP = "auth"`, "Digest[nonce=abc== qop=auth realm=a, b]"},
		{`Negotiate`, "Negotiate[]"},
		{`Negotiate, Basic realm=x`, "Negotiate[] Basic[realm=x]"},
		{`NTLM TlRMTVNT==, Digest nonce="n"`, "NTLM[] Digest[nonce=n]"},
		{`Digest nonce="a", nonce="b"`, "Digest[nonce=a]"},
		{`Digest realm="\"q\" \\", nonce="n"`, `Digest[nonce=n realm="q" \]`},
		{`Digest realm="open`, "Digest[realm=open]"},
		{`Digest	nonce="n"`, "Digest[nonce=n]"},
		{`,, Digest nonce="n",, `, "Digest[nonce=n]"},
		{`Digest nonce="n" qop=auth`, "Digest[nonce=n qop=auth]"},
		{`realm="x"`, ""},
		{`"`, ""},
		{``, ""},
	}
	for _, tt := range tests {
		var got []string
		for _, o := range parseOffers(tt.in) {
			var params []string
			for name, value := range o.params {
				params = append(params, name+"="+value)
			}
			slices.Sort(params)
			got = append(got, o.scheme+"["+strings.Join(params, " ")+"]")
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, text, tt.want)
		}
	}
}

// FuzzDigestChallenge looks for a header that takes down the process, or a proof that a server could not read.
func FuzzDigestChallenge(f *testing.F) {
	f.Add(`Digest realm="a", nonce="b", qop="auth", algorithm=MD5-sess`)
	f.Add(`Basic realm="a", Digest nonce=b, userhash=true, stale`)
	f.Add("Digest realm=\"\x01\", nonce=b")
	f.Add(`Negotiate a==, Digest realm="\"", nonce="\\"`)
	f.Fuzz(func(t *testing.T, header string) {
		c, err := findChallenge(http.Header{"Www-Authenticate": {header}})
		if err != nil {
			_ = err.(*noDigestError).help()
			return
		}
		d := &digester{redactor: NewRedactor(), username: "u", password: "p-of-u", cnonce: func() string { return "c" }}
		req, err := http.NewRequest(http.MethodGet, "http://example.com/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.prove(req, c, 1); err != nil {
			t.Fatalf("%q: a challenge that cannot be answered was taken: %v", header, err)
		}
		got := proofParams(req.Header.Get("Authorization"))
		if got["nonce"] != c.Nonce || got["realm"] != c.Realm || got["response"] == "" || !httpguts.ValidHeaderFieldValue(req.Header.Get("Authorization")) {
			t.Fatalf("%q: sent %s", header, req.Header.Get("Authorization"))
		}
	})
}

// newServer starts a server and gives its address.
func newServer(t testing.TB, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}
