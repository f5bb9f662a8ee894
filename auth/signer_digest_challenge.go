package auth

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/icholy/digest"
	"golang.org/x/net/http/httpguts"
)

// noDigestError says that a server that wants a sign-in offers none by a digest that is known here.
type noDigestError struct {
	offered []string // the schemes; of digests with their algorithms
}

func (e *noDigestError) Error() string {
	if len(e.offered) == 0 {
		return "the server answered 401 without saying how to sign in"
	}
	return fmt.Sprintf("the server answered 401 and asks for %s, not for a digest that is known here", strings.Join(e.offered, " or "))
}

func (e *noDigestError) help() string {
	for _, scheme := range e.offered {
		switch strings.ToLower(scheme) {
		case "basic":
			return "the password was not sent; if the server is to have it, write auth: {type: basic, …}"
		case "bearer":
			return "write auth: {type: bearer, …} or {type: oauth2, …}"
		}
	}
	return "check base_url, and how the server wants its clients to sign in"
}

// findChallenge gives the first challenge in an answer that can be answered: servers put the one they like best first.
func findChallenge(h http.Header) (*challenge, error) {
	none := &noDigestError{}
	for _, value := range h.Values("WWW-Authenticate") {
		for _, offer := range parseOffers(value) {
			if c := offer.challenge(); c != nil {
				return c, nil
			}
			none.offered = append(none.offered, offer.String())
		}
	}
	return nil, none
}

// offer is one challenge of a WWW-Authenticate header: a scheme, and its parameters by their names in lower case.
type offer struct {
	scheme string
	params map[string]string
}

func (o offer) String() string {
	text := o.scheme
	if strings.EqualFold(o.scheme, "digest") {
		text += " (algorithm " + o.params["algorithm"] + ", qop " + o.params["qop"] + ")"
	}
	return clean(text)
}

// challenge makes a challenge of a digest that is known here, else nil.
func (o offer) challenge() *challenge {
	if !strings.EqualFold(o.scheme, "digest") || o.params["nonce"] == "" {
		return nil
	}
	for _, name := range []string{"realm", "nonce", "opaque"} {
		if !httpguts.ValidHeaderFieldValue(o.params[name]) {
			return nil
		}
	}
	c := &challenge{algorithm: o.params["algorithm"]}
	c.Realm, c.Nonce, c.Opaque = o.params["realm"], o.params["nonce"], o.params["opaque"]
	c.Stale, c.Userhash = strings.EqualFold(o.params["stale"], "true"), strings.EqualFold(o.params["userhash"], "true")
	for qop := range strings.SplitSeq(strings.ToLower(o.params["qop"]), ",") {
		if qop = strings.TrimSpace(qop); qop != "" {
			c.QOP = append(c.QOP, qop)
		}
	}
	c.Algorithm, c.session = strings.CutSuffix(strings.ToUpper(c.algorithm), "-SESS")
	switch known := slices.Contains(c.QOP, "auth") || slices.Contains(c.QOP, "auth-int"); {
	case digestHash(c.Algorithm) == nil, !digest.CanDigest(&c.Challenge):
		return nil
	case !known && (c.session || len(c.QOP) > 0): // -sess hashes what only goes with a qop
		return nil
	}
	return c
}

// parseOffers reads a WWW-Authenticate header (RFC 9110 §11.6.1): a list of challenges, each with a list of parameters, with the
// same comma between both. What cannot be read ends the reading.
func parseOffers(text string) []offer {
	var offers []offer
	for {
		text = strings.TrimLeft(text, " \t,")
		word, rest := cutToken(text)
		if word == "" {
			return offers
		}
		value, after, isParam := cutValue(rest)
		switch {
		case isParam && len(offers) > 0:
			last := offers[len(offers)-1].params
			if _, twice := last[strings.ToLower(word)]; !twice {
				last[strings.ToLower(word)] = value
			}
			text = after
		case isParam:
			return offers
		default:
			offers = append(offers, offer{scheme: word, params: map[string]string{}})
			text = skipToken68(rest)
		}
	}
}

// cutToken cuts a token (RFC 9110 §5.6.2) off.
func cutToken(text string) (token, rest string) {
	end := strings.IndexFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

// cutValue cuts "=value" or "= value" off. The value is a token, a quoted string, or what servers write that know neither: everything
// up to a comma or a space.
func cutValue(text string) (value, rest string, ok bool) {
	text, ok = strings.CutPrefix(strings.TrimLeft(text, " \t"), "=")
	if !ok {
		return "", text, false
	}
	text = strings.TrimLeft(text, " \t")
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ", \t")
		if end < 0 {
			return text, "", true
		}
		return text[:end], text[end:], true
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return b.String(), text[i+1:], true
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String(), "", true // the closing quote is missing
}

// skipToken68 skips what Negotiate and the like put behind their names in place of parameters.
func skipToken68(text string) string {
	inner := strings.TrimLeft(text, " \t")
	end := strings.IndexAny(inner, ", \t")
	if end < 0 {
		end = len(inner)
	}
	if plain := strings.TrimRight(inner[:end], "="); end > 0 && !strings.ContainsAny(plain, `="`) {
		next := strings.TrimLeft(inner[end:], " \t")
		if next == "" || next[0] == ',' {
			return next
		}
	}
	return text
}
