package auth

import "net/url"

// jwtBearer signs in with a JWT that the profile's key signs (RFC 7523 §2.1): as a user, or as the client itself.
func jwtBearer() Grant {
	return Grant{
		Name:    "jwt_bearer",
		Summary: "signs in with a JWT that a private key signs",
		Params: []Param{
			{Name: "subject", Doc: "Who the token is for, in grant jwt_bearer (the claim `sub`): the name of a user as a rule.", Example: "integration@example.com"},
			{Name: "claims", Doc: "Claims of the assertion of grant jwt_bearer: they come beside `iss` (`client_id`), `sub`, `aud` (the token URL), " +
				"`iat`, `exp` and `jti`, or in their place; null leaves one out.", Form: DataMap, Example: "{aud: https://id.example.com}"},
			{Name: "assertion_ttl", Doc: "How long an assertion of grant jwt_bearer can be used.", Form: Duration, Default: "5m"},
		},
		form: func(Settings) url.Values {
			return url.Values{"grant_type": {jwtBearerType}}
		},
		assertion: (*endpoint).jwtBearerAssertion,
	}
}
