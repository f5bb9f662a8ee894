package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"snrun/auth"
	"snrun/engine/daemon"
	"snrun/history/review"
	"snrun/history/web"
	"snrun/jobs"
)

// servePages has the daemon serve the pages. Those that one person opens are for nobody else. The function it gives is called when the
// daemon has ended.
func (s *serving) servePages() (done func(), err error) {
	c := web.Config{
		Store: s.store, Daemon: s.daemon, Redactor: s.redactor, Log: s.log, Commands: s.next, Version: version,
		SignIns: s.signIns, TestProfile: s.testSignIn, ResetProfile: s.resetSignIn,
	}
	if !s.idle {
		c.Access = accessOf(s.server)
	}
	site := web.New(c)
	if !s.idle {
		if err := s.letIn(site); err != nil {
			return nil, err
		}
	}
	s.daemon.Pages, s.daemon.Link = site, s.linkTo(site)
	s.daemon.Tasks = append(s.daemon.Tasks, daemon.Task{Name: "the way to the pages", Run: s.tellOfPages})
	return site.Close, nil
}

// linkTo gives the function that makes links to the pages.
func (s *serving) linkTo(site *web.Site) func(role, who string) (string, error) {
	return func(role, who string) (string, error) {
		if role != string(web.Viewer) && role != string(web.Operator) {
			return "", errors.New("a link is for a viewer or an operator")
		}
		if s.daemon.Address() == "" {
			return "", errors.New("there are no pages")
		}
		return site.Access.Address(s.daemon.Address()) + site.Links.New(web.Role(role), who), nil
	}
}

// tellOfPages says how a person comes to the pages, once they are there: to a terminal with a link, to a log without a key.
func (s *serving) tellOfPages(ctx context.Context) error {
	switch {
	case s.daemon.Address() == "":
		return nil
	case s.opened != nil:
		link, err := s.daemon.Link(s.opened.role(), s.person())
		if err != nil {
			return err
		}
		s.showLink(link, *s.opened)
	case s.err.terminal():
		link, err := s.daemon.Link(string(web.Operator), s.person())
		if err != nil {
			return err
		}
		s.show("pages: " + link + "\n  lets one person in, once, within ten minutes; another link: " + s.next.UI() + "\n")
	default:
		s.log.Info("pages", "address", s.daemon.Address(), "link", s.next.UI()+" gives one")
	}
	<-ctx.Done()
	return nil
}

// signIns tells how it stands with the profiles of the project.
func (s *serving) signIns(ctx context.Context) ([]review.SignIn, error) {
	project, uses := s.daemon.Project(), s.daemon.UsedBy()
	list := []review.SignIn{}
	for _, name := range slices.Sorted(maps.Keys(project.Profiles)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r := s.signInOf(ctx, project.Profiles[name])
		r.UsedBy = append(r.UsedBy, uses[name]...)
		list = append(list, r)
	}
	return list, nil
}

// signInOf tells how it stands with a profile.
func (s *serving) signInOf(ctx context.Context, p *jobs.Profile) review.SignIn {
	r := review.SignInOf(p)
	status, filled, err := s.daemon.SignInStatus(ctx, p.Name)
	if !filled {
		r.Refuse(err, refusalHint(err))
		return r
	}
	r.Fill(status)
	if err != nil {
		r.Unread(err, helpWith(err))
	}
	return r
}

// refusalHint is what a refusal says should be done.
func refusalHint(err error) string {
	if why, is := errors.AsType[*review.Refusal](err); is {
		return why.Hint
	}
	return helpOf(err)
}

// profileLimit is how long what a page asks of a profile may take: less than the time in which a page must be written.
const profileLimit = 25 * time.Second

// testSignIn does what `auth test` does, with the tokens that the daemon's runs have.
func (s *serving) testSignIn(ctx context.Context, name string) ([]string, error) {
	return s.withSignIn(ctx, name, func(ctx context.Context, a *app, b *daemon.Borrowed) error {
		return a.testProfile(ctx, &opened{Profile: b.Profile, keys: b.Keyring})
	})
}

// resetSignIn does what `auth reset` does, to the tokens that the daemon's runs have.
func (s *serving) resetSignIn(ctx context.Context, name string) ([]string, error) {
	return s.withSignIn(ctx, name, func(ctx context.Context, a *app, b *daemon.Borrowed) error {
		p := &opened{Profile: b.Profile, keys: b.Keyring}
		if !p.hasTokens() {
			return a.signsItself(p, "to forget")
		}
		if err := a.resetProfile(ctx, p); err != nil {
			return err
		}
		return b.ResetOthers(ctx)
	})
}

// withSignIn carries out a command over a profile of the daemon, and gives what it would print.
func (s *serving) withSignIn(ctx context.Context, name string, command func(context.Context, *app, *daemon.Borrowed) error) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, profileLimit)
	defer cancel()
	b, err := s.daemon.Borrow(ctx, name)
	if err != nil {
		return nil, err
	}
	defer b.GiveBack()
	var printed bytes.Buffer
	one := *s.app
	one.redactor = b.Masks
	one.out, one.err = &stream{&printed, b.Masks}, &stream{&printed, b.Masks}
	err = command(ctx, &one, b)
	return strings.FieldsFunc(printed.String(), func(r rune) bool { return r == '\n' }), refusalOf(err, b.Masks)
}

// refusalOf makes the error of a command one for a page. No secret shows in it.
func refusalOf(err error, masks *auth.Redactor) error {
	if err == nil {
		return nil
	}
	why := &review.Refusal{Reason: review.Invalid, Message: masks.Text(err.Error()), Hint: masks.Text(helpWith(err)), Cause: err}
	if exit, is := errors.AsType[*exitError](err); is && exit.code == exitTransient {
		why.Reason = review.Unavailable
	}
	return why
}

// showLink shows a person the way to the pages, which nobody else should have, and opens a browser where one shows.
func (a *app) showLink(link string, o uiOptions) {
	io.WriteString(a.out.file, link+"\n")
	io.WriteString(a.err, "the link lets one person in, once, within ten minutes"+map[bool]string{true: ", to look and not to act"}[o.viewer]+"\n")
	if !o.noOpen && a.err.terminal() && a.hasScreen() {
		a.openBrowser(link)
	}
}
