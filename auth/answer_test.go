package auth

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func responseOf(status int, contentType, body string, more ...string) *http.Response {
	req, _ := http.NewRequest(http.MethodPost, "https://id.example.com/token", nil)
	resp := &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {contentType}},
		Body:       io.NopCloser(strings.NewReader(body)),
		Request:    req,
	}
	for i := 0; i+1 < len(more); i += 2 {
		resp.Header.Set(more[i], more[i+1])
	}
	return resp
}

func TestReadAnswerTakesTokens(t *testing.T) {
	t.Parallel()
	const jsonType = "application/json"
	tests := []struct {
		name, contentType, body string
		want                    answer
	}{
		{"plain", jsonType, `{"access_token":"T","token_type":"Bearer","expires_in":1799}`, answer{access: "T", life: 1799 * time.Second}},
		{"with a refresh token", jsonType, `{"access_token":"T","refresh_token":"R","expires_in":60}`, answer{access: "T", refresh: "R", life: time.Minute}},
		{"type in capitals", jsonType, `{"access_token":"T","token_type":"BEARER"}`, answer{access: "T"}},
		{"type empty", jsonType, `{"access_token":"T","token_type":""}`, answer{access: "T"}},
		{"text/plain", "text/plain", `{"access_token":"T","expires_in":"3600"}`, answer{access: "T", life: time.Hour}},
		{"text/html", "text/html;charset=utf-8", ` {"access_token":"T","expires_in":3600}`, answer{access: "T", life: time.Hour}},
		{"no type", "", `{"access_token":"T"}`, answer{access: "T"}},
		{"byte order mark", jsonType, "\ufeff{\"access_token\":\"T\"}\r\n", answer{access: "T"}},
		{"form", "application/x-www-form-urlencoded", "access_token=T%2B1&expires_in=60&token_type=bearer", answer{access: "T+1", life: time.Minute}},
		{"form as text", "text/plain", "access_token=T&expires_in=60", answer{access: "T", life: time.Minute}},
		{"error is empty", jsonType, `{"access_token":"T","error":"","error_description":null}`, answer{access: "T"}},
		{"error is false", jsonType, `{"access_token":"T","error":false}`, answer{access: "T"}},
		{"error is 0", jsonType, `{"access_token":"T","error":0}`, answer{access: "T"}},
		{"refresh token is null", jsonType, `{"access_token":"T","refresh_token":null}`, answer{access: "T"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, failed := readAnswer(responseOf(http.StatusOK, tt.contentType, tt.body), answerForm{})
			if failed != nil {
				t.Fatalf("got error %v", failed)
			}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestReadAnswerWhereTheTokenIs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, body string
		want             answer
		says             string
	}{
		{"another name", "id_token", `{"id_token":"T","expires_in":60}`, answer{access: "T", life: time.Minute}, ""},
		{"further in", "data.tokens.access", `{"data":{"tokens":{"access":"T","refresh_token":"R","expires_in":60}}}`,
			answer{access: "T", refresh: "R", life: time.Minute}, ""},
		{"what belongs to another token", "user.token", `{"user":{"token":"T"},"access_token":"B","refresh_token":"R","expires_in":60}`, answer{access: "T"}, ""},
		{"a type beside it", "user.token", `{"user":{"token":"T","token_type":"mac"}}`, answer{}, "the token is of type mac, only bearer is known"},
		{"nowhere", "data.token", `{"access_token":"T"}`, answer{}, "the answer has no data.token"},
		{"through a text", "access_token.token", `{"access_token":"T"}`, answer{}, "the answer has no access_token.token"},
		{"through a list", "data.token", `{"data":[{"token":"T"}]}`, answer{}, "the answer has no data.token"},
		{"through null", "data.token", `{"data":null}`, answer{}, "the answer has no data.token"},
		{"an object", "data", `{"data":{"token":"T"}}`, answer{}, "data is not text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, failed := readAnswer(responseOf(http.StatusOK, "application/json", tt.body), answerForm{path: tt.path})
			if got != tt.want || (failed != nil) != (tt.says != "") {
				t.Fatalf("got %+v, %v, want %+v", got, failed, tt.want)
			}
			if failed != nil && failed.Cause.Error() != tt.says {
				t.Errorf("got %v, want %s", failed.Cause, tt.says)
			}
		})
	}
}

// verdict is what an answer without a token is taken for.
type verdict struct {
	kind failure
	lost bool
}

func TestReadAnswerRefuses(t *testing.T) {
	t.Parallel()
	const (
		jsonType = "application/json"
		page     = "<!doctype html><title>Sign in to the network</title>"
	)
	no, later, lost := verdict{kind: refused}, verdict{kind: unreachable}, verdict{unreachable, true}
	wrong, wrongLost := verdict{kind: unusable}, verdict{unusable, true}
	tests := []struct {
		name string
		resp *http.Response
		want verdict
		says string
	}{
		{"wrong secret", responseOf(401, jsonType, `{"error":"invalid_client"}`), no, "status 401: invalid_client"},
		{"wrong secret, as ServiceNow says it", responseOf(401, jsonType, `{"error_description":"access_denied","error":"server_error"}`), no,
			"status 401: server_error: access_denied"},
		{"wrong secret without a word", responseOf(400, "", ""), no, "status 400"},
		{"wrong secret in plain text", responseOf(401, "text/plain", "Unauthorized"), no, "status 401"},
		{"wrong secret as a gateway says it", responseOf(401, jsonType, `{"message":"Invalid authentication credentials"}`), no, "status 401: Invalid authentication credentials"},
		{"forbidden by a standard's word", responseOf(403, jsonType, `{"error":"unauthorized_client"}`), no, "status 403: unauthorized_client"},
		{"forbidden by a firewall", responseOf(403, "text/plain", "RBAC: access denied"), wrong, "status 403"},
		{"forbidden without a word", responseOf(403, "", ""), wrong, "status 403"},
		{"forbidden by a gateway", responseOf(403, jsonType, `{"message":"Forbidden"}`), wrong, "status 403: Forbidden"},
		{"no such page", responseOf(404, "text/html", "<html>"), wrong, "status 404"},
		{"no such path", responseOf(404, jsonType, `{"error":"Not Found","path":"/token"}`), wrong, "status 404: Not Found"},
		{"a standard's word at 404", responseOf(404, jsonType, `{"error":"invalid_grant"}`), no, "status 404: invalid_grant"},
		{"no such method", responseOf(405, "", ""), wrong, "status 405"},
		{"a proxy that wants a password", responseOf(407, "", ""), wrong, "status 407"},
		{"401, a web page", responseOf(401, "text/html", page), wrong, "status 401: the answer is a web page"},
		{"403, a web page", responseOf(403, "text/html", page), wrong, "status 403: the answer is a web page"},
		{"400, a web page", responseOf(400, "text/html", "\n "+page), wrong, "status 400: the answer is a web page"},
		{"200 with an error", responseOf(200, jsonType, `{"error":"invalid_grant","access_token":"T"}`), no, "status 200: invalid_grant"},
		{"200 with an error object", responseOf(200, jsonType, `{"error":{"code":7,"why":"no"}}`), no, `status 200: {"code":7,"why":"no"}`},
		{"form with an error", responseOf(200, "text/plain", "error=access_denied&error_description=no+way"), no, "status 200: access_denied: no way"},
		{"a second header", responseOf(400, jsonType, `{"error":"a\r\nX: y\u001b[31m"}`), no, "status 400: a  X: y [31m"},
		{"down", responseOf(503, "text/html", "<html>"), later, "status 503"},
		{"down, as JSON", responseOf(500, jsonType, `{"error":"server_error"}`), later, "status 500: server_error"},
		{"crashed", responseOf(500, "text/html", "<html>"), lost, "status 500"},
		{"a gateway without a server", responseOf(502, "text/html", "<html>"), lost, "status 502"},
		{"a gateway that waited long enough", responseOf(504, "", ""), lost, "status 504"},
		{"a server behind a gateway", responseOf(502, jsonType, `{"error":"server_error"}`), later, "status 502: server_error"},
		{"busy", responseOf(429, jsonType, `{}`, "Retry-After", "7"), later, "status 429"},
		{"too slow for the server", responseOf(408, "", ""), later, "status 408"},
		{"temporarily", responseOf(400, jsonType, `{"error":"temporarily_unavailable"}`), later, "status 400: temporarily_unavailable"},
		{"a web page", responseOf(200, "text/html", "<!doctype html><title>Your instance is hibernating</title>"), lost, "a web page, not a token"},
		{"307", responseOf(307, "", "", "Location", "https://evil.example/take?code=s"), wrong, "redirected to https://evil.example/take, which"},
		{"302, relative", responseOf(302, "", "", "Location", "/login"), wrong, "redirected to https://id.example.com/login, which"},
		{"303 to nowhere", responseOf(303, "", ""), wrong, "redirected to nowhere"},
		{"304", responseOf(304, "", ""), wrong, "redirected to nowhere"},
		{"5 MB", responseOf(200, jsonType, `{"access_token":"T","x":"`+strings.Repeat("x", 5<<20)+`"}`), wrongLost, "larger than 1 MB"},
		{"empty", responseOf(200, jsonType, " \n"), wrongLost, "the answer is empty"},
		{"204", responseOf(204, "", ""), wrongLost, "the answer is empty"},
		{"no token", responseOf(200, jsonType, `{"Access_Token":"T"}`), wrongLost, "no access_token"},
		{"an empty token", responseOf(200, jsonType, `{"access_token":""}`), wrongLost, "no access_token"},
		{"a token that is a number", responseOf(200, jsonType, `{"access_token":12345}`), wrongLost, "access_token is not text"},
		{"a token with CR LF", responseOf(200, jsonType, `{"access_token":"T\r\nX-Admin: 1"}`), wrongLost, "access_token has a character"},
		{"a token with a space", responseOf(200, jsonType, `{"access_token":"T T"}`), wrongLost, "access_token has a character"},
		{"a token with an umlaut", responseOf(200, jsonType, `{"access_token":"Tö"}`), wrongLost, "access_token has a character"},
		{"a refresh token with CR LF", responseOf(200, jsonType, `{"access_token":"T","refresh_token":"R\n"}`), wrongLost, "refresh_token has a character"},
		{"another type", responseOf(200, jsonType, `{"access_token":"T","token_type":"mac"}`), wrongLost, "type mac, only bearer"},
		{"broken JSON", responseOf(200, jsonType, `{"access_token":"T"`), wrongLost, "broken JSON"},
		{"two JSONs", responseOf(200, jsonType, `{"access_token":"T"}{}`), wrongLost, "something behind its JSON"},
		{"a list", responseOf(200, jsonType, `["T"]`), wrongLost, "not JSON, but application/json"},
		{"text", responseOf(200, "text/plain", "all is well"), wrongLost, "neither JSON nor a form"},
		{"cut off", cutOff(responseOf(200, jsonType, `{"access_token":"T"`)), lost, "the answer broke off"},
		{"a refusal that is cut off", cutOff(responseOf(400, jsonType, `{"error":"invalid_gr`)), lost, "the answer broke off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, failed := readAnswer(tt.resp, answerForm{})
			if failed == nil {
				t.Fatal("no error")
			}
			if got := (verdict{failed.kind, failed.lost}); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if got := failed.Error(); !strings.Contains(got, tt.says) {
				t.Errorf("got %q, want it to say %q", got, tt.says)
			}
			if failed.Help() == "" {
				t.Error("no help")
			}
		})
	}
}

// cutOff is an answer whose body ends too early.
func cutOff(resp *http.Response) *http.Response {
	resp.Body = io.NopCloser(io.MultiReader(resp.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
	return resp
}

func TestRefusalsAreToldApart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status            int
		code              string
		dead, ofTheClient bool
	}{
		{400, "invalid_grant", true, false},
		{200, "bad_refresh_token", true, false},
		{400, "interaction_required", true, false},
		{401, "invalid_client", false, true},
		{401, "server_error", false, false},
		{400, "invalid_request", false, false},
		{500, "invalid_grant", false, false},
		{503, "invalid_client", false, false},
	}
	for _, tt := range tests {
		_, failed := readAnswer(responseOf(tt.status, "application/json", `{"error":"`+tt.code+`"}`), answerForm{})
		if failed.deadGrant() != tt.dead || failed.ofClient() != tt.ofTheClient {
			t.Errorf("%d %s: dead %v, of the client %v", tt.status, tt.code, failed.deadGrant(), failed.ofClient())
		}
	}
}

func TestReadAnswerQuotesLittle(t *testing.T) {
	t.Parallel()
	_, failed := readAnswer(responseOf(400, "application/json", `{"error":"`+strings.Repeat("é", 5000)+`"}`), answerForm{})
	if got := len([]rune(failed.Code)); got != maxQuoted+1 {
		t.Errorf("quoted %d characters, want %d and an ellipsis", got, maxQuoted)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "": 0, "-1": 0, "soon": 0, "99999999999999": 0, "1.5": 0, "Mon, 02 Jan 2006 15:04:05 GMT": 0,
	} {
		if got := retryAfter(responseOf(503, "", "", "Retry-After", value)); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
	in := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	if got := retryAfter(responseOf(503, "", "", "Retry-After", in)); got < 59*time.Minute || got > time.Hour {
		t.Errorf("a date in an hour: got %v", got)
	}
}

// FuzzReadAnswer looks for an answer whose token could not be put on a request, and for one that panics.
func FuzzReadAnswer(f *testing.F) {
	f.Add(200, "application/json", `{"access_token":"T","expires_in":1e3}`, "", "")
	f.Add(200, "text/plain", `access_token=T&expires_in=-5`, "access_token", "hours")
	f.Add(401, "", `{"error":["x"]}`, "a.b", "timestamp")
	f.Add(200, "application/json", `{"access_token":"T\r\n"}`, "", "minutes")
	f.Add(200, "application/json", `{"a":{"b":"T","refresh_token":"R","refresh_expires_in":"1e400","expires_at":"2999-01-01T00:00:00Z"}}`, "a.b", "timestamp")
	f.Fuzz(func(t *testing.T, status int, contentType, body, path, unit string) {
		got, failed := readAnswer(responseOf(status, contentType, body), answerForm{path, unit})
		if failed != nil {
			if strings.ContainsAny(failed.Error(), "\r\n\x1b") {
				t.Errorf("control characters in %q", failed.Error())
			}
			return
		}
		if got.access == "" || strings.ContainsAny(got.access+got.refresh, " \r\n\x00") {
			t.Errorf("took %+v", got)
		}
		for _, life := range []time.Duration{got.life, got.refreshLife} {
			if life < 0 || life > maxLifetime {
				t.Errorf("a life of %v in %s", life, body)
			}
		}
	})
}
