package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	maxAnswer = 1 << 20 // bytes of a token endpoint's answer
	maxQuoted = 300     // characters of a server's message that an error quotes
)

// answer is what a token endpoint gave.
type answer struct {
	access, refresh   string
	life, refreshLife time.Duration // 0 where the server did not say anything usable
}

// answerForm says where a profile's server puts the token, and in which unit it counts. The zero value is that of RFC 6749.
type answerForm struct {
	path string // of the token, with dots between the names; "" for access_token
	unit string // one of lifeUnits, or "timestamp"; "" for seconds
}

// What an answer can be in place of JSON. Proxies, maintenance pages and hibernating instances answer with web pages, with any
// status; such a state passes.
var (
	errWebPage = errors.New("the answer is a web page, not a token")
	errEmpty   = errors.New("the answer is empty")
)

// readAnswer reads the answer to a token request (RFC 6749 §5), and refuses whatever could not be put on a request.
// golang.org/x/oauth2 does not do here: it fails on a lifetime of 3600.0, drops one in text/plain, takes 2^63 for an error,
// cuts a large answer off instead of refusing it, and quotes the answer with its tokens in its errors.
func readAnswer(resp *http.Response, form answerForm) (answer, *SignInError) {
	body, err := readBody(resp)
	if err != nil {
		return answer{}, &SignInError{Status: resp.StatusCode, Cause: err, kind: unreachable, lost: true}
	}
	members, err := decodeAnswer(resp.Header.Get("Content-Type"), body)
	if failed := judge(resp, members, err); failed != nil {
		return answer{}, failed
	}
	got, err := members.answer(form)
	if err != nil {
		return answer{}, &SignInError{Status: resp.StatusCode, Cause: err, kind: unusable, lost: true}
	}
	return got, nil
}

// judge says what is wrong with an answer as a whole: nil where a token may be in it. Lost is an answer to a request that may
// have been carried out: a new refresh token may have been in it, in place of the one we have.
func judge(resp *http.Response, members fields, unread error) *SignInError {
	failed := &SignInError{Status: resp.StatusCode, Code: quoted(members["error"]), Description: members.description(), kind: unusable}
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		failed.Cause = fmt.Errorf("redirected to %s, which a token request never follows", target(resp))
		failed.help = "write the address where tokens are given today into token_url"
	case passes(resp.StatusCode) || failed.Code == "temporarily_unavailable":
		failed.kind, failed.after = unreachable, retryAfter(resp)
		failed.lost = resp.StatusCode >= 500 && resp.StatusCode != http.StatusServiceUnavailable && failed.Code == ""
	case resp.StatusCode >= 400:
		failed.kind, failed.Cause = refusal(failed, unread)
	case failed.Code != "":
		failed.kind = refused
	case unread != nil:
		failed.Cause, failed.lost = unread, true
		if errors.Is(unread, errWebPage) {
			failed.kind = unreachable
		}
	default:
		return nil
	}
	return failed
}

// description is the server's sentence on an error; gateways before it have names of their own for that.
func (f fields) description() string {
	for _, name := range []string{"error_description", "message", "detail"} {
		if text := quoted(f[name]); text != "" {
			return text
		}
	}
	return ""
}

// refusal tells what a status of 4xx is worth. Refused is what the authorization server itself has said; asking again with a
// wrong secret locks accounts, so a bare 400 or 401 counts as that too. A proxy, a firewall or a wrong address say other things:
// 403 and 404, or a web page.
func refusal(failed *SignInError, unread error) (failure, error) {
	switch {
	case slices.Contains(oauthErrors, failed.Code):
		return refused, nil
	case errors.Is(unread, errWebPage):
		return unusable, unread
	case failed.Status == http.StatusNotFound || failed.Status == http.StatusMethodNotAllowed || failed.Status == http.StatusProxyAuthRequired:
		return unusable, nil
	case failed.Code != "", failed.Status == http.StatusBadRequest, failed.Status == http.StatusUnauthorized:
		return refused, nil
	}
	return unusable, unread
}

// oauthErrors are the codes that RFC 6749 §5.2 and its extensions know.
var oauthErrors = []string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
	"invalid_target", "access_denied", "authorization_pending", "slow_down", "expired_token",
}

// readBody reads the body of an answer; of one that is too large only as much as shows that.
func readBody(resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	return body, nil
}

// passes says whether a status may be another one in a moment.
func passes(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// target is where a redirect pointed, without its query.
func target(resp *http.Response) string {
	if u, err := resp.Location(); err == nil {
		return place(u)
	}
	return "nowhere"
}

// fields are the members of an answer. Values of JSON are as encoding/json gives them with UseNumber, those of a form are strings.
type fields map[string]any

// decodeAnswer decides by the body: servers send JSON as text/plain, and as text/html.
func decodeAnswer(contentType string, body []byte) (fields, error) {
	if len(body) > maxAnswer {
		return nil, errors.New("the answer is larger than 1 MB")
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	media, _, _ := mime.ParseMediaType(contentType)
	switch {
	case len(body) == 0:
		return nil, errEmpty
	case body[0] == '{':
		return decodeJSON(body)
	case media == "application/x-www-form-urlencoded", media == "text/plain":
		form, err := url.ParseQuery(string(body))
		if err != nil || !form.Has("access_token") && !form.Has("error") {
			return nil, fmt.Errorf("the answer is neither JSON nor a form, but %s", named(media))
		}
		decoded := make(fields, len(form))
		for name := range form {
			decoded[name] = form.Get(name)
		}
		return decoded, nil
	case body[0] == '<':
		return nil, errWebPage
	}
	return nil, fmt.Errorf("the answer is not JSON, but %s", named(media))
}

func decodeJSON(body []byte) (fields, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var decoded fields
	if err := decoder.Decode(&decoded); err != nil {
		return nil, errors.New("the answer is broken JSON")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("the answer has something behind its JSON")
	}
	return decoded, nil
}

func named(media string) string {
	if media == "" {
		return "of no type"
	}
	return clean(media)
}

// answer takes the token out of the members of an answer. What belongs to it stands beside it.
func (f fields) answer(form answerForm) (answer, error) {
	path := form.path
	if path == "" {
		path = "access_token"
	}
	beside, name := f.beside(path)
	access, err := beside.token(name)
	if err != nil {
		return answer{}, err
	}
	if access == "" {
		return answer{}, fmt.Errorf("the answer has no %s", path)
	}
	refresh, err := beside.token("refresh_token")
	if err != nil {
		return answer{}, err
	}
	kind, _ := beside["token_type"].(string)
	if kind != "" && !strings.EqualFold(kind, "bearer") {
		return answer{}, fmt.Errorf("the token is of type %s, only bearer is known", clean(kind))
	}
	return answer{access: access, refresh: refresh, life: beside.life(form.unit), refreshLife: beside.refreshLife(form.unit)}, nil
}

// beside gives the members that the last name of a path stands among; none where the path leads nowhere.
func (f fields) beside(path string) (members fields, name string) {
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		inner, _ := f[name].(map[string]any)
		f = inner
	}
	return f, names[len(names)-1]
}

// token gives a token, "" when it is not there. A token is visible ASCII: anything else could become a second header.
func (f fields) token(name string) (string, error) {
	if f[name] == nil {
		return "", nil
	}
	token, ok := f[name].(string)
	if !ok {
		return "", fmt.Errorf("%s is not text", name)
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return "", fmt.Errorf("%s has a character that no token may have (a line break, a space or the like)", name)
		}
	}
	return token, nil
}

// retryAfter reads Retry-After, in seconds or as a date (RFC 9110 §10.2.3), 0 when there is none.
func retryAfter(resp *http.Response) time.Duration {
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// quoted is a server's text as an error may quote it; "" for none, and for servers that write "error": false or 0 where there is none.
func quoted(v any) string {
	switch v := v.(type) {
	case nil, bool:
		return ""
	case string:
		return clean(v)
	case json.Number:
		if v == "0" {
			return ""
		}
	}
	text, _ := json.Marshal(v) // it came out of JSON
	return clean(string(text))
}

// clean takes control characters out of a server's text, and cuts it.
func clean(text string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text))
	if len(runes) > maxQuoted {
		return string(runes[:maxQuoted]) + ellipsis
	}
	return string(runes)
}
