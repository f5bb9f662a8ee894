package sandbox

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// The button of a page: where its form leads, and the ticket in it.
var (
	formAction = regexp.MustCompile(`<form method="post" action="([^"]+)">`)
	formTicket = regexp.MustCompile(`name="consent" value="([^"]+)"`)
	pageText   = regexp.MustCompile(`<p>([^<]+)</p>`)
)

// Answer does in place of a person what a login asks of one: it opens a page of a sandbox, presses Allow, or Deny where yes is
// false, and goes where the browser is sent. What is said there is not its business. A page that is not on loopback is refused. No
// error holds the state or the code.
func Answer(ctx context.Context, page string, yes bool) error {
	at, err := url.Parse(page)
	if err != nil || !isLoopback(at.Hostname()) {
		return errors.New("answering a login: the page is none of a sandbox: it is not on loopback")
	}
	shown, err := browse(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	action, ticket := formAction.FindStringSubmatch(shown.text), formTicket.FindStringSubmatch(shown.text)
	if action == nil || ticket == nil {
		return fmt.Errorf("answering a login: status %d and no button to press: %s", shown.status, shown.firstText())
	}
	decision := allow
	if !yes {
		decision = deny
	}
	at = at.ResolveReference(&url.URL{Path: action[1]})
	shown, err = browse(ctx, http.MethodPost, at, url.Values{"consent": {ticket[1]}, "decision": {decision}})
	if err == nil && shown.status != http.StatusOK && shown.host == at.Host {
		err = fmt.Errorf("answering a login: status %d: %s", shown.status, shown.firstText())
	}
	return err
}

// sight is what a browser shows in the end.
type sight struct {
	host   string
	status int
	text   string
}

// browse gets a page as a browser does, redirects followed.
func browse(ctx context.Context, method string, at *url.URL, form url.Values) (sight, error) {
	r, err := http.NewRequestWithContext(ctx, method, at.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return sight{}, errors.New("answering a login: the address is not well-formed")
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		var where *url.Error // its address may hold a code
		if errors.As(err, &where) {
			err = where.Err
		}
		return sight{}, fmt.Errorf("answering a login: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return sight{}, fmt.Errorf("answering a login: %w", err)
	}
	return sight{response.Request.URL.Host, response.StatusCode, string(body)}, nil
}

func (s sight) firstText() string {
	if m := pageText.FindStringSubmatch(s.text); m != nil {
		return html.UnescapeString(m[1])
	}
	return "the page says nothing that could be told"
}
