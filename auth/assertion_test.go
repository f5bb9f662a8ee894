package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// jwtParts is a JWT taken apart by hand.
type jwtParts struct {
	header, claims map[string]any
	signed         string // what the signature is over
	signature      []byte
}

func takeApart(t testing.TB, token string) jwtParts {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a JWT of %d parts", len(parts))
	}
	var j jwtParts
	for i, to := range []any{&j.header, &j.claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, to); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if j.signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		t.Fatal(err)
	}
	j.signed = parts[0] + "." + parts[1]
	return j
}

// verify checks the signature as RFC 7518 §3 describes it, without the library that made it.
func (j jwtParts) verify(t testing.TB, public crypto.PublicKey) {
	t.Helper()
	algorithm, _ := j.header["alg"].(string)
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[algorithm[2:]]
	h := hash.New()
	h.Write([]byte(j.signed))
	sum := h.Sum(nil)
	var err error
	switch algorithm[:2] {
	case "RS":
		err = rsa.VerifyPKCS1v15(public.(*rsa.PublicKey), hash, sum, j.signature)
	case "PS":
		err = rsa.VerifyPSS(public.(*rsa.PublicKey), hash, sum, j.signature, &rsa.PSSOptions{SaltLength: hash.Size()})
	case "ES":
		half := len(j.signature) / 2
		r, s := new(big.Int).SetBytes(j.signature[:half]), new(big.Int).SetBytes(j.signature[half:])
		if !ecdsa.Verify(public.(*ecdsa.PublicKey), sum, r, s) {
			err = errors.New("it does not fit")
		}
		if want := (public.(*ecdsa.PublicKey).Params().BitSize + 7) / 8; half != want {
			t.Errorf("%s: halves of %d bytes, want %d", algorithm, half, want)
		}
	}
	if err != nil {
		t.Errorf("%s: the signature: %v", algorithm, err)
	}
}

func keyP521(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAssertionsOfEachAlgorithm(t *testing.T) {
	t.Parallel()
	keys, p521 := testKeys(), keyP521(t)
	tests := []struct {
		algorithm string
		key       crypto.Signer
		want      string
	}{
		{"", keys.rsa, "RS256"}, {"RS256", keys.rsa, "RS256"}, {"RS384", keys.rsa, "RS384"}, {"RS512", keys.rsa, "RS512"},
		{"PS256", keys.rsa, "PS256"}, {"PS384", keys.rsa, "PS384"}, {"PS512", keys.rsa, "PS512"},
		{"", keys.p256, "ES256"}, {"ES256", keys.p256, "ES256"}, {"ES384", keys.p384, "ES384"}, {"", keys.p384, "ES384"},
		{"ES512", p521, "ES512"}, {"", p521, "ES512"},
	}
	for _, tt := range tests {
		t.Run(tt.algorithm+" "+tt.want, func(t *testing.T) {
			t.Parallel()
			s := Settings{"private_key": pkcs8(t, tt.key), "key_id": "k1"}
			if tt.algorithm != "" {
				s["algorithm"] = tt.algorithm
			}
			key, err := newSigningKey(s, "", NewRedactor())
			if err != nil {
				t.Fatal(err)
			}
			assertion, err := key.clientAssertion("me", "https://id.example.com/token")
			if err != nil {
				t.Fatal(err)
			}
			got := takeApart(t, assertion)
			if got.header["alg"] != tt.want || got.header["kid"] != "k1" || got.header["typ"] != "JWT" {
				t.Errorf("header %v, want alg %s", got.header, tt.want)
			}
			got.verify(t, tt.key.Public())
			verifyInNode(t, assertion, tt.key.Public())
		})
	}
}

// nodeVerifies is a program that exits with 0 where a JWT's signature fits: an implementation that shares nothing with ours.
const nodeVerifies = `
const crypto = require("crypto");
const [token, pem] = process.argv.slice(1);
const [h, c, s] = token.split(".");
const alg = JSON.parse(Buffer.from(h, "base64url")).alg;
const key = { key: crypto.createPublicKey(pem) };
if (alg[0] === "P") { key.padding = crypto.constants.RSA_PKCS1_PSS_PADDING; key.saltLength = crypto.constants.RSA_PSS_SALTLEN_DIGEST; }
if (alg[0] === "E") key.dsaEncoding = "ieee-p1363";
const ok = crypto.verify("sha" + alg.slice(2), Buffer.from(h + "." + c), key, Buffer.from(s, "base64url"));
process.exit(ok ? 0 : 3);
`

// verifyInNode has Node.js check a JWT, where it is there; the check by hand stands in any case.
func verifyInNode(t *testing.T, token string, public crypto.PublicKey) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Log("node is not there, so that it cannot verify this JWT too")
		return
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(node, "-e", nodeVerifies, token, pemText("PUBLIC KEY", der)).CombinedOutput(); err != nil {
		t.Errorf("node does not verify it: %v\n%s", err, out)
	}
}

func TestKeysThatCannotSignAssertions(t *testing.T) {
	t.Parallel()
	keys := testKeys()
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, algorithm string
		key             crypto.Signer
		want, help      string
	}{
		{"RSA for EC", "ES256", keys.rsa, "ES256 cannot be used with this private key, which is for RSA", "write algorithm: RS256"},
		{"EC for RSA", "RS256", keys.p256, "RS256 cannot be used with this private key, which is on the curve P-256", "write algorithm: ES256"},
		{"another curve", "ES256", keys.p384, "ES256 cannot be used with this private key, which is on the curve P-384", "write algorithm: ES384"},
		{"a curve of no algorithm", "", p224, "no algorithm of JWT can be used with this private key, which is on the curve P-224",
			"use an RSA key, or one on the curve P-256, P-384 or P-521"},
		{"Ed25519", "", keys.ed25519, "no algorithm of JWT can be used with this private key, which is for Ed25519",
			"use an RSA key, or one on the curve P-256, P-384 or P-521"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := methodFor(tt.key, tt.algorithm)
			mistake, ok := errors.AsType[*keyError](err)
			if !ok || mistake.Error() != tt.want || mistake.Help() != tt.help {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// The key's file is read when the keyring is made: no run begins with one that is missing or broken.
func TestKeyFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "good.pem", pkcs8(t, testKeys().rsa))
	writeFile(t, dir, "curve.pem", pkcs8(t, testKeys().p256))
	writeFile(t, dir, "broken.pem", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0")
	open := func(file string, more Settings) error {
		s := Settings{"grant": "jwt_bearer", "private_key_file": file}
		for name, value := range more {
			s[name] = value
		}
		_, err := NewKeyring([]Profile{oauthProfile(t, baseOfTests, s)}, Options{Dir: dir})
		return err
	}
	if err := open("good.pem", nil); err != nil {
		t.Error(err)
	}
	if err := open("missing.pem", nil); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "profile p: auth.private_key_file") {
		t.Errorf("a missing file: got %v", err)
	}
	for file, want := range map[string]string{
		"broken.pem": "profile p: auth.private_key_file: broken.pem: the PEM is damaged",
		"curve.pem":  "profile p: auth.algorithm: RS256 cannot be used with this private key, which is on the curve P-256",
	} {
		if err := open(file, Settings{"algorithm": "RS256"}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", file, err, want)
		}
	}
}

func TestJWTBearer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings Settings // "absent" leaves one of oauthProfile out
		claims   string   // without iat, exp and jti
		form     string   // without the assertion
	}{
		{"as a user", Settings{"subject": "ann"},
			`{"aud":"https://api.example.com/token","iss":"client","sub":"ann"}`, "client_id=client&client_secret=the+client%27s+secret"},
		{"as the client itself", nil,
			`{"aud":"https://api.example.com/token","iss":"client"}`, "client_id=client&client_secret=the+client%27s+secret"},
		{"without a client", Settings{"client_id": "absent", "client_secret": "absent", "claims": map[string]any{"iss": "robot@example.com", "scope": "a"}},
			`{"aud":"https://api.example.com/token","iss":"robot@example.com","scope":"a"}`, ""},
		{"without its secret", Settings{"client_secret": "absent"}, `{"aud":"https://api.example.com/token","iss":"client"}`, "client_id=client"},
		{"with claims of its own", Settings{"subject": "ann", "claims": map[string]any{
			"aud": []any{"https://id.example.com", "x"}, "sub": json.Number("12345678901234567890"), "deep": map[string]any{"a": true}, "iss": nil,
		}}, `{"aud":["https://id.example.com","x"],"deep":{"a":true},"sub":12345678901234567890}`, "client_id=client&client_secret=the+client%27s+secret"},
		{"scopes", Settings{"client_secret": "absent", "scope": []string{"a", "b"}}, `{"aud":"https://api.example.com/token","iss":"client"}`,
			"client_id=client&scope=a+b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &system{}
			p := oauthProfile(t, baseOfTests, Settings{"grant": "jwt_bearer", "private_key": pkcs8(t, testKeys().p256)})
			for name, value := range tt.settings {
				if p.Settings[name] = value; value == "absent" {
					delete(p.Settings, name)
				}
			}
			e := endpointOf(t, Options{}, p)
			e.wire = direct{s}
			if _, failed := exchangeOf(t, e); failed != nil {
				t.Fatal(failed)
			}
			form := s.forms[0]
			if got := form.Get("grant_type"); got != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
				t.Errorf("grant_type %s", got)
			}
			got := takeApart(t, form.Get("assertion"))
			got.verify(t, testKeys().p256.Public())
			checkFresh(t, got.claims, 5*time.Minute)
			if text := rawClaims(t, form.Get("assertion")); text != tt.claims {
				t.Errorf("claims: got %s, want %s", text, tt.claims)
			}
			form.Del("assertion")
			form.Del("grant_type")
			if form.Encode() != tt.form {
				t.Errorf("beside it: got %s, want %s", form.Encode(), tt.form)
			}
		})
	}
}

// checkFresh looks at the claims that are new in each assertion, and takes them out.
func checkFresh(t testing.TB, claims map[string]any, life time.Duration) {
	t.Helper()
	iat, _ := claims["iat"].(float64)
	exp, _ := claims["exp"].(float64)
	jti, _ := claims["jti"].(string)
	if age := time.Since(time.Unix(int64(iat), 0)); age < -time.Second || age > time.Minute || exp-iat != life.Seconds() || len(jti) < 20 {
		t.Errorf("iat %v, exp %v, jti %q", iat, exp, jti)
	}
	for _, name := range []string{"iat", "exp", "jti"} {
		delete(claims, name)
	}
}

// rawClaims are an assertion's claims as they were written, without those that are new in each.
func rawClaims(t testing.TB, token string) string {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(data, &claims); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"iat", "exp", "jti"} {
		delete(claims, name)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each request has an assertion of its own, also one that repeats another: servers refuse a jti that they have seen.
func TestAssertionsAreFresh(t *testing.T) {
	t.Parallel()
	s := &system{}
	p := oauthProfile(t, baseOfTests, Settings{
		"grant": "jwt_bearer", "client_auth": "private_key_jwt", "private_key": pkcs8(t, testKeys().rsa), "assertion_ttl": time.Minute,
	})
	delete(p.Settings, "client_secret")
	e := endpointOf(t, Options{}, p)
	e.wire = direct{s}
	form := url.Values{"grant_type": {jwtBearerType}}
	seen, known := map[string]bool{}, len(e.redactor.known)
	for range 3 {
		if _, failed := e.exchange(t.Context(), form); failed != nil {
			t.Fatal(failed)
		}
		sent := s.forms[len(s.forms)-1]
		for name, life := range map[string]time.Duration{"assertion": time.Minute, "client_assertion": clientAssertionLife} {
			got := takeApart(t, sent.Get(name))
			jti := fmt.Sprint(got.claims["jti"])
			if seen[jti] {
				t.Errorf("%s: jti %s comes twice", name, jti)
			}
			seen[jti] = true
			checkFresh(t, got.claims, life)
		}
	}
	if len(form) != 1 {
		t.Errorf("the form that was handed in has become %v", form)
	}
	if now := len(e.redactor.known); now != known {
		t.Errorf("the redactor knows %d things, %d before: assertions pile up in it", now, known)
	}
}

// A server that repeats the client's proof does not get it into our error, and the redactor does not keep it, at other addresses than
// the token endpoint's too.
func TestAssertionsElsewhere(t *testing.T) {
	t.Parallel()
	p := oauthProfile(t, baseOfTests, Settings{"client_auth": "private_key_jwt", "private_key": pkcs8(t, testKeys().p256), "revoke_url": "/revoke"})
	delete(p.Settings, "client_secret")
	e := endpointOf(t, Options{}, p)
	e.wire = direct{http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		refuse(w, http.StatusUnauthorized, "no: "+req.PostFormValue("client_assertion"))
	})}
	known := len(e.redactor.known)
	_, failed := e.deviceCode(t.Context(), mustURL(t, baseOfTests+"/device"))
	for name, err := range map[string]error{"a device code": failed, "a revocation": e.revoke(t.Context(), "T", "access_token")} {
		if err == nil || !strings.HasSuffix(err.Error(), "status 401: no: "+Mask+ellipsis) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if now := len(e.redactor.known); now != known {
		t.Errorf("the redactor knows %d things, %d before", now, known)
	}
}

// A client_assertion that somebody made and wrote into params is a secret before a request and after it.
func TestAssertionInParamsStaysMasked(t *testing.T) {
	t.Parallel()
	const secret = "made-by-hand-4711"
	p := oauthProfile(t, baseOfTests, Settings{
		"grant": "jwt_bearer", "client_auth": "none", "private_key": pkcs8(t, testKeys().rsa), "params": [][2]string{{"client_assertion", secret}},
	})
	delete(p.Settings, "client_secret")
	e := endpointOf(t, Options{}, p)
	s := &system{}
	e.wire = direct{s}
	e.redactor.Add(secret) // as the one who looked it up does
	if _, failed := e.exchange(t.Context(), url.Values{"grant_type": {jwtBearerType}}); failed != nil {
		t.Fatal(failed)
	}
	if got := s.forms[0].Get("client_assertion"); got != secret {
		t.Errorf("sent was %q", got)
	}
	if got := e.redactor.Text(secret); got != Mask {
		t.Errorf("after the request it shows as %s", got)
	}
}

// ed25519 keys are of no use to jwt_bearer; that is said where the key is known, with its place.
func TestKeyIsCheckedWhereItIsKnown(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		more Settings
		want string
	}{
		{"no PEM", Settings{"private_key": "c2VjcmV0"}, "auth.private_key: this is no private key in PEM"},
		{"Ed25519", Settings{"private_key": pkcs8(t, private)}, "auth.algorithm: no algorithm of JWT can be used with this private key, which is for Ed25519"},
		{"another algorithm", Settings{"private_key": pkcs8(t, testKeys().rsa), "algorithm": "ES256"},
			"auth.algorithm: ES256 cannot be used with this private key, which is for RSA"},
		{"not known yet", Settings{"private_key": nil, "algorithm": "ES256"}, ""},
		{"algorithm not known yet", Settings{"private_key": pkcs8(t, testKeys().rsa), "algorithm": nil}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := oauthProfile(t, baseOfTests, Settings{"grant": "jwt_bearer"})
			for name, value := range tt.more {
				p.Settings[name] = value
			}
			var got []string
			for _, problem := range Check(p) {
				got = append(got, problem.Path+": "+problem.Message)
				if problem.Hint == "" || strings.Contains(problem.Message+problem.Hint, "c2Vj") {
					t.Errorf("hint %q", problem.Hint)
				}
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
