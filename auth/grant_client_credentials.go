package auth

import "net/url"

// clientCredentials signs in as the client itself (RFC 6749 §4.4).
func clientCredentials() Grant {
	return Grant{
		Name:    "client_credentials",
		Summary: "signs in as the client itself, with its id and secret",
		form: func(Settings) url.Values {
			return url.Values{"grant_type": {"client_credentials"}}
		},
	}
}
