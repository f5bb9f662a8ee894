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
// false, and goes where the browser is sent. A page that is not on loopback is refused. No error holds the state or the code.
func Answer(ctx context.Context, page string, yes bool) error {
	at, err := url.Parse(page)
	if err != nil || !isLoopback(at.Hostname()) {
		return errors.New("answering a login: the page is none of a sandbox: it is not on loopback")
	}
	shown, status, err := browse(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	action, ticket := formAction.FindStringSubmatch(shown), formTicket.FindStringSubmatch(shown)
	if action == nil || ticket == nil {
		return fmt.Errorf("answering a login: status %d and no button to press: %s", status, firstText(shown))
	}
	decision := allow
	if !yes {
		decision = deny
	}
	at = at.ResolveReference(&url.URL{Path: action[1]})
	shown, status, err = browse(ctx, http.MethodPost, at, url.Values{"consent": {ticket[1]}, "decision": {decision}})
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("answering a login: status %d: %s", status, firstText(shown))
	}
	return err
}

// browse gets a page as a browser does, redirects followed.
func browse(ctx context.Context, method string, at *url.URL, form url.Values) (text string, status int, err error) {
	r, err := http.NewRequestWithContext(ctx, method, at.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, errors.New("answering a login: the address is not well-formed")
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
		return "", 0, fmt.Errorf("answering a login: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", 0, fmt.Errorf("answering a login: %w", err)
	}
	return string(body), response.StatusCode, nil
}

func firstText(page string) string {
	if m := pageText.FindStringSubmatch(page); m != nil {
		return html.UnescapeString(m[1])
	}
	return "the page says nothing that could be told"
}
