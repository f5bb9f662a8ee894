package auth

import "strings"

// oauth2Type signs in with an access token that an authorization server gives (RFC 6749), sent as RFC 6750 says.
func oauth2Type() SignInType {
	params := oauth2Params()
	for _, g := range Grants() {
		params = append(params, g.Params...)
	}
	return SignInType{
		Name:    "oauth2",
		Summary: "gets an access token from an authorization server, and a new one before it expires",
		Params:  append(params, keyParams()...),
		check:   checkOAuth2,
		open: func(p Profile, k *Keyring) (*credentials, error) {
			e, err := newEndpoint(p, k)
			if err != nil {
				return nil, err
			}
			return &credentials{tokens: newTokenSource(e, p, k)}, nil
		},
	}
}

// oauth2Params are the params that no grant has for itself.
func oauth2Params() []Param {
	return []Param{
		{Name: "grant", Doc: grantDoc(),
			Form: Enum, Values: grantNames(), Default: "client_credentials"},
		{Name: "token_url", Doc: "Where tokens come from: absolute, or relative to `base_url`; a leading slash means the root of its host. Needed unless `issuer` is there.",
			Example: "/oauth_token.do"},
		{Name: "authorize_url", Doc: "Where a person signs in, in a browser. For grant authorization_code.", Example: "/oauth_auth.do"},
		{Name: "device_url", Doc: "Where a sign-in on another device begins. For grant device_code, and `snrun auth login --device`.", Example: "/oauth_device.do"},
		{Name: "revoke_url", Doc: "Where tokens are revoked, for `snrun auth reset`.", Example: "/oauth_revoke_token.do"},
		{Name: "issuer", Doc: "The server's name, as an address: addresses that are not written here come from its discovery document.", Example: "https://id.example.com"},
		{Name: "redirect_url", Doc: "Where the server sends the browser after a sign-in. For grant authorization_code. Default: a free port of this machine.", Example: "http://127.0.0.1:8912/callback"},
		{Name: "client_id", Doc: "The id under which this client is known to the server. Only grant jwt_bearer can do without, with `iss` in `claims`.", Example: "snrun"},
		{Name: "client_secret", Doc: "The client's secret.", Example: "${secret.SN_CLIENT_SECRET}", Secret: true},
		{Name: "client_auth", Doc: clientAuthDoc(), Form: Enum, Values: clientAuthNames(), Default: "body"},
		{Name: "scope", Doc: "The scopes to ask for.", Form: TextList, Example: "[useraccount]"},
		{Name: "audience", Doc: "Who the token is to be shown to, for servers that ask for `audience`.", Example: "https://api.example.com"},
		{Name: "resource", Doc: "Who the token is to be shown to, for servers that ask for `resource` (RFC 8707).", Form: TextList, Example: "[https://api.example.com]"},
		{Name: "params", Doc: "Further parameters of token requests.", Form: TextMap, Example: "{tenant: example}"},
		{Name: "authorize_params", Doc: "Further parameters of the page where a person signs in.", Form: TextMap, Example: "{prompt: consent}"},
		{Name: "token_headers", Doc: "Further headers of token requests.", Form: TextMap, Example: `{X-Tenant: example}`},
		{Name: "token_path", Doc: "Where the token stands in the answer, with dots between the names. `refresh_token`, `expires_in` and `token_type` are looked for beside it.",
			Default: "access_token"},
		{Name: "expires_unit", Doc: "What the answer's `expires_in` counts. A `timestamp` (since 1970, or a date) may also stand in `expires_at` or `expires_on`.",
			Form: Enum, Values: []string{"seconds", "milliseconds", "minutes", "hours", "timestamp"}, Default: "seconds"},
		{Name: "skew", Doc: "How early before its end a token counts as expired, at most half its life.", Form: Duration, Default: "60s"},
		{Name: "assume_ttl", Doc: "How long a token lives when the server gives no usable `expires_in`.", Form: Duration, Default: "30m"},
		{Name: "refresh_when", Doc: "What the answer to a rejected token looks like. A new token is then fetched, once, and the request sent once more.",
			Form: Condition, Default: "response.status == 401"},
	}
}

func grantDoc() string {
	var ways []string
	for _, g := range Grants() {
		ways = append(ways, "`"+g.Name+"` "+g.Summary)
	}
	return "What is shown to the server to be given a token: " + strings.Join(ways, "; ") + "."
}

func clientAuthDoc() string {
	var ways []string
	for _, a := range clientAuths() {
		ways = append(ways, "`"+a.name+"` "+a.summary)
	}
	return "How the client shows who it is: " + strings.Join(ways, "; ") + "."
}
