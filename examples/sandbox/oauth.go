package sandbox

import (
	"crypto/rand"
	"math"
	"mime"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// tokens are the access and refresh tokens given so far. They are kept when they have expired, for their ids.
type tokens struct {
	lifetime time.Duration

	mu      sync.Mutex
	access  map[string]*token
	refresh map[string]bool
}

type token struct {
	id      string
	expires time.Time
}

func newTokens(lifetime time.Duration) *tokens {
	return &tokens{lifetime: lifetime, access: map[string]*token{}, refresh: map[string]bool{}}
}

func (t *tokens) newAccess() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := rand.Text() + rand.Text()
	t.access[text] = &token{
		id:      "token-" + strconv.Itoa(len(t.access)+1),
		expires: time.Now().Add(t.lifetime),
	}
	return text
}

func (t *tokens) newRefresh() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := rand.Text() + rand.Text()
	t.refresh[text] = true
	return text
}

// take says whether the refresh token is good, and ends its life if asked.
func (t *tokens) take(refresh string, end bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	good := t.refresh[refresh]
	if good && end {
		t.refresh[refresh] = false
	}
	return good
}

// id names an access token without telling it: "token-1" is the first one given. valid is false once it has expired.
func (t *tokens) id(access string) (id string, valid bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.access[access]
	if known == nil {
		return "unknown", false
	}
	return known.id, time.Now().Before(known.expires)
}

// known says whether the text is a token of any kind, expired or not.
func (t *tokens) known(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, refresh := t.refresh[text]
	return refresh || t.access[text] != nil
}

func (t *tokens) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, known := range t.access {
		known.expires = time.Time{}
	}
}

// revoke ends the life of the token that came with the request.
func (t *tokens) revoke(r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.access[bearer(r)]; known != nil {
		known.expires = time.Time{}
	}
}

// grant is an answer of the token endpoint, RFC 6749 section 5.1.
type grant struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"` // seconds
}

// grantToken answers /oauth_token.do. Client and user are read from the form, nowhere else; whatever is wrong, the
// answer is the same, as the instance gives it.
func (s *Server) grantToken(w http.ResponseWriter, r *http.Request) {
	if !s.isClient(w, r) {
		refuse(w)
		return
	}
	refresh, ok := s.checkGrant(r)
	if !ok {
		refuse(w)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, grant{
		AccessToken:  s.tokens.newAccess(),
		RefreshToken: refresh,
		Scope:        "useraccount",
		TokenType:    "Bearer",
		ExpiresIn:    int(math.Ceil(s.options.TokenLifetime.Seconds())),
	})
}

func (s *Server) isClient(w http.ResponseWriter, r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" || r.Method != http.MethodPost {
		return false
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return false
	}
	return r.PostForm.Get("client_id") == s.options.ClientID && r.PostForm.Get("client_secret") == s.options.ClientSecret
}

// checkGrant gives the refresh token of the answer, "" where the grant has none.
func (s *Server) checkGrant(r *http.Request) (refresh string, ok bool) {
	form := r.PostForm
	switch form.Get("grant_type") {
	case "client_credentials":
		return "", true
	case "password":
		if form.Get("username") != s.options.User || form.Get("password") != s.options.Password {
			return "", false
		}
		return s.tokens.newRefresh(), true
	case "refresh_token":
		old := form.Get("refresh_token")
		if !s.tokens.take(old, s.options.RotateRefresh) {
			return "", false
		}
		if s.options.RotateRefresh {
			return s.tokens.newRefresh(), true
		}
		return old, true
	}
	return "", false
}

func refuse(w http.ResponseWriter) {
	writeJSON(w, http.StatusUnauthorized, map[string]string{
		"error_description": "access_denied",
		"error":             "server_error",
	})
}
