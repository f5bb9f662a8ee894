package auth

import "net/http"

// noSignIn is the type of a profile without a sign-in: its base URL, headers, TLS and limits still count.
func noSignIn() SignInType {
	return SignInType{
		Name:    "none",
		Summary: "sends requests without a sign-in",
		open:    func(Profile, *Keyring) (*credentials, error) { return signingWith(func(*http.Request) {}), nil },
	}
}
