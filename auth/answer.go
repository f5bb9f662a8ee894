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
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	maxAnswer   = 1 << 20                   // bytes of a token endpoint's answer
	maxLifetime = 10 * 365 * 24 * time.Hour // beyond it a lifetime is taken for this
	maxQuoted   = 300                       // characters of a server's message that an error quotes
)

// answer is what a token endpoint gave.
type answer struct {
	access, refresh   string
	life, refreshLife time.Duration // 0 where the server did not say anything usable
}

// errWebPage is what proxies, maintenance pages and hibernating instances answer, with any status. It passes.
var errWebPage = errors.New("the answer is a web page, not a token")

// readAnswer reads the answer to a token request (RFC 6749 §5), and refuses whatever could not be put on a request.
// golang.org/x/oauth2 does not do here: it fails on a lifetime of 3600.0, drops one in text/plain, takes 2^63 for an error,
// cuts a large answer off instead of refusing it, and quotes the answer with its tokens in its errors.
func readAnswer(resp *http.Response) (answer, *SignInError) {
	failed := &SignInError{Status: resp.StatusCode, kind: unusable}
	body, err := readBody(resp)
	if err != nil {
		failed.kind, failed.Cause = unreachable, err
		return answer{}, failed
	}
	members, err := decodeAnswer(resp.Header.Get("Content-Type"), body)
	failed.Code, failed.Description = quoted(members["error"]), quoted(members["error_description"])
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		failed.Cause = fmt.Errorf("redirected to %s, which a token request never follows", target(resp))
		failed.help = "write the address where tokens are given today into token_url"
		return answer{}, failed
	case passes(resp.StatusCode) || failed.Code == "temporarily_unavailable":
		failed.kind, failed.after = unreachable, retryAfter(resp)
		return answer{}, failed
	case resp.StatusCode >= 400 || failed.Code != "":
		failed.kind = refused
		return answer{}, failed
	case errors.Is(err, errWebPage):
		failed.kind = unreachable
	}
	var got answer
	if err == nil {
		got, err = members.answer()
	}
	if err != nil {
		failed.Cause = err
		return answer{}, failed
	}
	return got, nil
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
		return nil, errors.New("the answer is empty")
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

// answer takes the token out of the members of an answer.
func (f fields) answer() (answer, error) {
	access, err := f.token("access_token")
	if err != nil {
		return answer{}, err
	}
	if access == "" {
		return answer{}, errors.New("the answer has no access_token")
	}
	refresh, err := f.token("refresh_token")
	if err != nil {
		return answer{}, err
	}
	kind, _ := f["token_type"].(string)
	if f["token_type"] != nil && kind != "" && !strings.EqualFold(kind, "bearer") {
		return answer{}, fmt.Errorf("the token is of type %s, only bearer is known", clean(kind))
	}
	return answer{access: access, refresh: refresh, life: lifetime(f["expires_in"])}, nil
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

// lifetime reads expires_in: seconds, also as text, with a fraction or an exponent. What is not more than zero counts as
// not said; what is beyond ten years, or beyond all numbers, as ten years.
func lifetime(v any) time.Duration {
	text := fmt.Sprint(v)
	if number, ok := v.(json.Number); ok {
		text = number.String()
	}
	text = strings.TrimSpace(text)
	if strings.Trim(text, "0123456789.+-eE") != "" {
		return 0
	}
	// An overflow gives an infinity beside its error.
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || !(seconds > 0) {
		return 0
	}
	if seconds > maxLifetime.Seconds() {
		return maxLifetime
	}
	return time.Duration(seconds * float64(time.Second))
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

// quoted is a server's text as an error may quote it; "" for none, and for servers that write "error": false.
func quoted(v any) string {
	switch v := v.(type) {
	case nil, bool:
		return ""
	case string:
		return clean(v)
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
		return string(runes[:maxQuoted]) + "…"
	}
	return string(runes)
}
