package httpsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const value = "a=:AAAA:"
	tests := []struct{ name, input, signature, want string }{
		{"no dictionary", "a=(", value, "the header Signature-Input: "},
		{"value that is none", "a=()", "a=:A", "the header Signature: "},
		{"no list", "a=1", value, "signature a: its Signature-Input is no list of components"},
		{"no value", "a=()", "", "signature a: it has no value in Signature, or one that is not made of bytes"},
		{"a value of another type", "a=()", `a="AAAA"`, "signature a: it has no value in Signature, or one that is not made of bytes"},
		{"a list for a value", "a=()", "a=(:AAAA:)", "signature a: it has no value in Signature, or one that is not made of bytes"},
		{"a value alone", "a=()", value + ", b=:AAAA:", "signature b: Signature-Input does not say what it covers"},
		{"twice the same", `a=("date" "date")`, value, `signature a: "date" is covered twice`},
		{"upper case", `a=("Date")`, value, `signature a: the name of "Date" is not in lower case`},
		{"a token", `a=(date)`, value, "signature a: date is no component: its name is not a string"},
		{"itself", `a=("@signature-params")`, value, "signature a: there is no derived component @signature-params"},
		{"unknown parameter", `a=("date";x)`, value, `signature a: "date";x has a parameter that is not known: x`},
		{"time as text", `a=();created="1"`, value, "signature a: its parameter created is no whole number of seconds"},
		{"half a second", "a=();expires=1.5", value, "signature a: its parameter expires is no whole number of seconds"},
		{"key id of another type", "a=();keyid=1", value, "signature a: its parameter keyid is no string"},
		{"algorithm as a token", "a=();alg=ed25519", value, "signature a: its parameter alg is no string"},
	}
	for _, tt := range tests {
		h := http.Header{"Signature-Input": {tt.input}}
		if tt.signature != "" {
			h.Set("Signature", tt.signature)
		}
		if _, err := Parse(h); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
	if all, err := Parse(http.Header{}); err != nil || len(all) != 0 {
		t.Errorf("no signature: %v, %v", all, err)
	}
}

func TestParseSeveral(t *testing.T) {
	t.Parallel()
	h := http.Header{
		"Signature-Input": {`a=("date"   "@method" );created=5;x=1, b=();keyid="k"`, `c=()`},
		"Signature":       {"c=:Yw==:, b=:Yg==:", "a=:YQ==:"},
	}
	all, err := Parse(h)
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	for i, label := range []string{"a", "b", "c"} {
		if all[i].Label != label || string(all[i].Value) != label {
			t.Errorf("signature %d: %s, %s", i, all[i].Label, all[i].Value)
		}
	}
	if !all[0].Covers("Date") || !all[0].Covers("@method") || all[0].Covers("@path") || all[0].Covers("@nothing") || all[1].Covers("date") {
		t.Error("what is covered was read wrongly")
	}
	base, err := all[0].Base(Message{Method: "GET", Target: "/", Header: http.Header{"Date": {"x"}}})
	if want := "\"date\": x\n\"@method\": GET\n\"@signature-params\": (\"date\" \"@method\");created=5;x=1"; err != nil || base != want {
		t.Errorf("got %s, %v\nwant %s", base, err, want)
	}
}

func TestVerifyTimesAndAlgorithm(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	sign, verify, err := NewSecretKeys([]byte("k"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		params Params
		want   string
	}{
		{"no times", Params{}, ""},
		{"now", Params{Created: now, Expires: now.Add(time.Second), Algorithm: HMACSHA256}, ""},
		{"a clock that is fast", Params{Created: now.Add(time.Minute)}, ""},
		{"the future", Params{Created: now.Add(time.Minute + time.Second)}, "signature a was created in the future"},
		{"expired", Params{Created: now.Add(-time.Hour), Expires: now}, "signature a has expired"},
		{"another algorithm", Params{Algorithm: Ed25519}, "signature a is of the algorithm ed25519, and its key of hmac-sha256"},
	}
	for _, tt := range tests {
		s, err := New("a", nil, tt.params)
		if err != nil {
			t.Fatal(err)
		}
		input, value, err := s.Sign(Message{}, sign)
		if err != nil {
			t.Fatal(err)
		}
		all, err := Parse(http.Header{"Signature-Input": {input}, "Signature": {value}})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := all[0].Verify(Message{}, verify, now); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestKeysOfTheWrongKind(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		algorithm string
		err       error
		want      string
	}{
		{Ed25519, second(NewSigningKey(Ed25519, p384)), "ed25519 needs a key for Ed25519, and this is a key for the curve P-384"},
		{ECDSAP256SHA256, second(NewSigningKey(ECDSAP256SHA256, p384)), "ecdsa-p256-sha256 needs a key for the curve P-256, and this is a key for the curve P-384"},
		{ECDSAP256SHA256, second(NewSigningKey(ECDSAP256SHA256, short)), "ecdsa-p256-sha256 needs a key for the curve P-256, and this is an RSA key"},
		{RSAPSSSHA512, second(NewSigningKey(RSAPSSSHA512, ed)), "rsa-pss-sha512 needs an RSA key, and this is a key for Ed25519"},
		{RSAPSSSHA512, second(NewSigningKey(RSAPSSSHA512, short)), "an RSA key of 1024 bits is too short for rsa-pss-sha512"},
		{HMACSHA256, second(NewSigningKey(HMACSHA256, ed)), "hmac-sha256 is no algorithm for a pair of keys"},
	} {
		if tt.err == nil || tt.err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.algorithm, tt.err, tt.want)
		}
	}
	if _, _, err := NewSecretKeys(nil); err == nil {
		t.Error("an empty secret signs")
	}
}

// TestSaltLength holds that the salt of RSA-PSS is as long as the hash, which others insist on.
func TestSaltLength(t *testing.T) {
	t.Parallel()
	private := key(t, "rsa-pss").(*rsa.PrivateKey)
	sign, verify := keys(t, "test-key-rsa-pss")
	base := []byte("base")
	sum := sha512.Sum512(base)
	signature, err := sign.sign(base)
	if err != nil {
		t.Fatal(err)
	}
	if err := rsa.VerifyPSS(&private.PublicKey, crypto.SHA512, sum[:], signature, &rsa.PSSOptions{SaltLength: 64}); err != nil {
		t.Errorf("our salt: %v", err)
	}
	for _, length := range []int{32, 64} {
		signature, err := rsa.SignPSS(rand.Reader, private, crypto.SHA512, sum[:], &rsa.PSSOptions{SaltLength: length})
		if err != nil {
			t.Fatal(err)
		}
		if got := verify.verify(base, signature); got != (length == 64) {
			t.Errorf("a salt of %d bytes verifies: %v", length, got)
		}
	}
}

// TestSignaturesOfAnyLength holds that a signature of the wrong length is refused, and nothing worse.
func TestSignaturesOfAnyLength(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"test-key-rsa-pss", "test-key-ecc-p256", "test-key-ed25519", "test-shared-secret"} {
		sign, verify := keys(t, id)
		whole, err := sign.sign([]byte("base"))
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range [][]byte{nil, {1}, whole[:len(whole)-1], append([]byte{0}, whole...), append(whole, 0)} {
			if verify.verify([]byte("base"), wrong) {
				t.Errorf("%s: %d bytes of %d verify", id, len(wrong), len(whole))
			}
		}
	}
}

func second(_ SigningKey, err error) error { return err }

// FuzzParse reads signatures of any kind. What it takes it must be able to write again, to the same base.
func FuzzParse(f *testing.F) {
	for _, v := range vectors() {
		label, _, _ := strings.Cut(v.input, "=")
		f.Add(v.input, label+"=:"+v.value+":", "/foo?param=Value&Pet=dog")
	}
	f.Add(`a=("x-a";key="b";sf "@query-param";name="%C3%A7" "x-a";bs);x=@1;y=?0;z=1.5`, "a=:AAAA:", "/?%c3%a7=+&&=")
	f.Fuzz(func(t *testing.T, input, value, target string) {
		all, err := Parse(http.Header{"Signature-Input": {input}, "Signature": {value}})
		if err != nil {
			return
		}
		m := Message{Method: "GET", Scheme: "https", Host: "a.example", Target: target, Header: http.Header{
			"X-A": {"b=1"}, "Date": {"x"}, "Content-Type": {"a", "b"}, "Content-Digest": {"sha-256=:AAAA:"},
		}}
		sign, verify, err := NewSecretKeys([]byte("k"))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			base, err := s.Base(m)
			if err != nil {
				continue
			}
			if got, want := strings.Count(base, "\n"), len(s.covered); got != want {
				t.Fatalf("%d lines for %d components:\n%s", got, want, base)
			}
			again, text, err := s.Sign(m, sign)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := Parse(http.Header{"Signature-Input": {again}, "Signature": {text}})
			if err != nil || len(parsed) != 1 {
				t.Fatalf("%s: %v", again, err)
			}
			if other, err := parsed[0].Base(m); err != nil || other != base {
				t.Fatalf("%v\n%s\nwas:\n%s", err, other, base)
			}
			parsed[0].Params.Algorithm = ""
			if err := parsed[0].Verify(m, verify, time.Unix(1<<50, 0)); err != nil && parsed[0].Params.Expires.IsZero() && !parsed[0].Params.Created.After(time.Unix(1<<50, 0)) {
				t.Fatal(err)
			}
		}
	})
}
