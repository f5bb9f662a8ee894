package wsse

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"snrun/steps"
)

// The digest of the example in the specification (UsernameToken Profile 1.1 names no values), computed with openssl:
// printf 'abcdefghijklmnop2026-03-04T05:06:07.089Zs3cret' | openssl sha1 -binary | base64
func TestPasswordDigest(t *testing.T) {
	t.Parallel()
	got := passwordDigestOf([]byte("abcdefghijklmnop"), "2026-03-04T05:06:07.089Z", "s3cret")
	if want := "Gi6ln8ZCEvbU+tGtxIicO4E9FFs="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSecureWithPassword(t *testing.T) {
	t.Parallel()
	s := opened(t, t.TempDir(), steps.Input{"username": "ann <1>", "password": "s&cret", "timestamp": 5 * time.Minute})
	got := secured(t, s, envelope)
	stamp := within(t, got, "wsu:Timestamp")
	want := "<wsu:Created>2026-03-04T05:06:07.089Z</wsu:Created><wsu:Expires>2026-03-04T05:11:07.089Z</wsu:Expires>"
	if stamp != want {
		t.Errorf("got the timestamp %s, want %s", stamp, want)
	}
	token := within(t, got, "wsse:UsernameToken")
	want = `<wsse:Username>ann &lt;1&gt;</wsse:Username><wsse:Password Type="` + usernameProfile + `PasswordText">s&amp;cret</wsse:Password>`
	if token != want {
		t.Errorf("got the token %s, want %s", token, want)
	}
	if !strings.Contains(got, `<soap:Header><wsse:Security xmlns:wsse="`+Namespace+`" xmlns:wsu="`+utilitySpace+`" soap:mustUnderstand="1"><wsu:Timestamp`) {
		t.Errorf("got the header of %s", got)
	}
	if _, body, _ := strings.Cut(envelope, "<soap:Body>"); !strings.HasSuffix(got, body) {
		t.Errorf("the body is another one: %s", got)
	}
}

func TestSecureWithDigest(t *testing.T) {
	t.Parallel()
	s := opened(t, t.TempDir(), steps.Input{"username": "ann", "password": "s3cret", "password_type": "digest"})
	first, second := secured(t, s, envelope), secured(t, s, envelope)
	nonce, err := base64.StdEncoding.DecodeString(within(t, first, "wsse:Nonce"))
	if err != nil || len(nonce) != nonceSize {
		t.Errorf("got a nonce of %d bytes, %v", len(nonce), err)
	}
	want := passwordDigestOf(nonce, within(t, first, "wsu:Created"), "s3cret")
	if got := within(t, first, "wsse:Password"); got != want {
		t.Errorf("got the digest %s, want %s", got, want)
	}
	if strings.Contains(first, "s3cret") || strings.Contains(first, "Timestamp") {
		t.Errorf("got %s", first)
	}
	if within(t, first, "wsse:Nonce") == within(t, second, "wsse:Nonce") {
		t.Error("two messages have the same nonce")
	}
}

func TestSecureInOtherEnvelopes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in        steps.Input
		text      string
		want, not string
	}{
		"soap 1.2": {
			steps.Input{"username": "ann", "actor": "urn:gate"},
			`<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header><x/></e:Header><e:Body/></e:Envelope>`,
			`<e:Header><wsse:Security xmlns:wsse="` + Namespace + `" xmlns:wsu="` + utilitySpace + `" e:mustUnderstand="true" e:role="urn:gate">`, "actor",
		},
		"actor without must_understand": {
			steps.Input{"username": "ann", "actor": "urn:gate", "must_understand": false}, envelope, ` soap:actor="urn:gate"><wsse:User`, "mustUnderstand",
		},
		"default namespace": {
			steps.Input{"username": "ann"},
			`<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body/></Envelope>`,
			` xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" env:mustUnderstand="1">`, "",
		},
		"a prefix of ours": {
			steps.Input{"username": "ann"},
			`<wsse:Envelope xmlns:wsse="http://schemas.xmlsoap.org/soap/envelope/"><wsse:Body/></wsse:Envelope>`,
			` xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" env:mustUnderstand="1">`, "",
		},
		"a name without a password": {steps.Input{"username": "ann"}, envelope, "<wsse:Username>ann</wsse:Username></wsse:UsernameToken>", "Password"},
		"another encoding named":    {steps.Input{"username": "ann"}, strings.Replace(envelope, "UTF-8", "us-ascii", 1), `encoding="UTF-8"?>`, "us-ascii"},
		"line ends that are data":   {steps.Input{"username": "ann"}, strings.Replace(envelope, "&amp;", "&#13;&#10;", 1), `kind="new &#xD;&#xA; old"`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := secured(t, opened(t, t.TempDir(), test.in), test.text)
			if !strings.Contains(got, test.want) || test.not != "" && strings.Contains(got, test.not) {
				t.Errorf("got %s, want %s and not %q", got, test.want, test.not)
			}
		})
	}
}

func TestSecureLeavesAlone(t *testing.T) {
	t.Parallel()
	s := opened(t, folder(t), steps.Input{"verify": steps.Input{"cert_file": "server.pem"}})
	if got := secured(t, s, envelope); got != envelope {
		t.Errorf("got %s", got)
	}
}

func TestSecureRefuses(t *testing.T) {
	t.Parallel()
	expired := newIdentity("old", now.AddDate(0, 0, -1))
	tests := map[string]struct {
		s    *Security
		text string
		want string
	}{
		"no xml":         {&Security{username: "a"}, "hello", "securing the envelope: line 1, column 1: text stands outside the root element"},
		"no envelope":    {&Security{username: "a"}, "<a/>", "securing the envelope: this is no SOAP envelope with one Body"},
		"no namespace":   {&Security{username: "a"}, "<Envelope><Body/></Envelope>", "securing the envelope: this is no SOAP envelope with one Body"},
		"two bodies":     {&Security{username: "a"}, strings.Replace(envelope, "</soap:Envelope>", "<soap:Body/></soap:Envelope>", 1), "securing the envelope: this is no SOAP envelope with one Body"},
		"late header":    {&Security{username: "a"}, strings.Replace(envelope, "</soap:Envelope>", "<soap:Header/></soap:Envelope>", 1), "securing the envelope: this is no SOAP envelope with one Body"},
		"latin-1":        {&Security{username: "a"}, strings.Replace(strings.Replace(envelope, "é", "\xe9", 1), "UTF-8", "ISO-8859-1", 1), "securing the envelope: the envelope must be UTF-8"},
		"a header there": {&Security{username: "a"}, strings.Replace(envelope, "<soap:Body>", `<soap:Header><Security xmlns="`+Namespace+`"/></soap:Header><soap:Body>`, 1), "securing the envelope: the envelope has a Security header already"},
		"an attachment":  {&Security{sign: &signer{expired.certificate, expired.key, []string{partBody}}}, strings.Replace(envelope, "<o:item/>", `<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:a"/>`, 1), "securing the envelope: what stands in attachments cannot be signed"},
		"expired":        {&Security{sign: &signer{expired.certificate, expired.key, []string{partBody}}}, envelope, "securing the envelope: the certificate to sign with expired on 2026-03-03"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := test.s.Secure([]byte(test.text), now)
			var e *steps.Error
			if !errors.As(err, &e) || e.Message != test.want || e.Kind != steps.BadInput || !e.NoEffect {
				t.Errorf("got %#v, want %s", err, test.want)
			}
		})
	}
}
