package wsse

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/steps"
)

// everything is a ws_security that uses all there is.
func everything(parts ...any) steps.Input {
	return steps.Input{"username": "ann", "password": "s3cret", "password_type": "digest", "timestamp": 5 * time.Minute, "sign": signing("client", parts...)}
}

// checkerOf checks what an identity signs.
func checkerOf(t *testing.T, dir, name string, more steps.Input) *Security {
	t.Helper()
	in := steps.Input{"cert_file": name + ".pem"}
	for key, v := range more {
		in[key] = v
	}
	return opened(t, dir, steps.Input{"verify": in})
}

func TestSign(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	got := secured(t, opened(t, dir, everything()), envelope)
	var last int
	for _, tag := range []string{"<wsu:Timestamp", "<wsse:UsernameToken", "<wsse:BinarySecurityToken", "<ds:Signature ", "<ds:SignedInfo>", "<ds:SignatureValue>", "<ds:KeyInfo>", "<soap:Body"} {
		at := strings.Index(got, tag)
		if at < last {
			t.Errorf("%s stands at %d, after %d", tag, at, last)
		}
		last = at
	}
	if n := strings.Count(got, "<ds:Reference "); n != 4 {
		t.Errorf("it has %d references, want those of the timestamp, two tokens and the body", n)
	}
	if token := within(t, got, "wsse:BinarySecurityToken"); token != base64.StdEncoding.EncodeToString(identities()["client"].certificate.Raw) {
		t.Errorf("got the certificate %s", token)
	}
	if err := checkerOf(t, dir, "client", steps.Input{"parts": []any{"body", "timestamp"}}).Check([]byte(got), now); err != nil {
		t.Errorf("the signature does not hold: %v", err)
	}
}

// TestSignedInfo holds the signature against what any reader of the specification would compute, without canonical.
func TestSignedInfo(t *testing.T) {
	t.Parallel()
	text := `<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope" xmlns:un="urn:unused"><S:Body><b xmlns="urn:b" z="1" a="2"/></S:Body></S:Envelope>`
	got := secured(t, opened(t, folder(t), steps.Input{"sign": signing("client", "body")}), text)
	_, id, _ := strings.Cut(got, `wsu:Id="id-`)
	id = "id-" + id[:32]
	body := `<S:Body xmlns:S="http://www.w3.org/2003/05/soap-envelope" xmlns:wsu="` + utilitySpace + `" wsu:Id="` + id + `"><b xmlns="urn:b" a="2" z="1"></b></S:Body>`
	digest := sha256.Sum256([]byte(body))
	want := `<ds:SignedInfo xmlns:ds="` + dsigSpace + `"><ds:CanonicalizationMethod Algorithm="` + exclusive + `"></ds:CanonicalizationMethod>` +
		`<ds:SignatureMethod Algorithm="` + rsaSHA256 + `"></ds:SignatureMethod><ds:Reference URI="#` + id + `"><ds:Transforms><ds:Transform Algorithm="` + exclusive + `"></ds:Transform></ds:Transforms>` +
		`<ds:DigestMethod Algorithm="` + sha256URI + `"></ds:DigestMethod><ds:DigestValue>` + base64.StdEncoding.EncodeToString(digest[:]) + `</ds:DigestValue></ds:Reference></ds:SignedInfo>`
	sum := sha256.Sum256([]byte(want))
	value, err := base64.StdEncoding.DecodeString(within(t, got, "ds:SignatureValue"))
	if err != nil {
		t.Fatal(err)
	}
	if err := rsa.VerifyPKCS1v15(&identities()["client"].key.PublicKey, crypto.SHA256, sum[:], value); err != nil {
		t.Errorf("%v: want the SignedInfo %s\nin %s", err, want, got)
	}
}

func TestSignedParts(t *testing.T) {
	t.Parallel()
	text := strings.Replace(envelope, "<soap:Body>", `<soap:Header><o:session xmlns:wsu="urn:other">S.1</o:session></soap:Header><soap:Body>`, 1)
	tests := map[string]struct {
		parts []any
		want  []string // what a change of makes the signature break
	}{
		"body":      {[]any{"body"}, []string{"1</o:item>"}},
		"timestamp": {[]any{"body", "timestamp"}, []string{"1</o:item>", "2026-03-04T05:11:07.089Z"}},
		"token":     {[]any{"body", "token"}, []string{"1</o:item>", "ann</wsse:Username>"}},
		"headers":   {[]any{"body", "headers"}, []string{"1</o:item>", "S.1"}},
		"default":   {nil, []string{"1</o:item>", "2026-03-04T05:11:07.089Z", "ann</wsse:Username>"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			got := secured(t, opened(t, dir, everything(test.parts...)), text)
			check := checkerOf(t, dir, "client", nil)
			if err := check.Check([]byte(got), now); err != nil {
				t.Fatalf("%v: %s", err, got)
			}
			for _, piece := range []string{"1</o:item>", "2026-03-04T05:11:07.089Z", "ann</wsse:Username>", "S.1"} {
				changed := strings.Replace(got, piece, "9"+piece[1:], 1)
				if changed == got {
					t.Fatalf("%s is not in %s", piece, got)
				}
				if covered := strings.Contains(errorText(check.Check([]byte(changed), now)), "is not as it was signed"); covered != slices.Contains(test.want, piece) {
					t.Errorf("%s is covered: %t", piece, covered)
				}
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestSignKeepsIDs holds that an id which the envelope has is used, and a prefix that means something else is left alone.
func TestSignKeepsIDs(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	text := strings.Replace(envelope, "<soap:Body>", `<soap:Body xmlns:u="`+utilitySpace+`" u:Id="mine" xmlns:wsu="urn:other">`, 1)
	got := secured(t, opened(t, dir, steps.Input{"sign": signing("client")}), text)
	if !strings.Contains(got, `<ds:Reference URI="#mine">`) || strings.Count(got, `Id="id-`) > 0 {
		t.Errorf("got %s", got)
	}
	if err := checkerOf(t, dir, "client", nil).Check([]byte(got), now); err != nil {
		t.Error(err)
	}
}

// TestSignKeepsPrefixes holds that the id of the Body does not make another element of what is in it.
func TestSignKeepsPrefixes(t *testing.T) {
	t.Parallel()
	text := soapDocument(soap11Space, ` xmlns:wsu="urn:other" xmlns:wsu1="urn:more"`, "", `<wsu:a/><wsu1:b/>`)
	got := secured(t, opened(t, folder(t), steps.Input{"sign": signing("client")}), text)
	before, err := read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	after, err := read([]byte(got))
	if err != nil {
		t.Fatal(err)
	}
	if !sameContent(before.body, after.body) {
		t.Errorf("got %s", got)
	}
}
