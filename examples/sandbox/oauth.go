package sandbox

import (
	"math"
	"mime"
	"net/http"
	"net/url"
)

const tokenPath = "/oauth_token.do"

// maxForm is the size of a form that is read, in bytes.
const maxForm = 64 << 10

// onlyScope is the one scope there is; asking for none is asking for it.
const onlyScope = "useraccount"

// refusal is an error code of RFC 6749 section 5.2 or RFC 8628 section 3.5, "" for none.
type refusal string

const (
	invalidRequest       refusal = "invalid_request"
	invalidClient        refusal = "invalid_client"
	invalidGrant         refusal = "invalid_grant"
	invalidScope         refusal = "invalid_scope"
	unsupportedGrant     refusal = "unsupported_grant_type"
	accessDenied         refusal = "access_denied"
	authorizationPending refusal = "authorization_pending"
	slowDown             refusal = "slow_down"
	expiredToken         refusal = "expired_token"
)

// The values of grant_type.
const (
	byCredentials = "client_credentials"
	byPassword    = "password"
	byCode        = "authorization_code"
	byRefresh     = "refresh_token"
	byDevice      = "urn:ietf:params:oauth:grant-type:device_code"
)

var grantTypes = [...]string{byCode, byCredentials, byDevice, byPassword, byRefresh}

// grant is an answer of the token endpoint, RFC 6749 section 5.1.
type grant struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in,omitempty"` // seconds
}

// grantToken answers tokenPath. Client and user are read from the form, nowhere else.
func (s *Server) grantToken(w http.ResponseWriter, r *http.Request) {
	form, ok := readForm(w, r)
	if !ok {
		s.refuse(w, invalidRequest)
		return
	}
	if !s.isClient(form) {
		s.refuse(w, invalidClient)
		return
	}
	of, refresh, refused := s.checkGrant(form)
	if refused != "" {
		s.refuse(w, refused)
		return
	}
	answer := grant{
		AccessToken:  s.tokens.newAccess(of),
		RefreshToken: refresh,
		Scope:        of.scope,
		TokenType:    "Bearer",
		ExpiresIn:    int(math.Ceil(s.options.TokenLifetime.Seconds())),
	}
	if r.Context().Value(noLifetime{}) != nil {
		answer.ExpiresIn = 0
	}
	noStore(w)
	writeJSON(w, http.StatusOK, answer)
}

// readForm reads the form of a POST in which no parameter comes twice (RFC 6749 section 3.2).
func readForm(w http.ResponseWriter, r *http.Request) (form url.Values, ok bool) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" || r.Method != http.MethodPost {
		return nil, false
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, false
	}
	return r.PostForm, !repeats(r.PostForm)
}

// repeats says whether a parameter comes twice. Of those that may (RFC 8707 section 2, RFC 8693 section 2.1) none is used here.
func repeats(form url.Values) bool {
	for name, values := range form {
		if len(values) > 1 && name != "resource" && name != "audience" {
			return true
		}
	}
	return false
}

func (s *Server) isClient(form url.Values) bool {
	return form.Get("client_id") == s.options.ClientID && form.Get("client_secret") == s.options.ClientSecret
}

// checkGrant gives what the client is allowed, and the refresh token of the answer, "" where the grant has none.
func (s *Server) checkGrant(form url.Values) (of *family, refresh string, refused refusal) {
	switch form.Get("grant_type") {
	case byCredentials:
		return &family{scope: onlyScope}, "", ""
	case byPassword:
		if form.Get("username") != s.options.User || form.Get("password") != s.options.Password {
			return nil, "", invalidGrant
		}
		of = &family{scope: onlyScope}
	case byCode:
		of, refused = s.redeem(form)
	case byDevice:
		of, refused = s.devices.poll(form.Get("device_code"))
	case byRefresh:
		of, refresh, ok := s.tokens.renew(form.Get("refresh_token"))
		if !ok {
			return nil, "", invalidGrant
		}
		return of, refresh, ""
	default:
		return nil, "", unsupportedGrant
	}
	if refused != "" {
		return nil, "", refused
	}
	return of, s.tokens.newRefresh(of), ""
}

// refuse answers as the instance does, with one answer to whatever is wrong; with Options.StandardErrors as RFC 6749 says.
// The instance has no device flow, which cannot work without its own codes.
func (s *Server) refuse(w http.ResponseWriter, why refusal) {
	noStore(w)
	switch why {
	case authorizationPending, slowDown, accessDenied, expiredToken:
		writeJSON(w, http.StatusBadRequest, map[string]refusal{"error": why})
		return
	}
	if !s.options.StandardErrors {
		writeJSON(w, http.StatusUnauthorized, map[string]string{
			"error_description": "access_denied",
			"error":             "server_error",
		})
		return
	}
	status := http.StatusBadRequest
	if why == invalidClient {
		status = http.StatusUnauthorized
	}
	writeJSON(w, status, map[string]refusal{"error": why})
}

func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
}

// checkScope gives the scope that is granted.
func checkScope(asked string) (scope string, ok bool) {
	return onlyScope, asked == "" || asked == onlyScope
}

// noLifetime marks the context of a token request whose answer shall not say how long the token lives.
type noLifetime struct{}
