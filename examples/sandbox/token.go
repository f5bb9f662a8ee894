package sandbox

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// family is what a client was allowed once. All tokens that come of it die with it.
type family struct {
	scope string
	dead  bool // under the lock of tokens
}

// tokens are the access and refresh tokens given so far. They are kept when they have expired, for their ids.
type tokens struct {
	lifetime, refreshLifetime time.Duration
	rotate                    bool

	mu      sync.Mutex
	access  map[string]*accessToken
	refresh map[string]*refreshToken
}

type accessToken struct {
	id      string
	expires time.Time
	of      *family
}

type refreshToken struct {
	expires time.Time
	of      *family
	spent   bool // another one was given in its place
}

func newTokens(o Options) *tokens {
	return &tokens{
		lifetime: o.TokenLifetime, refreshLifetime: o.RefreshLifetime, rotate: o.RotateRefresh,
		access: map[string]*accessToken{}, refresh: map[string]*refreshToken{},
	}
}

func (t *tokens) newAccess(of *family) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := newSecret()
	t.access[text] = &accessToken{
		id:      "token-" + strconv.Itoa(len(t.access)+1),
		expires: time.Now().Add(t.lifetime),
		of:      of,
	}
	return text
}

func (t *tokens) newRefresh(of *family) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.addRefresh(of)
}

func (t *tokens) addRefresh(of *family) string {
	text := newSecret()
	t.refresh[text] = &refreshToken{expires: time.Now().Add(t.refreshLifetime), of: of}
	return text
}

func newSecret() string { return rand.Text() + rand.Text() }

// renew gives the sign-in of a refresh token that is good, and the refresh token from now on. One that was spent before is in
// two hands, and nobody knows which are the right ones: the whole sign-in dies (RFC 9700 section 4.14.2).
func (t *tokens) renew(refresh string) (of *family, next string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.refresh[refresh]
	if known == nil {
		return nil, "", false
	}
	if known.spent {
		known.of.dead = true
	}
	if known.of.dead || !time.Now().Before(known.expires) {
		return nil, "", false
	}
	if !t.rotate {
		return known.of, refresh, true
	}
	known.spent = true
	return known.of, t.addRefresh(known.of), true
}

// id names an access token without telling it: "token-1" is the first one given. valid is false once it has expired.
func (t *tokens) id(access string) (id string, valid bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.access[access]
	if known == nil {
		return "unknown", false
	}
	return known.id, !known.of.dead && time.Now().Before(known.expires)
}

// list are all tokens of any kind, expired or not.
func (t *tokens) list() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var texts []string
	for text := range t.access {
		texts = append(texts, text)
	}
	for text := range t.refresh {
		texts = append(texts, text)
	}
	return texts
}

// known says whether the text is a token of any kind, expired or not.
func (t *tokens) known(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.refresh[text] != nil || t.access[text] != nil
}

// expire ends the life of all access tokens.
func (t *tokens) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, known := range t.access {
		known.expires = time.Time{}
	}
}

// end ends a sign-in.
func (t *tokens) end(of *family) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of.dead = true
}

// endAll ends all sign-ins.
func (t *tokens) endAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, known := range t.access {
		known.of.dead = true
	}
	for _, known := range t.refresh {
		known.of.dead = true
	}
}

// revoke ends the life of an access token, or with a refresh token of the whole sign-in (RFC 7009 section 2.1).
func (t *tokens) revoke(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.access[text]; known != nil {
		known.expires = time.Time{}
	}
	if known := t.refresh[text]; known != nil {
		known.of.dead = true
	}
}

// revokeBearer ends the life of the token that came with the request.
func (t *tokens) revokeBearer(r *http.Request) { t.revoke(bearer(r)) }
