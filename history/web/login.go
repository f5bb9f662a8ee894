package web

import (
	"fmt"
	"math"
	"net/http"
	"net/url"

	"snrun/history"
	"snrun/history/words"
)

// signingIn is what the page is about on which visitors sign in.
type signingIn struct {
	Why       *Problem // nil for one who came by himself
	Passwords bool     // there is somebody who has one
	Name      string   // that was given
	To        string   // where it leads
	Ended     bool     // the session that the browser has a key of is over
	Link      string   // the command that gives a link
	// Again is where one whom another site led here comes in who has signed in before: his browser sent no cookie, so that other sites
	// cannot act for him. To what this page leads to it sends it.
	Again string
}

// login shows the page on which visitors sign in. Whoever has done so is led on.
func (s *Site) login(w http.ResponseWriter, r *http.Request) error {
	if visitorOf(r).session != nil {
		http.Redirect(w, r, localPath(r.FormValue("to")), http.StatusSeeOther)
		return nil
	}
	return s.showLogin(http.StatusOK, w, r, signingIn{To: localPath(r.FormValue("to"))})
}

// refuse shows the page on which visitors sign in in place of the one that they may not see yet.
func (s *Site) refuse(w http.ResponseWriter, r *http.Request, why *Problem) error {
	in := signingIn{Why: why, To: "/", Name: r.PostFormValue("name")}
	if why.Message == notSignedIn { // which is no mistake
		in.Why, in.Ended = nil, len(r.CookiesNamed(s.cookieName(r))) > 0
	}
	switch {
	case r.URL.Path == enterPath:
	case r.URL.Path == loginPath:
		in.To = localPath(r.PostFormValue("to"))
	case r.Method == http.MethodGet:
		in.To = localPath(r.URL.RequestURI())
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
			in.Again = loginPath + "?" + url.Values{"to": {in.To}}.Encode()
		}
	}
	return s.showLogin(why.Status, w, r, in)
}

func (s *Site) showLogin(status int, w http.ResponseWriter, r *http.Request, in signingIn) error {
	in.Passwords, in.Link = len(s.people()) > 0, s.linkCommand()
	return s.showAs(status, w, r, "login", page{Title: "Sign in", Body: in})
}

// linkCommand is the command that gives a link: whole, with its paths, for those only who are on this machine.
func (s *Site) linkCommand() string {
	if s.Access.confined() {
		return s.Commands.UI()
	}
	return "snrun ui"
}

// withPassword lets in whoever has one.
func (s *Site) withPassword(w http.ResponseWriter, r *http.Request) error {
	name, password := r.PostForm.Get("name"), r.PostForm.Get("password")
	if name == "" || password == "" {
		return &Problem{Status: http.StatusUnauthorized, Message: "signing in takes a name and a password"}
	}
	origin := visitorOf(r).Origin
	p, err := s.check(r, origin, name, password)
	if err != nil {
		return err
	}
	s.signIn(w, r, visitor{Name: p.Name, Role: p.Role, Origin: origin}, p.password)
	return nil
}

// check gives the one whom a password lets in, with a name or without. The error is a Problem that does not tell whether there is such a name.
func (s *Site) check(r *http.Request, origin, name, password string) (Person, error) {
	if wait := s.throttle.wait(origin); wait > 0 {
		seconds := int(math.Ceil(wait.Seconds()))
		return Person{}, &Problem{
			Status: http.StatusTooManyRequests, RetryAfter: wait, Message: "too many wrong passwords",
			Hint: fmt.Sprintf("the next one is looked at in %s", words.Plural(seconds, "second")),
		}
	}
	p, fits := personOf(s.people(), name, password)
	if fits {
		s.throttle.right(origin)
		return p, nil
	}
	s.Log.Warn("a wrong password", "origin", origin, "path", r.URL.Path) // not the name: some write the password there
	if s.throttle.wrong(origin) {
		s.Record(history.Audit{Origin: origin, Action: "sign_in", Outcome: history.AuditRefused, Detail: "a wrong password"})
	}
	return Person{}, &Problem{Status: http.StatusUnauthorized, Message: "name and password do not fit", Hint: "passwords are those of server.access in snrun.yaml"}
}
