package wsse

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"snrun/steps"
)

// opener makes a Security, and notes all that is wrong.
type opener struct {
	dir      string
	problems []steps.Problem
}

// wrong notes a mistake below ws_security.
func (o *opener) wrong(path, hint, format string, args ...any) {
	o.problems = append(o.problems, steps.Problem{Path: "ws_security" + path, Message: fmt.Sprintf(format, args...), Hint: hint})
}

func open(in steps.Input, dir string) (*Security, []steps.Problem) {
	o := &opener{dir: dir}
	s := &Security{
		username: in.Text("username"), password: in.Text("password"), digest: in.Text("password_type") == passwordDigest,
		lifetime: in.Duration("timestamp"), mustUnderstand: in.Bool("must_understand"), actor: in.Text("actor"),
	}
	o.token(in)
	if s.lifetime < 0 {
		o.wrong(".timestamp", "write how long a message holds, as in 5m", "a message cannot hold for less than no time")
	}
	if in.Has("sign") {
		s.sign = o.signer(in)
	}
	if in.Has("verify") {
		s.verify = o.verifier(in.Object("verify"))
	}
	if !in.Has("username") && !in.Has("password") && s.lifetime == 0 && s.sign == nil && s.verify == nil {
		o.wrong("", "give a username with its password, a timestamp, sign or verify", "it does nothing as it stands")
	}
	return s, o.problems
}

func (o *opener) token(in steps.Input) {
	_, later := in["username"].(steps.Unknown)
	named := later || in.Text("username") != ""
	_, later = in["password"].(steps.Unknown)
	secret := later || in.Text("password") != ""
	switch {
	case in.Has("username") && !named:
		o.wrong(".username", "write the name to sign in with", "it is empty")
	case secret && !named:
		o.wrong(".password", "add username", "it needs the username that it belongs to")
	case !writable(in.Text("username")):
		o.wrong(".username", "see how it was copied", "it has a character that XML cannot hold")
	case !writable(in.Text("password")) && in.Text("password_type") != passwordDigest:
		o.wrong(".password", "see how it was copied, or send it as a digest", "it has a character that XML cannot hold")
	case named && !secret && in.Text("password_type") == passwordDigest:
		o.wrong(".password_type", "add password", "there is no digest without a password")
	}
}

// writable says whether XML can hold a text (XML 1.0, section 2.2).
func writable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	})
}

func (o *opener) signer(all steps.Input) *signer {
	in := all.Object("sign")
	s := &signer{parts: words(in.List("parts"))}
	if in.Has("parts") {
		o.signedParts(s.parts, all)
	} else {
		s.parts = []string{partBody, partTimestamp, partToken}
	}
	pem, p12 := in.Has("cert_file") || in.Has("key_file"), in.Has("pkcs12_file")
	switch {
	case pem && p12:
		o.wrong(".sign.pkcs12_file", "give one of them", "it stands in place of cert_file and key_file, not beside them")
	case p12:
		o.fromPKCS12(s, in)
	case in.Has("pkcs12_password"):
		o.wrong(".sign.pkcs12_password", "add pkcs12_file", "it needs the file that it opens")
	case in.Has("cert_file"):
		o.fromPEM(s, in)
	default:
		o.wrong(".sign", "add cert_file and key_file, or pkcs12_file", "it needs the certificate to sign with")
	}
	return s
}

func (o *opener) signedParts(parts []string, all steps.Input) {
	switch {
	case len(parts) == 0:
		o.wrong(".sign.parts", "leave it out for body, timestamp and token", "nothing is signed")
	case slices.Contains(parts, partTimestamp) && all.Duration("timestamp") == 0:
		o.wrong(".sign.parts", "add timestamp: 5m beside sign, or leave it out here", "it has timestamp, but messages have none")
	}
}

func (o *opener) verifier(in steps.Input) *verifier {
	v := &verifier{parts: words(in.List("parts")), required: in.Bool("required")}
	if name, ok := in["cert_file"].(string); ok {
		v.certificates = o.certificates(".verify.cert_file", name)
	}
	return v
}

// words gives the texts of a list.
func words(list []any) []string {
	var out []string
	for _, v := range list {
		if word, ok := v.(string); ok {
			out = append(out, word)
		}
	}
	return out
}
