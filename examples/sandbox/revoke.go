package sandbox

import "net/http"

// revokeToken answers /oauth_revoke_token.do: as RFC 7009 has it, and by GET with ?token=, as the instance has it, which asks
// nobody who he is. A client that says who it is must be right. That a token is unknown is no mistake.
func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request) {
	var token string
	switch r.Method {
	case http.MethodGet:
		token = r.URL.Query().Get("token")
	case http.MethodPost:
		form, ok := readForm(w, r)
		if !ok {
			s.refuse(w, invalidRequest)
			return
		}
		if form.Has("client_id") && !s.isClient(form) {
			s.refuse(w, invalidClient)
			return
		}
		token = form.Get("token")
	default:
		methodNotSupported(w, r)
		return
	}
	if token == "" {
		s.refuse(w, invalidRequest)
		return
	}
	s.tokens.revoke(token)
	noStore(w)
	w.WriteHeader(http.StatusOK)
}
