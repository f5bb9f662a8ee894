package auth

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// template is a text with placeholders, such as "{timestamp}.{body}", in its parts.
type template []templatePart

// templatePart is a text, or a placeholder where it has a name.
type templatePart struct{ text, name string }

// parseTemplate reads a template. {{ and }} stand for braces.
func parseTemplate(text string) (template, error) {
	var t template
	for text != "" {
		at := strings.IndexAny(text, "{}")
		if at < 0 {
			return append(t, templatePart{text: text}), nil
		}
		if at > 0 {
			t = append(t, templatePart{text: text[:at]})
		}
		brace := text[at : at+1]
		text = text[at+1:]
		if doubled, ok := strings.CutPrefix(text, brace); ok {
			t, text = append(t, templatePart{text: brace}), doubled
			continue
		}
		name, rest, closed := strings.Cut(text, "}")
		if brace == "}" || !closed || name == "" || strings.Contains(name, "{") {
			return nil, errors.New("a brace stands alone")
		}
		t, text = append(t, templatePart{name: name}), rest
	}
	return t, nil
}

func (t template) has(name string) bool {
	return slices.ContainsFunc(t, func(p templatePart) bool { return p.name == name })
}

// write writes the text with the facts put in. A body goes through in pieces.
func (t template) write(w io.Writer, facts *hmacFacts) error {
	for _, part := range t {
		if part.name == "body" {
			if err := writeBody(w, facts.req); err != nil {
				return err
			}
			continue
		}
		text := part.text
		if part.name != "" {
			var err error
			if text, err = facts.value(part.name); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// bodyHashes are the hashes of a body that a template may have.
func bodyHashes() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{"body_sha256": sha256.New, "body_sha1": sha1.New, "body_sha512": sha512.New, "body_md5": md5.New}
}

// placeholders are the names that what is signed may have, or a header, those of headers of the request aside.
func placeholders(signed bool) []string {
	names := []string{"method", "path", "query", "target", "host", "url", "timestamp", "nonce", "key_id"}
	if signed {
		names = append(names, "body")
	} else {
		names = append(names, "signature")
	}
	for _, name := range []string{"body_sha256", "body_sha1", "body_sha512", "body_md5"} {
		names = append(names, name, name+"_base64")
	}
	return names
}

// hmacFacts are what placeholders stand for in one request.
type hmacFacts struct {
	req    *http.Request
	values map[string]string
}

// set sets headers of the request.
func (f *hmacFacts) set(headers []hmacHeader) error {
	for _, header := range headers {
		var value strings.Builder
		if err := header.value.write(&value, f); err != nil {
			return err
		}
		if !httpguts.ValidHeaderFieldValue(value.String()) {
			return &SigningError{Cause: fmt.Errorf("the value of %s has a character that cannot stand in a header", header.name)}
		}
		f.req.Header.Set(header.name, value.String())
	}
	return nil
}

func (f *hmacFacts) value(name string) (string, error) {
	if value, known := f.values[name]; known {
		return value, nil
	}
	if header, ok := strings.CutPrefix(name, "header."); ok {
		return f.header(header), nil
	}
	switch name {
	case "method":
		if f.req.Method == "" {
			return http.MethodGet, nil
		}
		return f.req.Method, nil
	case "path":
		return pathOf(f.req.URL), nil
	case "query":
		return f.req.URL.RawQuery, nil
	case "target":
		return f.req.URL.RequestURI(), nil
	case "host":
		return hostOf(f.req), nil
	case "url":
		return strings.ToLower(f.req.URL.Scheme) + "://" + hostOf(f.req) + f.req.URL.RequestURI(), nil
	}
	return f.bodyHash(name)
}

// header is the value of a header as it will be sent. Two of them net/http takes from elsewhere.
func (f *hmacFacts) header(name string) string {
	switch http.CanonicalHeaderKey(name) {
	case "Host":
		return hostOf(f.req)
	case "Content-Length":
		if f.req.ContentLength > 0 {
			return strconv.FormatInt(f.req.ContentLength, 10)
		}
		return ""
	}
	return strings.Join(f.req.Header.Values(name), ", ")
}

// bodyHash hashes the body once for each name.
func (f *hmacFacts) bodyHash(name string) (string, error) {
	plain, inBase64 := strings.CutSuffix(name, "_base64")
	newHash, known := bodyHashes()[plain]
	if !known {
		return "", fmt.Errorf("there is no {%s}", name)
	}
	sum, err := sumBody(f.req, newHash())
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%x", sum)
	if inBase64 {
		text = base64.StdEncoding.EncodeToString(sum)
	}
	f.values[name] = text
	return text, nil
}

func pathOf(u *url.URL) string {
	if path := u.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

// hostOf is the value of the header Host.
func hostOf(req *http.Request) string {
	if req.Host != "" {
		return req.Host
	}
	return req.URL.Host
}

// nearest gives the name that was most likely meant, "" where none is close.
func nearest(word string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if d := distance(word, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to change, add or leave out to get from a to b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
