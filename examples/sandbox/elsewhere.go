package sandbox

import (
	"io"
	"net/http"
)

// Elsewhere are the requests that the other port of a started sandbox got. A fault of the kind Redirect leads there; what follows
// it with a secret has lost the secret.
func (s *Server) Elsewhere() []Request { return s.elsewhere.list() }

// answerElsewhere is glad of every request: it gives a token, which is none, to whoever comes.
func (s *Server) answerElsewhere(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm)) // of a body that is too long the beginning
	came := &Request{
		Method: r.Method, Path: r.URL.Path, Query: readable(r.URL.RawQuery, s.masked), Status: http.StatusOK,
		Auth: s.who(r), Secret: s.carries(r, body),
	}
	if r.URL.Path == tokenPath {
		came.GrantType = grantTypeOf(body)
	}
	s.elsewhere.add(came)
	writeJSON(w, http.StatusOK, grant{AccessToken: newSecret(), Scope: onlyScope, TokenType: "Bearer", ExpiresIn: 60})
}
