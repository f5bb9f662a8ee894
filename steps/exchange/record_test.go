package exchange_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/steptest"
)

func TestExchange(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/x", steptest.Answer{Status: 201, Header: steptest.Header("Content-Type", "text/plain", "X-A", "b"), Body: "done"})
	env := steptest.NewEnv(t)
	in := under(s, "x?q=1", steps.Input{"method": "POST", "body": "hello"})
	if _, err := plainKind().Run(t.Context(), in, &env.Env); err != nil {
		t.Fatal(err)
	}
	all := env.Exchanges()
	if len(all) != 1 {
		t.Fatalf("got %d exchanges, want 1", len(all))
	}
	x := all[0]
	if x.Method != "POST" || x.URL != s.URL+"/x?q=1" || x.Page != 0 || x.Status != 201 || x.Error != "" {
		t.Errorf("got %+v", x)
	}
	if string(x.Request.Body) != "hello" || x.Request.Size != 5 || x.Request.Header.Get("User-Agent") != "snrun/test" {
		t.Errorf("request: got %q, %d bytes, %v", x.Request.Body, x.Request.Size, x.Request.Header)
	}
	if string(x.Response.Body) != "done" || x.Response.Size != 4 || x.Response.Header.Get("X-A") != "b" {
		t.Errorf("response: got %q, %d bytes, %v", x.Response.Body, x.Response.Size, x.Response.Header)
	}
	if x.Started.IsZero() || x.Duration <= 0 || x.Connect <= 0 || x.FirstByte <= 0 || x.FirstByte > x.Duration {
		t.Errorf("times: started %v, took %v, connect %v, first byte %v", x.Started, x.Duration, x.Connect, x.FirstByte)
	}
}

func TestBodiesInHistory(t *testing.T) {
	t.Parallel()
	redact := []any{"$.password", "$..token"}
	json := steptest.Header("Content-Type", "application/json")
	for _, c := range []struct {
		name     string
		history  steps.Input
		in       steps.Input
		answer   steptest.Answer
		request  string
		response string
	}{
		{"cut", steps.Input{"bodies": int64(3)}, steps.Input{"body": "abcdef"}, steptest.Text(200, "12345"), "abc", "123"},
		{"just as much as is kept, and one more", steps.Input{"bodies": int64(3)}, steps.Input{"body": "abc"}, steptest.Text(200, "1234"), "abc", "123"},
		{"none", steps.Input{"bodies": int64(0)}, steps.Input{"body": "abcdef"}, steptest.Text(200, "12345"), "", ""},
		{"json", steps.Input{"redact": redact}, steps.Input{"body": `{"user":"ann","password":"p-1"}`, "headers": typed("application/json")},
			steptest.JSON(`{"a":[{"token": "t-1"}]}`), `{"user":"ann","password":"***"}`, `{"a":[{"token": "***"}]}`},
		{"masked before it is cut", steps.Input{"redact": redact, "bodies": int64(20)}, steps.Input{"body": `{"password":"p-1-p-1-p-1"}`},
			steptest.Answer{Header: json, Body: `{}`}, `{"password":"***"}`, `{}`},
		{"form", steps.Input{"redact": redact}, steps.Input{"body": "password=p-1&token=t-1&user=ann", "headers": typed("application/x-www-form-urlencoded")},
			steptest.Answer{}, "password=***&token=***&user=ann", ""},
		{"json that is broken", steps.Input{"redact": redact}, steps.Input{"body": `{"password":"p-1`}, steptest.Answer{Status: 500, Header: json, Body: `{"token":"t-1"`},
			"(not shown: values in it are to be redacted, and it is not whole JSON)", "(not shown: values in it are to be redacted, and it is not whole JSON)"},
		{"xml", steps.Input{"redact": redact}, steps.Input{"body": `<password>p-1</password>`}, steptest.Answer{Status: 500, Header: typeOf("text/xml"), Body: `<a token="t-1"/>`},
			`<password>***</password>`, `<a token="***"/>`},
		{"text is as it is", steps.Input{"redact": redact}, steps.Input{"body": "password"}, steptest.Text(200, "token"), "password", "token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("/x", c.answer)
			env := steptest.NewEnv(t)
			in := under(s, "x", c.in)
			in["method"], in["history"] = "POST", c.history
			_, err := plainKind().Run(t.Context(), in, &env.Env)
			if err != nil && (strings.Contains(err.Error(), "t-1") || strings.Contains(err.Error(), "p-1")) {
				t.Errorf("the error shows what is to be redacted: %v", err)
			}
			x := env.Exchanges()[0]
			if string(x.Request.Body) != c.request || string(x.Response.Body) != c.response {
				t.Errorf("got  %q and %q\nwant %q and %q", x.Request.Body, x.Response.Body, c.request, c.response)
			}
		})
	}
}

// keyed signs as a profile's client does: on a copy, in the query and in a header.
type keyed struct{}

func (keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	signed := r.Clone(r.Context())
	signed.URL.RawQuery = "api_key=s3cret"
	signed.Header.Set("Authorization", "Bearer s3cret")
	return http.DefaultTransport.RoundTrip(signed)
}

func TestSignInIsSeenNowhere(t *testing.T) {
	t.Parallel()
	for _, answer := range []steptest.Answer{steptest.JSON(`{}`), {Status: 500}, {Drop: true}, {Status: 302, Header: steptest.Header("Location", "/x?b=1")}} {
		s := steptest.NewServer(t).On("/x", answer).On("/x", steptest.Answer{})
		env := steptest.NewEnv(t)
		env.Clients = steptest.ClientsOver(keyed{})
		out, err := plainKind().Run(t.Context(), under(s, "x", nil), &env.Env)
		x := env.Exchanges()[0]
		for what, text := range map[string]string{"url": asString(out.Names["url"]), "error": asString(err), "history": x.URL + x.Error + x.Request.Header.Get("Authorization")} {
			if strings.Contains(text, "s3cret") {
				t.Errorf("%d: the sign-in shows in the %s", answer.Status, what)
			}
		}
	}
}

func asString(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case error:
		return v.Error()
	}
	return ""
}

// typed is the field headers with a Content-Type.
func typed(contentType string) steps.Pairs {
	return steps.Pairs{{Key: "Content-Type", Value: contentType}}
}

func typeOf(contentType string) http.Header { return steptest.Header("Content-Type", contentType) }

// TestTold holds that history and messages show what the kind tells of a body, masked by its own type.
func TestTold(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/x", steptest.Answer{Header: typeOf(`multipart/related; boundary=b`), Body: "--b\r\n\r\n<a><token>t-1</token></a>\r\n--b--"})
	env := steptest.NewEnv(t)
	in := under(s, "x", steps.Input{"history": steps.Input{"redact": []any{"$..token"}}})
	r, err := exchange.NewRequest("POST", in)
	if err != nil {
		t.Fatal(err)
	}
	c := exchange.Call{In: in, Env: &env.Env, Manner: exchange.Manner{MaxBody: 1000}}
	err = exchange.Send(t.Context(), c, r, func(ctx context.Context, trip *exchange.Trip) error {
		if err := trip.Receive(ctx); err != nil {
			return err
		}
		trip.Tell("text/xml", []byte("<a><token>t-1</token></a>"))
		return trip.ContentError("no good", "")
	})
	x := env.Exchanges()[0]
	if want := "<a><token>***</token></a>"; string(x.Response.Body) != want || x.Response.Size != 39 || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %s, %d bytes, and the error %v", x.Response.Body, x.Response.Size, err)
	}
}
