package daemon

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"snrun/auth"
)

// keyrings holds a keyring for each profile, which all runs share that fill the profile in with the same values: one token, one
// pool of connections. It is made anew when the profile is another one; the one before is closed when the last run that has it ended.
type keyrings struct {
	make  func(auth.Profile, *auth.Redactor) (*auth.Keyring, error)
	masks *auth.Redactor
	dir   string // where relative names of files start
	key   []byte // digests of secrets must not be ones that can be guessed at

	mu     sync.Mutex
	shared map[string]*sharedKeyring // by digest
	newest map[string]*sharedKeyring // by profile
}

// sharedKeyring is a keyring and how many runs have it.
type sharedKeyring struct {
	*auth.Keyring
	masks   *auth.Redactor // its branch
	profile string
	digest  string
	users   int
	edition string // of the profiles' file, when it was taken last

	signedIn sync.Once
	err      error // of signing in at first
}

func newKeyrings(dir string, masks *auth.Redactor, make func(auth.Profile, *auth.Redactor) (*auth.Keyring, error)) *keyrings {
	return &keyrings{make: make, masks: masks, dir: dir, key: []byte(rand.Text()), shared: map[string]*sharedKeyring{}, newest: map[string]*sharedKeyring{}}
}

// clients are what signs the requests of one run in. It is a steps.Clients.
type clients struct {
	keyrings *keyrings
	held     map[string]*sharedKeyring // by profile
}

// borrow gives the clients of a run with these profiles, which gives them back at its end. The edition of the profiles' file tells
// conditions apart, which cannot be compared.
func (k *keyrings) borrow(profiles []auth.Profile, edition string) (*clients, error) {
	c := &clients{keyrings: k, held: map[string]*sharedKeyring{}}
	for _, p := range append([]auth.Profile{{}}, profiles...) { // the first signs in nowhere
		s, err := k.take(p, edition)
		if err != nil {
			c.giveBack()
			return nil, err
		}
		c.held[p.Name] = s
	}
	return c, nil
}

// Client gives the client that signs in as a profile of the run.
func (c *clients) Client(ctx context.Context, profile string) (*http.Client, error) {
	s := c.held[profile]
	if s == nil {
		return nil, fmt.Errorf("there is no profile named %q", profile)
	}
	return s.Client(ctx, profile)
}

// giveBack ends the use of the keyrings.
func (c *clients) giveBack() {
	for _, s := range c.held {
		c.keyrings.release(s)
	}
}

// take gives the keyring of a profile: one that another run has, or had, where there is one.
func (k *keyrings) take(p auth.Profile, edition string) (*sharedKeyring, error) {
	digest := k.digest(p, edition)
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.shared[digest]
	if s == nil {
		masks := k.masks.Branch()
		keys, err := k.make(p, masks)
		if err != nil {
			masks.CutOff()
			return nil, err
		}
		s = &sharedKeyring{Keyring: keys, masks: masks, profile: p.Name, digest: digest}
		k.shared[digest] = s
	}
	s.users++
	s.edition = edition
	before := k.newest[p.Name]
	k.newest[p.Name] = s
	if before != nil && before != s && before.users == 0 {
		k.close(before)
	}
	return s, nil
}

// release ends one use of a keyring, and closes it where it is an old one that nobody has any more.
func (k *keyrings) release(s *sharedKeyring) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s.users--; s.users == 0 && k.newest[s.profile] != s {
		k.close(s)
	}
}

// close closes a keyring that nobody has. No request of it is under way, so there is next to nothing to wait for.
func (k *keyrings) close(s *sharedKeyring) {
	delete(k.shared, s.digest)
	s.Keyring.Close()
	s.masks.CutOff()
}

// closeAll closes all keyrings; no run has one any more.
func (k *keyrings) closeAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.shared {
		s.Keyring.Close()
	}
	clear(k.shared)
	clear(k.newest)
}

// digest tells filled-in profiles apart, without giving away what is in them. The files of TLS, and of the key that signs, count as
// they are now: they are renewed in place.
func (k *keyrings) digest(p auth.Profile, edition string) string {
	base := ""
	if p.BaseURL != nil {
		base = p.BaseURL.String()
	}
	if p.RefreshWhen == nil {
		edition = ""
	}
	privateKey, _ := p.Settings["private_key_file"].(string)
	data, err := json.Marshal([]any{
		p.Name, base, p.Auth, p.Settings, p.TLS, p.Proxy, p.Header, p.Origins, p.Trace, p.MaxConcurrent, p.Rate, p.Hidden, p.TestPath, p.Product,
		p.Causes, edition,
		k.stamp(p.TLS.CAFile), k.stamp(p.TLS.CertFile), k.stamp(p.TLS.KeyFile), k.stamp(p.TLS.PKCS12File), k.stamp(privateKey),
	})
	if err != nil { // of a value that JSON does not know: then it is like no other
		data = []byte(rand.Text())
	}
	mac := hmac.New(sha256.New, k.key)
	mac.Write(data)
	return string(mac.Sum(nil))
}

// stamp is another one when a file has changed.
func (k *keyrings) stamp(file string) string {
	if file == "" {
		return ""
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(k.dir, file)
	}
	info, err := os.Stat(file)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(info.ModTime().Format(time.RFC3339Nano), " ", info.Size())
}
