package auth

import (
	"io"
	"net/http"
	"strings"
	"testing"
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

func TestReadAnswerReadsLifetimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		`3600`: time.Hour, `"3600"`: time.Hour, `3600.0`: time.Hour, `" 3600 "`: time.Hour, `3.6e3`: time.Hour, `"1e3"`: 1000 * time.Second,
		`0.5`: time.Second / 2, `9223372036854775808`: maxLifetime, `1e999`: maxLifetime, `"1e999999999999"`: maxLifetime,
		`0`: 0, `-1`: 0, `-9223372036854775808`: 0, `-1e999`: 0, `""`: 0, `null`: 0, `"soon"`: 0, `"inf"`: 0, `"NaN"`: 0, `"0x10"`: 0, `"1_000"`: 0,
		`true`: 0, `[3600]`: 0, `{"a":1}`: 0, `"-"`: 0, `1e-300`: 0,
	} {
		body := `{"access_token":"T","expires_in":` + text + `}`
		got, failed := readAnswer(responseOf(http.StatusOK, "application/json", body), answerForm{})
		if failed != nil || got.life != want {
			t.Errorf("expires_in %s: got %v, %v, want %v", text, got.life, failed, want)
		}
	}
}

func TestReadAnswerRefuses(t *testing.T) {
	t.Parallel()
	const jsonType = "application/json"
	tests := []struct {
		name      string
		resp      *http.Response
		temporary bool
		says      string
	}{
		{"wrong secret", responseOf(401, jsonType, `{"error":"invalid_client"}`), false, "status 401: invalid_client"},
		{"wrong secret, as ServiceNow says it", responseOf(401, jsonType, `{"error_description":"access_denied","error":"server_error"}`), false,
			"status 401: server_error: access_denied"},
		{"wrong secret without a word", responseOf(400, "", ""), false, "status 400"},
		{"no such page", responseOf(404, "text/html", "<html>"), false, "status 404"},
		{"200 with an error", responseOf(200, jsonType, `{"error":"invalid_grant","access_token":"T"}`), false, "status 200: invalid_grant"},
		{"200 with an error object", responseOf(200, jsonType, `{"error":{"code":7,"why":"no"}}`), false, `status 200: {"code":7,"why":"no"}`},
		{"form with an error", responseOf(200, "text/plain", "error=access_denied&error_description=no+way"), false, "status 200: access_denied: no way"},
		{"a second header", responseOf(400, jsonType, `{"error":"a\r\nX: y\u001b[31m"}`), false, "status 400: a  X: y [31m"},
		{"down", responseOf(503, "text/html", "<html>"), true, "status 503"},
		{"down, as JSON", responseOf(500, jsonType, `{"error":"server_error"}`), true, "status 500: server_error"},
		{"busy", responseOf(429, jsonType, `{}`, "Retry-After", "7"), true, "status 429"},
		{"too slow for the server", responseOf(408, "", ""), true, "status 408"},
		{"temporarily", responseOf(400, jsonType, `{"error":"temporarily_unavailable"}`), true, "status 400: temporarily_unavailable"},
		{"a web page", responseOf(200, "text/html", "<!doctype html><title>Your instance is hibernating</title>"), true, "a web page, not a token"},
		{"307", responseOf(307, "", "", "Location", "https://evil.example/take?code=s"), false, "redirected to https://evil.example/take, which"},
		{"302, relative", responseOf(302, "", "", "Location", "/login"), false, "redirected to https://id.example.com/login, which"},
		{"303 to nowhere", responseOf(303, "", ""), false, "redirected to nowhere"},
		{"304", responseOf(304, "", ""), false, "redirected to nowhere"},
		{"5 MB", responseOf(200, jsonType, `{"access_token":"T","x":"`+strings.Repeat("x", 5<<20)+`"}`), false, "larger than 1 MB"},
		{"empty", responseOf(200, jsonType, " \n"), false, "the answer is empty"},
		{"204", responseOf(204, "", ""), false, "the answer is empty"},
		{"no token", responseOf(200, jsonType, `{"Access_Token":"T"}`), false, "no access_token"},
		{"an empty token", responseOf(200, jsonType, `{"access_token":""}`), false, "no access_token"},
		{"a token that is a number", responseOf(200, jsonType, `{"access_token":12345}`), false, "access_token is not text"},
		{"a token with CR LF", responseOf(200, jsonType, `{"access_token":"T\r\nX-Admin: 1"}`), false, "access_token has a character"},
		{"a token with a space", responseOf(200, jsonType, `{"access_token":"T T"}`), false, "access_token has a character"},
		{"a token with an umlaut", responseOf(200, jsonType, `{"access_token":"Tö"}`), false, "access_token has a character"},
		{"a refresh token with CR LF", responseOf(200, jsonType, `{"access_token":"T","refresh_token":"R\n"}`), false, "refresh_token has a character"},
		{"another type", responseOf(200, jsonType, `{"access_token":"T","token_type":"mac"}`), false, "type mac, only bearer"},
		{"broken JSON", responseOf(200, jsonType, `{"access_token":"T"`), false, "broken JSON"},
		{"two JSONs", responseOf(200, jsonType, `{"access_token":"T"}{}`), false, "something behind its JSON"},
		{"a list", responseOf(200, jsonType, `["T"]`), false, "not JSON, but application/json"},
		{"text", responseOf(200, "text/plain", "all is well"), false, "neither JSON nor a form"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, failed := readAnswer(tt.resp, answerForm{})
			if failed == nil {
				t.Fatal("no error")
			}
			if got := failed.Temporary(); got != tt.temporary {
				t.Errorf("temporary: got %v, want %v", got, tt.temporary)
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
	f.Add(200, "application/json", `{"access_token":"T","expires_in":1e3}`)
	f.Add(200, "text/plain", `access_token=T&expires_in=-5`)
	f.Add(401, "", `{"error":["x"]}`)
	f.Add(200, "application/json", `{"access_token":"T\r\n"}`)
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		got, failed := readAnswer(responseOf(status, contentType, body), answerForm{})
		if failed != nil {
			if strings.ContainsAny(failed.Error(), "\r\n\x1b") {
				t.Errorf("control characters in %q", failed.Error())
			}
			return
		}
		if got.access == "" || strings.ContainsAny(got.access+got.refresh, " \r\n\x00") || got.life < 0 || got.life > maxLifetime {
			t.Errorf("took %+v", got)
		}
	})
}
