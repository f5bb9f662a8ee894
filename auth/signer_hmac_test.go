package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// hmacOf makes a signer for which time stands still.
func hmacOf(t *testing.T, s Settings) *hmacSigner {
	t.Helper()
	h, err := newHMACSigner(s.complete(hmacType().Params))
	if err != nil {
		t.Fatal(err)
	}
	h.now = func() time.Time { return time.Unix(1700000000, 0).In(time.FixedZone("elsewhere", 3600)) }
	h.nonce = func() string { return "n-1" }
	return h
}

// The signatures were computed with Python's hmac and hashlib, that of GitHub's scheme with openssl dgst -hmac too.
func TestHMAC(t *testing.T) {
	t.Parallel()
	const signature = "X-Signature"
	tests := []struct {
		name     string
		settings Settings
		header   string
		want     string
		more     map[string]string
	}{
		{"by default", Settings{"headers": [][2]string{{signature, "{signature}"}, {"X-Timestamp", "{timestamp}"}, {"X-Nonce", "{nonce}"}}},
			signature, "d6445d15427d886c592093e597b78d1aa602d3da563826bd48705fdc2eb07831", map[string]string{"X-Timestamp": "1700000000", "X-Nonce": "n-1"}},
		{"as GitHub does", Settings{"template": "{body}", "headers": [][2]string{{"X-Hub-Signature-256", "sha256={signature}"}}},
			"X-Hub-Signature-256", "sha256=30dee164d92b2fd43a0ba96d81a94c1605ce45a49d2b6789bab9c48c4ca8eb12", nil},
		{"as GitHub did", Settings{"template": "{body}", "algorithm": "sha1", "headers": [][2]string{{"X-Hub-Signature", "sha1={signature}"}}},
			"X-Hub-Signature", "sha1=e2e8bf5d80aa3928d47e5368b88d9a5d086a3246", nil},
		{"as Stripe does", Settings{"key": "whsec_test", "template": "{timestamp}.{body}", "headers": [][2]string{{"Stripe-Signature", "t={timestamp},v1={signature}"}}},
			"Stripe-Signature", "t=1700000000,v1=752e6be570ce41e61bb9b76bd112f81f566efb26dd67c6dde67ba4f404e130f4", nil},
		{"as Slack does", Settings{"template": "v0:{timestamp}:{body}", "headers": [][2]string{{"X-Slack-Request-Timestamp", "{timestamp}"}, {"X-Slack-Signature", "v0={signature}"}}},
			"X-Slack-Signature", "v0=ce0258404743e5a14713b8dcc57f38b88bb8d353c4a896c8d4514be437871da5", nil},
		{"as Azure App Configuration does", Settings{
			"key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "key_encoding": "base64", "key_id": "cred-1", "encoding": "base64", "timestamp": "http_date",
			"template": "{method}\n{target}\n{header.x-ms-date};{host};{body_sha256_base64}",
			"headers": [][2]string{
				{"Authorization", "HMAC-SHA256 Credential={key_id}&SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}"},
				{"x-ms-date", "{timestamp}"}, {"x-ms-content-sha256", "{body_sha256_base64}"},
			}},
			"Authorization", "HMAC-SHA256 Credential=cred-1&SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=vSXAzJHxmb0XwACix1XLa7K/DFrHP/Q/RoS2025TyX4=",
			map[string]string{"X-Ms-Date": "Tue, 14 Nov 2023 22:13:20 GMT", "X-Ms-Content-Sha256": "o8kOO3RI0j2erOvQ6/FcrhAOIfmyxojz+dI47c0m1n8="}},
		{"headers of the request", Settings{
			"key": "00ff", "key_encoding": "hex", "algorithm": "sha512", "encoding": "base64url", "timestamp": "rfc3339",
			"template": "{method}\n{header.Content-MD5}\n{header.content-type}\n{timestamp}\n{header.Content-Length}|{{}}{header.X-Absent}",
			"headers":  [][2]string{{signature, "{signature}"}, {"Content-MD5", "{body_md5_base64}"}, {"X-Time", "{timestamp}"}}},
			signature, "pnkSRuvxj3cVCEY_Hy8kLcnnNCs56CvM0cOD3c31cTVdMBbU_thXesFawhPzRfyLTWQBfB3eTzeRTZtDhFD7kw",
			map[string]string{"Content-Md5": "+QlobErfZPeoxGiynm5mqg==", "X-Time": "2023-11-14T22:13:20Z"}},
		{"the whole address", Settings{"key_id": "key-7", "template": "{url} {body_sha1} {body_sha512} {key_id}", "headers": [][2]string{{signature, "{key_id}:{signature}:{method}"}}},
			signature, "key-7:bf25514431309acff101674a684244d2b2888ca234232092f72b9f4231bfa660:POST", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.settings["key"] == nil {
				tt.settings["key"] = "the key"
			}
			if got := problemsOf(Profile{BaseURL: mustURL(t, "https://api.example.com"), Auth: "hmac", Settings: tt.settings}); got != "" {
				t.Errorf("the settings have problems: %s", got)
			}
			req := awsRequest(t, "POST", "https://api.example.com/v1/a%20b?b=2&a=%20x", `{"id":7}`, "Content-Type", "application/json")
			if err := hmacOf(t, tt.settings).sign(req); err != nil {
				t.Fatal(err)
			}
			if got := req.Header.Get(tt.header); got != tt.want {
				t.Errorf("%s: got %s\nwant %s", tt.header, got, tt.want)
			}
			for name, want := range tt.more {
				if got := req.Header.Get(name); got != want {
					t.Errorf("%s: got %s, want %s", name, got, want)
				}
			}
			if body, err := io.ReadAll(req.Body); err != nil || string(body) != `{"id":7}` {
				t.Errorf("the body reads %q, %v afterwards", body, err)
			}
		})
	}
}

func TestHMACWithoutABody(t *testing.T) {
	t.Parallel()
	req := awsRequest(t, "GET", "https://api.example.com", "")
	if err := hmacOf(t, Settings{"key": "the key", "timestamp": "unix_ms", "headers": [][2]string{{"X-S", "{signature}"}}}).sign(req); err != nil {
		t.Fatal(err)
	}
	if got, want := req.Header.Get("X-S"), "b84f8926bdc7231bbbc2f3eef8b979322c75d7f2ae4cc2bf2c18fb4f76c71e50"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A body is read in pieces, and only where it is signed.
func TestHMACOfALargeBody(t *testing.T) {
	t.Parallel()
	opened, closed, most := 0, 0, 0
	req := awsRequest(t, "PUT", "https://api.example.com", "x")
	req.GetBody = func() (io.ReadCloser, error) {
		opened++
		return counting{io.LimitReader(pieces{&most}, 64<<20), &closed}, nil
	}
	h := hmacOf(t, Settings{"key": "k", "template": "{body}{body_sha256}{body_sha256}", "headers": [][2]string{{"X-S", "{signature}"}, {"X-H", "{body_sha256}"}}})
	if err := h.sign(req); err != nil {
		t.Fatal(err)
	}
	if opened != 2 || closed != 2 || most > 1<<20 {
		t.Errorf("the body was opened %d times, closed %d times, and read in pieces of up to %d bytes; want twice, in small ones", opened, closed, most)
	}
	h = hmacOf(t, Settings{"key": "k", "template": "{path}", "headers": [][2]string{{"X-S", "{signature}"}}})
	if err := h.sign(req); err != nil || opened != 2 {
		t.Errorf("got %v after %d readings; a body that is not signed needs none", err, opened)
	}
}

// counting counts how often it is closed.
type counting struct {
	io.Reader
	closed *int
}

func (c counting) Close() error { *c.closed++; return nil }

// pieces reads zeros without end, and notes the largest piece asked for.
type pieces struct{ most *int }

func (p pieces) Read(b []byte) (int, error) {
	*p.most = max(*p.most, len(b))
	clear(b)
	return len(b), nil
}

func TestHMACThatCannotSign(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, nil)
	k := keyringOf(t, Options{}, Profile{Name: "partner", BaseURL: mustURL(t, server.URL), Auth: "hmac", Settings: Settings{
		"key": "the key", "headers": [][2]string{{"X-S", "{signature}"}, {"X-Q", "{header.X-Twice}"}, {"X-T", "{timestamp}"}, {"X-N", "{nonce}"}},
	}})
	client := clientOf(t, k, "partner")
	closed := false
	_, err := client.Post(server.URL, "text/plain", closing{strings.NewReader("body"), &closed})
	var failed *SigningError
	if !errors.As(err, &failed) || !strings.HasPrefix(failed.Error(), "profile partner: hmac: the body of the request can be read only once") || failed.Temporary() {
		t.Errorf("got %v", err)
	}
	if !closed {
		t.Error("the body was not closed")
	}
	gone := errors.New("there is no file x")
	req := awsRequest(t, "POST", server.URL, "body")
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(broken{gone}), nil }
	if _, err := client.Do(req); !errors.Is(err, gone) || errors.As(err, &failed) && failed.Cause == gone {
		t.Errorf("got %v", err)
	}
	req = awsRequest(t, "POST", server.URL, "body")
	req.Header.Set("X-Twice", "a\nb")
	if _, err := client.Do(req); !errors.As(err, &failed) || failed.Error() != "profile partner: hmac: the value of X-Q has a character that cannot stand in a header" {
		t.Errorf("got %v", err)
	}
	if server.count() != 0 {
		t.Error("a request that could not be signed was sent")
	}
}

type closing struct {
	io.Reader
	closed *bool
}

func (c closing) Close() error { *c.closed = true; return nil }

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// Two attempts never have the same nonce, and the body comes whole.
func TestHMACSignsEveryAttempt(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/a" {
			http.Redirect(w, req, "/b", http.StatusPermanentRedirect)
		}
	})
	k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), Auth: "hmac", Settings: Settings{
		"key": "the key", "headers": [][2]string{{"Authorization", "HMAC {signature}"}, {"X-T", "{timestamp}"}, {"X-N", "{nonce}"}},
	}})
	resp, err := clientOf(t, k, "p").Post(server.URL+"/a", "text/plain", bytes.NewReader([]byte("body")))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	first, second := server.requests[0].Header, server.requests[1].Header
	if len(server.requests) != 2 || first.Get("X-N") == second.Get("X-N") || first.Get("Authorization") == second.Get("Authorization") || len(second.Values("X-N")) != 1 {
		t.Errorf("got %v and %v", first, second)
	}
	if server.bodies[0] != "body" || server.bodies[1] != "body" {
		t.Errorf("got the bodies %q", server.bodies)
	}
}

func TestCheckHMAC(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "https", Host: "api.example.com"}
	headers := func(pairs ...string) Settings {
		var list [][2]string
		for i := 0; i+1 < len(pairs); i += 2 {
			list = append(list, [2]string{pairs[i], pairs[i+1]})
		}
		return Settings{"template": "{body}", "headers": list}
	}
	good := [][2]string{{"X-S", "{signature}"}}
	tests := []struct {
		name     string
		settings Settings
		want     string
		hint     string
	}{
		{"nothing known yet", Settings{"key": nil, "template": nil, "headers": nil, "key_id": nil, "key_encoding": "hex"}, "", ""},
		{"only headers known", Settings{"key": nil, "template": nil, "headers": good}, "", ""},
		{"a slip", Settings{"template": "{metod}", "headers": good}, "auth.template: there is no {metod} here", "did you mean {method}?"},
		{"far off", Settings{"template": "{everything}", "headers": good}, "auth.template: there is no {everything} here", "write one of {method}, {path}"},
		{"the signature in itself", Settings{"template": "{signature}", "headers": good}, "auth.template: there is no {signature} here", ""},
		{"the body in a header", headers("X-S", "{signature}", "X-B", "{body}"), "auth.headers.X-B: there is no {body} here", ""},
		{"a header without a name", Settings{"template": "{header.}", "headers": good}, "auth.template: there is no {header.} here", ""},
		{"an open brace", Settings{"template": "{method", "headers": good}, "auth.template: a brace stands alone", "{{"},
		{"a closing brace", headers("X-S", "{signature}}"), "auth.headers.X-S: a brace stands alone", "{{"},
		{"no name of a header", headers("X S", "{signature}"), `auth.headers.X S: "X S" is no name of a header`, "X-Signature"},
		{"a line break", headers("X-S", "{signature}\n"), "auth.headers.X-S: the value holds a line break or another character that cannot stand in a header", ""},
		{"no signature", headers("X-T", "{timestamp}"), "auth.headers: none of the headers carries the signature", "{signature}"},
		{"the server must guess", Settings{"headers": good}, "auth.headers: the timestamp is signed, but none of the headers tells it to the server (warning)\n" +
			"auth.headers: the nonce is signed, but none of the headers tells it to the server (warning)", `X-Timestamp: "{timestamp}"`},
		{"no key_id", headers("X-S", "{key_id} {signature}"), "auth.key_id: {key_id} is used, but there is no key_id", "add key_id"},
		{"a key that is not hex", Settings{"key": "sec-ret", "key_encoding": "hex", "template": "{body}", "headers": good}, "auth.key: the key is not hex", "key_encoding"},
		{"a key that is not base64", Settings{"key": "sec ret!", "key_encoding": "base64", "template": "{body}", "headers": good}, "auth.key: the key is not base64", "key_encoding"},
		{"a key in the other base64", Settings{"key": "_-8", "key_encoding": "base64", "template": "{body}", "headers": good}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if !tt.settings.has("key") {
				tt.settings["key"] = "the key"
			}
			p := Profile{BaseURL: base, Auth: "hmac", Settings: tt.settings}
			if got := problemsOf(p); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
			if problems := Check(p); tt.hint != "" && (len(problems) == 0 || !strings.Contains(problems[0].Hint, tt.hint)) {
				t.Errorf("got %+v, want the hint %q", problems, tt.hint)
			}
		})
	}
}

// FuzzTemplate looks for a template that is read, and not written back as it was.
func FuzzTemplate(f *testing.F) {
	f.Add("{method}\n{path}")
	f.Add("{{{a}}}")
	f.Add("}{")
	f.Fuzz(func(t *testing.T, text string) {
		parts, err := parseTemplate(text)
		if err != nil {
			return
		}
		var back strings.Builder
		for _, part := range parts {
			if part.name != "" {
				fmt.Fprintf(&back, "{%s}", part.name)
				continue
			}
			back.WriteString(strings.NewReplacer("{", "{{", "}", "}}").Replace(part.text))
		}
		if back.String() != text {
			t.Fatalf("%q became %q", text, back.String())
		}
	})
}
