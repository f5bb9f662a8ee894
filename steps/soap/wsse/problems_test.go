package wsse

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"snrun/steps"
)

// project is a folder with all files that the tests of mistakes name.
func project(t *testing.T) string {
	t.Helper()
	dir := folder(t)
	client, stranger := identities()["client"], identities()["stranger"]
	for name, id := range map[string]identity{"me.p12": client, "mixed.p12": {stranger.certificate, client.key}} {
		data, err := pkcs12.Modern.Encode(id.key, id.certificate, nil, "pw")
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, name, data)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, dir, "ec.key", "EC PRIVATE KEY", der)
	template := &x509.Certificate{SerialNumber: client.certificate.SerialNumber}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, dir, "ec.pem", "CERTIFICATE", certificate)
	writePEM(t, dir, "encrypted.key", "ENCRYPTED PRIVATE KEY", der)
	writePEM(t, dir, "damaged.key", "PRIVATE KEY", der[1:])
	writePEM(t, dir, "damaged.pem", "CERTIFICATE", der)
	writePEM(t, dir, "pkcs1.key", "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(client.key))
	write(t, dir, "together.pem", append(readFile(t, dir, "client.key"), readFile(t, dir, "client.pem")...))
	write(t, dir, "empty.pem", []byte("\n"))
	return dir
}

func TestProblems(t *testing.T) {
	t.Parallel()
	dir := project(t)
	sign := func(pairs ...string) steps.Input {
		in := steps.Input{}
		for i := 0; i < len(pairs); i += 2 {
			in[pairs[i]] = pairs[i+1]
		}
		return steps.Input{"sign": in}
	}
	verify := func(file string) steps.Input { return steps.Input{"verify": steps.Input{"cert_file": file}} }
	later := steps.Unknown{}
	tests := map[string]struct {
		in            steps.Input
		path, message string
	}{
		"nothing":              {steps.Input{}, "ws_security", "it does nothing as it stands"},
		"password alone":       {steps.Input{"password": "x"}, "ws_security.password", "it needs the username that it belongs to"},
		"empty username":       {steps.Input{"username": "", "password": "x"}, "ws_security.username", "it is empty"},
		"control character":    {steps.Input{"username": "a\x03"}, "ws_security.username", "it has a character that XML cannot hold"},
		"broken password":      {steps.Input{"username": "a", "password": "\xff"}, "ws_security.password", "it has a character that XML cannot hold"},
		"digest of nothing":    {steps.Input{"username": "x", "password_type": "digest"}, "ws_security.password_type", "there is no digest without a password"},
		"negative":             {steps.Input{"timestamp": -time.Second}, "ws_security.timestamp", "a message cannot hold for less than no time"},
		"no certificate":       {sign("key_file", "client.key"), "ws_security.sign", "it needs the certificate to sign with"},
		"both forms":           {sign("cert_file", "client.pem", "pkcs12_file", "me.p12"), "ws_security.sign.pkcs12_file", "it stands in place of cert_file and key_file, not beside them"},
		"a password of none":   {sign("pkcs12_password", "pw", "cert_file", "client.pem"), "ws_security.sign.pkcs12_password", "it needs the file that it opens"},
		"no file":              {sign("cert_file", "none.pem", "key_file", "client.key"), "ws_security.sign.cert_file", "none.pem cannot be read: no such file or directory"},
		"no key":               {sign("cert_file", "client.pem"), "ws_security.sign.cert_file", "there is no PEM private key in client.pem"},
		"no PEM":               {sign("cert_file", "client.pem", "key_file", "empty.pem"), "ws_security.sign.key_file", "there is no PEM private key in empty.pem"},
		"another key":          {sign("cert_file", "client.pem", "key_file", "server.key"), "ws_security.sign.key_file", "the key in server.key is not that of the first certificate in client.pem"},
		"encrypted key":        {sign("cert_file", "client.pem", "key_file", "encrypted.key"), "ws_security.sign.key_file", "the key in encrypted.key is encrypted"},
		"damaged key":          {sign("cert_file", "client.pem", "key_file", "damaged.key"), "ws_security.sign.key_file", "the private key in damaged.key is damaged, or of a kind that is not known here"},
		"elliptic key":         {sign("cert_file", "client.pem", "key_file", "ec.key"), "ws_security.sign.key_file", "the key in ec.key is not for RSA"},
		"elliptic certificate": {verify("ec.pem"), "ws_security.verify.cert_file", "a certificate in ec.pem is not for RSA"},
		"damaged certificate":  {verify("damaged.pem"), "ws_security.verify.cert_file", "a certificate in damaged.pem is damaged: "},
		"a key to verify with": {verify("server.key"), "ws_security.verify.cert_file", "there is no PEM certificate in server.key"},
		"wrong p12 password":   {sign("pkcs12_file", "me.p12", "pkcs12_password", "wp"), "ws_security.sign.pkcs12_password", "it does not open me.p12"},
		"p12 of two":           {sign("pkcs12_file", "mixed.p12", "pkcs12_password", "pw"), "ws_security.sign.pkcs12_file", "the key in mixed.p12 is not that of a certificate in it"},
		"PEM as p12":           {sign("pkcs12_file", "client.pem"), "ws_security.sign.pkcs12_file", "client.pem is a PEM file"},
		"no p12":               {sign("pkcs12_file", "empty.pem"), "ws_security.sign.pkcs12_file", "empty.pem cannot be read: "},
		"no parts":             {steps.Input{"sign": steps.Input{"cert_file": "together.pem", "parts": []any{}}}, "ws_security.sign.parts", "nothing is signed"},
		"no timestamp":         {steps.Input{"sign": steps.Input{"cert_file": "together.pem", "parts": []any{"timestamp"}}}, "ws_security.sign.parts", "it has timestamp, but messages have none"},

		"a name alone":       {steps.Input{"username": "x"}, "", ""},
		"digest of anything": {steps.Input{"username": "a", "password": "\x03\xff", "password_type": "digest"}, "", ""},
		"all that XML holds": {steps.Input{"username": "\t\r\n é😀", "password": "x"}, "", ""},
		"known later":        {steps.Input{"username": later, "password": later, "password_type": "digest"}, "", ""},
		"files known later":  {steps.Input{"sign": steps.Input{"cert_file": later}, "verify": steps.Input{"cert_file": later}}, "", ""},
		"key known later":    {steps.Input{"sign": steps.Input{"cert_file": "client.pem", "key_file": later}}, "", ""},
		"p12 known later":    {steps.Input{"sign": steps.Input{"pkcs12_file": "none.p12", "pkcs12_password": later}}, "", ""},
		"a whole identity":   {sign("cert_file", "client.pem", "key_file", "pkcs1.key"), "", ""},
		"both in one file":   {sign("cert_file", "together.pem"), "", ""},
		"p12":                {sign("pkcs12_file", "me.p12", "pkcs12_password", "pw"), "", ""},
		"an absolute path":   {verify(dir + "/server.pem"), "", ""},
		"parts with a stamp": {steps.Input{"timestamp": time.Minute, "sign": steps.Input{"cert_file": "together.pem", "parts": []any{"timestamp"}}}, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Problems(withDefaults(test.in), dir)
			switch {
			case test.path == "" && len(got) > 0:
				t.Errorf("got %+v", got)
			case test.path != "" && (len(got) != 1 || got[0].Path != test.path || !startsWith(got[0].Message, test.message) || got[0].Hint == ""):
				t.Errorf("got %+v, want %s %s", got, test.path, test.message)
			}
		})
	}
}

// startsWith says whether a message is the one wanted, or begins with it where that ends with a space.
func startsWith(message, want string) bool {
	if n := len(want); n > 0 && want[n-1] == ' ' && len(message) > n {
		message = message[:n]
	}
	return message == want
}

func TestOpen(t *testing.T) {
	t.Parallel()
	if s, err := Open(nil, ""); s != nil || err != nil {
		t.Errorf("of nothing: %v, %v", s, err)
	}
	s, err := Open(withDefaults(steps.Input{"password": "x", "sign": steps.Input{}}), "")
	var e *steps.Error
	if s != nil || !errors.As(err, &e) || e.Message != "auth.ws_security.password: it needs the username that it belongs to" || len(e.Problems) != 2 || !e.NoEffect {
		t.Errorf("got %v, %#v", s, err)
	}
	if s := opened(t, project(t), everything()); s.sign == nil {
		t.Error("it does not sign")
	}
}
