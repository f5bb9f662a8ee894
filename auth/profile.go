package auth

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Profile is one named way to reach a system and to sign in to it.
type Profile struct {
	Name     string
	BaseURL  *url.URL // nil where every step names its URL; credentials then go to Origins only
	Auth     string   // the name of a SignInType, "" for none
	Settings Settings // the values of its params
	TLS      TLS
	Proxy    string      // the URL of a proxy; "" leaves it to the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY)
	Header   http.Header // goes with every request to the profile's origins, unless the request has the header itself
	Origins  []string    // further origins that get the credentials, as scheme://host:port

	// RefreshWhen says whether an answer means that the token was rejected; nil means status 401. Where it reads the body
	// it puts back one that reads the same.
	RefreshWhen func(*http.Response) (bool, error)
	// Trace has requests to the profile's origins carry the traceparent of their context.
	Trace bool
	// MaxConcurrent is how many requests may be under way at once, their answers' bodies included; 0 for any number.
	MaxConcurrent int
	// Rate is how many requests may be made in how long, up to a tenth of them at once.
	Rate Rate

	// Hidden are further texts that never show: what the profile has for others than this package to sign in with.
	Hidden []string

	// TestPath is what a test of the profile asks for with GET, joined to BaseURL like a step's path; "" for BaseURL itself.
	TestPath string
	// Product is what the server is called, "" where that is not known, and Causes what its catch-all refusals may stand for.
	Product string
	Causes  []Cause
}

// TLS is how a profile speaks TLS. File names are relative to Options.Dir.
type TLS struct {
	CAFile     string // PEM; trusted beside the system's authorities
	CertFile   string // PEM; the client's certificate, for the profile's origins only
	KeyFile    string // PEM; "" where the key stands in CertFile
	PKCS12File string // the client's certificate and its key, in place of the two above
	MinVersion string // "1.0" to "1.3"; "" for 1.2

	PKCS12Password string
}

// authType is the profile's SignInType, "none" where it names none.
func (p Profile) authType() string {
	if p.Auth == "" {
		return "none"
	}
	return p.Auth
}

// completed is the profile with the defaults of its settings.
func (p Profile) completed(t SignInType) Profile {
	p.Settings = p.Settings.complete(t.Params)
	return p
}

// origins are the origins that get the profile's credentials.
func (p Profile) origins() []string {
	var origins []string
	for _, u := range p.originURLs() {
		origins = append(origins, origin(u))
	}
	return origins
}

func (p Profile) originURLs() []*url.URL {
	var urls []*url.URL
	if p.BaseURL != nil {
		urls = append(urls, p.BaseURL)
	}
	for _, text := range p.Origins {
		if u, err := url.Parse(text); err == nil {
			urls = append(urls, u)
		}
	}
	return urls
}

// origin is a URL's scheme, host and port, with the port written out: two URLs share an origin when it is the same text.
func origin(u *url.URL) string { return originOf(u.Scheme, u.Hostname(), u.Port()) }

func originOf(scheme, host, port string) string {
	scheme = strings.ToLower(scheme)
	switch {
	case port == "" && scheme == "https":
		port = "443"
	case port == "" && scheme == "http":
		port = "80"
	}
	// The name that net/http looks up. What cannot be looked up stays as it is, and is equal to nothing else.
	if !isASCII(host) {
		if ascii, err := idna.Lookup.ToASCII(host); err == nil {
			host = ascii
		}
	}
	return scheme + "://" + lowerASCII(host) + ":" + port
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

// lowerASCII leaves other letters alone: the Kelvin sign is no k.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
