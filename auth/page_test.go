package auth

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSigningInPageShowsWhatIsPrinted makes the errors that docs/signing-in.md shows.
func TestSigningInPageShowsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/signing-in.md")
	if err != nil {
		t.Fatal(err)
	}
	out := func(w http.ResponseWriter, _ int, _ url.Values) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	tests := []struct {
		name     string
		settings Settings
		refresh  string // what a login has given
		give     func(http.ResponseWriter, int, url.Values)
		again    bool // the error is told again
	}{
		{"out of order", nil, "", out, false},
		{"out of order, told again", nil, "", out, true},
		{"refused", nil, "", func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, 401, "invalid_client") }, false},
		{"nobody has signed in", signedInByAPerson(), "", nil, false},
		{"a dead refresh token", signedInByAPerson(), "R0", func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, 400, "invalid_grant") }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				year, month, day := time.Now().Date()
				time.Sleep(time.Until(time.Date(year, month, day+1, 12, 21, 44, 0, time.Local)))
				folder, s := t.TempDir(), &system{give: tt.give}
				source := crmIn(t, s, tt.settings, folder)
				if tt.refresh != "" {
					if err := source.install(t.Context(), answer{access: "T0", refresh: tt.refresh, life: time.Second}, time.Now()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Minute)
				}
				failed := mustFail(t, source)
				if tt.again {
					failed = mustFail(t, crmIn(t, s, tt.settings, folder))
				}
				if want := "\n      " + failed.Error() + "\n        " + failed.Help() + "\n"; !strings.Contains(string(page), want) {
					t.Errorf("docs/signing-in.md does not show:%s", want)
				}
			})
		})
	}
}

// crmIn is the token source of the page's profile.
func crmIn(t *testing.T, s *system, settings Settings, folder string) *tokenSource {
	t.Helper()
	p := oauthProfile(t, "https://crm.example.com", settings)
	p.Name = "crm"
	source := keyringOf(t, Options{Store: placeIn(t, folder)}, p).sources["crm"]
	source.endpoint.wire = direct{s}
	return source
}
