package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRevoke(t *testing.T) {
	t.Parallel()
	other := newRecorder(t, nil)
	tests := []struct {
		name   string
		answer http.HandlerFunc
		says   string // "" where it is done
		help   string
	}{
		{"done", nil, "", ""},
		{"done, with words", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"result":"ok"}`) }, "", ""},
		{"no content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "", ""},
		{"not of this kind", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 400, "unsupported_token_type") },
			"status 400: unsupported_token_type", "the server revokes no tokens of this kind: it lives on there until it expires"},
		{"wrong client", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 401, "invalid_client") }, "status 401: invalid_client",
			"revoke it in the server's own pages, if it must not live on until it expires"},
		{"an error with 200", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 200, "server_error") }, "status 200: server_error",
			"revoke it in the server's own pages, if it must not live on until it expires"},
		{"not there", http.NotFound, "status 404", "check revoke_url"},
		{"down", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "status 503",
			"revoke it in the server's own pages, if it must not live on until it expires"},
		{"a web page", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>Sign in") }, "status 200: the answer is a web page",
			"revoke it in the server's own pages, if it must not live on until it expires"},
		{"a redirect", func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, other.URL+"/x?token=T", 307) },
			"status 307: redirected to " + other.URL + "/x, which is never followed", "check revoke_url"},
		{"a server that repeats what it got", func(w http.ResponseWriter, req *http.Request) {
			body, _ := io.ReadAll(req.Body)
			form, _ := url.ParseQuery(string(body))
			refuse(w, 400, form.Get("token")+" of "+form.Get("client_secret"))
		}, "status 400: *** of ***", "revoke it in the server's own pages, if it must not live on until it expires"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := newRecorder(t, tt.answer)
			e := endpointOf(t, Options{}, oauthProfile(t, rec.URL, Settings{"revoke_url": "/revoke?a=1", "token_headers": [][2]string{{"X-Tenant", "7"}}}))
			e.redactor.Add("the refresh token")
			err := e.revoke(t.Context(), "the refresh token", "refresh_token")
			const want = "client_id=client&client_secret=the+client%27s+secret&token=the+refresh+token&token_type_hint=refresh_token"
			if rec.count() != 1 || rec.bodies[0] != want || rec.last(t).RequestURI != "/revoke?a=1" || rec.last(t).Header.Get("X-Tenant") != "7" {
				t.Fatalf("got %d requests, %s", rec.count(), rec.bodies)
			}
			if other.count() != 0 {
				t.Error("the redirect was followed")
			}
			if tt.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			failed, ok := errors.AsType[*RevokeError](err)
			if !ok || failed.Error() != "profile p: the token was not revoked at "+rec.URL+"/revoke: "+tt.says || failed.Help() != tt.help {
				t.Errorf("got %v\nhelp %s", err, failed.Help())
			}
		})
	}
}

func TestRevokeWithoutAnAddress(t *testing.T) {
	t.Parallel()
	if err := inBubble(t, &system{}, nil).endpoint.revoke(t.Context(), "T", "access_token"); !errors.Is(err, errNoRevocation) {
		t.Errorf("got %v", err)
	}
	e := discovering(t, &issuer{documents: map[string]string{openIDPath: documentOf("https://id.example.com")}}, "https://id.example.com", nil)
	if err := e.revoke(t.Context(), "T", "access_token"); !errors.Is(err, errNoRevocation) {
		t.Errorf("an issuer without one: got %v", err)
	}
	e = discovering(t, &issuer{}, "https://id.example.com", nil)
	failed, ok := errors.AsType[*RevokeError](e.revoke(t.Context(), "T", "access_token"))
	if !ok || failed.Status != http.StatusNotFound || !strings.HasSuffix(failed.Endpoint, openIDPath) {
		t.Errorf("an issuer that is not found: got %v", failed)
	}
}

func TestSlowRevocation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := inBubble(t, &system{}, Settings{"revoke_url": "/revoke"}).endpoint
		e.wire = roundTripper(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		start := time.Now()
		if err := e.revoke(t.Context(), "T", "access_token"); !errors.Is(err, errTooSlow) || time.Since(start) != exchangeTimeout {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := e.revoke(hasty, "T", "access_token"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who gave up got %v", err)
		}
	})
}

// Who only resets a profile has not used its token, and does not show it either.
func TestResetMasksWhatItRevokes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	mustToken(t, sourceIn(t, &system{}, nil, placeIn(t, folder)), "T1-token")
	source := sourceIn(t, &system{}, nil, placeIn(t, folder))
	source.endpoint.urls.revoke = mustURL(t, baseOfTests+"/revoke")
	source.endpoint.wire = direct{http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		refuse(w, http.StatusBadRequest, "no: "+req.PostFormValue("token"))
	})}
	_, err := (&Keyring{sources: map[string]*tokenSource{"p": source}}).Reset(t.Context(), "p")
	if failed, ok := errors.AsType[*RevokeError](err); !ok || failed.Code != "no: "+Mask {
		t.Errorf("got %v", err)
	}
}
