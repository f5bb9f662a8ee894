package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// signedIn lets a request pass that has a living access token, or the user's name and password.
func (s *Server) signedIn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, valid := s.tokens.id(bearer(r))
		if !valid && !s.isUser(r) {
			unauthenticated(w)
			return
		}
		next(w, r)
	}
}

// withKey lets a request pass that has the on-call API's key, as X-Api-Key or as a bearer token.
func (s *Server) withKey(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.hasKey(r) {
			problem(w, http.StatusUnauthorized, "unauthorized", "send the API key in the header X-Api-Key")
			return
		}
		next(w, r)
	}
}

// asUser lets a request pass that has the user's name and password.
func (s *Server) asUser(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.isUser(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="files"`)
			problem(w, http.StatusUnauthorized, "unauthorized", "send user name and password as basic authentication")
			return
		}
		next(w, r)
	}
}

func (s *Server) isUser(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	return ok && user == s.options.User && password == s.options.Password
}

func (s *Server) hasKey(r *http.Request) bool {
	return r.Header.Get("X-Api-Key") == s.options.OncallKey || bearer(r) == s.options.OncallKey
}

// who names the sign-in of a request for the audit, without telling it: "token-1", "basic", "api_key", "unknown", "".
func (s *Server) who(r *http.Request) string {
	switch {
	case s.isUser(r):
		return "basic"
	case s.hasKey(r):
		return "api_key"
	case r.Header.Get("Authorization") != "" || r.Header.Get("X-Api-Key") != "":
		id, _ := s.tokens.id(bearer(r))
		return id
	}
	return ""
}

// masked says whether a text must not stand in the audit.
func (s *Server) masked(text string) bool {
	for _, secret := range s.Secrets() {
		if text == secret {
			return true
		}
	}
	return s.tokens.known(text)
}

// carries says whether a request has a secret, a token or a code of the sandbox in it, as it is or escaped.
func (s *Server) carries(r *http.Request, body []byte) bool {
	user, password, _ := r.BasicAuth()
	text := strings.Join([]string{r.URL.RequestURI(), user, password, string(body)}, "\n")
	for _, values := range r.Header {
		text += "\n" + strings.Join(values, "\n")
	}
	all := slices.Concat(slices.Collect(maps.Values(s.Secrets())), s.tokens.list(), s.codes.list(), s.devices.codes())
	return slices.ContainsFunc(all, func(secret string) bool {
		return strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret))
	})
}

// bearer gives the bearer token of a request, "" when it has none. RFC 6750 section 2.1; the scheme has no case.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
