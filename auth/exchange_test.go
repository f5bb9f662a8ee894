package auth

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// endpointOf is the endpoint of a keyring's profile p.
func endpointOf(t testing.TB, o Options, p Profile) *endpoint {
	t.Helper()
	return keyringOf(t, o, p).sources["p"].endpoint
}

// exchangeOf makes one token request with the grant of the endpoint's profile.
func exchangeOf(t testing.TB, e *endpoint) (answer, *SignInError) {
	t.Helper()
	return e.exchange(t.Context(), e.grant.form(e.settings))
}

// breaking is a server that does something to the connection once it has read a request.
func breaking(t testing.TB, act func(net.Conn)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		act(conn)
		conn.Close()
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// listening runs a server that sees no HTTP: what act does with each connection is all it does.
func listening(t testing.TB, act func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			act(conn)
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// Whether a request may have been carried out decides whether a refresh token may still be good.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	write := func(text string) func(net.Conn) { return func(c net.Conn) { _, _ = io.WriteString(c, text) } }
	closed := httptest.NewServer(nil)
	closed.Close()
	proxy := func(text string) string {
		return "http://" + listening(t, func(c net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, text)
		})
	}
	tests := []struct {
		name, url, proxy string
		want             verdict
	}{
		{"nobody listens", closed.URL, "", verdict{kind: unreachable}},
		{"no such host", "http://no-such-host.test", "", verdict{kind: unreachable}},
		{"no TLS there", "https://" + listening(t, write("220 smtp.example.com\r\n")), "", verdict{kind: unusable}},
		{"a certificate of strangers", newTLSServer(t, 0).URL, "", verdict{kind: unusable}},
		{"a proxy that is down", "https://id.example.com", closed.URL, verdict{kind: unreachable}},
		{"a proxy that refuses", "https://id.example.com", proxy("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), verdict{kind: unreachable}},
		{"a proxy that hangs up", "https://id.example.com", proxy(""), verdict{kind: unreachable}},
		{"a proxy that cannot reach it", "http://id.example.com", proxy("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), verdict{unreachable, true}},
		{"hangs up after the request", breaking(t, func(net.Conn) {}), "", verdict{unreachable, true}},
		{"resets after the request", breaking(t, func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }), "", verdict{unreachable, true}},
		{"half a header", breaking(t, write("HTTP/1.1 200 OK\r\nContent-Ty")), "", verdict{unreachable, true}},
		{"half a body", breaking(t, write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"access_token\"")), "", verdict{unreachable, true}},
		{"no HTTP", breaking(t, write("SSH-2.0-OpenSSH_9.9\r\n")), "", verdict{unreachable, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := oauthProfile(t, tt.url, nil)
			p.Proxy = tt.proxy
			_, failed := exchangeOf(t, endpointOf(t, Options{}, p))
			if failed == nil {
				t.Fatal("no error")
			}
			if got := (verdict{failed.kind, failed.lost}); got != tt.want {
				t.Errorf("got %+v, want %+v: %v", got, tt.want, failed)
			}
		})
	}
}

// The transport repeats a request on another connection only where nothing of it was carried out on the one before. What counts
// is the last one.
func TestRequestOnAnotherConnection(t *testing.T) {
	t.Parallel()
	e := inBubble(t, &system{}, nil).endpoint
	for _, sent := range []bool{false, true} {
		e.wire = roundTripper(func(req *http.Request) (*http.Response, error) {
			trace := httptrace.ContextClientTrace(req.Context())
			trace.GetConn("id.example.com:443")
			trace.WroteHeaders()
			trace.GetConn("id.example.com:443")
			if sent {
				trace.WroteHeaders()
			}
			return nil, io.ErrUnexpectedEOF
		})
		if _, failed := exchangeOf(t, e); failed.kind != unreachable || failed.lost != sent {
			t.Errorf("sent on the last one: %v, got lost %v", sent, failed.lost)
		}
	}
}

func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	sent := func(req *http.Request) { httptrace.ContextClientTrace(req.Context()).WroteHeaders() }
	tests := []struct {
		name string
		wire roundTripper
		lost bool
	}{
		{"no connection", func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}, false},
		{"no answer", func(req *http.Request) (*http.Response, error) {
			sent(req)
			<-req.Context().Done()
			return nil, req.Context().Err()
		}, true},
		{"a body that never ends", func(req *http.Request) (*http.Response, error) {
			sent(req)
			resp := responseOf(http.StatusOK, "application/json", "")
			resp.Body = io.NopCloser(&drip{ctx: req.Context()})
			return resp, nil
		}, true},
	}
	for _, tt := range tests {
		for _, gives := range []string{"waits", "gives up"} {
			t.Run(tt.name+", who asked "+gives, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					e := inBubble(t, &system{}, nil).endpoint
					e.wire = tt.wire
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					want, after := verdict{unreachable, tt.lost}, exchangeTimeout
					if gives == "gives up" {
						ctx, cancel = context.WithTimeout(t.Context(), time.Second)
						want.kind, after = abandoned, time.Second
					}
					defer cancel()
					start := time.Now()
					_, failed := e.exchange(ctx, url.Values{"grant_type": {"client_credentials"}})
					if took := time.Since(start); took != after {
						t.Errorf("it took %v, want %v", took, after)
					}
					if got := (verdict{failed.kind, failed.lost}); got != want {
						t.Errorf("got %+v, want %+v: %v", got, want, failed)
					}
					if want.kind == unreachable && !errors.Is(failed, errTooSlow) {
						t.Errorf("got %v, want that it was too slow", failed)
					}
				})
			})
		}
	}
}

// drip is a body that gives a byte a second.
type drip struct{ ctx context.Context }

func (d *drip) Read(p []byte) (int, error) {
	if !sleep(d.ctx, time.Second) {
		return 0, d.ctx.Err()
	}
	return copy(p, " "), nil
}

// A refusal that came is a refusal, also for who has stopped waiting: asking again would lock accounts.
func TestRefusalCountsThoughTheCallerGaveUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	e := inBubble(t, &system{give: func(w http.ResponseWriter, _ int, _ url.Values) {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		cancel()
	}}, nil).endpoint
	if _, failed := e.exchange(ctx, url.Values{"grant_type": {"client_credentials"}}); failed.kind != refused {
		t.Errorf("got %v", failed)
	}
}

func TestRedirectsTakeNoSecretAlong(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, way := range []string{"body", "header"} {
			t.Run(fmt.Sprint(status, " ", way), func(t *testing.T) {
				t.Parallel()
				other := newRecorder(t, nil)
				s := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
					http.Redirect(w, req, other.URL+"/token", status)
				})
				_, failed := exchangeOf(t, endpointOf(t, Options{}, oauthProfile(t, s.URL, Settings{"client_auth": way})))
				if failed == nil || failed.kind != unusable || failed.lost || !strings.Contains(failed.Error(), "redirected to "+other.URL+"/token") {
					t.Errorf("got %v", failed)
				}
				if other.count() != 0 || s.count() != 1 {
					t.Errorf("%d requests to the endpoint, %d to the redirect's target", s.count(), other.count())
				}
			})
		}
	}
}

func TestWhatGoesIntoATokenRequest(t *testing.T) {
	t.Parallel()
	const id = "client_id=client&client_secret=the+client%27s+secret&"
	tests := []struct {
		name     string
		settings Settings
		form     url.Values // nil for that of the grant
		want     string
	}{
		{"audience and resources", Settings{"audience": "https://api.example.com", "resource": []string{"https://a.example", "https://b.example"}}, nil,
			"audience=https%3A%2F%2Fapi.example.com&" + id + "grant_type=client_credentials&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example"},
		{"a refresh token that was pasted in", Settings{"grant": "refresh_token", "refresh_token": "R+1", "scope": []string{"a", "b"}},
			url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"R+1"}}, id + "grant_type=refresh_token&refresh_token=R%2B1&scope=a+b"},
		{"a code brings its scopes", Settings{"scope": []string{"a"}}, url.Values{"grant_type": {"authorization_code"}, "code": {"C"}},
			id[:len(id)-1] + "&code=C&grant_type=authorization_code"},
		{"a device code too", Settings{"scope": []string{"a"}}, url.Values{"grant_type": {deviceCodeType}, "device_code": {"D"}},
			id + "device_code=D&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &system{}
			e := inBubble(t, s, tt.settings).endpoint
			if tt.form == nil {
				tt.form = e.grant.form(e.settings)
			}
			for range 2 { // the form that is handed in stays as it is
				if _, failed := e.exchange(t.Context(), tt.form); failed != nil {
					t.Fatal(failed)
				}
			}
			for _, form := range s.forms {
				if got, want := form.Encode(), sorted(t, tt.want); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
		})
	}
}

// What watches the request of a step hears nothing of the token request that is made for it.
func TestTokenRequestIsNotThatOfTheStep(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&system{})
	t.Cleanup(server.Close)
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GetConn: func(at string) { t.Errorf("a connection to %s is told", at) }})
	e := endpointOf(t, Options{}, oauthProfile(t, server.URL, nil))
	if _, failed := e.exchange(ctx, e.grant.form(e.settings)); failed != nil {
		t.Error(failed)
	}
}

// An error of the network may quote what was sent; ours does not.
func TestCauseIsMasked(t *testing.T) {
	t.Parallel()
	e := endpointOf(t, Options{}, oauthProfile(t, baseOfTests, Settings{"client_secret": "s3cret-4711"}))
	e.wire = quoting("refused: s3cret-4711")
	if _, failed := exchangeOf(t, e); failed == nil || failed.Cause.Error() != "refused: "+Mask {
		t.Errorf("got %v", failed)
	}
}

// quoting is a network that carries nothing, and says so.
type quoting string

func (q quoting) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New(string(q)) }

// sorted is a form with its names in order.
func sorted(t testing.TB, form string) string {
	t.Helper()
	values, err := url.ParseQuery(form)
	if err != nil {
		t.Fatal(err)
	}
	return values.Encode()
}

func TestTokenHeaders(t *testing.T) {
	t.Parallel()
	s := &system{}
	client, base := overWire(t, s, Settings{"token_headers": [][2]string{{"x-tenant", "seven"}, {"User-Agent", "me"}}})
	get(t, client, base)
	if got := s.header[0]; got.Get("X-Tenant") != "seven" || got.Get("User-Agent") != "me" || got.Get("Accept") != "application/json" {
		t.Errorf("got %v", got)
	}
}

func TestAnswerOfTheProfilesForm(t *testing.T) {
	t.Parallel()
	s := &system{give: func(w http.ResponseWriter, _ int, _ url.Values) {
		_, _ = io.WriteString(w, `{"result":{"token":"T-inside","expires_in":2}}`)
	}}
	source := inBubble(t, s, Settings{"token_path": "result.token", "expires_unit": "hours"})
	got, err := source.token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(got.expires); got.access != "T-inside" || left < 119*time.Minute || left > 2*time.Hour {
		t.Errorf("got a token that lives %v", left)
	}
}
