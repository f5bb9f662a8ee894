package daemon

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"snrun/auth"
)

// ring is the world of the keyrings of a test.
type ring struct {
	*keyrings
	t     *testing.T
	masks *auth.Redactor
	made  int
}

func newRing(t *testing.T) *ring {
	r := &ring{t: t, masks: auth.NewRedactor()}
	r.keyrings = newKeyrings(t.TempDir(), r.masks, func(p auth.Profile, masks *auth.Redactor) (*auth.Keyring, error) {
		r.made++
		var list []auth.Profile
		if p.Name != "" {
			list = append(list, p)
		}
		return auth.NewKeyring(list, auth.Options{Redactor: masks})
	})
	t.Cleanup(r.closeAll)
	return r
}

// profileWith is a profile with a token.
func profileWith(token string) auth.Profile {
	base, _ := url.Parse("http://127.0.0.1:1")
	return auth.Profile{Name: "p", BaseURL: base, Auth: "bearer", Settings: auth.Settings{"token": token}}
}

// has borrows the clients for a profile, and wants so many keyrings to have been made, and to be open.
func (r *ring) has(p auth.Profile, edition string, made, open int) *clients {
	r.t.Helper()
	c, err := r.borrow([]auth.Profile{p}, edition)
	if err != nil {
		r.t.Fatal(err)
	}
	if r.made != made || len(r.shared) != open {
		r.t.Errorf("%d keyrings were made, and %d are open; want %d and %d", r.made, len(r.shared), made, open)
	}
	return c
}

// TestKeyringsAreShared holds that runs share a keyring while their profile is the same, and that one which is another closes the one before
// when nobody has it any more.
func TestKeyringsAreShared(t *testing.T) {
	t.Parallel()
	r := newRing(t) // each run has one more that signs in nowhere
	a := r.has(profileWith("secret-1"), "", 2, 2)
	b := r.has(profileWith("secret-1"), "other", 2, 2)
	if a.held["p"] != b.held["p"] {
		t.Error("two runs have two keyrings of the same profile")
	}
	c := r.has(profileWith("secret-2"), "", 3, 3)
	a.giveBack()
	if r.masks.Text("secret-1") != auth.Mask {
		t.Error("a secret shows that a run still has")
	}
	b.giveBack()
	if len(r.shared) != 2 || r.masks.Text("secret-1") == auth.Mask {
		t.Errorf("%d keyrings are open, want the old one closed, and its secret forgotten", len(r.shared))
	}
	c.giveBack()
	r.has(profileWith("secret-2"), "", 3, 2).giveBack()
	r.has(profileWith("secret-3"), "", 4, 2).giveBack() // which closes the one that nobody has
}

// TestKeyringsByCondition holds that profiles with conditions, which cannot be compared, are told apart by where they were read.
func TestKeyringsByCondition(t *testing.T) {
	t.Parallel()
	r := newRing(t)
	p := profileWith("secret-1")
	p.RefreshWhen = func(*http.Response) (bool, error) { return false, nil }
	a := r.has(p, "1", 2, 2)
	b := r.has(p, "1", 2, 2)
	c := r.has(p, "2", 3, 3)
	for _, one := range []*clients{a, b, c} {
		one.giveBack()
	}
}

// TestKeyringsByFiles holds that a certificate which was renewed in place is read again.
func TestKeyringsByFiles(t *testing.T) {
	t.Parallel()
	r := newRing(t)
	p := profileWith("secret-1")
	p.TLS = auth.TLS{CAFile: "ca.pem", CertFile: "me.pem", KeyFile: "me.key", PKCS12File: "me.p12"}
	p.Settings["private_key_file"] = "jwt.pem"
	for _, file := range []string{"ca.pem", "me.pem", "me.key", "me.p12", "jwt.pem"} {
		before := r.digest(p, "")
		if r.digest(p, "") != before {
			t.Error("the same file gives another digest")
		}
		if err := os.WriteFile(filepath.Join(r.dir, file), []byte("new"), 0o600); err != nil {
			t.Fatal(err)
		}
		if r.digest(p, "") == before {
			t.Errorf("another %s gives the same digest", file)
		}
	}
}

// TestKeyringsByEachField holds that a profile with any other field is another one: else a daemon would go on with what was taken back, such
// as a header for all requests, or trace.
func TestKeyringsByEachField(t *testing.T) {
	t.Parallel()
	r := newRing(t)
	other := auth.Profile{
		Name: "q", BaseURL: &url.URL{Scheme: "https", Host: "example.com"}, Auth: "basic", Settings: auth.Settings{"token": "x"},
		TLS: auth.TLS{MinVersion: "1.3"}, Proxy: "http://127.0.0.1:2", Header: http.Header{"A": {"b"}}, Origins: []string{"https://example.com"},
		Trace: true, MaxConcurrent: 1, Rate: auth.Rate{Limit: 1}, Hidden: []string{"x"}, TestPath: "/x", Product: "x", Causes: []auth.Cause{{}},
		RefreshWhen: func(*http.Response) (bool, error) { return false, nil },
	}
	fields := reflect.TypeFor[auth.Profile]()
	for i := range fields.NumField() {
		p := profileWith("secret-1")
		before := r.digest(p, "edition")
		reflect.ValueOf(&p).Elem().Field(i).Set(reflect.ValueOf(other).Field(i))
		if r.digest(p, "edition") == before {
			t.Errorf("another %s gives the same digest", fields.Field(i).Name)
		}
	}
}

// TestKeyringThatCannotBeMade holds that nothing is left of it.
func TestKeyringThatCannotBeMade(t *testing.T) {
	t.Parallel()
	r := newRing(t)
	p := profileWith("secret-1")
	p.TLS.CAFile = "none.pem"
	if _, err := r.borrow([]auth.Profile{p}, ""); err == nil {
		t.Fatal("want an error")
	}
	if len(r.shared) != 1 || r.shared[r.digest(auth.Profile{}, "")].users != 0 || r.masks.Text("secret-1") == auth.Mask {
		t.Errorf("%d keyrings are left", len(r.shared))
	}
	c := r.has(profileWith("x"), "", 3, 2)
	defer c.giveBack()
	if _, err := c.Client(t.Context(), "q"); err == nil {
		t.Error("a profile that the run has not is given a client")
	}
}
