package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"time"

	"snrun/auth"
	"snrun/jobs"
	"snrun/steps"
	"snrun/steps/exchange"
)

// Target is one whom to tell.
type Target struct {
	*jobs.Notify
	// Open gives what one attempt works with, as it is now: secrets change, and so do profiles. It has the Redactor mask them.
	Open func(context.Context, *auth.Redactor) (*Opened, error)
}

// Opened is a target ready to be told.
type Opened struct {
	Names   map[string]any // `env` and `secret`, as the target's expressions see them
	Base    *url.URL       // of its profile; nil where it has none
	Clients steps.Clients  // give the client of its profile, "" for one that signs in nowhere
	Close   func()         // gives all of that back
}

// names are what the target's expressions see.
func (o *Opened) names(notice Notice) (map[string]any, error) {
	names := maps.Clone(o.Names)
	if names == nil {
		names = map[string]any{}
	}
	var err error
	names["notice"], err = notice.names()
	return names, err
}

// mask has what the target computes from secrets masked, also the path of an address: a server may quote that.
func (t *Target) mask(in steps.Input, names map[string]any, r *auth.Redactor) {
	if len(t.Secrets()) == 0 {
		return
	}
	if texts, err := t.Derived(names); err == nil { // else Fill has failed, and nothing is sent
		for _, text := range texts {
			r.AddDerived(text)
		}
	}
	if u, err := url.Parse(in.Text("url")); err == nil && len(u.Path) >= minPath {
		for _, text := range []string{u.Path, u.EscapedPath(), u.RawQuery} {
			r.AddDerived(text)
		}
	}
}

// minPath is how long the path of an address is at least that could be a secret.
const minPath = 8

// sender tries targets.
type sender struct {
	redactor  *auth.Redactor
	userAgent string
	dir       string // where relative names of files start
}

// Try sends a notice to a target at once, beside all that waits.
func (n *Notifier) Try(ctx context.Context, t *Target, notice Notice) error {
	return n.tries.send(ctx, t, notice)
}

// send makes one attempt. It ends within the time that one may take, whatever the target does. Its error has no secrets in it.
func (s sender) send(ctx context.Context, t *Target, notice Notice) error {
	masks := s.redactor.Branch()
	defer masks.CutOff()
	err := s.attempt(ctx, t, notice, masks)
	if err == nil {
		return nil
	}
	out := &refusal{}
	if r := (*refusal)(nil); errors.As(err, &r) {
		*out = *r
	}
	out.why = errors.New(exchange.Clean(masks.Text(err.Error()), maxMessage))
	return out
}

func (s sender) attempt(ctx context.Context, t *Target, notice Notice, masks *auth.Redactor) error {
	o, err := t.Open(ctx, masks)
	if err != nil {
		return err
	}
	defer o.Close()
	names, err := o.names(notice)
	if err != nil {
		return &refusal{why: err, final: true}
	}
	in, err := t.Fill(names)
	if err != nil {
		return &refusal{why: err, final: true}
	}
	t.mask(in, names, masks)
	limit := 10 * time.Second
	if t.Type == "smtp" { // servers let strangers wait before they greet
		limit = 30 * time.Second
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %d seconds", limit/time.Second))
	defer cancel()
	a := &attempt{s, o, t, in, notice}
	switch t.Type {
	case "smtp":
		err = a.mail(ctx)
	case "ping":
		err = a.ping(ctx)
	case "slack":
		err = a.chat(ctx)
	default:
		err = a.webhook(ctx)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// attempt is one attempt to tell a target: the values of its keys, filled in for the notice.
type attempt struct {
	sender
	*Opened
	target *Target
	in     steps.Input
	notice Notice
}
