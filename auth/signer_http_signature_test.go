package auth

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth/httpsig"
)

// verifier is a server that verifies signatures by the rules of RFC 9421 and 9530. It answers 200, or 401 and what was wrong.
type verifier struct {
	key      httpsig.VerifyingKey
	signed   httpsig.Signature // of the last request that verified
	received *http.Request
}

func (v *verifier) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if err := v.verify(req); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
	}
}

func (v *verifier) verify(req *http.Request) error {
	all, err := httpsig.Parse(req.Header)
	if err != nil {
		return err
	}
	if len(all) != 1 {
		return errors.New("there is not one signature")
	}
	if err := all[0].Verify(httpsig.Incoming(req), v.key, time.Now()); err != nil {
		return err
	}
	if digest := req.Header.Values("Content-Digest"); len(digest) > 0 {
		if err := httpsig.CheckContentDigest(digest, req.Body); err != nil {
			return err
		}
	}
	v.signed, v.received = all[0], req
	return nil
}

// sharedKey gives a verifier of HMAC, and the settings that it accepts.
func sharedKey(t testing.TB, more Settings) (*verifier, Settings) {
	t.Helper()
	_, verify, err := httpsig.NewSecretKeys([]byte("k3y"))
	if err != nil {
		t.Fatal(err)
	}
	s := Settings{"algorithm": httpsig.HMACSHA256, "key_id": "snrun", "key": "k3y"}
	for name, value := range more {
		s[name] = value
	}
	return &verifier{key: verify}, s
}

// exchanged makes a request and gives the status and the text of its answer.
func exchanged(t testing.TB, client *http.Client, req *http.Request) (int, string) {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func requestOf(t testing.TB, method, address string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestHTTPSignatureAlgorithms(t *testing.T) {
	t.Parallel()
	keys := testKeys()
	dir := t.TempDir()
	writeFile(t, dir, "me.pem", pkcs8(t, keys.ed25519))
	tests := []struct {
		name     string
		public   any // nil for HMAC
		settings Settings
	}{
		{"ed25519", keys.ed25519.Public(), Settings{"algorithm": "ed25519", "private_key": pkcs8(t, keys.ed25519)}},
		{"ed25519 from a file", keys.ed25519.Public(), Settings{"algorithm": "ed25519", "private_key_file": "me.pem"}},
		{"P-256", keys.p256.Public(), Settings{"algorithm": "ecdsa-p256-sha256", "private_key": pkcs8(t, keys.p256)}},
		{"RSA-PSS", keys.rsa.Public(), Settings{"algorithm": "rsa-pss-sha512", "private_key": pkcs8(t, keys.rsa)}},
		{"HMAC", nil, Settings{"algorithm": "hmac-sha256", "key": "k3y"}},
		{"HMAC in base64", nil, Settings{"algorithm": "hmac-sha256", "key": "azN5", "key_encoding": "base64"}},
		{"HMAC in base64 with white space", nil, Settings{"algorithm": "hmac-sha256", "key": " azN5 ", "key_encoding": "base64"}},
		{"HMAC in hex", nil, Settings{"algorithm": "hmac-sha256", "key": "6b3379", "key_encoding": "hex"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, _ := sharedKey(t, nil)
			if tt.public != nil {
				var err error
				if v.key, err = httpsig.NewVerifyingKey(tt.settings.text("algorithm"), tt.public); err != nil {
					t.Fatal(err)
				}
			}
			server := httptest.NewServer(v)
			t.Cleanup(server.Close)
			tt.settings["key_id"] = "snrun"
			k := keyringOf(t, Options{Dir: dir}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), Auth: "http_signature", Settings: tt.settings})
			status, text := exchanged(t, clientOf(t, k, "p"), requestOf(t, "POST", server.URL+"/a?b=c", strings.NewReader("{}")))
			if status != http.StatusOK {
				t.Fatal(status, text)
			}
			if p := v.signed.Params; p.Algorithm != tt.settings.text("algorithm") || p.KeyID != "snrun" || p.Nonce != "" || p.Tag != "" || !p.Expires.IsZero() {
				t.Errorf("parameters: %+v", p)
			}
			if !v.signed.Covers("@method") || !v.signed.Covers("@target-uri") || !v.signed.Covers("content-digest") {
				t.Errorf("covered: %s", v.received.Header.Get("Signature-Input"))
			}
		})
	}
}

// TestHTTPSignatureIsOfWhatIsSent signs what the transport writes by itself, over both versions of HTTP.
func TestHTTPSignatureIsOfWhatIsSent(t *testing.T) {
	t.Parallel()
	all := []string{
		"@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query", `@query-param;name="q"`,
		"host", "content-length", "user-agent", "date", "content-type", "x-many", "X-Bytes;bs", `content-digest;key="sha-512"`, "priority;sf",
	}
	for _, tls := range []bool{false, true} {
		v, settings := sharedKey(t, Settings{"components": all, "digest": "sha-512", "label": "our", "nonce": true, "tag": "orders", "expires": time.Minute})
		server := httptest.NewUnstartedServer(v)
		dir := t.TempDir()
		profile := Profile{Name: "p", Auth: "http_signature", Settings: settings, Header: http.Header{"Priority": {"u=1,  i"}, "X-Bytes": {"müde"}}}
		if server.EnableHTTP2 = tls; tls {
			server.StartTLS()
			writeFile(t, dir, "ca.pem", certificatePEM(server.Certificate().Raw))
			profile.TLS.CAFile = "ca.pem"
		} else {
			server.Start()
		}
		t.Cleanup(server.Close)
		base := mustURL(t, server.URL)
		if !tls {
			base.Host = "LocalHost:" + base.Port()
		}
		profile.BaseURL = base
		k := keyringOf(t, Options{Dir: dir, UserAgent: "snrun/9"}, profile)
		address := base.String() + "/a%2Fb//c?q=%c3%a4+%7E&&x"
		req := requestOf(t, "POST", address, strings.NewReader("the body"))
		req.Header["X-Many"] = []string{"  a", "b, c  "}
		req.Header.Set("Content-Type", "text/plain")
		status, text := exchanged(t, clientOf(t, k, "p"), req)
		if status != http.StatusOK {
			t.Fatalf("TLS %v: %d %s", tls, status, text)
		}
		got := v.received
		if got.UserAgent() != "snrun/9" || got.ContentLength != 8 || got.Header.Get("Date") == "" || tls != (got.ProtoMajor == 2) {
			t.Errorf("TLS %v: received %s, %d bytes, %v", tls, got.Proto, got.ContentLength, got.Header)
		}
		if want := strings.ToLower(base.Host); got.Host != want {
			t.Errorf("host %s, want %s", got.Host, want)
		}
		p := v.signed.Params
		if v.signed.Label != "our" || len(p.Nonce) < 20 || p.Tag != "orders" || p.Expires.Sub(p.Created) != time.Minute {
			t.Errorf("parameters: %+v", p)
		}
		if req.Header.Get("Signature") != "" || req.Header.Get("Date") != "" {
			t.Error("the caller's request was changed")
		}
	}
}

func TestHTTPSignatureBodies(t *testing.T) {
	t.Parallel()
	const emptyDigest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
	const digest = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:" // of hello
	tests := []struct {
		name     string
		method   string
		body     string
		settings Settings
		digest   string
		length   string // that the signature covers
	}{
		{"no body", "GET", "", nil, "", ""},
		{"a body", "POST", "hello", nil, digest, ""},
		{"a body left out", "POST", "hello", Settings{"digest": "none"}, "", ""},
		{"the digest of nothing", "GET", "", Settings{"components": []string{"content-digest"}}, emptyDigest, ""},
		{"only the digest", "PUT", "hello", Settings{"components": []string{"content-digest"}}, digest, ""},
		{"a length of zero", "POST", "", Settings{"components": []string{"content-length"}}, "", "0"},
		{"a length", "POST", "hello", Settings{"components": []string{"content-length"}}, "", "5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, settings := sharedKey(t, tt.settings)
			server := httptest.NewServer(v)
			t.Cleanup(server.Close)
			k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), Auth: "http_signature", Settings: settings})
			req := requestOf(t, tt.method, server.URL, strings.NewReader(tt.body))
			req.Header.Set("X-Other", "a")
			if status, text := exchanged(t, clientOf(t, k, "p"), req); status != http.StatusOK {
				t.Fatal(status, text)
			}
			if got := v.received.Header.Get("Content-Digest"); got != tt.digest {
				t.Errorf("digest %q, want %q", got, tt.digest)
			}
			if got := v.received.Header.Get("Content-Length"); tt.length != "" && got != tt.length {
				t.Errorf("length %q, want %q", got, tt.length)
			}
		})
	}
}

// TestHTTPSignatureUnsigned holds that nothing is sent where it cannot be signed.
func TestHTTPSignatureUnsigned(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	tests := []struct {
		name     string
		settings Settings
		change   func(*http.Request)
		want     string
	}{
		{"a header that is not there", Settings{"components": []string{"x-order"}}, nil, `"x-order": the message does not have this header`},
		{"one of several", Settings{"components": []string{"@method", "x-order"}}, nil, `"x-order": the message does not have this header`},
		{"no such parameter", Settings{"components": []string{`@query-param;name="a"`}}, nil, `"@query-param";name="a": the query has no such parameter`},
		{"no digest made", Settings{"components": []string{"content-digest"}, "digest": "none"}, nil, `"content-digest": the message does not have this header`},
		{"a length that is not known", Settings{"components": []string{"content-length"}}, func(r *http.Request) { r.ContentLength = -1 },
			`"content-length": the message does not have this header`},
		{"what the transport adds", Settings{"components": []string{"accept-encoding"}}, nil,
			`"accept-encoding": the message does not have this header; where a request leaves it open, it is added too late to be signed`},
		{"a body that is read once", nil, func(r *http.Request) { r.GetBody = nil }, "the body of the request can be read only once, so it cannot be both signed and sent"},
		{"a body that cannot be opened", nil, func(r *http.Request) { r.GetBody = func() (io.ReadCloser, error) { return nil, broken } },
			"reading the body to sign it: the disk is gone"},
		{"a body that breaks off", nil, func(r *http.Request) {
			r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(brokenReader{broken}), nil }
		},
			"reading the body to sign it: the disk is gone"},
		{"text that is not ASCII", Settings{"components": []string{"x-text"}}, func(r *http.Request) { r.Header.Set("X-Text", "ä") },
			`the value of "x-text" holds a character that cannot be signed: 'ä'`},
		{"a signature of the same label", nil, func(r *http.Request) { r.Header.Set("Signature", "sig1=:AAAA:") }, "the request already has a signature labelled sig1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := newRecorder(t, nil)
			_, settings := sharedKey(t, tt.settings)
			k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), Auth: "http_signature", Settings: settings})
			req := requestOf(t, "POST", server.URL, strings.NewReader("hello"))
			if tt.change != nil {
				tt.change(req)
			}
			resp, err := clientOf(t, k, "p").Do(req)
			if err == nil {
				resp.Body.Close()
			}
			if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if server.count() != 0 {
				t.Error("the request was sent")
			}
		})
	}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

// TestHTTPSignatureStreams holds that a body is hashed a piece at a time.
func TestHTTPSignatureStreams(t *testing.T) {
	t.Parallel()
	const size = 32 << 20
	opened := 0
	req := &http.Request{Method: "POST", URL: mustURL(t, "https://a.example/"), Header: http.Header{}, ContentLength: size}
	largest := 0
	req.GetBody = func() (io.ReadCloser, error) {
		opened++
		return io.NopCloser(io.LimitReader(zeros{&largest}, size)), nil
	}
	sent := io.NopCloser(strings.NewReader("as it was"))
	req.Body = sent
	_, settings := sharedKey(t, nil)
	m := newSignerOf(t, settings)
	if err := m.sign(req); err != nil {
		t.Fatal(err)
	}
	if opened != 1 || req.Body != sent || largest > 1<<20 {
		t.Errorf("opened %d times, the body is another: %v, read %d bytes at once", opened, req.Body != sent, largest)
	}
	if got := req.Header.Get("Content-Digest"); got != "sha-256=:g+5HJFOYre55vZwKi8V7gh6Sq6EPX5reil0frk2MQwI=:" {
		t.Errorf("digest %s", got)
	}
}

// zeros reads as zeros without end, and notes how much was asked for at once.
type zeros struct{ largest *int }

func (z zeros) Read(p []byte) (int, error) {
	*z.largest = max(*z.largest, len(p))
	clear(p)
	return len(p), nil
}

// newSignerOf makes the signer of settings.
func newSignerOf(t testing.TB, s Settings) *messageSigner {
	t.Helper()
	m, err := newMessageSigner(s.complete(httpSignature().Params), &Keyring{redactor: NewRedactor(), userAgent: "snrun"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestHTTPSignatureIsFresh holds that each attempt has a time and a nonce of its own.
func TestHTTPSignatureIsFresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, settings := sharedKey(t, Settings{"nonce": true, "expires": 90 * time.Second, "components": []string{"@method", "date"}})
		m := newSignerOf(t, settings)
		start, seen := time.Now(), map[string]bool{}
		for i := range 3 {
			req := &http.Request{URL: &url.URL{Scheme: "https", Host: "a.example"}, Header: http.Header{}}
			own := req.Clone(t.Context())
			own.Header.Set("Date", "yesterday")
			if err := m.sign(own); err != nil || own.Header.Get("Date") != "yesterday" {
				t.Errorf("a date of the request's own: %s, %v", own.Header.Get("Date"), err)
			}
			if err := m.sign(req); err != nil {
				t.Fatal(err)
			}
			all, err := httpsig.Parse(req.Header)
			if err != nil {
				t.Fatal(err)
			}
			want := start.Add(time.Duration(i) * time.Minute)
			if p := all[0].Params; !p.Created.Equal(want) || !p.Expires.Equal(want.Add(90*time.Second)) || seen[p.Nonce] {
				t.Errorf("attempt %d: %+v", i, p)
			}
			if got := req.Header.Get("Date"); got != want.UTC().Format(http.TimeFormat) {
				t.Errorf("attempt %d: date %s", i, got)
			}
			seen[all[0].Params.Nonce] = true
			time.Sleep(time.Minute)
		}
	})
}

// TestHTTPSignatureStaysAtHome holds that only requests to the profile's origins are signed.
func TestHTTPSignatureStaysAtHome(t *testing.T) {
	t.Parallel()
	other := newRecorder(t, nil)
	server := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/away" {
			http.Redirect(w, req, other.URL, http.StatusTemporaryRedirect)
		}
	})
	_, settings := sharedKey(t, nil)
	k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), Auth: "http_signature", Settings: settings})
	get(t, clientOf(t, k, "p"), server.URL+"/away")
	if server.last(t).Header.Get("Signature") == "" || other.last(t).Header.Get("Signature") != "" || other.last(t).Header.Get("Signature-Input") != "" {
		t.Errorf("signed at home: %v, elsewhere: %v", server.last(t).Header, other.last(t).Header)
	}
	get(t, clientOf(t, k, "p"), server.URL, SignInHeader, "none")
	if server.last(t).Header.Get("Signature") != "" {
		t.Error("signed although it was left off")
	}
}

func TestCheckHTTPSignature(t *testing.T) {
	t.Parallel()
	keys := testKeys()
	pair := func(more Settings) Settings {
		s := Settings{"algorithm": "ed25519", "key_id": "k", "private_key": pkcs8(t, keys.ed25519)}
		for name, value := range more {
			if s[name] = value; value == "absent" {
				delete(s, name)
			}
		}
		return s
	}
	list := func(names ...string) Settings { return pair(Settings{"components": names}) }
	tests := []struct {
		name     string
		settings Settings
		want     string // "path: message" of each problem, one a line
	}{
		{"fine", pair(nil), ""},
		{"nothing", Settings{}, "auth.algorithm: http_signature needs algorithm\nauth.key_id: http_signature needs key_id"},
		{"not known yet", Settings{"algorithm": "ed25519", "key_id": nil, "private_key": nil, "components": nil, "label": nil, "expires": nil, "tag": nil, "nonce": nil}, ""},
		{"a secret not known yet", Settings{"algorithm": "hmac-sha256", "key_id": "k", "key": nil, "key_encoding": "hex"}, ""},
		{"another algorithm", pair(Settings{"algorithm": "rsa-v1_5-sha256"}), `auth.algorithm: "rsa-v1_5-sha256" is none of the values of algorithm`},
		{"no key", pair(Settings{"private_key": "absent"}), "auth.private_key: algorithm ed25519 needs private_key or private_key_file"},
		{"two keys", pair(Settings{"private_key_file": "a"}), "auth.private_key_file: there is private_key too"},
		{"a key of another kind", pair(Settings{"private_key": pkcs8(t, keys.p384), "algorithm": "ecdsa-p256-sha256"}),
			"auth.private_key: ecdsa-p256-sha256 needs a key for the curve P-256, and this is a key for the curve P-384"},
		{"a broken key", pair(Settings{"private_key": "-----BEGIN PRIVATE KEY-----\nMC4C"}), "auth.private_key: the PEM is damaged"},
		{"a secret for a pair", pair(Settings{"key": "a", "key_encoding": "hex"}), "auth.key: algorithm ed25519 does not use key\nauth.key_encoding: algorithm ed25519 does not use key_encoding"},
		{"a pair for a secret", pair(Settings{"algorithm": "hmac-sha256"}), "auth.private_key: algorithm hmac-sha256 does not use private_key\nauth.key: algorithm hmac-sha256 needs key"},
		{"an empty secret", Settings{"algorithm": "hmac-sha256", "key_id": "k", "key": ""}, "auth.key: the key is empty"},
		{"no hex", Settings{"algorithm": "hmac-sha256", "key_id": "k", "key": "abx", "key_encoding": "hex"}, "auth.key: the key is not hex"},
		{"no base64", Settings{"algorithm": "hmac-sha256", "key_id": "k", "key": "a!", "key_encoding": "base64"}, "auth.key: the key is not base64"},
		{"nothing signed", list(), "auth.components: a signature over nothing says nothing about the request"},
		{"components", list("@method", "@method", "@nothing", "@status", "@path;req", "a b", "TE", "date", "Date"),
			"auth.components[1]: \"@method\" is covered twice\n" +
				"auth.components[2]: there is no derived component @nothing: it is one of @method, @target-uri, @authority, @scheme, @request-target, @path, @query, @query-param, @status\n" +
				"auth.components[3]: \"@status\" is for signatures of answers\nauth.components[4]: \"@path\";req is for signatures of answers\n" +
				"auth.components[5]: \"a b\" is no name of a header\n" +
				"auth.components[6]: \"te\" is not the same everywhere on the way of a request, so it cannot be signed\nauth.components[8]: \"date\" is covered twice"},
		{"parameters", pair(Settings{"label": "Sig", "key_id": "ä", "tag": "a\n", "expires": time.Millisecond}),
			"auth.label: \"Sig\" is no label of a signature\nauth.key_id: key_id holds a character that cannot stand in a signature\n" +
				"auth.tag: tag holds a character that cannot stand in a signature\nauth.expires: expires must be a second or more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range Check(Profile{BaseURL: mustURL(t, "https://api.example.com"), Auth: "http_signature", Settings: tt.settings}) {
				if got = append(got, p.Path+": "+p.Message); p.Hint == "" && p.Path != "auth.algorithm" {
					t.Errorf("%s has no hint", p.Path)
				}
			}
			if text := strings.Join(got, "\n"); text != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", text, tt.want)
			}
		})
	}
}

func TestHTTPSignatureKeyFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "rsa.pem", pkcs8(t, testKeys().rsa))
	writeFile(t, dir, "encrypted.pem", pemText("ENCRYPTED PRIVATE KEY", []byte("secret")))
	writeFile(t, dir, "pss.pem", pssOnlyKey(t))
	for _, tt := range []struct{ file, algorithm, want string }{
		{"rsa.pem", "ed25519", "profile p: auth.algorithm: ed25519 needs a key for Ed25519, and this is an RSA key"},
		{"encrypted.pem", "ed25519", "profile p: auth.private_key_file: encrypted.pem: the private key is encrypted with a passphrase"},
		{"none.pem", "ed25519", "profile p: auth.private_key_file: open " + filepath.Join(dir, "none.pem") + ": " + os.ErrNotExist.Error()},
		{"rsa.pem", "rsa-pss-sha512", ""},
		{"pss.pem", "rsa-pss-sha512", ""},
	} {
		p := Profile{Name: "p", BaseURL: mustURL(t, "https://api.example.com"), Auth: "http_signature",
			Settings: Settings{"algorithm": tt.algorithm, "key_id": "k", "private_key_file": tt.file}}
		k, err := NewKeyring([]Profile{p}, Options{Dir: dir})
		got := ""
		if err != nil {
			got = strings.Replace(err.Error(), "no such file or directory", os.ErrNotExist.Error(), 1)
		} else {
			k.Close()
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.file, got, tt.want)
		}
	}
}
