package auth

import "net/http"

// bearer signs in with a token that somebody made by hand (RFC 6750).
func bearer() SignInType {
	return SignInType{
		Name:    "bearer",
		Summary: "sends a fixed token as `Authorization: Bearer`",
		Params: []Param{
			{Name: "token", Doc: "The token, without the word Bearer.", Example: "${secret.CHAT_TOKEN}", Required: true, Secret: true},
		},
		check: func(p Profile) []Problem { return checkHeaderValue("auth.token", p.Settings.text("token")) },
		open: func(p Profile, _ *Keyring) (*credentials, error) {
			value := "Bearer " + p.Settings.text("token")
			return signingWith(func(req *http.Request) { req.Header.Set("Authorization", value) }), nil
		},
	}
}
