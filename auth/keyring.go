package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"snrun/auth/store"
)

// Options are what a Keyring works with.
type Options struct {
	Redactor  *Redactor        // told of every credential before it is used; nil for one of its own
	Notify    func(TokenEvent) // hears of tokens, from any goroutine, and returns soon; nil for nobody
	Dir       string           // where relative names of files start
	Store     *store.Place     // where tokens are kept; nil to keep them in memory only
	Program   string           // how a person calls snrun, for the commands that errors name; "" for snrun
	UserAgent string           // of token requests; "" for snrun
	Limits    *Limits          // what holds requests back, shared with other keyrings; nil for one of its own
}

// TokenEvent is something that happened to a profile's token. The token is not in it.
type TokenEvent struct {
	Profile string
	Grant   string // of the profile, also where a refresh token stood in for it
	What    string // one of the constants below
	Expires time.Time
}

// What happens to a token: the first of a profile is fetched, or kept from an earlier run; later ones are refreshed; and a server
// may reject one.
const (
	TokenKept      = "kept"
	TokenFetched   = "fetched"
	TokenRefreshed = "refreshed"
	TokenRejected  = "rejected"
)

type signInsKey struct{}

// WithSignIns gives a context whose requests tell of the tokens that they waited for, each on its own goroutine. Several may have waited for
// the same.
func WithSignIns(ctx context.Context, told func(TokenEvent)) context.Context {
	return context.WithValue(ctx, signInsKey{}, told)
}

// tellSignIn tells whoever made a request how the token came that it had waited for.
func tellSignIn(ctx context.Context, e TokenEvent) {
	if told, listens := ctx.Value(signInsKey{}).(func(TokenEvent)); listens {
		told(e)
	}
}

// Keyring holds one source of credentials a profile, and gives the clients that sign requests with them. It is safe for
// concurrent use.
type Keyring struct {
	redactor  *Redactor
	notify    func(TokenEvent)
	store     *store.Place
	program   string
	userAgent string
	dir       string // where relative names of files start
	limits    *Limits
	hangar    *hangar
	wires     map[string]*wire
	clients   map[string]*http.Client
	sources   map[string]*tokenSource // nil for profiles without tokens
	types     map[string]string       // of sign-ins, by profile
}

// NewKeyring makes the clients of all profiles. It reads their TLS files and asks no server. The error joins all that is wrong,
// each naming its profile.
func NewKeyring(profiles []Profile, o Options) (*Keyring, error) {
	k := &Keyring{
		redactor: o.Redactor, notify: o.Notify, store: o.Store, program: o.Program, userAgent: o.UserAgent, dir: o.Dir,
		limits: o.Limits, hangar: newHangar(), wires: make(map[string]*wire), clients: make(map[string]*http.Client),
		sources: make(map[string]*tokenSource), types: make(map[string]string),
	}
	if k.limits == nil {
		k.limits = &Limits{}
	}
	if k.redactor == nil {
		k.redactor = NewRedactor()
	}
	if k.notify == nil {
		k.notify = func(TokenEvent) {}
	}
	if k.userAgent == "" {
		k.userAgent = "snrun"
	}
	if k.program == "" {
		k.program = "snrun"
	}
	var errs []error
	for _, p := range append([]Profile{{}}, profiles...) {
		if err := k.open(p); err != nil {
			errs = append(errs, fmt.Errorf("profile %s: %w", p.Name, err))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return k, nil
}

// Client gives the client that signs in as a profile; the one for "" signs in nowhere. All share one client a profile, so
// whoever wants to set CheckRedirect or Timeout copies it. It has no cookie jar and sends no Referer. Where it could not
// sign in, the error of Do holds a *SignInError.
//
// A request with the header SignInHeader set to "none" is sent without the profile's sign-in, over its TLS and its proxy.
func (k *Keyring) Client(_ context.Context, profile string) (*http.Client, error) {
	client, ok := k.clients[profile]
	if !ok {
		return nil, fmt.Errorf("there is no profile named %q", profile)
	}
	return client, nil
}

// Close waits for token requests that may not be cut off, since their answer may hold a new refresh token: half a minute at most.
// Then it closes the connections that are open and idle. No token is fetched any more.
func (k *Keyring) Close() {
	k.hangar.shut()
	for _, s := range k.sources {
		if s != nil {
			s.saveLate()
		}
	}
	for _, w := range k.wires {
		w.closeIdle()
	}
}

// open makes the client of a profile.
func (k *Keyring) open(p Profile) error {
	if _, taken := k.clients[p.Name]; taken {
		return errors.New("there are two profiles of this name")
	}
	var errs []error
	for _, problem := range Check(p) {
		if !problem.Warning {
			errs = append(errs, fmt.Errorf("%s: %s", problem.Path, problem.Message))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	wire, err := newWire(p, k.dir)
	if err != nil {
		return err
	}
	t, _ := typeNamed(p.authType())
	p = p.completed(t)
	k.mask(p, t)
	k.wires[p.Name] = wire
	credentials, err := t.open(p, k)
	if err != nil {
		return err
	}
	k.clients[p.Name] = &http.Client{Transport: newSigner(p, wire, credentials, k.limits.gate(p, k.store))}
	k.sources[p.Name], k.types[p.Name] = credentials.tokens, t.Name
	return nil
}

// mask has the redactor know a profile's secrets.
func (k *Keyring) mask(p Profile, t SignInType) {
	for _, param := range t.Params {
		if param.Secret {
			k.redactor.Add(p.Settings.text(param.Name))
		}
	}
	k.redactor.Add(p.TLS.PKCS12Password)
	for _, text := range p.Hidden {
		k.redactor.Add(text)
	}
	if u, err := url.Parse(p.Proxy); err == nil {
		password, _ := u.User.Password()
		k.redactor.Add(password)
	}
}
