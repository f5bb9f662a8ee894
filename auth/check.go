package auth

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Problem is a mistake in a profile, found before a run.
type Problem struct {
	Path    string // where, in the profile: "auth.token_url", "tls.key_file"
	Message string
	Hint    string // what to do, "" when nothing is to be said
	Warning bool   // the profile can be used all the same
}

// Check finds the mistakes in a profile that the forms of its params cannot express, and missing params too. A param that is
// in the settings with the value nil counts as given, its value as not known yet. Files are not read.
func Check(p Profile) []Problem {
	problems := slices.Concat(checkAddress(p), checkTLS(p.TLS), checkHeaders(p.Header))
	t, ok := typeNamed(p.authType())
	if !ok {
		return append(problems, Problem{Path: "auth.type", Message: fmt.Sprintf("there is no sign-in named %q", p.Auth)})
	}
	for _, param := range t.Params {
		if param.Required && !p.Settings.has(param.Name) {
			problems = append(problems, missingParam(param, t.Name))
		}
		problems = append(problems, checkEnum(param, p.Settings)...)
	}
	if t.check != nil {
		problems = append(problems, t.check(p.completed(t))...)
	}
	return append(problems, checkReach(p)...)
}

func missingParam(param Param, of string) Problem {
	return Problem{Path: "auth." + param.Name, Message: of + " needs " + param.Name, Hint: param.Doc}
}

func checkEnum(param Param, s Settings) []Problem {
	value, known := s[param.Name].(string)
	if param.Form != Enum || !known || slices.Contains(param.Values, value) {
		return nil
	}
	return []Problem{{
		Path: "auth." + param.Name, Message: fmt.Sprintf("%q is none of the values of %s", value, param.Name),
		Hint: "write one of " + strings.Join(param.Values, ", "),
	}}
}

func checkAddress(p Profile) []Problem {
	var problems []Problem
	if p.BaseURL != nil {
		problems = append(problems, checkURL("base_url", p.BaseURL)...)
		problems = append(problems, checkBase(p.BaseURL)...)
	}
	for i, text := range p.Origins {
		path := fmt.Sprintf("origins[%d]", i)
		u, err := url.Parse(text)
		if err != nil {
			problems = append(problems, Problem{Path: path, Message: "this is no URL", Hint: "write it as https://host:port"})
			continue
		}
		problems = append(problems, checkURL(path, u)...)
	}
	if p.Proxy != "" {
		if _, err := parseProxy(p.Proxy); err != nil {
			problems = append(problems, Problem{Path: "proxy", Message: err.Error(), Hint: "write it as http://host:port"})
		}
	}
	return problems
}

func checkURL(path string, u *url.URL) []Problem {
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return []Problem{{Path: path, Message: "this is no address of a web server", Hint: "write it as https://host or https://host:port"}}
	}
	if u.User != nil {
		return []Problem{{Path: path, Message: "an address may not hold a user name or a password", Hint: "use auth: {type: basic, …}"}}
	}
	return nil
}

// checkBase refuses what has no place before a path.
func checkBase(u *url.URL) []Problem {
	if u.Fragment == "" {
		return nil
	}
	return []Problem{{Path: "base_url", Message: "a fragment (#…) never reaches a server", Hint: "leave it out"}}
}

// checkHeaders finds names and values that no request can carry.
func checkHeaders(h http.Header) []Problem {
	var problems []Problem
	for _, name := range slices.Sorted(maps.Keys(h)) {
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			problems = append(problems, Problem{
				Path: "headers." + name, Message: fmt.Sprintf("%q is no name of a header", name), Hint: "write a name such as X-Request-Id",
			})
		case !httpguts.ValidHeaderFieldValue(h.Get(name)):
			problems = append(problems, Problem{
				Path: "headers." + name, Message: "the value of " + name + " holds a line break or another character that cannot stand in a header",
				Hint: "write it on one line; in YAML a text behind | ends with a line break",
			})
		}
	}
	return problems
}

func checkTLS(t TLS) []Problem {
	var problems []Problem
	switch {
	case t.PKCS12File != "" && t.CertFile != "":
		problems = append(problems, Problem{Path: "tls.pkcs12_file", Message: "there are two client certificates", Hint: "leave pkcs12_file or cert_file out"})
	case t.PKCS12File != "" && t.KeyFile != "":
		problems = append(problems, Problem{Path: "tls.key_file", Message: "the file named in pkcs12_file has the key in it", Hint: "leave key_file out"})
	case t.KeyFile != "" && t.CertFile == "":
		problems = append(problems, Problem{Path: "tls.key_file", Message: "a key needs its certificate", Hint: "add cert_file"})
	}
	if t.PKCS12Password != "" && t.PKCS12File == "" {
		problems = append(problems, Problem{Path: "tls.pkcs12_password", Message: "there is no file that it opens", Hint: "add pkcs12_file"})
	}
	if _, ok := tlsVersion(t.MinVersion); !ok {
		problems = append(problems, Problem{
			Path: "tls.min_version", Message: fmt.Sprintf("there is no TLS version %q", t.MinVersion),
			Hint: `write "1.2" or "1.3", in quotes`,
		})
	}
	return problems
}

// checkReach asks where the credentials go: to some origin at all, and not in the clear.
func checkReach(p Profile) []Problem {
	if p.authType() == "none" {
		return nil
	}
	if p.BaseURL == nil && len(p.Origins) == 0 {
		return []Problem{{
			Path: "base_url", Message: "the profile signs in, but names no origin that its credentials may go to",
			Hint: "add base_url",
		}}
	}
	var problems []Problem
	if p.BaseURL != nil {
		problems = checkClear("base_url", p.BaseURL)
	}
	for i, text := range p.Origins {
		if u, err := url.Parse(text); err == nil {
			problems = append(problems, checkClear(fmt.Sprintf("origins[%d]", i), u)...)
		}
	}
	return problems
}

func checkClear(path string, u *url.URL) []Problem {
	if !inTheClear(u) {
		return nil
	}
	return []Problem{{Path: path, Message: "the credentials would go over the network unencrypted", Hint: "use https://", Warning: true}}
}

// inTheClear says whether what is sent to this address can be read on the way.
func inTheClear(u *url.URL) bool {
	if u.Scheme != "http" || strings.EqualFold(u.Hostname(), "localhost") {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
}
