package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"snrun/jobs"
	"snrun/steps"
)

// letter is a mail with whom it goes to.
type letter struct {
	host, port string
	tls        string         // starttls, tls or none
	roots      *x509.CertPool // nil for the system's
	user       string
	password   string
	from       *netmail.Address
	to         []*netmail.Address
	text       []byte
}

// mail hands a notice to a server of mail.
func (a *attempt) mail(ctx context.Context) error {
	l, err := newLetter(a.in)
	if err != nil {
		return &refusal{why: err, final: true}
	}
	if l.roots, err = a.authorities(a.in.Text("ca_file")); err != nil {
		return err
	}
	l.text = compose(l.from, l.to, a.notice, time.Now())
	conn, err := l.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })() // ends whatever goes on
	client, err := smtp.NewClient(conn, l.host)
	if err != nil {
		return fmt.Errorf("the server does not greet: %w", said(err))
	}
	if err := l.hand(client); err != nil {
		return err
	}
	_ = client.Quit() // the server has taken it
	return nil
}

// newLetter reads the target's keys. What expressions gave is checked as what is written was.
func newLetter(in steps.Input) (*letter, error) {
	l := &letter{host: in.Text("host"), tls: in.Text("tls"), user: in.Text("username"), password: in.Text("password")}
	l.port = "587"
	if l.tls == "tls" {
		l.port = "465"
	}
	if in.Has("port") {
		l.port = strconv.Itoa(in.Int("port"))
	}
	if l.host == "" || strings.ContainsAny(l.host, "\r\n /") {
		return nil, errors.New("its host is no name of a server")
	}
	if l.tls == "none" && !jobs.IsLoopback(l.host) {
		return nil, errors.New("mail leaves this machine encrypted only, and its host is another one")
	}
	var err error
	if l.from, err = mailbox(in.Text("from")); err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	for _, v := range in.List("to") {
		text, _ := v.(string)
		a, err := mailbox(text)
		if err != nil {
			return nil, fmt.Errorf("to: %w", err)
		}
		l.to = append(l.to, a)
	}
	if len(l.to) == 0 {
		return nil, errors.New("to names nobody")
	}
	return l, nil
}

// mailbox reads an address that can stand in a command to a server as it is: in quotes a local part could hold what ends one.
func mailbox(text string) (*netmail.Address, error) {
	a, err := netmail.ParseAddress(text)
	if err != nil {
		return nil, errors.New("this is no mail address")
	}
	if strings.ContainsAny(a.Address, "<> \"\\\r\n\t") {
		return nil, errors.New("an address in quotes is not taken")
	}
	return a, nil
}

// dial opens the connection.
func (l *letter) dial(ctx context.Context) (net.Conn, error) {
	plain, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(l.host, l.port))
	if err != nil {
		return nil, err
	}
	conn := net.Conn(&brief{plain, maxSaid})
	if l.tls != "tls" {
		return conn, nil
	}
	secure := tls.Client(conn, l.config())
	if err := secure.HandshakeContext(ctx); err != nil {
		plain.Close()
		return nil, err
	}
	return secure, nil
}

// maxSaid is how much a server may say in all, in bytes: net/smtp reads a line to its end, however long it is.
const maxSaid = 1 << 20

// brief is a connection to a server that may say so much only.
type brief struct {
	net.Conn
	left int
}

// Read reads what is left of that.
func (b *brief) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errors.New("the server says more than any answer needs")
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func (l *letter) config() *tls.Config {
	return &tls.Config{ServerName: l.host, RootCAs: l.roots, MinVersion: tls.VersionTLS12}
}

// authorities are those of a file and the system's; nil for the system's alone.
func (s sender) authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(s.dir, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil { // a container without certificates
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ca_file: there is no PEM certificate in %s", file)
	}
	return roots, nil
}

// hand gives the mail to a server that has greeted.
func (l *letter) hand(c *smtp.Client) error {
	if name, err := os.Hostname(); err == nil && !strings.ContainsAny(name, "\r\n ") {
		if err := c.Hello(name); err != nil {
			return said(err)
		}
	}
	if l.tls == "starttls" {
		if has, _ := c.Extension("STARTTLS"); !has {
			return errors.New("the server does not offer STARTTLS, and without it the mail would go in plain text; with tls: tls it is encrypted from the first byte on")
		}
		if err := c.StartTLS(l.config()); err != nil {
			return fmt.Errorf("STARTTLS: %w", said(err))
		}
	}
	if l.user != "" {
		if err := l.signIn(c); err != nil {
			return fmt.Errorf("sign-in as %s: %w", l.user, said(err))
		}
	}
	if err := c.Mail(l.from.Address); err != nil {
		return fmt.Errorf("from %s: %w", l.from.Address, said(err))
	}
	refused, err := l.receivers(c)
	if err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return said(err)
	}
	if _, err := w.Write(l.text); err != nil {
		return err
	}
	if err := said(w.Close()); err != nil {
		return err
	}
	if refused != nil {
		return &refusal{why: fmt.Errorf("the others have it, but not %w", refused), final: true}
	}
	return nil
}

// receivers names those whom the mail is for. Where the server takes only some of them, those get it; refused are the others.
func (l *letter) receivers(c *smtp.Client) (refused, err error) {
	var wrong []error
	for _, a := range l.to {
		if err := c.Rcpt(a.Address); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", a.Address, said(err)))
		}
	}
	if refused = errors.Join(wrong...); len(wrong) == len(l.to) {
		return nil, refused
	}
	return refused, nil
}

// signIn signs in with what the server offers: PLAIN, else LOGIN, which some have alone.
func (l *letter) signIn(c *smtp.Client) error {
	has, offered := c.Extension("AUTH")
	words := strings.Fields(strings.ToUpper(offered))
	for _, word := range words {
		if word == "PLAIN" {
			return c.Auth(smtp.PlainAuth("", l.user, l.password, l.host))
		}
	}
	for _, word := range words {
		if word == "LOGIN" {
			return c.Auth(loginAuth{l})
		}
	}
	if !has {
		return errors.New("the server takes no sign-in on this connection")
	}
	return fmt.Errorf("the server takes neither PLAIN nor LOGIN, but %s", strings.Join(words, ", "))
}

// loginAuth is AUTH LOGIN: two questions, in whatever words, and their answers.
type loginAuth struct{ *letter }

// Start begins the sign-in. In plain text it goes to this machine only.
func (a loginAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS && !jobs.IsLoopback(a.host) {
		return "", nil, errors.New("the connection is not encrypted")
	}
	return "LOGIN", nil, nil
}

// Next answers a question.
func (a loginAuth) Next(question []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	if strings.Contains(strings.ToLower(string(question)), "password") {
		return []byte(a.password), nil
	}
	return []byte(a.user), nil
}

// said gives an error of a server: a reply of 5xx means that it will not take this mail.
func said(err error) error {
	var reply *textproto.Error
	if errors.As(err, &reply) && (reply.Code == 552 || reply.Code == 554) {
		return &refusal{why: err, final: true}
	}
	return err
}
