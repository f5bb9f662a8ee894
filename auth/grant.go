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

	// needs are the params that it cannot do without, of its own or of oauth2; an address may come by discovery instead.
	needs []string
	// takes are the params that it may have beside its own, and that others have no use for.
	takes []string
	// form gives the parameters of the token request, grant_type first of all. Nil for grants that keep: the refresh token is all
	// they have to show.
	form func(Settings) url.Values
	// assertion makes the JWT that a token request shows, afresh for each. It proves who asks: the client needs no further proof.
	assertion func(*endpoint, *url.URL) (string, error)
	// refreshes says that a refresh token beside the token is used (RFC 6749 §6). Client credentials need none (§4.4.3).
	refreshes bool
	// keeps says that the refresh token is all there is, so that it must outlive the process.
	keeps bool
}

// Grants gives the grants of oauth2, in the order in which they are documented.
func Grants() []Grant {
	return []Grant{clientCredentials(), password(), authorizationCode(), deviceGrant(), pastedRefreshToken(), jwtBearer()}
}

func grantNamed(name string) (Grant, bool) {
	grants := Grants()
	i := slices.IndexFunc(grants, func(g Grant) bool { return g.Name == name })
	if i < 0 {
		return Grant{}, false
	}
	return grants[i], true
}

func grantNames() []string {
	var names []string
	for _, g := range Grants() {
		names = append(names, g.Name)
	}
	return names
}

// uses says whether a param serves the grant.
func (g Grant) uses(param string) bool {
	return slices.Contains(g.needs, param) || slices.Contains(g.takes, param) ||
		slices.ContainsFunc(g.Params, func(p Param) bool { return p.Name == param }) ||
		g.assertion != nil && slices.Contains(keyParamNames(), param)
}
