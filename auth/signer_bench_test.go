package auth

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	hexcode "encoding/hex"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"snrun/auth/httpsig"
)

// nowhere carries requests to no server, and answers each with 200; where it has a challenge, only those that bring a proof.
type nowhere struct{ challenge string }

func (n nowhere) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		req.Body.Close()
	}
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}
	if n.challenge != "" && req.Header["Authorization"] == nil {
		resp.StatusCode = http.StatusUnauthorized
		resp.Header.Set("WWW-Authenticate", n.challenge)
	}
	return resp, nil
}

const (
	nowhereBase    = "http://127.0.0.1:1"
	nowhereAddress = nowhereBase + "/api/now/table/incident?sysparm_limit=500"
	nonceOfBench   = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
)

// bodyOfBench is what is posted.
var bodyOfBench = []byte(`{"text":"` + strings.Repeat("integration ", 84) + `"}`)

// newNowhere makes the transport that a keyring has, without a way out.
func (n nowhere) transport() *http.Transport {
	t := newTransport(nil, nil)
	t.RegisterProtocol("http", n)
	return t
}

// clientTo is the client of a profile whose requests end nowhere.
func (n nowhere) clientTo(b testing.TB, kind string, s Settings) (*http.Client, *Keyring) {
	b.Helper()
	p := Profile{Name: "p", BaseURL: mustURL(b, nowhereBase), Auth: kind, Settings: s}
	if kind == "oauth2" {
		p = oauthProfile(b, nowhereBase, s)
	}
	k := keyringOf(b, Options{}, p)
	k.wires["p"].own.RegisterProtocol("http", n)
	if source := k.sources["p"]; source != nil {
		source.endpoint.wire = direct{&system{}}
	}
	return clientOf(b, k, "p"), k
}

// post is the request that is measured: a post of 1 KB.
func post(b testing.TB, client *http.Client, sign func(*http.Request)) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, nowhereAddress, bytes.NewReader(bodyOfBench))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if sign != nil {
		sign(req)
	}
	resp, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b.Fatalf("got status %d", resp.StatusCode)
	}
}

// signIn is a way to sign in, and the same by hand.
type signIn struct {
	name, kind string
	settings   Settings
	challenge  string
	bare       func(*http.Request)
}

// benchedSignIns are all of them that put something on each request.
func benchedSignIns(b testing.TB) []signIn {
	keys := testKeys()
	pair := func(algorithm string, key any) Settings {
		return Settings{"algorithm": algorithm, "key_id": "snrun", "private_key": pkcs8(b, key)}
	}
	return []signIn{
		{"oauth2", "oauth2", nil, "", func(req *http.Request) { req.Header.Set("Authorization", "Bearer T1-token") }},
		{"basic", "basic", Settings{"username": "ann", "password": "pw-of-ann"}, "",
			func(req *http.Request) { req.Header.Set("Authorization", "Basic YW5uOnB3LW9mLWFubg==") }},
		{"hmac", "hmac", Settings{"key": "key-of-partner", "headers": [][2]string{{"X-Signature", "{signature}"}, {"X-Timestamp", "{timestamp}"}, {"X-Nonce", "{nonce}"}}},
			"", bareHMAC},
		{"aws_sigv4", "aws_sigv4", Settings{"access_key_id": "AKIDEXAMPLE", "secret_access_key": "key-of-aws", "region": "eu-central-1", "service": "execute-api"}, "", bareAWS()},
		{"ed25519", "http_signature", pair(httpsig.Ed25519, keys.ed25519), "",
			bareSignature(httpsig.Ed25519, func(base []byte) []byte { return ed25519.Sign(keys.ed25519, base) })},
		{"ecdsa-p256", "http_signature", pair(httpsig.ECDSAP256SHA256, keys.p256), "", bareSignature(httpsig.ECDSAP256SHA256, func(base []byte) []byte {
			sum := sha256.Sum256(base)
			r, s, _ := ecdsa.Sign(rand.Reader, keys.p256, sum[:])
			return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		})},
		{"rsa-pss-2048", "http_signature", pair(httpsig.RSAPSSSHA512, keys.rsa), "", bareSignature(httpsig.RSAPSSSHA512, func(base []byte) []byte {
			sum := sha512.Sum512(base)
			signed, _ := rsa.SignPSS(rand.Reader, keys.rsa, crypto.SHA512, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
			return signed
		})},
		{"hmac-sha256", "http_signature", Settings{"algorithm": httpsig.HMACSHA256, "key_id": "snrun", "key": "key-of-partner"}, "",
			bareSignature(httpsig.HMACSHA256, func(base []byte) []byte {
				mac := hmac.New(sha256.New, []byte("key-of-partner"))
				mac.Write(base)
				return mac.Sum(nil)
			})},
		{"digest", "digest", Settings{"username": "ann", "password": "pw-of-ann"},
			`Digest realm="a realm", nonce="` + nonceOfBench + `", qop="auth", algorithm=SHA-256`, bareDigest()},
	}
}

// BenchmarkSignIn is a request that a profile signs, beside the same by hand with net/http and crypto, both to no server.
func BenchmarkSignIn(b *testing.B) {
	for _, s := range benchedSignIns(b) {
		b.Run(s.name, func(b *testing.B) {
			n := nowhere{s.challenge}
			ours, _ := n.clientTo(b, s.kind, s.settings)
			bare := &http.Client{Transport: n.transport()}
			inTurn(b, func() { post(b, ours, nil) }, func() { post(b, bare, s.bare) })
		})
	}
}

// inTurn times two functions in turn, in portions, and reports the medians: what else the machine does hits both alike.
func inTurn(b *testing.B, ours, bare func()) {
	const portion = 20
	var took [2][]time.Duration
	for b.Loop() {
		for i, f := range []func(){ours, bare} {
			start := time.Now()
			for range portion {
				f()
			}
			took[i] = append(took[i], time.Since(start)/portion)
		}
	}
	for i := range took {
		slices.Sort(took[i])
	}
	median := [2]float64{float64(took[0][len(took[0])/2]), float64(took[1][len(took[1])/2])}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median[0]/1000, "snrun-µs")
	b.ReportMetric(median[1]/1000, "bare-µs")
	b.ReportMetric(median[0]/median[1], "ratio")
	b.ReportMetric(testing.AllocsPerRun(portion, ours), "snrun-allocs")
	b.ReportMetric(testing.AllocsPerRun(portion, bare), "bare-allocs")
}

// BenchmarkSignInMemory counts the bytes that are still in use after 10,000 requests.
func BenchmarkSignInMemory(b *testing.B) {
	for _, s := range benchedSignIns(b) {
		b.Run(s.name, func(b *testing.B) {
			client, _ := nowhere{s.challenge}.clientTo(b, s.kind, s.settings)
			post(b, client, nil)
			for b.Loop() {
				before := inUse()
				for range 10_000 {
					post(b, client, nil)
				}
				b.ReportMetric(float64(inUse()-before), "bytes-kept")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// inUse is how many bytes are reachable.
func inUse() int64 {
	runtime.GC()
	runtime.GC() // the first one leaves what is in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A run may make millions of requests: what signs them may not pile up in the redactor.
func TestSignInsPileNothingUp(t *testing.T) {
	t.Parallel()
	for _, s := range benchedSignIns(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			client, k := nowhere{s.challenge}.clientTo(t, s.kind, s.settings)
			post(t, client, nil)
			known := len(k.redactor.index.uses)
			for range 2 * keptProofs {
				post(t, client, nil)
			}
			if got := len(k.redactor.index.uses); got > known+keptProofs {
				t.Errorf("the redactor looks for %d texts after %d requests, %d after one", got, 2*keptProofs+1, known)
			}
		})
	}
}

func bareHMAC(req *http.Request) {
	now, nonce := strconv.FormatInt(time.Now().Unix(), 10), rand.Text()
	mac := hmac.New(sha256.New, []byte("key-of-partner"))
	fmt.Fprintf(mac, "%s\n%s\n%s\n%x\n%s\n%s", req.Method, req.URL.EscapedPath(), req.URL.RawQuery, sha256.Sum256(bodyOfBench), now, nonce)
	req.Header.Set("X-Timestamp", now)
	req.Header.Set("X-Nonce", nonce)
	req.Header.Set("X-Signature", hexcode.EncodeToString(mac.Sum(nil)))
}

// bareAWS signs as the examples of the library do.
func bareAWS() func(*http.Request) {
	signer, key := v4.NewSigner(), aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "key-of-aws"}
	return func(req *http.Request) {
		sum := sha256.Sum256(bodyOfBench)
		_ = signer.SignHTTP(req.Context(), key, req, hexcode.EncodeToString(sum[:]), "execute-api", "eu-central-1", time.Now())
	}
}

func bareSignature(algorithm string, sign func(base []byte) []byte) func(*http.Request) {
	return func(req *http.Request) {
		sum := sha256.Sum256(bodyOfBench)
		digest := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
		params := fmt.Sprintf(`("@method" "@target-uri" "content-digest");created=%d;alg="%s";keyid="snrun"`, time.Now().Unix(), algorithm)
		base := fmt.Sprintf("\"@method\": %s\n\"@target-uri\": %s\n\"content-digest\": %s\n\"@signature-params\": %s", req.Method, req.URL, digest, params)
		req.Header.Set("Content-Digest", digest)
		req.Header.Set("Signature-Input", "sig1="+params)
		req.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(sign([]byte(base)))+":")
	}
}

// bareDigest answers the one challenge again and again.
func bareDigest() func(*http.Request) {
	count := 0
	sum := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
	return func(req *http.Request) {
		count++
		cnonce, uri := rand.Text(), req.URL.RequestURI()
		response := sum(fmt.Sprintf("%s:%s:%08x:%s:auth:%s", sum("ann:a realm:pw-of-ann"), nonceOfBench, count, cnonce, sum(req.Method+":"+uri)))
		req.Header.Set("Authorization", fmt.Sprintf(`Digest username="ann", realm="a realm", nonce="%s", uri="%s", algorithm=SHA-256, cnonce="%s", qop=auth, nc=%08x, response="%s"`,
			nonceOfBench, uri, cnonce, count, response))
	}
}
