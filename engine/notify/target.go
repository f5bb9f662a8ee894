package notify

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"time"

	"snrun/auth"
	"snrun/jobs"
	"snrun/steps"
)

// Target is one whom to tell.
type Target struct {
	*jobs.Notify
	Names map[string]any // `env` and `secret`, as its expressions see them
	Base  *url.URL       // of its profile; nil where it has none
}

// mask has what the target computes from secrets masked, also the path of an address: a server may quote that.
func (t *Target) mask(r *auth.Redactor) {
	names, err := t.names(Notice{})
	if err != nil {
		return
	}
	if texts, err := t.Derived(names); err == nil {
		for _, text := range texts {
			r.AddDerived(text)
		}
	}
	in, err := t.Fill(names)
	if err != nil || len(t.Secrets()) == 0 {
		return
	}
	if u, err := url.Parse(in.Text("url")); err == nil && len(u.Path) >= minPath {
		r.AddDerived(u.Path)
		r.AddDerived(u.EscapedPath())
		r.AddDerived(u.RawQuery)
	}
}

// minPath is how long the path of an address is at least that could be a secret.
const minPath = 8

// names are what the target's expressions see.
func (t *Target) names(notice Notice) (map[string]any, error) {
	names := maps.Clone(t.Names)
	if names == nil {
		names = map[string]any{}
	}
	var err error
	names["notice"], err = notice.names()
	return names, err
}

// sender tries targets.
type sender struct {
	clients   steps.Clients
	redactor  *auth.Redactor
	userAgent string
}

// Try sends a notice to a target at once, beside all that waits. Secrets may be in the error's text.
func (n *Notifier) Try(ctx context.Context, t *Target, notice Notice) error {
	return n.tries.send(ctx, t, notice)
}

// send makes one attempt. It ends within the time that one may take, whatever the target does.
func (s sender) send(ctx context.Context, t *Target, notice Notice) error {
	names, err := t.names(notice)
	if err != nil {
		return &refusal{why: err, final: true}
	}
	in, err := t.Fill(names)
	if err != nil {
		return &refusal{why: err, final: true}
	}
	limit := 10 * time.Second
	if t.Type == "smtp" { // servers let strangers wait before they greet
		limit = 30 * time.Second
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %d seconds", limit/time.Second))
	defer cancel()
	switch t.Type {
	case "smtp":
		err = mail(ctx, in, notice)
	case "ping":
		err = s.ping(ctx, t, in, notice)
	case "slack":
		err = s.chat(ctx, t, in, notice)
	default:
		err = s.webhook(ctx, t, in, notice)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}
