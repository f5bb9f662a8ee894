package auth

import "net/url"

// password signs in with a user's name and password (RFC 6749 §4.3). OAuth 2.1 has dropped it; ServiceNow and others live on it.
func password() Grant {
	return Grant{
		Name:    "password",
		Summary: "signs in as a user, with the user's name and password beside the client's id and secret",
		Params: []Param{
			{Name: "username", Doc: "The user's name, for grant password.", Example: "integration"},
			{Name: "password", Doc: "The user's password, for grant password.", Example: "${secret.SN_PASSWORD}", Secret: true},
		},
		needs:     []string{"username", "password"},
		refreshes: true,
		form: func(s Settings) url.Values {
			return url.Values{
				"grant_type": {"password"},
				"username":   {s.text("username")},
				"password":   {s.text("password")},
			}
		},
	}
}
