package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
)

// deviceServer is a server for logins on another device, in a bubble of synctest. It keeps when it was asked for tokens.
type deviceServer struct {
	system
	code    string // the answer to the request for a code; "" for a usual one
	asked   []url.Values
	polls   []time.Duration // since the start
	started time.Time

	// answers has what is said to each question for tokens; the last goes on for ever.
	answers []func(http.ResponseWriter)
}

func (d *deviceServer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if err := req.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if req.URL.Path == "/device" {
		d.asked = append(d.asked, req.PostForm)
		if d.code == "" {
			d.code = `{"device_code":"the-device-code","user_code":"WDJB-MJHT","verification_uri":"https://as.example.com/device","expires_in":600}`
		}
		if strings.HasPrefix(d.code, "!") {
			refuse(w, http.StatusUnauthorized, d.code[1:])
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, d.code)
		return
	}
	d.forms = append(d.forms, req.PostForm)
	n := min(len(d.polls), len(d.answers)-1)
	d.polls = append(d.polls, time.Since(d.started))
	d.answers[n](w)
}

func says(code string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { refuse(w, http.StatusBadRequest, code) }
}

func pending(w http.ResponseWriter) { refuse(w, http.StatusBadRequest, "authorization_pending") }

func tokens(w http.ResponseWriter) { grant(w, "T1-token", 3600, "refresh_token", "R1-token") }

func down(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }

func webPage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, "<html>Hibernating instance</html>")
}

// loginAt logs in at the server, and gives what the person was shown.
func (d *deviceServer) loginAt(t *testing.T, ctx context.Context, settings Settings) (*tokenSource, Visit, error) {
	t.Helper()
	all := Settings{"grant": grantDeviceCode, "device_url": "/device"}
	for name, value := range settings {
		all[name] = value
	}
	source := inBubble(t, &system{}, all)
	source.endpoint.wire = direct{d}
	d.started = time.Now()
	var shown Visit
	err := source.loginByDevice(ctx, Prompt{Visit: func(v Visit) { shown = v }})
	return source, shown, err
}

func TestLoginByDevice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &deviceServer{answers: []func(http.ResponseWriter){pending, pending, tokens}}
		source, shown, err := d.loginAt(t, t.Context(), Settings{"scope": []string{"read", "write"}})
		if err != nil {
			t.Fatal(err)
		}
		want := Visit{URL: "https://as.example.com/device", Code: "WDJB-MJHT", Expires: d.started.Round(0).Add(10 * time.Minute)}
		if shown != want {
			t.Errorf("shown: got %+v, want %+v", shown, want)
		}
		if got := fmt.Sprint(d.polls); got != "[5s 10s 15s]" {
			t.Errorf("asked after %s, want every 5 seconds", got)
		}
		if got := d.asked[0]; got.Get("client_id") != "client" || got.Get("scope") != "read write" {
			t.Errorf("the code was asked for with %v", got)
		}
		form := d.forms[2]
		if form.Get("grant_type") != deviceCodeType || form.Get("device_code") != "the-device-code" || form.Get("client_id") != "client" {
			t.Errorf("the tokens were asked for with %v", form)
		}
		if source.endpoint.redactor.Text("the-device-code") != Mask {
			t.Error("the redactor does not know the device code")
		}
		if token, err := source.token(t.Context()); err != nil || token.access != "T1-token" {
			t.Errorf("after the login: got %v, %v", token, err)
		}
	})
}

func TestDevicePauses(t *testing.T) {
	t.Parallel()
	code := func(more string) string {
		return `{"device_code":"dev-1f7a-code","user_code":"u","verification_uri":"https://as.example.com/",` + more + `}`
	}
	type answers = []func(http.ResponseWriter)
	tests := []struct {
		name    string
		code    string
		answers answers
		want    string // when the tokens were asked for
	}{
		{"none said", code(`"expires_in":600`), answers{pending, tokens}, "[5s 10s]"},
		{"said", code(`"expires_in":600,"interval":7`), answers{pending, tokens}, "[7s 14s]"},
		{"said as text", code(`"expires_in":"600","interval":"7.0"`), answers{pending, tokens}, "[7s 14s]"},
		{"negative", code(`"expires_in":600,"interval":-5`), answers{pending, tokens}, "[1s 2s]"},
		{"zero", code(`"expires_in":600,"interval":0`), answers{pending, tokens}, "[1s 2s]"},
		{"a million of millions", code(`"expires_in":600,"interval":1000000000000`), answers{pending, tokens}, "[1m0s 2m0s]"},
		{"beyond all numbers", code(`"expires_in":600,"interval":1e999`), answers{pending, tokens}, "[1m0s 2m0s]"},
		{"nonsense", code(`"expires_in":600,"interval":"soon"`), answers{pending, tokens}, "[5s 10s]"},
		{"slow down", code(`"expires_in":600`), answers{says("slow_down"), pending, says("slow_down"), tokens}, "[5s 15s 25s 40s]"},
		{"slow down without end", code(`"expires_in":600,"interval":55`), answers{says("slow_down"), says("slow_down"), pending, tokens}, "[55s 1m55s 2m55s 3m55s]"},
		{"out of reach", code(`"expires_in":600`), answers{down, webPage, down, pending, tokens}, "[5s 15s 35s 1m15s 1m20s]"},
		{"down for long", code(`"expires_in":600`), answers{down, down, down, down, down, tokens}, "[5s 15s 35s 1m15s 2m15s 3m15s]"},
		{"asked to wait", code(`"expires_in":600`), answers{retryIn("30"), retryIn("86400"), tokens}, "[5s 35s 1m35s]"},
		{"a device code that words of the protocol have in them", `{"device_code":"p","user_code":"u","verification_uri":"https://as.example.com/"}`,
			answers{pending, says("slow_down"), tokens}, "[5s 10s 20s]"},
		{"the last question", code(`"expires_in":12`), answers{pending, pending, tokens}, "[5s 10s 12s]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &deviceServer{code: tt.code, answers: tt.answers}
				if _, _, err := d.loginAt(t, t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				if got := fmt.Sprint(d.polls); got != tt.want {
					t.Errorf("asked after %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func retryIn(seconds string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", seconds)
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

func TestDeviceCodeThatEnds(t *testing.T) {
	t.Parallel()
	code := func(expires string) string {
		return `{"device_code":"dev-1f7a-code","user_code":"u","verification_uri":"https://as.example.com/","expires_in":` + expires + `}`
	}
	always := func(f func(http.ResponseWriter)) []func(http.ResponseWriter) { return []func(http.ResponseWriter){f} }
	tests := []struct {
		name, code string
		answers    []func(http.ResponseWriter)
		after      time.Duration
		want, help string
	}{
		{"denied", code("600"), []func(http.ResponseWriter){pending, says("access_denied")}, 10 * time.Second, "access_denied", "allow it: snrun auth login p"},
		{"the server says so", code("600"), always(says("expired_token")), 5 * time.Second, "expired_token: nobody confirmed", "sign in again: snrun auth login p"},
		{"unknown", code("600"), always(says("invalid_grant")), 5 * time.Second, "invalid_grant", "sign in again: snrun auth login p"},
		{"a wrong client", code("600"), always(says("invalid_client")), 5 * time.Second, "invalid_client", "client_secret"},
		{"nobody comes", code("600"), always(pending), 10 * time.Minute, "expired_token: nobody confirmed", "sign in again"},
		{"nobody comes, no life said", code("null"), always(pending), 15 * time.Minute, "nobody confirmed", ""},
		{"nobody comes, a negative life", code("-1"), always(pending), 15 * time.Minute, "nobody confirmed", ""},
		{"nobody comes, a blink", code("0.01"), always(pending), time.Second, "nobody confirmed", ""},
		{"nobody comes, a life of years", code("1e12"), always(pending), time.Hour, "nobody confirmed", ""},
		{"never in reach", code("600"), always(down), 10 * time.Minute, "nobody confirmed", ""},
		{"never but a web page", code("600"), always(webPage), 10 * time.Minute, "nobody confirmed", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &deviceServer{code: tt.code, answers: tt.answers}
				_, _, err := d.loginAt(t, t.Context(), nil)
				failed, ok := errors.AsType[*SignInError](err)
				if !ok || !strings.Contains(failed.Error(), tt.want) || !strings.Contains(failed.Help(), tt.help) {
					t.Errorf("got %v", err)
				} else if !strings.Contains(failed.Error(), "(grant device_code)") || !strings.Contains(failed.Error(), "https://api.example.com/token") {
					t.Errorf("the error names no grant or endpoint: %v", failed)
				}
				if took := time.Since(d.started); took != tt.after {
					t.Errorf("it ended after %v, want %v", took, tt.after)
				}
			})
		})
	}
}

func TestDeviceLoginIsStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		d := &deviceServer{answers: []func(http.ResponseWriter){pending}}
		if _, _, err := d.loginAt(t, ctx, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(d.started); took != time.Minute {
			t.Errorf("it ended after %v", took)
		}
	})
}

func TestDeviceCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		page, user string
		filled     bool
		want       string // the error
	}{
		{name: "usual", text: `{"device_code":"dev-1f7a-code","user_code":"WDJB-MJHT","verification_uri":"https://as.example.com/device"}`,
			page: "https://as.example.com/device", user: "WDJB-MJHT"},
		{name: "filled in", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"https://as.example.com/","verification_uri_complete":"https://as.example.com/?user_code=A"}`,
			page: "https://as.example.com/?user_code=A", user: "A", filled: true},
		{name: "of before the RFC", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_url":"https://as.example.com/"}`, page: "https://as.example.com/", user: "A"},
		{name: "a code that steers the terminal", text: `{"device_code":"dev-1f7a-code","user_code":"\u001b[2JAB\r\n\u202eCD","verification_uri":"https://as.example.com/"}`,
			page: "https://as.example.com/", user: "[2JABCD"},
		{name: "a page that steers the terminal", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"https://as.example.com/\u001b[2J"}`,
			want: "the verification_uri of the answer is no address of a web page"},
		{name: "a page in other letters", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"https://as.example.com/\u202ex"}`,
			page: "https://as.example.com/%E2%80%AEx", user: "A"},
		{name: "a query that steers the terminal", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"https://as.example.com/?a=\u009b2J\u202eb"}`,
			page: "https://as.example.com/?a=%C2%9B2J%E2%80%AEb", user: "A"},
		{name: "a query of several words", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"https://as.example.com/?a=%20 --flag \"<x>\"&c=1+1"}`,
			page: "https://as.example.com/?a=%20%20--flag%20%22%3Cx%3E%22&c=1+1", user: "A"},
		{name: "a page that a script would run", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"https://as.example.com/$(calc)/%24'?a=$(calc)\u0060b\u0060"}`,
			page: "https://as.example.com/%24%28calc%29/%24%27?a=%24%28calc%29%60b%60", user: "A"},
		{name: "a host that a script would run", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"https://as.example.com\";calc;\"/"}`,
			want: "the verification_uri of the answer is no address of a web page"},
		{name: "a host in other letters", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"https://bücher.example:8443/_x?a;b=~[1]"}`,
			page: "https://b%C3%BCcher.example:8443/_x?a;b=~[1]", user: "A"},
		{name: "a host by its address", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"http://[::1]:8443/"}`,
			page: "http://[::1]:8443/", user: "A"},
		{name: "a script", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"javascript:alert(1)"}`, want: "the verification_uri of the answer is no address of a web page"},
		{name: "a script beside a page", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"https://as.example.com/","verification_uri_complete":"javascript:alert(1)"}`,
			want: "the verification_uri_complete of the answer is no address of a web page"},
		{name: "a file", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"file:///etc/passwd"}`, want: "the verification_uri of the answer is no address of a web page"},
		{name: "a flag", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"--version"}`, want: "the verification_uri of the answer is no address of a web page"},
		{name: "with a name before the host", text: `{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"https://as.example.com@evil.example.com/"}`,
			want: "the verification_uri of the answer is no address of a web page"},
		{name: "no page", text: `{"device_code":"dev-1f7a-code","user_code":"A"}`, want: "the answer has no verification_uri"},
		{name: "no code", text: `{"user_code":"A","verification_uri":"https://as.example.com/"}`, want: "the answer has no device_code"},
		{name: "a code of two lines", text: `{"device_code":"d\n","user_code":"A","verification_uri":"https://as.example.com/"}`,
			want: "device_code has a character that no token may have (a line break, a space or the like)"},
		{name: "nothing to type", text: `{"device_code":"dev-1f7a-code","user_code":"\n","verification_uri":"https://as.example.com/"}`, want: "the answer has no user_code"},
		{name: "a list", text: `{"device_code":["d"],"user_code":"A"}`, want: "device_code is not text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			members, err := decodeJSON([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := readDeviceCode(members, time.Now())
			if tt.want != "" {
				if err == nil || err.Error() != tt.want {
					t.Errorf("got the error %v, want %s", err, tt.want)
				}
				return
			}
			if err != nil || got.page.String() != tt.page || got.user != tt.user || got.filled != tt.filled {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// FuzzDeviceCode holds that whatever a server says stays within the bounds.
func FuzzDeviceCode(f *testing.F) {
	f.Add(`{"device_code":"dev-1f7a-code","user_code":"A","verification_uri":"https://as.example.com/","interval":-5,"expires_in":1e12}`)
	f.Add(`{"device_code":"dev-1f7a-code","user_code":"\u001b[2J","verification_uri_complete":"http://as.example.com/?c=A","interval":"1e12","expires_in":"NaN"}`)
	f.Add(`{"device_code":"dev-1f7a-code","user_code":"A","verification_url":"javascript:x","interval":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		members, err := decodeJSON([]byte(text))
		if err != nil {
			return
		}
		started := time.Now()
		d, err := readDeviceCode(members, started)
		if err != nil {
			return
		}
		if life := d.expires.Sub(started.Round(0)); d.interval < time.Second || d.interval > time.Minute || life < time.Second || life > time.Hour {
			t.Errorf("interval %v, life %v", d.interval, life)
		}
		if d.page.Scheme != "http" && d.page.Scheme != "https" {
			t.Errorf("the page is %s", d.page)
		}
		if strings.ContainsFunc(d.user, func(r rune) bool { return !unicode.IsPrint(r) }) || strings.ContainsFunc(d.page.String(), func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("not clean: %q %q", d.user, d.page)
		}
	})
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value any
		want  string
	}{
		{json.Number("5"), "5 true"}, {json.Number("5.0"), "5 true"}, {json.Number("-5"), "-5 true"}, {json.Number("1e999"), "+Inf true"},
		{" 7 ", "7 true"}, {"", "0 false"}, {"NaN", "0 false"}, {"Inf", "0 false"}, {"0x10", "0 false"}, {"soon", "0 false"}, {nil, "0 false"}, {true, "0 false"}, {[]any{}, "0 false"},
	} {
		got, ok := numberOf(tt.value)
		if text := fmt.Sprint(got, ok); text != tt.want {
			t.Errorf("%#v: got %s, want %s", tt.value, text, tt.want)
		}
	}
}

func TestDeviceLoginThatCannotBegin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings Settings
		code     string
		want     string
		help     string
	}{
		{"no address", Settings{"device_url": ""}, "", "where codes for another device come from is not known", "add device_url"},
		{"refused", nil, "!invalid_client", "https://api.example.com/device (grant device_code): status 401: invalid_client", "client_secret"},
		{"no answer of OAuth", nil, "{}", "the answer has no device_code", "check device_url"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &deviceServer{code: tt.code}
			_, shown, err := d.loginAt(t, t.Context(), tt.settings)
			failed, ok := errors.AsType[*SignInError](err)
			if !ok || !strings.Contains(failed.Error(), tt.want) || !strings.Contains(failed.Help(), tt.help) {
				t.Errorf("got %v", err)
			}
			if shown != (Visit{}) {
				t.Errorf("the person was shown %+v", shown)
			}
		})
	}
}

func TestDeviceWhereThereIsNone(t *testing.T) {
	t.Parallel()
	k := keyringOf(t, Options{}, oauthProfile(t, baseOfTests, nil), Profile{Name: "plain", BaseURL: mustURL(t, baseOfTests)})
	err := k.Login(t.Context(), "p", Prompt{Device: true})
	if failed, ok := errors.AsType[*SignInError](err); !ok || failed.Help() != "leave --device off" {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"plain", "nobody"} {
		if err := k.Login(t.Context(), name, Prompt{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
