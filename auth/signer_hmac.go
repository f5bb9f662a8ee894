package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	hexcode "encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// hmacTemplate is what is signed where a profile does not say it.
const hmacTemplate = "{method}\n{path}\n{query}\n{body_sha256}\n{timestamp}\n{nonce}"

// hmacType signs requests with a key that both sides know, in whatever way the server has thought of.
func hmacType() SignInType {
	return SignInType{
		Name:    "hmac",
		Summary: "signs a text about the request with a key that both sides know",
		Params: []Param{
			{Name: "key", Doc: "The key.", Example: "${secret.PARTNER_KEY}", Required: true, Secret: true},
			{Name: "key_encoding", Doc: "How the key is written.", Form: Enum, Values: []string{"text", "base64", "hex"}, Default: "text"},
			{Name: "key_id", Doc: "The name of the key, for `{key_id}`, as in `{Authorization: \"HMAC {key_id}:{signature}\"}`.", Example: "snrun"},
			{Name: "algorithm", Doc: "The hash function.", Form: Enum, Values: []string{"sha256", "sha1", "sha512"}, Default: "sha256"},
			{Name: "template", Doc: "The text that is signed, with what the request puts in, in braces without a `$`: `{method}`, `{path}`, `{query}` (both as they are sent), " +
				"`{target}` (the path, and the query behind a question mark if there is one), `{host}`, `{url}`, `{body}`, `{body_sha256}` (also `sha1`, `sha512`, `md5`; " +
				"in hex, with `_base64` behind it in base64), `{timestamp}`, `{nonce}`, `{key_id}` and `{header.NAME}`, empty where there is no such header. " +
				"`{{` and `}}` are braces. Default: method, path, query, `body_sha256`, timestamp and nonce, each on a line of its own.",
				Example: `"{timestamp}.{body}"`},
			{Name: "encoding", Doc: "How the signature is written.", Form: Enum, Values: []string{"hex", "base64", "base64url"}, Default: "hex"},
			{Name: "timestamp", Doc: "How the time is written: seconds or milliseconds since 1970, `2026-01-31T12:00:00Z`, or as in the header Date.",
				Form: Enum, Values: []string{"unix", "unix_ms", "rfc3339", "http_date"}, Default: "unix"},
			{Name: "headers", Doc: "The headers that are set, with `{signature}` and all of the above but `{body}`. Those without a signature are set before it is made.",
				Form: TextMap, Example: `{X-Signature: "{signature}", X-Timestamp: "{timestamp}", X-Nonce: "{nonce}"}`, Required: true},
		},
		check: checkHMAC,
		open: func(p Profile, _ *Keyring) (*credentials, error) {
			signer, err := newHMACSigner(p.Settings)
			if err != nil {
				return nil, err
			}
			return &credentials{sign: signer.sign}, nil
		},
	}
}

func checkHMAC(p Profile) []Problem {
	s := p.Settings
	problems := checkHeaderValue("auth.key_id", s.text("key_id"))
	problems = append(problems, checkSharedKey(s)...)
	signed, more := checkTemplate("auth.template", s.text("template"), true)
	if problems = append(problems, more...); s.text("template") == "" {
		signed, _ = parseTemplate(hmacTemplate)
	}
	var sent template
	for _, pair := range s.pairs("headers") {
		at := "auth.headers." + pair[0]
		if !httpguts.ValidHeaderFieldName(pair[0]) {
			problems = append(problems, Problem{Path: at, Message: fmt.Sprintf("%q is no name of a header", pair[0]), Hint: "write a name such as X-Signature"})
		}
		problems = append(problems, checkHeaderValue(at, pair[1])...)
		header, more := checkTemplate(at, pair[1], false)
		problems, sent = append(problems, more...), append(sent, header...)
	}
	if s["headers"] == nil || len(problems) > 0 {
		return problems
	}
	return checkShown(s, signed, sent)
}

// checkShown finds what the server would have to guess.
func checkShown(s Settings, signed, sent template) []Problem {
	if !sent.has("signature") {
		return []Problem{{Path: "auth.headers", Message: "none of the headers carries the signature", Hint: `add one such as X-Signature: "{signature}"`}}
	}
	var problems []Problem
	for _, name := range []string{"timestamp", "nonce"} {
		if s.has("template") && s["template"] == nil || !signed.has(name) || sent.has(name) {
			continue
		}
		problems = append(problems, Problem{
			Path: "auth.headers", Message: fmt.Sprintf("the %s is signed, but none of the headers tells it to the server", name),
			Hint: fmt.Sprintf(`add one such as X-%s: "{%s}"`, strings.ToUpper(name[:1])+name[1:], name), Warning: true,
		})
	}
	if (signed.has("key_id") || sent.has("key_id")) && !s.has("key_id") {
		problems = append(problems, Problem{Path: "auth.key_id", Message: "{key_id} is used, but there is no key_id", Hint: "add key_id"})
	}
	return problems
}

// checkTemplate reads a template, of what is signed or of a header.
func checkTemplate(path, text string, signed bool) (template, []Problem) {
	t, err := parseTemplate(text)
	if err != nil {
		return nil, []Problem{{Path: path, Message: err.Error(), Hint: "write {name}, and {{ or }} for a brace"}}
	}
	known := placeholders(signed)
	for _, part := range t {
		name, isHeader := strings.CutPrefix(part.name, "header.")
		switch {
		case part.name == "", isHeader && httpguts.ValidHeaderFieldName(name), !isHeader && slices.Contains(known, part.name):
			continue
		}
		hint := "write one of {" + strings.Join(known, "}, {") + "}, {header.NAME}"
		if meant := nearest(part.name, known); meant != "" {
			hint = fmt.Sprintf("did you mean {%s}?", meant)
		}
		return nil, []Problem{{Path: path, Message: fmt.Sprintf("there is no {%s} here", clean(part.name)), Hint: hint}}
	}
	return t, nil
}

// hmacSigner signs with one key.
type hmacSigner struct {
	key       []byte
	keyID     string
	hash      func() hash.Hash
	encode    func([]byte) string
	timestamp string
	template  template
	before    []hmacHeader // those without the signature
	after     []hmacHeader
	now       func() time.Time
	nonce     func() string
}

type hmacHeader struct {
	name  string
	value template
}

// newHMACSigner makes the signer of settings that have been checked.
func newHMACSigner(s Settings) (*hmacSigner, error) {
	key, err := decodeKey(s.text("key"), s.text("key_encoding"))
	if err != nil {
		return nil, err
	}
	text := s.text("template")
	if text == "" {
		text = hmacTemplate
	}
	h := &hmacSigner{key: key, keyID: s.text("key_id"), timestamp: s.text("timestamp"), now: time.Now, nonce: rand.Text}
	h.hash = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}[s.text("algorithm")]
	h.encode = map[string]func([]byte) string{
		"hex": hexcode.EncodeToString, "base64": base64.StdEncoding.EncodeToString, "base64url": base64.RawURLEncoding.EncodeToString,
	}[s.text("encoding")]
	if h.template, err = parseTemplate(text); err != nil {
		return nil, err
	}
	for _, pair := range s.pairs("headers") {
		value, err := parseTemplate(pair[1])
		if err != nil {
			return nil, err
		}
		if header := (hmacHeader{pair[0], value}); value.has("signature") {
			h.after = append(h.after, header)
		} else {
			h.before = append(h.before, header)
		}
	}
	return h, nil
}

// sign sets the headers. Timestamp and nonce are new every time.
func (h *hmacSigner) sign(req *http.Request) error {
	facts := &hmacFacts{req: req, values: map[string]string{"timestamp": h.time(), "nonce": h.nonce(), "key_id": h.keyID}}
	if err := facts.set(h.before); err != nil {
		return err
	}
	mac := hmac.New(h.hash, h.key)
	if err := h.template.write(mac, facts); err != nil {
		return err
	}
	facts.values["signature"] = h.encode(mac.Sum(nil))
	return facts.set(h.after)
}

func (h *hmacSigner) time() string {
	now := h.now().UTC()
	switch h.timestamp {
	case "unix_ms":
		return strconv.FormatInt(now.UnixMilli(), 10)
	case "rfc3339":
		return now.Format(time.RFC3339)
	case "http_date":
		return now.Format(http.TimeFormat)
	}
	return strconv.FormatInt(now.Unix(), 10)
}
