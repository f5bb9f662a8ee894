package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"snrun/examples/sandbox"
)

// gossip is an authorization server that says to everybody what it was told.
type gossip struct {
	*httptest.Server
	mu    sync.Mutex
	heard []string // secrets
	asked int
}

// ways are the ways in which a token endpoint may repeat what it was sent, by the first part of its path. What it was sent comes as it
// came (raw) and decoded (said).
var ways = map[string]func(w http.ResponseWriter, raw, said string){
	"description": func(w http.ResponseWriter, raw, said string) {
		reply(w, 401, "application/json", object("error", "invalid_client", "error_description", said+raw))
	},
	"message": func(w http.ResponseWriter, raw, said string) {
		reply(w, 400, "application/json", object("message", map[string]any{"you": said, "sent": raw}))
	},
	"code": func(w http.ResponseWriter, raw, said string) {
		reply(w, 400, "application/json", object("error", said))
	},
	"object": func(w http.ResponseWriter, raw, said string) {
		reply(w, 200, "application/json", object("error", map[string]any{raw: []string{said}}))
	},
	"form": func(w http.ResponseWriter, raw, said string) {
		reply(w, 200, "text/plain", "error=invalid_grant&error_description="+url.QueryEscape(said))
	},
	"text":  func(w http.ResponseWriter, raw, said string) { reply(w, 401, "text/plain", raw+said) },
	"media": func(w http.ResponseWriter, raw, said string) { reply(w, 200, "text/x-"+raw, said) },
	"page": func(w http.ResponseWriter, raw, said string) {
		reply(w, 200, "text/html", "<html><title>"+said+"</title>"+raw)
	},
	"refusal_page": func(w http.ResponseWriter, raw, said string) { reply(w, 400, "text/html", "<html>"+raw+said) },
	"header": func(w http.ResponseWriter, raw, said string) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_client", error_description="`+raw+`"`)
		reply(w, 401, "", "")
	},
	"redirect": func(w http.ResponseWriter, raw, said string) {
		to := url.URL{Scheme: "https", User: url.UserPassword("ann", said), Host: "elsewhere.example.com", Path: "/" + said, RawQuery: raw, Fragment: said}
		w.Header().Set("Location", to.String())
		reply(w, 307, "", "")
	},
	"down": func(w http.ResponseWriter, raw, said string) {
		w.Header().Set("Retry-After", "600")
		reply(w, 503, "application/json", object("error", "server_error", "error_description", said))
	},
	"type": func(w http.ResponseWriter, raw, said string) {
		reply(w, 200, "application/json", object("access_token", rand.Text(), "token_type", said))
	},
	"broken": func(w http.ResponseWriter, raw, said string) {
		reply(w, 200, "application/json", object("access_token", rand.Text())+said)
	},
}

func reply(w http.ResponseWriter, status int, media, body string) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// object is a JSON object of names and values.
func object(pairs ...any) string {
	members := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		members[pairs[i].(string)] = pairs[i+1]
	}
	text, _ := json.Marshal(members)
	return string(text)
}

func newGossip(t *testing.T) *gossip {
	g := &gossip{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		list := append(secretsIn(form), form["account"]...)
		raw := string(body)
		if header := r.Header.Get("Authorization"); header != "" {
			_, proof, _ := strings.Cut(header, " ")
			pair, _ := base64.StdEncoding.DecodeString(proof)
			list, raw = append(list, proof, string(pair)), raw+"&"+header
		}
		if header := r.Header.Get("X-Api-Key"); header != "" {
			list, raw = append(list, header), raw+"&"+header
		}
		g.mu.Lock()
		g.asked++
		g.heard = append(g.heard, list...)
		g.mu.Unlock()
		way, _, _ := strings.Cut(r.URL.Path[1:], "/")
		ways[way](w, raw, strings.Join(list, " "))
	}))
	t.Cleanup(g.Close)
	return g
}

// secrets are all that was told, and the beginning and the end of what is long: an error that was cut may show those.
func (g *gossip) secrets() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []string
	for _, secret := range g.heard {
		list = append(list, secret)
		if n := len(secret); n > 60 {
			list = append(list, secret[:30], secret[n-30:])
		}
	}
	return list
}

// signingPEM is a private key for assertions.
func signingPEM(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// gossiped are the sign-ins that a gossip is told something by, as they stand behind `auth:`.
var gossiped = map[string]string{
	"body":     `grant: client_credentials, client_auth: body, client_secret: "${secret.QUOTES}"`,
	"header":   `grant: client_credentials, client_auth: header, client_secret: "${secret.SLASHES}"`,
	"jwt":      `grant: client_credentials, client_auth: private_key_jwt, private_key: "${secret.JWT_KEY}"`,
	"bearer":   `grant: jwt_bearer, subject: ann, client_auth: body, client_secret: "${secret.MARKUP}", private_key: "${secret.JWT_KEY}"`,
	"password": `grant: password, username: ann, password: "${secret.UNICODE}", client_auth: body, client_secret: "${secret.PERCENT}"`,
	"refresh":  `grant: refresh_token, refresh_token: "${secret.REFRESH}", client_auth: none`,
	"extra":    `grant: client_credentials, client_auth: none, params: {account: "${secret.DOLLAR}"}, token_headers: {X-Api-Key: "${secret.QUOTES}"}`,
}

// TestTokenEndpointThatGossips has what a token request holds come back in every place of the answer.
func TestTokenEndpointThatGossips(t *testing.T) {
	t.Parallel()
	key := signingPEM(t)
	for way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			u, g := newUser(t, sandbox.Options{}), newGossip(t)
			refresh := "r/" + strings.Repeat(rand.Text(), 20)
			u.environ = append(u.environ, secretVariable+"JWT_KEY="+key, secretVariable+"REFRESH="+refresh, "SNRUN_KEY="+storeKey)
			for name, secret := range nasty {
				u.environ = append(u.environ, secretVariable+name+"="+secret)
			}
			profiles, job := "version: 1\nprofiles:\n", "version: 1\nsteps:\n"
			for name, signIn := range gossiped {
				profiles += fmt.Sprintf("  %s: {base_url: %s/%s, auth: {type: oauth2, token_url: token, client_id: me, %s}}\n", name, g.URL, way, signIn)
				job += fmt.Sprintf("  - try: [{rest: {profile: %s, path: /x}, retry: none}]\n    catch: [{steps: [{log: \"${error.message}\"}, {log: \"${toJSON(error)}\"}]}]\n", name)
			}
			u.write("profiles.yaml", profiles)
			u.write("ask.yaml", job)
			got := u.must(exitOK, "run", "--progress", "json", "ask")
			if n := strings.Count(got.stderr, "/"+way+"/token"); n < len(gossiped) {
				t.Errorf("%d errors name the endpoint, want %d:\n%s", n, len(gossiped), got.stderr)
			}
			u.must(exitOK, "history", "show", "--http", "--json", "@last")
			u.must(exitOK, "auth", "status", "--json")
			u.run("auth", "test", "jwt")
			u.run("auth", "login", "refresh")
			if g.asked < len(gossiped)+2 {
				t.Errorf("the endpoint was asked %d times only", g.asked)
			}
			u.checkHidden(append(g.secrets(), key, refresh, storeKey))
		})
	}
}

// chatter is a system that tells everybody its tokens: in each answer stand all that it has given since a process began, with their
// refresh tokens, and those that the process found.
type chatter struct {
	*httptest.Server
	make func(n int) (access, refresh string)

	mu     sync.Mutex
	given  []string
	since  int // of given, what is told
	tokens int
	fresh  int // of the requests that are accepted with a token, then it is rejected
}

func newChatter(t *testing.T, fresh int, tokens func(n int) (access, refresh string)) *chatter {
	c := &chatter{make: tokens, fresh: fresh}
	used := map[string]int{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if r.URL.Path == "/token" {
			c.tokens++
			access, refresh := c.make(c.tokens)
			c.given = append(c.given, access, refresh)
			reply(w, 200, "application/json", object("access_token", access, "refresh_token", refresh, "expires_in", 3600))
			return
		}
		status, header := http.StatusOK, r.Header.Get("Authorization")
		if used[header]++; used[header] > c.fresh {
			status = http.StatusUnauthorized
		}
		w.Header().Set("X-Given", strings.Join(c.given[c.since:], " "))
		body := object("you", header, "all", c.given[c.since:], "id", "incident", "text", strings.Join(c.given[c.since:], ", "))
		reply(w, status, "application/json", body)
	}))
	t.Cleanup(c.Close)
	return c
}

// another process begins: it knows the last tokens.
func (c *chatter) another() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = len(c.given) - 2
}

const chatterProfile = `version: 1
profiles:
  p:
    base_url: URL
    auth: {type: oauth2, grant: password, token_url: /token, username: ann, password: "${secret.SANDBOX_PASSWORD}", client_id: me, client_auth: none}
`

const chatterJob = `version: 1
steps:
  - foreach:
      in: ${ITEMS}
      collect: ${steps.ask.output}
      steps:
        - id: ask
          rest: {profile: p, path: /x}
        - log: "${toJSON(steps.ask.output)} ${toJSON(steps.ask.headers)}"
  - rest: {profile: p, path: /x, expect: "response.body.id == \"other\""}
`

// TestTokensInAnswers has a system give back its tokens, the dead ones too, and rotate them meanwhile.
func TestTokensInAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, items string
		tokens      func(n int) (access, refresh string)
	}{
		{"usual", "[1, 2, 3, 4, 5, 6]", func(int) (string, string) { return rand.Text(), rand.Text() }},
		{"with signs", "[1, 2, 3, 4, 5, 6]", func(int) (string, string) {
			return `a"b\c<d>&` + rand.Text() + "+/==", "'%25" + rand.Text() + "~&x=1"
		}},
		// Fewer requests, which rotate the tokens in each run all the same: the race detector makes each long answer take seconds.
		{"10 KB", "[1, 2, 3]", func(int) (string, string) { return rand.Text(), strings.Repeat(rand.Text(), 400) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u, c := newUser(t, sandbox.Options{}), newChatter(t, 2, tt.tokens)
			u.environ = append(u.environ, "SNRUN_KEY="+storeKey)
			u.write("profiles.yaml", strings.Replace(chatterProfile, "URL", c.URL, 1))
			u.write("ask.yaml", strings.Replace(chatterJob, "ITEMS", tt.items, 1))
			for _, how := range []string{"--progress=json", "--progress=plain", "--json"} {
				u.must(exitFailed, "run", how, "ask")
				c.another()
			}
			u.must(exitOK, "history", "show", "--http", "--json", "@last")
			got := u.must(exitOK, "history", "show", "--http", "@last")
			if !strings.Contains(got.stdout, "***") || c.tokens < 6 {
				t.Errorf("nothing was masked, or only %d tokens were given:\n%s", c.tokens, got.stdout)
			}
			u.must(exitOK, "auth", "status", "--json")
			u.must(exitOK, "auth", "reset", "p")
			u.checkHidden(append(c.given, storeKey))
		})
	}
}
