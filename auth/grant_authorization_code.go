package auth

import (
	"net/url"
	"slices"
	"strings"
)

const grantAuthorizationCode = "authorization_code"

// authorizationCode has a person sign in with a browser (RFC 6749 §4.1).
func authorizationCode() Grant {
	return Grant{
		Name:      grantAuthorizationCode,
		Summary:   "a person signs in once, in a browser, with `snrun auth login`",
		needs:     []string{"authorize_url"},
		takes:     []string{"redirect_url", "authorize_params"},
		refreshes: true,
		keeps:     true,
	}
}

// checkRedirectURL finds redirect URLs to which no server would send anybody, or should.
func checkRedirectURL(s Settings) []Problem {
	text := s.text("redirect_url")
	if text == "" {
		return nil
	}
	problem := Problem{Path: "auth.redirect_url", Hint: "write it as http://127.0.0.1:8912/callback, or as it is registered at the server"}
	u, err := url.Parse(text)
	switch {
	case err != nil || !u.IsAbs():
		problem.Message = "a redirect_url is a whole address"
	case strings.Contains(text, "#"):
		problem.Message = "a redirect_url may not have a fragment (#…)"
	case u.Scheme == "http" && isLoopback(u.Hostname()) && u.Port() == "0":
		problem.Message, problem.Hint = "there is no port 0", "leave the port out for any that is free"
	case inTheClear(u):
		problem.Message, problem.Hint, problem.Warning = "the code would go over the network unencrypted", "use https://, or http:// on this machine", true
	default:
		return nil
	}
	return []Problem{problem}
}

// checkAuthorizeParams refuses parameters of the sign-in page that follow from something else.
func checkAuthorizeParams(s Settings) []Problem {
	own := []string{
		"response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method", "scope", "audience", "resource",
	}
	var problems []Problem
	for _, pair := range s.pairs("authorize_params") {
		name, path := pair[0], "auth.authorize_params."+pair[0]
		switch {
		case (name == "audience" || name == "resource") && !s.has(name):
		case slices.Contains(own, name):
			problems = append(problems, Problem{
				Path: path, Message: name + " cannot be set in authorize_params", Hint: "it has a key of its own beside authorize_params, or is made afresh for each login",
			})
		case name == "response_mode" && pair[1] != "query":
			problems = append(problems, Problem{
				Path: path, Message: "the answer is read from the address that the browser comes back to", Hint: "leave response_mode out",
			})
		case name == "client_secret" || name == "client_assertion":
			problems = append(problems, Problem{
				Path: path, Message: name + " would show in the browser", Hint: "leave it out: it is sent with the token request",
			})
		}
	}
	return problems
}
