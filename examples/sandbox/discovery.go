package sandbox

import "net/http"

// issuer names the sandbox as an authorization server, by the address it was asked at.
func issuer(r *http.Request) string { return "http://" + r.Host }

// describe answers the metadata of RFC 8414, at its own path and at that of OpenID Connect. The instance has none; it is here to
// try `issuer` with. There are no ID tokens.
func (s *Server) describe(w http.ResponseWriter, r *http.Request) {
	at := issuer(r)
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                         at,
		"authorization_endpoint":                         at + "/oauth_auth.do",
		"token_endpoint":                                 at + "/oauth_token.do",
		"revocation_endpoint":                            at + "/oauth_revoke_token.do",
		"device_authorization_endpoint":                  at + "/oauth_device.do",
		"response_types_supported":                       []string{"code"},
		"grant_types_supported":                          grantTypes[:],
		"scopes_supported":                               []string{onlyScope},
		"code_challenge_methods_supported":               []string{"S256"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_post"},
		"revocation_endpoint_auth_methods_supported":     []string{"client_secret_post", "none"},
		"authorization_response_iss_parameter_supported": true,
	})
}
