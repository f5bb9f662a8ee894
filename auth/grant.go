package auth

import (
	"net/url"
	"slices"
)

// Grant is a value of oauth2's `grant`: what a profile shows the authorization server to be given a token.
type Grant struct {
	Name    string
	Summary string // one line, without a full stop
	// Params are those that only this grant has; they are among the params of oauth2 too.
	Params []Param

	// form gives the parameters of the token request, grant_type first of all. Nil where a person has to sign in first: the
	// refresh token that comes of it is all there is.
	form func(*endpoint) (url.Values, error)
	// refreshes says that a refresh token beside the token is used (RFC 6749 §6). Client credentials need none (§4.4.3).
	refreshes bool
	// keeps says that the refresh token is all there is, so that it must outlive the process.
	keeps bool
}

// Grants gives the grants of oauth2, in the order in which they are documented.
func Grants() []Grant { return []Grant{clientCredentials(), password()} }

func grantNamed(name string) (Grant, bool) {
	grants := Grants()
	i := slices.IndexFunc(grants, func(g Grant) bool { return g.Name == name })
	if i < 0 {
		return Grant{}, false
	}
	return grants[i], true
}
