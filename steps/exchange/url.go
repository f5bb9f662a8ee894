package exchange

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"snrun/steps"
)

var (
	errBadURL    = errors.New("is not an address")
	errBadScheme = errors.New("is not an http or https address")
	errUserinfo  = errors.New("holds a user name; sign-in belongs in a profile")
	errDotDot    = errors.New("has a \"..\", which could lead anywhere on the server")
)

// Target gives the address of a request: `url`, or `path` below the base URL of the profile. Its query stands apart.
func Target(in steps.Input) (*url.URL, Query, error) {
	whole := in.Text("url")
	if whole == "" {
		var err error
		if whole, err = join(in.Text("base_url"), in.Text("path")); err != nil {
			return nil, nil, err
		}
	}
	u, err := parseURL(whole)
	if err != nil {
		return nil, nil, BadInput("%q %w", WithoutQuery(whole), err)
	}
	q := SplitQuery(u.RawQuery)
	u.RawQuery, u.ForceQuery = "", false
	return u, q, nil
}

// parseURL reads the address of a web server. It refuses sign-in data inside one: an address is shown in many places.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(Escape(s))
	switch {
	case err != nil:
		return nil, errBadURL
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errBadScheme
	case u.Hostname() == "":
		return nil, errBadURL
	case u.User != nil:
		return nil, errUserinfo
	}
	return u, nil
}

// checkPath refuses a path that climbs: put together from data, it could lead anywhere on the server.
func checkPath(path string) error {
	plain, _, _ := strings.Cut(path, "?")
	if !strings.Contains(plain, "..") && !strings.Contains(plain, "%2") {
		return nil
	}
	for part := range strings.SplitSeq(plain, "/") {
		if strings.ReplaceAll(strings.ToLower(part), "%2e", ".") == ".." {
			return errDotDot
		}
	}
	return nil
}

// join puts a path below a base URL with exactly one slash between; queries of both are kept. A path that is a whole
// address is taken where it has the base's origin.
func join(base, path string) (string, error) {
	if base == "" {
		return "", Hinted(BadInput("no base URL to put the path %q under", WithoutQuery(path)), "give the profile a base_url, or write the whole address as url:")
	}
	if err := checkPath(path); err != nil {
		return "", BadInput("the path %q %w", WithoutQuery(path), err)
	}
	if strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://") {
		if !sameOriginText(base, path) {
			return "", Hinted(BadInput("the path %q leaves the profile's base URL", WithoutQuery(path)), "a step that must go elsewhere says url:")
		}
		return path, nil
	}
	base, baseQuery, _ := strings.Cut(base, "?")
	path, pathQuery, _ := strings.Cut(path, "?")
	whole := strings.TrimRight(base, "/") + "/" + strings.TrimLeft(path, "/")
	if q := strings.Trim(baseQuery+"&"+pathQuery, "&"); q != "" {
		whole += "?" + q
	}
	return whole, nil
}

// sameOriginText compares two addresses as SameOrigin does; what is no address has no origin.
func sameOriginText(a, b string) bool {
	ua, errA := url.Parse(Escape(a))
	ub, errB := url.Parse(Escape(b))
	return errA == nil && errB == nil && SameOrigin(ua, ub)
}

// SameOrigin compares scheme, host and port (RFC 6454 section 5).
func SameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && hostname(a) == hostname(b) && port(a) == port(b)
}

// hostname is the name that net/http looks up. Only ASCII letters are made small: the Kelvin sign is no k.
func hostname(u *url.URL) string {
	name := []byte(u.Hostname())
	ascii := true
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			name[i] = c + 'a' - 'A'
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii {
		if looked, err := idna.Lookup.ToASCII(string(name)); err == nil {
			return looked
		}
	}
	return string(name)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
}

// Origin names scheme, host and port for a message.
func Origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// Shown is an address for messages: without the query, which may be long or hold a key, and without user names.
func Shown(u *url.URL) string {
	clean := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return clean.String()
}

// WithoutQuery does for a text what Shown does for an address.
func WithoutQuery(s string) string {
	s, _, _ = strings.Cut(s, "?")
	scheme, rest, _ := strings.Cut(s, "//")
	authority, _, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		return scheme + "//" + rest[at+1:]
	}
	return s
}

const upperHex = "0123456789ABCDEF"

// Escape percent-encodes what may not stand in an address (RFC 3986 section 2) and leaves what is encoded already. A "#"
// is encoded too: a server never sees a fragment, so what follows one would be lost without a word.
func Escape(s string) string {
	i := 0
	for i < len(s) && addressByte(s, i) {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		if addressByte(s, i) {
			b.WriteByte(s[i])
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[s[i]>>4])
		b.WriteByte(upperHex[s[i]&15])
	}
	return b.String()
}

// addressByte says whether the byte at i may stand in an address as it is.
func addressByte(s string, i int) bool {
	c := s[i]
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	case c == '%':
		return i+2 < len(s) && hexDigit(s[i+1]) && hexDigit(s[i+2])
	}
	return strings.IndexByte("-._~!$&'()*+,;=:@/?[]", c) >= 0
}

func hexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// Query is a query string in its parts, each "name=value" encoded.
type Query []string

// SplitQuery takes a query string apart, and leaves its parts as they are.
func SplitQuery(raw string) Query {
	if raw == "" {
		return nil
	}
	return strings.Split(raw, "&")
}

// Add appends a parameter; a list repeats the name, nil adds nothing.
func (q Query) Add(name string, value any) Query {
	switch v := value.(type) {
	case nil:
		return q
	case []any:
		for _, e := range v {
			q = q.Add(name, e)
		}
		return q
	}
	return append(q, encodeParam(name)+"="+encodeParam(AsText(value)))
}

// Set gives a parameter one value, in place of those it has.
func (q Query) Set(name, value string) Query {
	kept := make(Query, 0, len(q)+1)
	for _, part := range q {
		key, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(key); err != nil || plain != name {
			kept = append(kept, part)
		}
	}
	return kept.Add(name, value)
}

// String joins the parts.
func (q Query) String() string { return strings.Join(q, "&") }

// encodeParam encodes a name or a value of a query. A space is %20, which every server understands, unlike "+".
func encodeParam(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// AsText gives the text of a value that stands where a text is wanted.
func AsText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case steps.Scalar:
		return v.Text
	}
	return fmt.Sprint(v)
}
