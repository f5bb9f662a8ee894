package notify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"snrun/engine/notify"
	"snrun/steps/steptest"
)

// mailServer starts testdata/smtp.mjs, and gives its ports and the folder of its mails, which has the authority of its certificate.
func mailServer(t *testing.T) (ports map[string]int, out string) {
	t.Helper()
	const variable = "SNRUN_TEST_SMTP_SERVER"
	folder := steptest.Installed(t, variable, "no server of mail: export "+variable+"=$(.ci/setup-smtp-server) gets one from npm")
	out = t.TempDir()
	certify(t, out)
	line := steptest.Beside(t, exec.Command("node", "testdata/smtp.mjs", folder, out))
	if err := json.Unmarshal([]byte(line), &ports); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	return ports, out
}

// certify writes a certificate of 127.0.0.1 that stands for itself, and its key.
func certify(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// aMail is a mail as the server took it.
type aMail struct {
	From   string
	To     []string
	User   string
	Secure bool
	Text   string
}

// taken gives the one mail that the server took since it was asked last; nil for none.
func taken(t *testing.T, out string) *aMail {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(out, "mail-*.json"))
	if err != nil || len(files) > 1 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		var m aMail
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		return &m
	}
	return nil
}

// TestMail hands notices to a server that others wrote: in each way to encrypt and to sign in, and in none that shows a password.
func TestMail(t *testing.T) {
	t.Parallel()
	ports, out := mailServer(t)
	notice := notify.Notice{
		ID: "ID1", Kind: "failure", Job: "sync", Run: "r1", Command: "snrun history show r1",
		Text: "Job sync failed: Größe ✗\n.\nBcc: x@example.com Look at it: snrun history show r1",
	}
	const signIn = `, username: snrun, password: "${secret.P}"`
	for _, test := range []struct{ name, server, keys, to, want string }{
		{"starttls", "starttls", "ca_file: cert.pem" + signIn, "ann@example.com, Bob <bob@example.com>", ""},
		{"tls", "tls", "tls: tls, ca_file: cert.pem" + signIn, "ann@example.com", ""},
		{"login", "login", "ca_file: cert.pem" + signIn, "ann@example.com", ""},
		{"nobody else is here", "plain", "tls: none", "ann@example.com", ""},
		{"no STARTTLS", "plain", "ca_file: cert.pem" + signIn, "ann@example.com", "the server does not offer STARTTLS"},
		{"no authority", "starttls", "tls: starttls" + signIn, "ann@example.com", "STARTTLS: tls: failed to verify certificate"},
		{"no TLS there", "starttls", "tls: tls, ca_file: cert.pem", "ann@example.com", "first record does not look like a TLS handshake"},
		{"no file", "starttls", "ca_file: nope.pem", "ann@example.com", "ca_file: open "},
		{"wrong password", "starttls", `ca_file: cert.pem, username: other, password: "${secret.P}"`, "ann@example.com", "sign-in as other: 535"},
		{"no sign-in", "starttls", "ca_file: cert.pem", "ann@example.com", "530"},
		{"no such mailbox", "plain", "tls: none", "nobody@example.com", "nobody@example.com: 550"},
	} {
		keys := fmt.Sprintf("  {type: smtp, host: 127.0.0.1, port: %d, from: snrun <snrun@example.com>, to: [%s], %s}\n", ports[test.server], test.to, test.keys)
		c := configOf(t, nil, targetsOf(t, keys, "", map[string]any{"P": "pass-word-4711"}))
		c.Project = out
		err := notify.New(c).Try(t.Context(), c.Targets[0], notice)
		got := taken(t, out)
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) || got != nil {
				t.Errorf("%s: got %v and the mail %+v, want … %s", test.name, err, got, test.want)
			}
			continue
		}
		if err != nil || got == nil {
			t.Errorf("%s: got %v and the mail %v", test.name, err, got)
			continue
		}
		if got.Secure != (test.server != "plain") || got.User != map[bool]string{true: "snrun"}[test.server != "plain"] {
			t.Errorf("%s: got a mail of %q, encrypted: %v", test.name, got.User, got.Secure)
		}
		checkMail(t, got, test.to)
	}

	some := fmt.Sprintf("  {type: smtp, host: 127.0.0.1, port: %d, tls: none, from: a@example.com, to: [nobody@example.com, ann@example.com]}\n", ports["plain"])
	c := configOf(t, nil, targetsOf(t, some, "", nil))
	err := notify.New(c).Try(t.Context(), c.Targets[0], notice)
	if got := taken(t, out); got == nil || !reflect.DeepEqual(got.To, []string{"ann@example.com"}) {
		t.Errorf("got %+v, want that Ann has it", got)
	}
	if err == nil || !strings.HasPrefix(err.Error(), "the others have it, but not nobody@example.com: 550") {
		t.Errorf("got %v, want that one does not have it", err)
	}
}

// checkMail reads a mail as its receiver does.
func checkMail(t *testing.T, got *aMail, to string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(got.Text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, got.Text)
	}
	receivers, err := m.Header.AddressList("To")
	if want, _ := mail.ParseAddressList(to); err != nil || !reflect.DeepEqual(receivers, want) || len(got.To) != len(want) {
		t.Errorf("got a mail to %v (%v), in its envelope %v, want %v", receivers, err, got.To, want)
	}
	if _, err := m.Header.Date(); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"Subject": "sync failed", "Message-Id": "<ID1.snrun@example.com>", "Bcc": "", "Auto-Submitted": "auto-generated"} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("got the header %s: %q, want %q", name, got, want)
		}
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	const want = "Job sync failed: Größe ✗\r\n.\r\nBcc: x@example.com\r\n\r\n    snrun history show r1\r\n"
	if err != nil || !strings.HasPrefix(string(body), want) {
		t.Errorf("got the body %q, %v\nwant %q …", body, err, want)
	}
}

// TestMailAddresses holds that no address can smuggle a parameter into a command, whether it is written or computed.
func TestMailAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{`"ann> ORCPT=admin@example.com"@example.com`, "ann@example.com\r\nDATA", "", "two@example.com, one@example.com", `"a b"@example.com`} {
		targets := targetsOf(t, `  {type: smtp, host: 127.0.0.1, port: 9, tls: none, from: "${env.BASE}", to: ["ann@example.com"]}`, address, nil)
		c := configOf(t, nil, targets)
		err := notify.New(c).Try(t.Context(), targets[0], notify.Notice{})
		if err == nil || !strings.HasPrefix(err.Error(), "from: ") {
			t.Errorf("%q: got %v", address, err)
		}
	}
	targets := targetsOf(t, `  {type: smtp, host: "${env.BASE}", tls: none, from: a@example.com, to: [ann@example.com]}`, "mail.example.com", nil)
	c := configOf(t, nil, targets)
	if err := notify.New(c).Try(t.Context(), targets[0], notify.Notice{}); err == nil || !strings.Contains(err.Error(), "encrypted only") {
		t.Errorf("got %v", err)
	}
}

// TestMailServerWithoutEnd holds that a server that never ends its line takes neither memory nor time.
func TestMailServerWithoutEnd(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sent := make(chan int, 1)
	go func() {
		n := 0
		defer func() { sent <- n }()
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for n < 1<<26 && err == nil { // 64 MB
			_, err = c.Write(make([]byte, 1<<16))
			n += 1 << 16
		}
	}()
	port := l.Addr().(*net.TCPAddr).Port
	c := configOf(t, nil, targetsOf(t, fmt.Sprintf("  {type: smtp, host: 127.0.0.1, port: %d, from: a@example.com, to: [b@example.com], tls: none}\n", port), "", nil))
	err = notify.New(c).Try(t.Context(), c.Targets[0], notify.Notice{ID: "ID1", Kind: "test"})
	if err == nil || !strings.Contains(err.Error(), "says more than any answer needs") {
		t.Errorf("got %v", err)
	}
	if n := <-sent; n >= 1<<26 {
		t.Errorf("%d bytes were read", n)
	}
}
