package auth

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// oauth2Type signs in with an access token that an authorization server gives (RFC 6749), sent as RFC 6750 says.
func oauth2Type() SignInType {
	params := []Param{
		{Name: "grant", Doc: "What is shown to the server to be given a token.",
			Form: Enum, Values: grantNames(), Default: "client_credentials"},
		{Name: "token_url", Doc: "Where tokens come from: absolute, or relative to `base_url`; a leading slash means the root of its host.",
			Example: "/oauth_token.do", Required: true},
		{Name: "client_id", Doc: "The id under which this client is known to the server.", Example: "snrun", Required: true},
		{Name: "client_secret", Doc: "The client's secret.", Example: "${secret.SN_CLIENT_SECRET}", Secret: true},
		{Name: "client_auth", Doc: "How the client shows its secret: in the body of the request, in the header (HTTP Basic), or not at all.",
			Form: Enum, Values: []string{"body", "header", "none"}, Default: "body"},
		{Name: "scope", Doc: "The scopes to ask for.", Form: TextList, Example: "[useraccount]"},
		{Name: "params", Doc: "Further parameters of the token request, such as `audience` or `resource`.",
			Form: TextMap, Example: "{audience: https://api.example.com}"},
		{Name: "skew", Doc: "How early before its end a token counts as expired, at most half its life.", Form: Duration, Default: "60s"},
		{Name: "assume_ttl", Doc: "How long a token lives when the server gives no usable `expires_in`.", Form: Duration, Default: "30m"},
		{Name: "refresh_when", Doc: "What the answer to a rejected token looks like. The token is then fetched once more, and the request sent once more.",
			Form: Condition, Default: "response.status == 401"},
	}
	for _, g := range Grants() {
		params = append(params, g.Params...)
	}
	return SignInType{
		Name:    "oauth2",
		Summary: "gets an access token from an authorization server, and a new one before it expires",
		Params:  params,
		check:   checkOAuth2,
		open: func(p Profile, k *Keyring) (*credentials, error) {
			return &credentials{tokens: newTokenSource(newEndpoint(p, k), p, k)}, nil
		},
	}
}

func grantNames() []string {
	var names []string
	for _, g := range Grants() {
		names = append(names, g.Name)
	}
	return names
}

func checkOAuth2(p Profile) []Problem {
	s := p.Settings
	return slices.Concat(checkTokenURL(p), checkGrant(s), checkClientAuth(s), checkTokenParams(s), checkLifetimes(s))
}

func checkTokenURL(p Profile) []Problem {
	text := p.Settings.text("token_url")
	if text == "" {
		return nil // missing, which is told already, or not known yet
	}
	u, err := tokenURL(p)
	if err != nil {
		return []Problem{{Path: "auth.token_url", Message: err.Error(), Hint: "write /path with a base_url, or https://host/path"}}
	}
	if problems := checkURL("auth.token_url", u); problems != nil {
		return problems
	}
	if inTheClear(u) {
		return []Problem{{
			Path: "auth.token_url", Message: "the client's secret would go over the network unencrypted",
			Hint: "use https://", Warning: true,
		}}
	}
	return nil
}

// tokenURL is the address of the token endpoint.
func tokenURL(p Profile) (*url.URL, error) {
	text := p.Settings.text("token_url")
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is no URL", text)
	case u.Fragment != "":
		return nil, fmt.Errorf("a token_url may not have a fragment (RFC 6749 §3.2)")
	case u.IsAbs():
		return u, nil
	case u.Host != "":
		return nil, fmt.Errorf("%q has no scheme", text)
	case p.BaseURL == nil:
		return nil, fmt.Errorf("the profile has no base_url that a relative token_url could start from")
	}
	// A base URL names a folder, with a slash at its end or without one.
	base := *p.BaseURL
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	base.RawPath = ""
	return base.ResolveReference(u), nil
}

// checkGrant finds params that the grant needs, and those that belong to another one.
func checkGrant(s Settings) []Problem {
	chosen, known := grantNamed(s.text("grant"))
	if !known {
		return nil
	}
	var problems []Problem
	for _, param := range chosen.Params {
		if !s.has(param.Name) {
			problems = append(problems, missingParam(param, "grant "+chosen.Name))
		}
	}
	for _, other := range Grants() {
		for _, param := range other.Params {
			own := slices.ContainsFunc(chosen.Params, func(p Param) bool { return p.Name == param.Name })
			if s.has(param.Name) && !own {
				problems = append(problems, Problem{
					Path: "auth." + param.Name, Message: fmt.Sprintf("grant %s does not use %s", chosen.Name, param.Name),
					Hint: fmt.Sprintf("write grant: %s, or leave it out", other.Name),
				})
			}
		}
	}
	return problems
}

func checkClientAuth(s Settings) []Problem {
	kind := s.text("client_auth")
	switch {
	case kind == "none" && s.has("client_secret"):
		return []Problem{{Path: "auth.client_secret", Message: "client_auth none sends no secret", Hint: "leave one of the two out"}}
	case kind != "none" && kind != "" && !s.has("client_secret"):
		return []Problem{{
			Path: "auth.client_secret", Message: fmt.Sprintf("client_auth %s needs client_secret", kind),
			Hint: "add client_secret, or write client_auth: none for a client without one",
		}}
	}
	return nil
}

// checkTokenParams refuses parameters that have a key of their own: which of the two is sent would be a riddle.
func checkTokenParams(s Settings) []Problem {
	var problems []Problem
	for _, pair := range s.pairs("params") {
		switch pair[0] {
		case "grant_type", "client_id", "client_secret", "username", "password", "refresh_token", "scope":
			problems = append(problems, Problem{
				Path: "auth.params." + pair[0], Message: pair[0] + " cannot be set in params",
				Hint: "it has a key of its own beside params, or follows from the grant",
			})
		}
	}
	return problems
}

func checkLifetimes(s Settings) []Problem {
	var problems []Problem
	if s.duration("skew") < 0 {
		problems = append(problems, Problem{Path: "auth.skew", Message: "skew may not be negative", Hint: "write a duration such as 60s"})
	}
	if s.has("assume_ttl") && s["assume_ttl"] != nil && s.duration("assume_ttl") <= 0 {
		problems = append(problems, Problem{Path: "auth.assume_ttl", Message: "assume_ttl must be more than zero", Hint: "write a duration such as 30m"})
	}
	return problems
}
