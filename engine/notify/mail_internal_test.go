package notify

import (
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"
)

// TestMailHead holds that nothing in a notice or in an address adds a line to the head of a mail.
func TestMailHead(t *testing.T) {
	t.Parallel()
	const evil = "a\r\nBcc: x@example.com\r\n\r\nbody \u2028 ü"
	from, to := &mail.Address{Name: "Zoë", Address: "zoe@example.com"}, []*mail.Address{{Name: strings.Repeat("ä", 200), Address: "ann@example.com"}}
	for range 50 {
		to = append(to, &mail.Address{Name: "Bob", Address: "bob@example.com"})
	}
	text := compose(from, to, Notice{ID: "ID", Kind: "failure", Job: evil, Host: evil, Text: evil, Command: evil}, time.Now())
	m, err := mail.ReadMessage(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Header) != 9 || m.Header.Get("Bcc") != "" {
		t.Errorf("got the head %v", m.Header)
	}
	if got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || got != "a Bcc: x@example.com body ü failed" {
		t.Errorf("got the subject %q, %v", got, err)
	}
	for line := range strings.SplitSeq(string(text), "\r\n") {
		if len(line) > 998 || strings.Contains(line, "\n") {
			t.Errorf("got the line %q", line)
		}
	}
}
