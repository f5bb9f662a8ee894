package notify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"snrun/steps"
	"snrun/steps/exchange"
)

// maxAnswer is how much of an answer is read, in bytes: the beginning is enough to say what is wrong.
const maxAnswer = 4 << 10

// webhook posts JSON: what the target asks for, else the notice itself.
func (a *attempt) webhook(ctx context.Context) error {
	text, err := json.Marshal(a.notice)
	if a.in.Has("json") {
		text, err = steps.EncodeJSON(a.in["json"])
	}
	if err != nil {
		return &refusal{why: err, final: true}
	}
	req, err := a.request(ctx, text)
	if err != nil {
		return err
	}
	req.Header.Set("Idempotency-Key", a.notice.ID)
	for _, h := range a.in.Pairs("headers") {
		if value, isText := h.Value.(string); isText {
			req.Header.Set(h.Key, value)
		}
	}
	return a.do(ctx, req)
}

// escapeChat is what Slack asks for: these three and no others.
var escapeChat = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// chat posts a message. Its one key, `text`, is what Slack, Mattermost and Rocket.Chat all take.
func (a *attempt) chat(ctx context.Context) error {
	text, err := json.Marshal(map[string]string{"text": chatText(a.notice)})
	if err != nil {
		return err
	}
	req, err := a.request(ctx, text)
	if err != nil {
		return err
	}
	req.Header.Set("Idempotency-Key", a.notice.ID)
	return a.do(ctx, req)
}

// chatText is the notice with its command in a line of its own, set as code.
func chatText(notice Notice) string {
	text, command := strings.TrimSuffix(notice.Text, lookAt(notice.Command)), notice.Command
	out := strings.TrimSpace(escapeChat.Replace(text))
	if command != "" {
		out += "\n`" + strings.ReplaceAll(escapeChat.Replace(command), "`", "'") + "`"
	}
	return out
}

// ping asks for the address with GET: with /start behind it when a run starts and /fail when it failed, there with the notice as a body.
// The parameter rid joins what belongs to one run; it has to be a UUID.
func (a *attempt) ping(ctx context.Context) error {
	u, err := a.address()
	if err != nil {
		return err
	}
	method, body := http.MethodGet, ""
	switch a.notice.Kind {
	case "start":
		u = u.JoinPath("start")
	case "failure":
		u, method, body = u.JoinPath("fail"), http.MethodPost, a.notice.Text
	case "test":
		u, method, body = u.JoinPath("log"), http.MethodPost, a.notice.Text
	}
	if a.notice.Run != "" {
		query := u.Query()
		query.Set("rid", uuidOf(a.notice.Run))
		u.RawQuery = query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return unusable(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	return a.do(ctx, req)
}

// uuidOf makes a UUID (RFC 9562, version 8) of the id of a run: the same whenever it is asked for.
func uuidOf(run string) string {
	b := sha256.Sum256([]byte("snrun run " + run))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// request makes a POST of JSON to the target's address.
func (a *attempt) request(ctx context.Context, body []byte) (*http.Request, error) {
	u, err := a.address()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, unusable(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

// address is the target's URL: a whole one, or a path below its profile's.
func (a *attempt) address() (*url.URL, error) {
	u, err := url.Parse(a.in.Text("url"))
	if err != nil {
		return nil, unusable(err)
	}
	if u.Scheme == "" && u.Host == "" && a.Base != nil {
		whole := a.Base.JoinPath(u.EscapedPath())
		whole.RawQuery = u.RawQuery
		return whole, nil
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, &refusal{why: errors.New("its url is no whole URL"), final: true}
	}
	return u, nil
}

// unusable is the error of an address that cannot be asked for. It does not quote it: a secret is in it.
func unusable(err error) error {
	if where := (*url.Error)(nil); errors.As(err, &where) {
		err = where.Err
	}
	return &refusal{why: fmt.Errorf("its url cannot be used: %w", err), final: true}
}

// do sends a request. No redirect is followed: a notice goes to nobody who is not in the settings.
func (a *attempt) do(ctx context.Context, req *http.Request) error {
	shared, err := a.Clients.Client(ctx, a.target.Profile)
	if err != nil {
		return err
	}
	client := *shared
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req.Header.Set("User-Agent", a.userAgent)
	answer, err := client.Do(req)
	if where := (*url.Error)(nil); errors.As(err, &where) { // which quotes the address
		err = where.Err
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // the status says it all
	return judge(answer, said)
}

// judge says what an answer means: a status of success alone is one.
func judge(answer *http.Response, said []byte) error {
	status := answer.StatusCode
	if status/100 == 2 {
		return nil
	}
	text := fmt.Sprintf("answer %d %s", status, http.StatusText(status))
	if status/100 == 3 {
		return errors.New(text + ": it points elsewhere; write the address where it leads")
	}
	if words := exchange.Clean(string(said), exchange.ExcerptLength); words != "" {
		text += ": " + words
	}
	after, _ := exchange.RetryAfter(answer.Header, time.Now())
	return &refusal{why: errors.New(text), final: rejects(status), after: after}
}

// rejects says whether a status means that this notice will never be taken. Not so where somebody may mend the target meanwhile.
func rejects(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	}
	return false
}
