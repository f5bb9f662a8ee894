package review

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"snrun/engine"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/steps"
)

// mask is what stands where a secret was.
const mask = "***"

// unsent are headers that curl, or the transport, sees to itself.
var unsent = [...]string{"Accept-Encoding", "Connection", "Content-Length", "Host", "Transfer-Encoding"}

// Curl gives a command for a POSIX shell that makes the request of an exchange of a run again. What was masked is a variable, without
// which the shell refuses the command; a body that was not kept whole is a file that a variable names. Comments at its head say so, and
// that what a profile signs in with is left out: a run that was read with its texts knows which.
func (x *Exchange) Curl(run *engine.Run) string {
	c := curl{}
	if profile := jobs.StepProfile(textsOf(run), x.Step); profile != "" && x.Kept.Request.Header.Get("Authorization") == "" {
		c.remark("the sign-in of the profile " + words.InLine(profile) + " is left out")
	}
	return c.command(x.Method, x.URL, x.Kept.Request)
}

// curl is a command in the making.
type curl struct {
	remarks []string
	args    []string // lines of it
	before  string   // what writes the body into it; "" for nothing
}

func (c *curl) command(method, address string, m steps.Message) string {
	c.add("curl", c.method(method, m), "--globoff --url", c.text(escapedURL(address), "MASKED"))
	c.headers(m)
	c.body(m)
	var b strings.Builder
	for _, r := range c.remarks {
		b.WriteString("# " + r + "\n")
	}
	return b.String() + c.before + strings.Join(c.args, " \\\n  ") + "\n"
}

// add adds a line of words; empty ones are left out.
func (c *curl) add(parts ...string) {
	c.args = append(c.args, strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " "))
}

func (c *curl) remark(text string) {
	if !slices.Contains(c.remarks, text) {
		c.remarks = append(c.remarks, text)
	}
}

// method is the flag for a method, "" for the one that curl takes without.
func (c *curl) method(method string, m steps.Message) string {
	switch {
	case method == http.MethodHead && !hasBody(m):
		return "--head"
	case method == http.MethodGet && !hasBody(m):
		return ""
	}
	return "--request " + words.Argument(method)
}

func hasBody(m steps.Message) bool { return len(m.Body) > 0 || m.Size > 0 }

// headers adds the headers, by name.
func (c *curl) headers(m steps.Message) {
	names := make([]string, 0, len(m.Header))
	for name := range m.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if slices.Contains(unsent[:], name) {
			continue
		}
		for _, value := range m.Header[name] {
			c.header(name, value)
		}
	}
	if hasBody(m) && m.Header.Get("Content-Type") == "" {
		c.add("--header", "'Content-Type:'") // else curl writes one
	}
	if strings.Contains(m.Header.Get("Accept-Encoding"), "gzip") {
		c.add("--compressed")
	}
}

func (c *curl) header(name, value string) {
	switch {
	case strings.ContainsFunc(name+value, steers):
		c.remark("the header " + words.InLine(name) + " is left out, since it is no plain text")
	case value == "":
		c.add("--header", quoted(name+";"))
	default:
		c.add("--header", c.text(name+": "+value, variable(name)))
	}
}

// variable is the name of a header as that of a variable.
func variable(header string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(header))
	if name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// text writes a text as one word of a shell, with a variable in place of what was masked.
func (c *curl) text(s, name string) string {
	parts := strings.Split(s, mask)
	for i, p := range parts {
		if parts[i] = quoted(p); p == "" && len(parts) > 1 {
			parts[i] = ""
		}
	}
	if len(parts) > 1 {
		c.remark(fmt.Sprintf("%s was masked: set the variable %s to it before", what(name), name))
	}
	return strings.Join(parts, `"${`+name+`:?}"`)
}

// what says for a remark what a variable stands for.
func what(name string) string {
	if name == "MASKED" {
		return "what stands as MASKED"
	}
	return "the value of the header " + strings.ReplaceAll(strings.ToLower(name), "_", "-")
}

// quoted writes a text as one word of a shell, always in quotes.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// body adds the body, where there is one.
func (c *curl) body(m steps.Message) {
	whole := m.Size < 0 || m.Size == int64(len(m.Body)) || strings.Contains(string(m.Body), mask)
	switch {
	case !hasBody(m):
		return
	case len(m.Body) == 0:
		c.file(fmt.Sprintf("its body of %s was not kept", words.Size(m.Size)))
	case !utf8.Valid(m.Body) && whole || strings.ContainsRune(string(m.Body), 0):
		c.file(fmt.Sprintf("its body is %s of binary data", words.Size(max(m.Size, int64(len(m.Body))))))
	case !whole || !utf8.Valid(m.Body):
		c.file(fmt.Sprintf("its body of %s was not kept whole", words.Size(m.Size)))
	case strings.ContainsFunc(string(m.Body), steers):
		c.before = "printf " + c.printf(string(m.Body)) + " | "
		c.add("--data-binary @-")
	default:
		c.add("--data-raw", c.text(string(m.Body), "MASKED"))
	}
}

// file has the body come from a file.
func (c *curl) file(why string) {
	c.remark(why + ": set the variable BODY to the name of a file that has it")
	c.add(`--data-binary "@${BODY:?}"`)
}

// steers says whether a character could steer a terminal, or would be lost on the way through one.
func steers(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp) || r == utf8.RuneError)
}

// printf gives the arguments with which printf of a POSIX shell writes a text.
func (c *curl) printf(s string) string {
	var format strings.Builder
	var args []string
	for i, part := range strings.Split(s, mask) {
		if i > 0 {
			format.WriteString("%s")
			args = append(args, c.text(mask, "MASKED"))
		}
		format.WriteString("%b")
		args = append(args, quoted(escaped(part)))
	}
	return "'" + format.String() + "' " + strings.Join(args, " ")
}

// escaped writes a text as %b of printf takes it.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case steers(r):
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, `\0%03o`, c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// escapedURL writes the characters that could steer a terminal as a URL has them.
func escapedURL(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '\n' && r != '\t' && !steers(r) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
