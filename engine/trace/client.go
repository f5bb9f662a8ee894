package trace

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// client delivers spans by OTLP over HTTP, as protobuf. It is an otlptrace.Client.
type client struct {
	settings *settings
	agent    string
	http     *http.Client
	wait     time.Duration // before the second try; each further one waits twice as long
	hurried  chan struct{} // closed when nobody has time for a further try
	once     sync.Once
}

const firstWait = time.Second

func newClient(s *settings, version string) *client {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: s.tls, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2,
		IdleConnTimeout: 90 * time.Second,
	}
	// A redirect would carry the key that signs in elsewhere.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{settings: s, agent: "snrun/" + version, http: &http.Client{Transport: t, CheckRedirect: stay}, wait: firstWait, hurried: make(chan struct{})}
}

// Start does nothing: there is a connection when there are spans.
func (c *client) Start(context.Context) error { return nil }

// Stop closes what is open and idle.
func (c *client) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// hurry has deliveries be tried once only from now on.
func (c *client) hurry() { c.once.Do(func() { close(c.hurried) }) }

// UploadTraces delivers spans, and tries again until the context ends where the collector may take them later.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// A TracesData reads the same as the request that the protocol names, whose package brings gRPC along.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	if c.settings.gzip {
		body = zipped(body)
	}
	for wait := c.wait; ; wait *= 2 {
		asked, again, err := c.deliver(ctx, body)
		if err == nil || !again || !c.rest(ctx, max(wait, asked)) {
			return err
		}
	}
}

// rest waits, and says whether there is time for a further try.
func (c *client) rest(ctx context.Context, wait time.Duration) bool {
	if end, limited := ctx.Deadline(); limited && time.Until(end) < wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.hurried:
		return false
	case <-ctx.Done():
		return false
	}
}

// deliver sends spans once. Again says that it may help to do that again, after the wait that the collector asked for.
func (c *client) deliver(ctx context.Context, body []byte) (asked time.Duration, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.settings.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return 0, false, err
	}
	req.Header.Set("User-Agent", c.agent)
	for _, h := range c.settings.headers {
		req.Header.Set(h.name, h.value)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	if c.settings.gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, true, err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	if resp.StatusCode/100 == 2 {
		return 0, false, nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		again = true
	}
	seconds, _ := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 16)
	return time.Duration(seconds) * time.Second, again, fmt.Errorf("the collector answers %s", resp.Status)
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // a buffer takes all
	_ = w.Close()
	return b.Bytes()
}
