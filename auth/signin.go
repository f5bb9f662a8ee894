package auth

import (
	"net/http"
	"slices"
	"time"
)

// ParamForm is the shape of a Param's value.
type ParamForm int

// The forms. Behind each: the Go value that Settings hold for it.
const (
	Text      ParamForm = iota // string
	Int                        // int
	Bool                       // bool
	Duration                   // time.Duration
	Enum                       // string, one of Param.Values
	TextList                   // []string
	TextMap                    // [][2]string, name and value in the order written
	Condition                  // nothing: the language gives it to Profile.RefreshWhen
	DataMap                    // map[string]any of what encoding/json gives with UseNumber: claims and the like
)

// Param describes one key of an `auth:` mapping.
type Param struct {
	Name     string
	Doc      string // one or two sentences; Markdown
	Default  string // as it would be written in YAML; "" when there is none
	Example  string // as it would be written in YAML
	Form     ParamForm
	Values   []string // of Enum
	Required bool
	Secret   bool // the value never shows anywhere
}

// SignInType is a value of `auth.type`: a way to sign in.
type SignInType struct {
	Name    string
	Summary string // one line, without a full stop
	Params  []Param

	// check finds what the forms of the params cannot express. Nil finds nothing.
	check func(Profile) []Problem
	// open makes the credentials of a profile that has been checked, its defaults filled in.
	open func(Profile, *Keyring) (*credentials, error)
}

// credentials put a profile's proof of who it is on requests, in one of three ways.
type credentials struct {
	// sign puts it on a request, which is the transport's own copy; an error keeps the request from being sent. Where it reads
	// the body it puts back one that reads the same.
	sign func(*http.Request) error
	// tokens get it from somewhere first, and get it anew when it was rejected.
	tokens *tokenSource
	// wrap makes a transport that answers challenges, over the one that carries requests to the profile's origins.
	wrap func(http.RoundTripper) http.RoundTripper
	// conceal takes the proof out of a query: servers give back what they were asked with. Nil where it never stands in one.
	conceal func(string) string
}

// signingWith makes credentials that are put on a request as they are.
func signingWith(put func(*http.Request)) *credentials {
	return &credentials{sign: func(req *http.Request) error { put(req); return nil }}
}

// Types gives the ways to sign in, in the order in which they are documented.
func Types() []SignInType {
	return []SignInType{noSignIn(), basic(), bearer(), apiKey(), oauth2Type(), awsSigV4(), hmacType(), httpSignature(), digestType()}
}

func typeNamed(name string) (SignInType, bool) {
	types := Types()
	i := slices.IndexFunc(types, func(t SignInType) bool { return t.Name == name })
	if i < 0 {
		return SignInType{}, false
	}
	return types[i], true
}

// Settings are the values of an `auth:` mapping by the names of the Params, each in the Go type of its form. What has a
// default may be left out.
type Settings map[string]any

func (s Settings) has(name string) bool { _, ok := s[name]; return ok }

func (s Settings) text(name string) string { v, _ := s[name].(string); return v }

func (s Settings) duration(name string) time.Duration { v, _ := s[name].(time.Duration); return v }

func (s Settings) list(name string) []string { v, _ := s[name].([]string); return v }

func (s Settings) pairs(name string) [][2]string { v, _ := s[name].([][2]string); return v }

// complete gives the settings with the defaults of what is left out.
func (s Settings) complete(params []Param) Settings {
	all := make(Settings, len(params))
	for _, p := range params {
		if v, ok := s[p.Name]; ok {
			all[p.Name] = v
		} else if v := p.defaultValue(); v != nil {
			all[p.Name] = v
		}
	}
	return all
}

func (p Param) defaultValue() any {
	if p.Default == "" {
		return nil
	}
	switch p.Form {
	case Text, Enum:
		return p.Default
	case Duration:
		if d, err := time.ParseDuration(p.Default); err == nil {
			return d
		}
	}
	return nil
}
