package auth

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// basic signs in with a user's name and password (RFC 7617). Both are sent as UTF-8.
func basic() SignInType {
	return SignInType{
		Name:    "basic",
		Summary: "sends a user name and a password with every request",
		Params: []Param{
			{Name: "username", Doc: "The user's name.", Example: "integration", Required: true},
			{Name: "password", Doc: "The user's password.", Example: "${secret.ERP_PASSWORD}", Required: true, Secret: true},
		},
		check: func(p Profile) []Problem {
			if strings.Contains(p.Settings.text("username"), ":") {
				return []Problem{{
					Path: "auth.username", Message: "a user name for basic may not hold a colon",
					Hint: "the server would take what follows it for the password (RFC 7617)",
				}}
			}
			return nil
		},
		open: func(p Profile, k *Keyring) (*credentials, error) {
			pair := p.Settings.text("username") + ":" + p.Settings.text("password")
			encoded := base64.StdEncoding.EncodeToString([]byte(pair))
			k.redactor.Add(encoded)
			return signingWith(func(req *http.Request) { req.Header.Set("Authorization", "Basic "+encoded) }), nil
		},
	}
}
