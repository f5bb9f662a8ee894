package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// clientLimit is how long a daemon has to answer a command.
const clientLimit = 10 * time.Second

// Client asks a daemon over its control socket. What a command wants to be done it does in the database itself; then it wakes the
// daemons.
type Client struct{ http *http.Client }

// NewClient makes a client of the daemon that listens at a socket. It asks nothing yet.
func NewClient(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	return &Client{&http.Client{Timeout: clientLimit, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// Wake has the daemon look at once at what was changed in the database.
func (c *Client) Wake(ctx context.Context) error { return c.ask(ctx, http.MethodPost, "/wake", nil) }

// Status asks how it stands.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	return s, c.ask(ctx, http.MethodGet, "/status", &s)
}

// Link has it make a link by which somebody may enter its pages once, in a role: viewer or operator.
func (c *Client) Link(ctx context.Context, role, who string) (string, error) {
	var l link
	err := c.ask(ctx, http.MethodPost, "/link?"+url.Values{"role": {role}, "who": {who}}.Encode(), &l)
	return l.URL, err
}

// ask makes a request and reads its answer into one of JSON.
func (c *Client) ask(ctx context.Context, method, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://daemon"+path, nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("asking the daemon: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return fmt.Errorf("asking the daemon: %w", err)
	case resp.StatusCode >= 300:
		return fmt.Errorf("asking the daemon: %s", strings.TrimSpace(string(body)))
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("asking the daemon: %w", err)
	}
	return nil
}
