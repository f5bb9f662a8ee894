package auth

import (
	"fmt"
	"net/url"
	"strings"
)

// metadata are the addresses of an authorization server, and what else there is to know of it (RFC 8414 §2).
type metadata struct {
	issuer                           string   // "" where the profile names none
	token, authorize, device, revoke *url.URL // nil where it is not known

	// iss says that the server names itself in the answer to an authorization request (RFC 9207): one without is not its own.
	iss bool
}

// addressParams are the params that hold an address of the server. Discovery gives those that are not there.
func addressParams() []string {
	return []string{"token_url", "authorize_url", "device_url", "revoke_url"}
}

// urlsOf gives the addresses that a profile names itself.
func urlsOf(p Profile) metadata {
	address := func(param string) *url.URL {
		if p.Settings.text(param) == "" {
			return nil
		}
		u, _ := addressOf(p, param) // a mistake in it was found by Check
		return u
	}
	return metadata{
		issuer: p.Settings.text("issuer"),
		token:  address("token_url"), authorize: address("authorize_url"), device: address("device_url"), revoke: address("revoke_url"),
	}
}

// addressOf is the address that a param holds.
func addressOf(p Profile, param string) (*url.URL, error) {
	text := p.Settings.text(param)
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is no URL", text)
	case u.Fragment != "":
		return nil, fmt.Errorf("%s may not have a fragment (#…)", param)
	case u.IsAbs():
		return u, nil
	case u.Host != "":
		return nil, fmt.Errorf("%q has no scheme", text)
	case p.BaseURL == nil:
		return nil, fmt.Errorf("the profile has no base_url that a relative %s could start from", param)
	}
	// A base URL names a folder, with a slash at its end or without one.
	base := *p.BaseURL
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	base.RawPath = ""
	return base.ResolveReference(u), nil
}
