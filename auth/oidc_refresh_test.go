package auth

import (
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"snrun/auth/store"
)

// signedIn is a provider, and a profile in a store of its own that a person has signed in there.
func signedIn(t *testing.T, o *providers, config providerConfig) (provider, *Keyring, *store.Place) {
	t.Helper()
	config.Clients = []clientData{aClient(nil)}
	p, place := o.start(t, config), placeOf(t)
	k := keyringOf(t, Options{Store: place}, p.profile(t, signingIn(nil)))
	mustLogin(t, k)
	mustBeAnn(t, k)
	return p, k, place
}

// copied is a copy of a store as it is now, which somebody has made with cp.
func copied(t *testing.T, place *store.Place) *store.Place {
	t.Helper()
	if err := place.Close(); err != nil { // what is in its log goes into the file
		t.Fatal(err)
	}
	data, err := os.ReadFile(place.File)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	writeFile(t, folder, filepath.Base(place.File), string(data))
	return placeIn(t, folder)
}

func testRotation(t *testing.T, o *providers) {
	p, k, place := signedIn(t, o, providerConfig{AccessSeconds: 2})
	for range 2 { // the second time with a refresh token that came of the first
		before := recordOf(t, k.sources["p"])
		time.Sleep(time.Until(before.Expires)) // by the provider's clock
		mustBeAnn(t, k)
		after := recordOf(t, k.sources["p"])
		if after.Access == before.Access || after.Refresh == before.Refresh || after.Refresh == "" {
			t.Error("the tokens are those before the refresh")
		}
		k = keyringOf(t, Options{Store: reopen(t, place)}, p.profile(t, signingIn(nil))) // another process
		mustBeAnn(t, k)
	}
	mustBe(t, k, StateOK)
}

func testPastedRefreshToken(t *testing.T, o *providers) {
	p, k, _ := signedIn(t, o, providerConfig{})
	settings := Settings{"grant": "refresh_token", "refresh_token": recordOf(t, k.sources["p"]).Refresh}
	place := placeOf(t)
	other := keyringOf(t, Options{Store: place}, p.profile(t, settings))
	mustBeAnn(t, other)
	mustBe(t, other, StateOK)
	rotated := recordOf(t, other.sources["p"])
	if rotated.Refresh == settings["refresh_token"] {
		t.Error("the refresh token that was pasted in is kept, want the one that came in its place")
	}
	killAccess(t, other)
	// The profile still has the token that is used up.
	mustBeAnn(t, keyringOf(t, Options{Store: reopen(t, place)}, p.profile(t, settings)))
	p.mustAsk(t, 3)
}

// mustBeSignedOut sees that a profile's sign-in is dead, that its error says what to type, and that the provider is not asked again.
func mustBeSignedOut(t *testing.T, p provider, k *Keyring) {
	t.Helper()
	asked := p.asked(t)
	for range 3 {
		failed := mustBeRefused(t, k)
		if failed.Code != "invalid_grant" || failed.Status != http.StatusBadRequest || failed.Help() != "run: snrun auth login p" {
			t.Errorf("got %v; %s", failed, failed.Help())
		}
	}
	if st := mustBe(t, k, StateReauth); st.Help != "run: snrun auth login p" || st.LastErrorAt.IsZero() {
		t.Errorf("got %+v", st)
	}
	p.mustAsk(t, asked+1)
}

func testRevokedRefreshToken(t *testing.T, o *providers) {
	p, _, place := signedIn(t, o, providerConfig{})
	elsewhere := keyringOf(t, Options{Store: copied(t, place)}, p.profile(t, signingIn(nil)))
	k := keyringOf(t, Options{Store: reopen(t, place)}, p.profile(t, signingIn(nil)))
	mustBeAnn(t, k)
	if revoked, err := elsewhere.Reset(t.Context(), "p"); !revoked || err != nil {
		t.Errorf("reset: got %t, %v", revoked, err)
	}
	mustBeSignedOut(t, p, k)
	mustLogin(t, k)
	mustBeAnn(t, k)
	mustBe(t, k, StateOK)
}

// testReusedRefreshToken holds what a copy of the store leads to: the provider takes the second use of a refresh token for a theft,
// and ends all that came of the login.
func testReusedRefreshToken(t *testing.T, o *providers) {
	p, _, place := signedIn(t, o, providerConfig{})
	older := keyringOf(t, Options{Store: copied(t, place)}, p.profile(t, signingIn(nil)))
	k := keyringOf(t, Options{Store: reopen(t, place)}, p.profile(t, signingIn(nil)))
	killAccess(t, k)
	mustBeAnn(t, k)
	mustBeSignedOut(t, p, older)
	mustBeSignedOut(t, p, k)
	mustLogin(t, older)
	mustBeAnn(t, older)
	mustLogin(t, k)
	mustBeAnn(t, k)
}

// testManyProcesses has all of them see at once that the provider does not take the token any more. Two refreshes would end the login.
func testManyProcesses(t *testing.T, o *providers) {
	p, k, place := signedIn(t, o, providerConfig{})
	var all []*Keyring
	for range 6 {
		other := keyringOf(t, Options{Store: reopen(t, place)}, p.profile(t, signingIn(nil)))
		mustBeAnn(t, other)
		all = append(all, other)
	}
	killAccess(t, k)
	var wg sync.WaitGroup
	for _, other := range all {
		for range 5 {
			wg.Go(func() {
				if got, status, err := tryAPI(t, other); err != nil || status != http.StatusOK || got.Account != "ann" {
					t.Errorf("got %+v, status %d, %v", got, status, err)
				}
			})
		}
	}
	wg.Wait()
	p.mustAsk(t, 2)
}

func testReset(t *testing.T, o *providers) {
	p, k, _ := signedIn(t, o, providerConfig{})
	endsToken(t, k, p.Issuer+"/api")
	asked := p.asked(t)
	if failed := mustBeRefused(t, k); failed.Help() != "run: snrun auth login p" {
		t.Errorf("after the reset: got %v; %s", failed, failed.Help())
	}
	p.mustAsk(t, asked)
	mustLogin(t, k)
	mustBeAnn(t, k)
}
