package auth

const grantRefreshToken = "refresh_token"

// pastedRefreshToken signs in with a refresh token that a person got elsewhere (RFC 6749 §6). Where the server gives another one in
// its place, that one counts from then on.
func pastedRefreshToken() Grant {
	return Grant{
		Name:    grantRefreshToken,
		Summary: "signs in with a refresh token that was got elsewhere",
		Params: []Param{
			{Name: "refresh_token", Doc: "The refresh token to begin with, for grant refresh_token. Those that the server gives in its place are kept.",
				Example: "${secret.REFRESH_TOKEN}", Secret: true},
		},
		needs:     []string{"refresh_token"},
		refreshes: true,
		keeps:     true,
	}
}
