package main

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/examples/sandbox"
)

// parrot is a system that repeats all secrets wherever an answer has room for one: in items, in their keys, in cursors, in the
// addresses of next pages, in errors.
type parrot struct {
	secrets []string // by their names, sorted

	mu     sync.Mutex
	tokens []string
	since  int // of tokens, what is told
	failed map[string]int
}

const (
	parrotPages = 3
	parrotItems = 4 // of a page
	// digitsSecret is a secret that is a number where it can be one.
	digitsSecret = "4711081547"
)

func newParrot() *parrot {
	p := &parrot{failed: map[string]int{}, secrets: []string{digitsSecret}}
	for _, name := range sortedNasty() {
		p.secrets = append(p.secrets, nasty[name])
	}
	return p
}

// known are the secrets, and the tokens that were given since a process began.
func (p *parrot) known() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append(slices.Clone(p.secrets), p.tokens[p.since:]...)
}

// another process begins: it knows no token, or with a store the last one.
func (p *parrot) another(kept int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = max(0, len(p.tokens)-kept)
}

func (p *parrot) token(w http.ResponseWriter) {
	p.mu.Lock()
	token := "tok/" + rand.Text() + `"=`
	p.tokens = append(p.tokens, token)
	p.mu.Unlock()
	reply(w, 200, "application/json", object("access_token", token, "token_type", "Bearer", "expires_in", 3600))
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		p.token(w)
		return
	}
	body, _ := io.ReadAll(r.Body)
	known := p.known()
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	said := strings.Join(append(known, bearer, string(body), r.URL.RawQuery), " ")
	switch {
	case strings.HasPrefix(r.URL.Path, "/pages/"):
		p.page(w, r, body, known)
	case r.URL.Path == "/refuse":
		reply(w, 422, "application/json", object("error", map[string]any{"message": said}))
	case r.URL.Path == "/flaky" && p.fails(r.Header.Get("Idempotency-Key")+string(body)):
		w.Header().Set("Retry-After", "0")
		reply(w, 503, "application/json", object("again", true, "error", said, "all", known))
	default:
		cursor := known[1] + "~1"
		reply(w, 200, "application/json", object("said", said, "all", known, "you", bearer, "cursor", cursor, "number", json.Number(digitsSecret),
			"encoded", base64.StdEncoding.EncodeToString([]byte("xy"+bearer+known[2])), strings.Repeat(known[3], 2), true))
	}
}

// forget has each request come for the first time once more.
func (p *parrot) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = map[string]int{}
}

// fails says whether a request comes for the first time.
func (p *parrot) fails(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed[key]++
	return p.failed[key] == 1
}

// page gives a page of a list, of which the parameters and the addresses hold secrets.
func (p *parrot) page(w http.ResponseWriter, r *http.Request, body []byte, known []string) {
	at := r.URL.Query().Get("at")
	var asked struct{ At string }
	if json.Unmarshal(body, &asked) == nil && asked.At != "" {
		at = asked.At
	}
	n := 1
	if at != "" {
		n, _ = strconv.Atoi(at[strings.LastIndexByte(at, '~')+1:])
		n++
	}
	var items []any
	for i := range parrotItems {
		number := (n-1)*parrotItems + i
		items = append(items, map[string]any{
			"n": number, "id": fmt.Sprintf("%s%d~%d", known[number%len(known)], number, n), "all": known, "secret": known[number%len(known)],
			"text": strings.Join(known, "\n"), "digits": json.Number(digitsSecret), known[len(known)-1]: known[len(known)-1], "bulk": strings.Repeat("x", p.bulk(r)),
		})
	}
	mark := fmt.Sprintf("%s~%d", known[n%len(known)], n)
	page := map[string]any{"items": items, "total": parrotPages * parrotItems, "said": known, "next": mark}
	next := url.URL{Path: r.URL.Path, RawQuery: url.Values{"at": {mark}, "key": {known[0]}}.Encode()}
	page["address"] = next.String()
	if n < parrotPages {
		w.Header().Set("Link", "<"+next.String()+`>; rel="next"`)
	} else {
		page["next"], page["address"] = nil, nil
	}
	w.Header().Set("X-All", base64.StdEncoding.EncodeToString([]byte(strings.Join(known, " "))))
	text, _ := json.Marshal(page)
	reply(w, 200, "application/json", string(text))
}

// bulk is how long an item is beside its secrets.
func (p *parrot) bulk(r *http.Request) int {
	if strings.HasSuffix(r.URL.Path, "/long") {
		return 5 << 18 // four of them are more than fits in memory
	}
	return 10
}

const parrotProfiles = `version: 1
profiles:
  open: {base_url: URL}
  signed: {base_url: URL, auth: {type: oauth2, grant: client_credentials, token_url: /token, client_id: me, client_auth: body, client_secret: "${secret.QUOTES}"}}
  keyed: {base_url: URL, auth: {type: api_key, in: query, name: key, value: "${secret.SLASHES}"}}
`

// parrotJob has all that the journal keeps something of.
const parrotJob = `version: 1
inputs:
  note: {type: string, default: none}
state:
  mark: {initial: none}
steps:
  - id: before
    rest: {profile: signed, path: /echo, query: {k: "${secret.PEM}", n: "${secret.DIGITS}", note: "${inputs.note}"}}
  - set: {all: "${secret.CONTROLS}${secret.QUOTES}${secret.DOLLAR}${secret.MARKUP}${secret.PERCENT}${secret.TWO_LINES}${secret.UNICODE}${secret.SHORT}"}
  - id: cursors
    foreach:
      in: {rest: {profile: signed, path: /pages/cursors, paginate: {type: cursor, items: "${response.body.items}", next: "${response.body.next}", inject: query.at}}}
      as: it
      key: ${it.id}
      concurrency: 2
      tolerate: all
      collect: ${it.all}
      steps:
        - rest: {profile: signed, method: POST, path: /flaky, json: {it: "${it}"}, idempotency_key: "${run.id}-${it.n}"}
          retry: {attempts: 3, when: "response?.body.again == true", backoff: {initial: 1ms}}
        - rest: {profile: signed, path: "${it.n % 4 == 1 ? '/refuse' : '/echo'}", query: {k: "${it.secret}"}}
        - if: it.n % 4 == 2
          fail: "item ${it.id} of ${toJSON(it.all)}"
  - id: addresses
    foreach:
      in: {rest: {profile: keyed, path: /pages/addresses, paginate: {type: next_url, items: "${response.body.items}", next: "${response.body.address}"}}}
      as: some
      batch: 3
      collect: ${some}
      steps:
        - rest: {profile: keyed, method: PUT, path: /echo, json: {some: "${some}"}}
        - log: "${toJSON(some)}"
  - id: links
    foreach:
      in: {rest: {profile: signed, path: /pages/long, paginate: {type: link, items: "${response.body.items}"}}}
      as: all
      batch: page
      collect: ${all[0].id}
      steps:
        - set: {ids: "${map(all, #.id)}"}
        - try: [{save: {mark: "${all[0].id}"}}]
          catch: [{steps: [{log: "${error.message}"}]}]
  - id: keys
    foreach:
      in: {rest: {profile: open, path: /pages/keys, method: POST, json: {q: 1}, paginate: {type: keyset, by: id, size: 4, items: "${response.body.items}", inject: body.at, limit: body.limit, stop_when: response.body.next == nil}}}
      as: it
      steps:
        - rest: {profile: open, path: /echo, query: {k: "${it.id}"}}
  - id: list
    rest: {profile: signed, path: /pages/list, paginate: {type: cursor, items: "${response.body.items}", next: "${response.body.next}", inject: query.at, stop_when: response.page == 2}}
  - id: rounds
    repeat:
      attempts: 3
      carry: {mark: {initial: "${secret.SLASHES}", next: "${steps.round.output.cursor + steps.round.output.you}"}, n: {initial: "${int(secret.DIGITS)}", next: "${n + 1}"}}
      steps:
        - id: round
          rest: {profile: signed, path: /echo, query: {mark: "${mark}", n: "${n}"}}
  - id: both
    parallel:
      one:
        - rest: {profile: keyed, path: /echo, query: {list: "${map(steps.list.output, #.id)}"}}
      two:
        - call: {job: child, inputs: {token: "${upper(secret.SLASHES)}", you: "${steps.before.output.you}"}}
  - rest: {profile: open, method: POST, path: /echo, json: {last: "${steps.both.output}", note: "${inputs.note}"}}
    retry: {unsafe: true}
  - fail: "the end, ${steps.before.output.said}"
output: {all: "${steps.cursors.output}", some: "${steps.addresses.output}", ids: "${steps.links.output}"}
on_failure:
  - rest: {profile: signed, method: PUT, path: /echo, json: {error: "${error}"}}
`

const parrotChild = `version: 1
inputs:
  token: {type: string}
  you: {type: string}
state:
  seen: {initial: none}
steps:
  - id: ask
    rest: {profile: open, path: /echo, query: {t: "${inputs.token}", you: "${inputs.you}"}}
  - try: [{save: {seen: "${steps.ask.output.said}"}}]
    catch: [{steps: [{log: "${error.message}"}]}]
output: {token: "${inputs.token}", all: "${steps.ask.output.all}"}
`

// parrotUser is a user of a parrot, with a killer before it.
func parrotUser(t *testing.T, key string) (*user, *parrot, *killer) {
	u, p := newUser(t, sandbox.Options{}), newParrot()
	k := newKiller(t, p)
	u.environ = append(u.environ, secretVariable+"DIGITS="+digitsSecret, "TMPDIR="+filepath.Join(u.dir, "tmp"))
	u.write("tmp/empty", "")
	for name, secret := range nasty {
		u.environ = append(u.environ, secretVariable+name+"="+secret)
	}
	if key != "" {
		u.environ = append(u.environ, "SNRUN_KEY="+key)
	}
	u.write("profiles.yaml", strings.ReplaceAll(parrotProfiles, "URL", k.URL))
	u.write("job.yaml", parrotJob)
	u.write("child.yaml", parrotChild)
	return u, p, k
}

// unseen are the texts that may show nowhere.
func (p *parrot) unseen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append(slices.Concat(p.secrets, p.tokens), strings.ToUpper(nasty["SLASHES"]), storeKey)
}

// TestJournalHidesSecrets kills a run that has secrets in all that the journal keeps, and goes on with it, until it has ended; then
// its failed items are tried again.
func TestJournalHidesSecrets(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", storeKey} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("key %t, %d", key != "", seed), func(t *testing.T) {
				t.Parallel()
				u, p, k := parrotUser(t, key)
				random := mathrand.New(mathrand.NewPCG(seed, 4))
				args := []string{"run", "job", "--progress", "json"}
				if key != "" {
					args = append(args, "-i", "note=it is "+nasty["UNICODE"])
				}
				kills := 0
				for {
					b := blow{}
					if kills < 5 {
						b = blow{1 + random.IntN(25), moments[random.IntN(len(moments))], time.Duration(random.IntN(3000)) * time.Microsecond}
					}
					p.another(min(len(key), 1))
					got := u.struck(k, b, args)
					u.checkHidden(p.unseen())
					if got.code != -1 && !strings.Contains(got.stderr, "in doubt") {
						if got.code != exitFailed || !strings.Contains(got.stderr, "the end, ") {
							t.Fatalf("exit code %d\n%s", got.code, got.stderr)
						}
						break
					}
					kills++
					args = []string{"resume", "@last", "--assume", "redo", "--progress", []string{"plain", "tty", "json"}[kills%3]}
				}
				t.Logf("%d kills", kills)
				p.another(min(len(key), 1))
				u.run("retry", "@last", "--failed-items")
				u.must(exitOK, "history", "show", "@last")
				shown := u.must(exitOK, "history", "show", "@last", "--http", "--json")
				if !strings.Contains(shown.stdout, "***") {
					t.Error("nothing was masked")
				}
				u.checkHidden(p.unseen())
				u.checkSealed(t, key != "")
			})
		}
	}
}

// checkSealed holds that there is something encrypted in the journal, with a key, and nothing without.
func (u *user) checkSealed(t *testing.T, want bool) {
	t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(u.dir, "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT j.key, coalesce(j.result, b.data) FROM journal j LEFT JOIN blobs b ON b.digest = j.digest WHERE j.ended IS NOT NULL")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	sealed := 0
	for rows.Next() {
		var key string
		var value []byte
		if err := rows.Scan(&key, &value); err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(value, []byte{1}) {
			sealed++
		}
	}
	if (sealed > 0) != want {
		t.Errorf("%d values of the journal are encrypted, want some: %t", sealed, want)
	}
}

// TestAnswersThatDecideUponARetry kills a run between two tries of a step, of which the answer decides whether there is a second one:
// the run that goes on decides as the first did, also where it could not be kept.
func TestAnswersThatDecideUponARetry(t *testing.T) {
	t.Parallel()
	const policy = `retry: {attempts: 2, when: "response?.body.again == true", backoff: {initial: 1ms}}`
	for _, tt := range []struct{ name, profile, step, secret string }{
		{"of the step", "", policy, ""},
		{"of the step, with secrets in it", "", policy, "secret.QUOTES"},
		{"of the profile", ", " + policy, "", ""},
		{"of the profile, with secrets in it", ", " + policy, "", "secret.QUOTES"},
	} {
		for _, key := range []string{"", storeKey} {
			t.Run(fmt.Sprintf("%s, key %t", tt.name, key != ""), func(t *testing.T) {
				t.Parallel()
				u, p, k := parrotUser(t, key)
				p.secrets = slices.Repeat([]string{"no secret"}, 4)
				if tt.secret != "" {
					p.secrets = slices.Repeat([]string{nasty["QUOTES"]}, 4)
				}
				u.write("profiles.yaml", "version: 1\nprofiles:\n  p: {base_url: "+k.URL+tt.profile+"}\n")
				step := "  - id: ask\n    rest: {profile: p, path: /flaky, query: {k: \"${" + cmp.Or(tt.secret, "1") + "}\"}}\n    " + tt.step + "\n"
				u.write("job.yaml", "version: 1\nsteps:\n"+step+"output: ${steps.ask.output.number}\n")
				if got := u.struck(k, blow{n: 2, at: unheard}, []string{"run", "job"}); got.code != -1 {
					t.Fatalf("exit code %d of a killed run\n%s", got.code, got.stderr)
				}
				if tt.secret != "" && key == "" {
					p.forget() // the first answer is asked for once more, and says the same
				}
				u.must(exitOK, "resume", "@last")
				if tt.secret != "" {
					u.checkHidden(p.unseen())
				}
			})
		}
	}
}
