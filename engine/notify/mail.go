package notify

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"time"

	"snrun/steps/exchange"
)

// maxSubject bounds the subject of a mail, in characters.
const maxSubject = 120

// compose writes a mail (RFC 5322). Whatever is in a notice, a line of the head stays one line.
func compose(from *netmail.Address, to []*netmail.Address, notice Notice, now time.Time) []byte {
	receivers := make([]string, len(to))
	for i, a := range to {
		receivers[i] = folded(a)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	var b bytes.Buffer
	head := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	head("From", folded(from))
	head("To", strings.Join(receivers, ",\r\n "))
	head("Subject", mime.QEncoding.Encode("utf-8", exchange.Clean(subject(notice), maxSubject)))
	head("Date", now.Format(time.RFC1123Z))
	head("Message-ID", "<"+notice.ID+".snrun@"+domain+">")
	head("Auto-Submitted", "auto-generated") // so that no absence note comes back (RFC 3834)
	head("MIME-Version", "1.0")
	head("Content-Type", "text/plain; charset=utf-8")
	head("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	_, _ = body.Write([]byte(strings.ReplaceAll(letterText(notice), "\n", "\r\n"))) // into memory: it cannot fail
	_ = body.Close()
	return b.Bytes()
}

// folded is an address for the head of a mail, in lines that are not too long. What is in its name and no letter of ASCII is encoded.
func folded(a *netmail.Address) string { return strings.ReplaceAll(a.String(), "?= =?", "?=\r\n =?") }

// subject is the notice in a few words.
func subject(n Notice) string {
	switch {
	case n.Kind == "failure":
		return n.Job + " failed"
	case n.Kind == "late":
		return n.Job + " is late"
	case n.Kind == "sign_in":
		return "profile " + n.Profile + " needs a person"
	case n.Kind == "recovery" && n.Profile != "":
		return "profile " + n.Profile + " works again"
	case n.Kind == "recovery" && n.Was == "late":
		return n.Job + " is on time again"
	case n.Kind == "recovery":
		return n.Job + " runs well again"
	}
	return "snrun: " + n.Kind
}

// letterText is the body of a mail: the text, then what there is to know, a line each.
func letterText(n Notice) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(strings.TrimSuffix(n.Text, lookAt(n.Command))) + "\n")
	if n.Command != "" {
		b.WriteString("\n    " + n.Command + "\n")
	}
	b.WriteString("\n")
	for _, line := range [][2]string{
		{"job", n.Job}, {"profile", n.Profile}, {"run", n.Run}, {"due", n.Due}, {"started", n.Started}, {"ended", n.Ended},
		{"host", n.Host}, {"project", n.Project},
	} {
		if line[1] != "" {
			fmt.Fprintf(&b, "%-8s %s\n", line[0]+":", exchange.Clean(line[1], maxMessage))
		}
	}
	return b.String()
}
