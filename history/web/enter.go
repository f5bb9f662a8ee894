package web

import (
	"net/http"
	"net/url"
	"strings"

	"snrun/history"
)

// enter lets in whoever has the key of a link.
func (s *Site) enter(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet { // a HEAD, of a program that looks where an address leads, uses no key up
		w.Header().Set("Allow", http.MethodGet)
		return &Problem{Status: http.StatusMethodNotAllowed, Message: "a link is followed by GET"}
	}
	v, fits := s.Links.take(r.FormValue("key"))
	if !fits {
		return &Problem{
			Status: http.StatusUnauthorized, Message: "this link lets nobody in: it was used already, or it is older than ten minutes",
			Hint: "another one is given by: " + s.linkCommand(),
		}
	}
	v.Origin = visitorOf(r).Origin
	s.signIn(w, r, v, digest{})
	return nil
}

// signIn begins a session, in place of the one that the browser may have had, and leads to the page that was asked for.
func (s *Site) signIn(w http.ResponseWriter, r *http.Request, v visitor, password digest) {
	s.forget(r)
	http.SetCookie(w, s.cookie(r, s.sessions.begin(v, password)))
	s.sessions.endOthers(s.people()) // whom the settings name no more since the password was looked at
	how := "with a password"
	if password == (digest{}) {
		how = "by a link"
	}
	s.Log.Info("somebody signed in", "name", v.Name, "role", v.Role, "origin", v.Origin, "how", how)
	s.Record(history.Audit{Who: v.Name, Role: string(v.Role), Origin: v.Origin, Action: "sign_in", Outcome: history.AuditDone, Detail: how})
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, localPath(r.FormValue("to")), http.StatusSeeOther)
}

// leave signs the visitor out.
func (s *Site) leave(w http.ResponseWriter, r *http.Request) error {
	s.forget(r)
	if v := visitorOf(r); v.Role != "" {
		s.Record(history.Audit{Who: v.Name, Role: string(v.Role), Origin: v.Origin, Action: "sign_out", Outcome: history.AuditDone})
	}
	gone := s.cookie(r, "")
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	http.Redirect(w, r, loginPath, http.StatusSeeOther)
	return nil
}

// forget ends the sessions whose keys come with a request.
func (s *Site) forget(r *http.Request) {
	for _, c := range r.CookiesNamed(s.cookieName(r)) {
		s.sessions.end(c.Value)
	}
}

// cookie is the cookie that has the key of a session. Scripts do not see it, and no other site makes a browser send it. It ends with the browser.
func (s *Site) cookie(r *http.Request, key string) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(r), Value: key, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.Access.encrypted(),
	}
}

// cookieName is what the cookie is called. Over an encrypted connection the prefix keeps others from setting it: neighbours in the same
// domain, and whoever can change what comes unencrypted (RFC 6265bis, section 4.1.3). Else the port is in it: browsers send cookies to all ports of
// an address, and those of two daemons on one machine must not take each other's place.
func (s *Site) cookieName(r *http.Request) string {
	if s.Access.encrypted() {
		return "__Host-snrun"
	}
	if _, port := splitHost(r.Host); port != "" {
		return "snrun-" + port
	}
	return "snrun"
}

// localPath is where a visitor is led to: a path of this site, whatever was asked for.
func localPath(to string) string {
	u, err := url.Parse(to)
	local := err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && strings.HasPrefix(to, "/")
	if !local || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\") { // which browsers take for a slash
		return "/"
	}
	return to
}
