package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"snrun/auth/store"
)

func TestLoginThatIsGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	failed := &SignInError{kind: abandoned, Cause: context.Canceled}
	if err := loginOutcome(ctx, failed); err != failed {
		t.Errorf("before: got %v", err)
	}
	cancel()
	if err := loginOutcome(ctx, failed); err != context.Canceled {
		t.Errorf("after: got %v", err)
	}
	if err := loginOutcome(ctx, &SignInError{kind: refused}); errors.Is(err, context.Canceled) {
		t.Errorf("a refusal: got %v", err)
	}
}

// The grant device_code is a login on another device without being told to be one.
func TestLoginOfADeviceGrant(t *testing.T) {
	t.Parallel()
	source := sourceIn(t, &system{}, Settings{"grant": "device_code", "device_url": "/device"}, placeOf(t))
	source.endpoint.urls.device = nil
	err := (&Keyring{sources: map[string]*tokenSource{"p": source}}).Login(t.Context(), "p", Prompt{})
	if err == nil || !strings.Contains(err.Error(), "where codes for another device come from is not known") {
		t.Errorf("got %v", err)
	}
}

// Nobody is sent to sign in for tokens that could not be kept.
func TestLoginWithoutAKey(t *testing.T) {
	t.Parallel()
	for _, device := range []bool{false, true} {
		s := &system{}
		place := &store.Place{File: filepath.Join(t.TempDir(), "snrun-auth.db"), Getenv: func(string) string { return "" }}
		settings := signedInByAPerson()
		settings["device_url"] = "/device"
		k := &Keyring{sources: map[string]*tokenSource{"p": sourceIn(t, s, settings, place)}}
		ctx, leave := context.WithCancel(t.Context())
		err := k.Login(ctx, "p", Prompt{Device: device, Visit: func(Visit) { leave() }})
		leave()
		if _, noKey := errors.AsType[*store.KeyError](err); !noKey || s.calls+s.asked() > 0 {
			t.Errorf("on a device %t: got %v after %d requests", device, err, s.calls+s.asked())
		}
	}
}

// A code that the server surely did not take is shown again, three times in all.
func TestCodeIsShownAgainWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, _ int, _ url.Values) { w.WriteHeader(503) }}
		e := inBubble(t, s, nil).endpoint
		_, _, failed := e.exchangeSurely(t.Context(), url.Values{"grant_type": {grantAuthorizationCode}, "code": {"C"}})
		if failed == nil || !failed.Temporary() || s.asked() != maxTries {
			t.Errorf("got %v after %d requests, want %d", failed, s.asked(), maxTries)
		}
	})
}

// The page to sign in at goes through whatever script opens browsers.
func TestAddressThatAScriptWouldRun(t *testing.T) {
	t.Parallel()
	page := mustURL(t, "https://id.example.com/$(calc)/a%2Fb;c=~'?x='$(calc)'")
	l := newCodeLogin(inBubble(t, &system{}, nil).endpoint, metadata{authorize: page})
	l.landing = &landing{redirect: ownRedirect}
	got := l.address().String()
	if want := "https://id.example.com/%24%28calc%29/a%2Fb;c=~%27?client_id="; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want it to begin with %s", got, want)
	}
	if x := l.address().Query().Get("x"); x != "'$(calc)'" || strings.ContainsAny(got, `"'$()`) {
		t.Errorf("got %s, where x is %q", got, x)
	}
}
