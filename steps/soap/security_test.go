package soap_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/soap/wsse"
	"snrun/steps/steptest"
)

// identityIn writes a certificate with its key into one file of a folder.
func identityIn(t *testing.T, dir, name string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})...)
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func openedIn(t *testing.T, dir string, in steps.Input) *wsse.Security {
	t.Helper()
	s, err := wsse.Open(in, dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSecuredBothWays signs what is sent, and reads an answer that is signed, whatever charset HTTP gives it.
func TestSecuredBothWays(t *testing.T) {
	t.Parallel()
	env := steptest.NewEnv(t)
	identityIn(t, env.Dir, "client.pem")
	identityIn(t, env.Dir, "server.pem")
	server := openedIn(t, env.Dir, steps.Input{
		"timestamp": time.Minute, "sign": steps.Input{"cert_file": "server.pem"},
		"verify": steps.Input{"cert_file": "client.pem", "parts": []any{"timestamp"}, "required": true},
	})
	answer, err := server.Secure([]byte(answering(200, "<r>zwölf</r>").Body), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s := steptest.NewServer(t).On("POST /soap", steptest.Answer{Header: steptest.Header("Content-Type", "text/xml; charset=iso-8859-1"), Body: string(answer)}).On("POST /soap", steptest.Answer{Body: string(answer)})
	security := steps.Input{
		"username": "ann", "password": "s3cret", "password_type": "digest", "timestamp": time.Minute, "must_understand": true,
		"sign": steps.Input{"cert_file": "client.pem"}, "verify": steps.Input{"cert_file": "server.pem", "required": true},
	}
	in := under(s, steps.Input{"body": pairs("q", "1"), "ws_security": security})
	out, err := soap.Kind().Run(t.Context(), in, &env.Env)
	if err != nil || out.Value != "zwölf" {
		t.Fatalf("got %v, %v", out.Value, err)
	}
	if err := server.Check([]byte(s.Last().Body), time.Now()); err != nil {
		t.Errorf("the server does not trust what was sent: %v", err)
	}
	security["verify"] = steps.Input{"cert_file": "client.pem", "required": true}
	_, err = soap.Kind().Run(t.Context(), in, &env.Env)
	if e := failed(t, err); e.Kind != steps.Content || !strings.HasPrefix(e.Message, "POST "+s.URL+"/soap: 200: the answer is not trusted: ") || !strings.Contains(e.Message, "another certificate") {
		t.Errorf("got %+v", e)
	}
	if seen := string(env.Exchanges()[0].Request.Body); !strings.Contains(seen, "<wsse:Username>ann<") || strings.Contains(seen, "Nonce EncodingType") && !strings.Contains(seen, ">***<") {
		t.Errorf("history has %s", seen)
	}
}

// TestUntrustedAnswers holds that what is not signed is not believed, whatever its status is, and that the status of what is no message
// at all says more.
func TestUntrustedAnswers(t *testing.T) {
	t.Parallel()
	env := steptest.NewEnv(t)
	identityIn(t, env.Dir, "server.pem")
	tests := []struct {
		name                string
		answer              steptest.Answer
		kind, message, hint string
	}{
		{"a message", answering(200, "<r/>"), steps.Content, "the answer is not trusted: it is not signed", "have the server sign its answers"},
		{"a fault", answering(500, "<e:Fault><faultcode>e:Server</faultcode><faultstring>down</faultstring></e:Fault>"), steps.Content, "the answer is not trusted: it is not signed", "have the server sign its answers"},
		{"a page", steptest.Text(503, "<html></html>"), steps.Status, "503 Service Unavailable", ""},
		{"no message", answering(200, "</e:Body><e:Body>"), steps.Content, "the body is not a SOAP message that can be taken: the envelope has two bodies", ""},
	}
	for _, tt := range tests {
		s := steptest.NewServer(t).On("POST /soap", tt.answer)
		in := under(s, steps.Input{"body": pairs("q", "1"), "expect_fault": true, "ws_security": steps.Input{"verify": steps.Input{"cert_file": "server.pem", "required": true}}})
		_, err := soap.Kind().Run(t.Context(), in, &env.Env)
		if e := failed(t, err); e.Kind != tt.kind || !strings.Contains(e.Message, tt.message) || !strings.HasPrefix(e.Hint, tt.hint) || e.Fields != nil {
			t.Errorf("%s: got %+v", tt.name, e)
		}
	}
	in := steps.Input{"profile": "test", "base_url": "https://example.com", "path": "/x", "body": pairs("q", "1"), "ws_security": steps.Input{"sign": steps.Input{"cert_file": "none.pem"}}}
	if _, err := soap.Kind().Run(t.Context(), in, &env.Env); !failed(t, err).NoEffect || len(soap.Kind().Check(in, env.Dir)) == 0 {
		t.Errorf("without the file of a certificate: got %v", err)
	}
}

// TestEmptyAnswersAreNotTrusted holds that an answer which must be signed cannot be replaced by nothing, but for operations without one.
func TestEmptyAnswersAreNotTrusted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		in       steps.Input
		required bool
		want     string
	}{
		{"without a WSDL", steps.Input{"body": pairs("q", 1)}, true, "202: the answer is not trusted: it is empty"},
		{"an operation", steps.Input{"wsdl": "orders.wsdl", "operation": "PlaceOrder", "params": order()}, true, "202: the answer is not trusted: it is empty"},
		{"one way", steps.Input{"wsdl": "orders.wsdl", "operation": "Note", "params": pairs("text", "a")}, true, ""},
		{"if it is signed", steps.Input{"body": pairs("q", 1)}, false, ""},
	} {
		env := withWSDL(t)
		identityIn(t, env.Dir, "server.pem")
		s := steptest.NewServer(t).On("POST /soap", steptest.Answer{Status: 202})
		test.in["ws_security"] = steps.Input{"verify": steps.Input{"cert_file": "server.pem", "required": test.required}}
		_, err := soap.Kind().Run(t.Context(), under(s, test.in), &env.Env)
		if test.want == "" && err != nil || test.want != "" && !strings.Contains(failed(t, err).Message, test.want) {
			t.Errorf("%s: got %v, want %s", test.name, err, test.want)
		}
	}
}

// TestSecurityGoesToTheProfileOnly holds that no password goes to another origin, and none with `auth: none`.
func TestSecurityGoesToTheProfileOnly(t *testing.T) {
	t.Parallel()
	home := steptest.NewServer(t).On("POST /soap", answering(200, "<r/>"))
	other := steptest.NewServer(t).On("POST /soap", answering(200, "<r/>"), answering(200, "<r/>"))
	security := steps.Input{"username": "ann", "password": "s3cret"}
	for name, test := range map[string]struct {
		more    steps.Input
		secured bool
		problem string
	}{
		"home":              {steps.Input{"endpoint": home.URL + "/soap"}, true, ""},
		"another origin":    {steps.Input{"endpoint": other.URL + "/soap"}, false, "endpoint"},
		"another url":       {steps.Input{"url": other.URL + "/soap"}, false, "url"},
		"a further origin":  {steps.Input{"endpoint": other.URL + "/soap", "origins": []any{other.URL}}, true, ""},
		"without a sign-in": {steps.Input{"endpoint": other.URL + "/soap", "auth": "none"}, false, ""},
	} {
		in := steps.Input{"profile": "test", "base_url": home.URL, "body": pairs("q", "1"), "ws_security": security}
		for key, v := range test.more {
			in[key] = v
		}
		problems := soap.Kind().Check(in, t.TempDir())
		_, err := steptest.Run(t, soap.Kind(), in)
		if test.problem != "" {
			if len(problems) != 1 || problems[0].Path != test.problem || err == nil {
				t.Errorf("%s: got %+v, %v", name, problems, err)
			}
			continue
		}
		sent := home
		if name != "home" {
			sent = other
		}
		if err != nil || len(problems) > 0 || strings.Contains(sent.Last().Body, "s3cret") != test.secured {
			t.Errorf("%s: got %+v, %v, %s", name, problems, err, sent.Last().Body)
		}
	}
	in := steps.Input{"profile": "test", "base_url": steps.Unknown{}, "endpoint": "https://erp.example.com/x", "body": pairs("q", "1"), "ws_security": security}
	if problems := soap.Kind().Check(in, t.TempDir()); len(problems) > 0 {
		t.Errorf("with a base URL that is known later: %+v", problems)
	}
	in["base_url"] = "https://example.com"
	for _, origins := range []any{steps.Unknown{}, []any{steps.Unknown{}}} {
		in["origins"] = origins
		if problems := soap.Kind().Check(in, t.TempDir()); len(problems) > 0 {
			t.Errorf("with origins that are known later: %+v", problems)
		}
	}
}
