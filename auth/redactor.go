package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	minDerived = 4  // characters that a computed value must have to be masked
	minLine    = 17 // characters that a line of a secret must have to be masked by itself
	minPiece   = 4  // characters of base64 that are told from chance
	minNumber  = 8  // characters that a computed number must have to be masked
	minWrapped = 12 // characters of base64 that are looked for across the ends of lines
	minCut     = 4  // bytes of a secret that must be left of it to be masked where a text was cut

	ellipsis = "…" // where a message was cut
)

// Redactor masks secrets wherever output leaves the process: as they are, and as they look after URL-, form-, base64-,
// JSON- and XML-escaping and Go's %q, also where CDATA or comments split them, or base64 stands in lines. It is safe for concurrent use. Adding is rare, masking is the hot path.
type Redactor struct {
	trunk *Redactor // that this one is a branch of; nil for one that stands by itself

	mu    sync.RWMutex
	known map[string]int // how often each was added
	index index
}

// NewRedactor makes a Redactor that knows no secrets.
func NewRedactor() *Redactor {
	return &Redactor{known: make(map[string]int), index: index{uses: make(map[form]int)}}
}

// Add masks a secret from now on: a secret.* value, a token, a password. It is masked however short it is, in base64 where it
// has three bytes or more; also without the white space around it, and with each white space in it, and what cannot be
// printed, as one space. The lines of a secret that has several are masked one by one too, where they are longer than 16
// characters and no PEM header. An empty secret and one of white space only are ignored.
func (r *Redactor) Add(secret string) {
	if r.trunk != nil {
		r.hold(secret)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, part := range parts(secret) {
		if r.known[part]++; r.known[part] > 1 {
			continue
		}
		for _, form := range forms(part) {
			r.index.add(form)
		}
	}
}

// AddDerived masks a value that was computed from a secret, unless it is too plain to give anything away: shorter than four
// characters, true, false, null, or a number of fewer than eight.
func (r *Redactor) AddDerived(value string) {
	if utf8.RuneCountInString(value) < minDerived || value == "true" || value == "false" || value == "null" {
		return
	}
	if _, err := strconv.ParseFloat(value, 64); err == nil && len(value) < minNumber {
		return
	}
	r.Add(value)
}

// Contains says whether a secret stands in b.
func (r *Redactor) Contains(b []byte) bool {
	r = r.stem()
	r.mu.RLock()
	defer r.mu.RUnlock()
	spans, _ := find(&r.index, b, true)
	return len(spans) > 0
}

// In gives the parts of a text that are masked, as they stand in it; each of those that overlap. Masked one by one, with Add, they hide
// what is secret in such a text from whoever knows the secrets no more.
func (r *Redactor) In(s string) []string {
	r = r.stem()
	r.mu.RLock()
	defer r.mu.RUnlock()
	var parts []string
	spans, _ := find(&r.index, s, true)
	for _, p := range spans {
		for i := p.from; i < p.to; i++ {
			if m := longest(&r.index, s[i:]); m.found {
				parts = append(parts, s[i:i+m.length])
			}
		}
	}
	return parts
}

// Text gives s with its secrets masked, also one of which only the beginning is left before an ellipsis.
func (r *Redactor) Text(s string) string {
	r = r.stem()
	r.mu.RLock()
	defer r.mu.RUnlock()
	if spans, _ := find(&r.index, s, true); len(spans) > 0 {
		s = string(cover(s, spans))
	}
	if !strings.Contains(s, ellipsis) {
		return s
	}
	pieces := strings.Split(s, ellipsis)
	for i, piece := range pieces[:len(pieces)-1] {
		pieces[i] = string(r.cut([]byte(piece)))
	}
	return strings.Join(pieces, ellipsis)
}

// Bytes gives b with its secrets masked: b itself when there are none, else a copy.
func (r *Redactor) Bytes(b []byte) []byte {
	r = r.stem()
	r.mu.RLock()
	defer r.mu.RUnlock()
	if spans, _ := find(&r.index, b, true); len(spans) > 0 {
		return cover(b, spans)
	}
	return b
}

// Cut gives b, the beginning of a longer text, with its secrets masked, also one that the cut has left the beginning of.
func (r *Redactor) Cut(b []byte) []byte {
	r = r.stem()
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.cut(b)
}

func (r *Redactor) cut(b []byte) []byte {
	spans, held := find(&r.index, b, false)
	if len(b)-held >= minCut {
		spans = append(spans, span{held, len(b)})
	} else {
		spans, _ = find(&r.index, b, true)
	}
	if len(spans) > 0 {
		return cover(b, spans)
	}
	return b
}

// forget undoes one Add. It is for tokens that have long expired, so that a process that runs for months does not
// collect them.
func (r *Redactor) forget(secret string) {
	if r.trunk != nil {
		r.drop(secret)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, part := range parts(secret) {
		if r.known[part]--; r.known[part] > 0 {
			continue
		}
		delete(r.known, part)
		for _, form := range forms(part) {
			r.index.remove(form)
		}
	}
}

// swap has a text masked that is made for one request, and another one no more, "" for none. It is masked in every escaping, but not in
// base64, which would take most of the time.
func (r *Redactor) swap(text, gone string) {
	r = r.stem()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.index.add(form{text: text})
	if gone != "" {
		r.index.remove(form{text: gone})
	}
}

// parts gives a secret with what of it is masked by itself.
func parts(secret string) []string {
	trimmed := strings.TrimSpace(secret)
	if trimmed == "" {
		return nil
	}
	parts := []string{secret}
	if trimmed != secret { // headers and forms are often trimmed on their way
		parts = append(parts, trimmed)
	}
	// In a message of one line white space is one space, and so is what cannot be printed, or each of it.
	flat := strings.Join(strings.Fields(secret), " ")
	for _, text := range []string{flat, strings.Join(strings.FieldsFunc(secret, isBlank), " "), strings.TrimSpace(strings.Map(spaced, secret))} {
		if (text == flat || len(text) >= minDerived) && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	for line := range strings.SplitSeq(secret, "\n") {
		line = strings.TrimSpace(line)
		if len(line) >= minLine && line != trimmed && !strings.HasPrefix(line, "-----") {
			parts = append(parts, line)
		}
	}
	return parts
}

func isBlank(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }

func spaced(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
}

// form is a text to look for. One that wraps is base64, which stands in lines where it is long: white space in it means nothing.
type form struct {
	text  string
	wraps bool
}

// forms lists the texts to look for. Each is found in any escaping, so a form stands here only where escaping is applied
// twice (JSON within JSON), or hides the text altogether (base64).
func forms(secret string) []form {
	escaped := url.QueryEscape(secret)
	coded := base64Forms(secret)
	if escaped != secret { // RFC 6749 §2.3.1 form-escapes a client secret before Basic encodes it
		coded = append(coded, base64Forms(escaped)...)
	}
	var list []form
	for _, text := range append([]string{secret, escaped, url.PathEscape(secret)}, jsonForms(secret)...) {
		list = append(list, form{text: text})
	}
	for _, text := range coded {
		list = append(list, form{text, len(text) >= minWrapped})
	}
	slices.SortFunc(list, func(a, b form) int { return strings.Compare(a.text, b.text) })
	return slices.Compact(list)
}

// jsonForms gives a secret as encoders write it within a JSON string: with HTML's characters escaped as Go does, without,
// and in ASCII only.
func jsonForms(secret string) []string {
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(secret); err != nil {
		return nil
	}
	text := strings.TrimSuffix(plain.String()[1:], "\"\n")
	html := strings.NewReplacer("&", `\u0026`, "<", `\u003c`, ">", `\u003e`).Replace(text)
	numbered := strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(secret) // no short escapes, such as \b
	return []string{text, html, inASCII(text), inASCII(numbered)}
}

// inASCII writes all but the printable characters of ASCII as JSON's \uXXXX.
func inASCII(text string) string {
	var b strings.Builder
	for _, r := range text {
		if ' ' <= r && r <= '~' {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// base64Forms gives the encodings of a secret by itself, and what is sure to stand in the encoding of a longer text that
// contains it, at each of the three ways it can lie across the groups of three bytes.
func base64Forms(secret string) []string {
	var forms []string
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		whole := enc.EncodeToString([]byte(secret))
		forms = append(forms, whole)
		if bare := strings.TrimRight(whole, "="); len(bare) >= minPiece {
			forms = append(forms, bare)
		}
		for shift := range 3 {
			padded := make([]byte, shift+len(secret))
			copy(padded[shift:], secret)
			// Characters that also hold bits of a neighbour are not sure: 0, 2 or 3 before, and what the last whole
			// six bits leave behind.
			from, to := []int{0, 2, 3}[shift], len(padded)*8/6
			if to-from >= minPiece {
				forms = append(forms, enc.EncodeToString(padded)[from:to])
			}
		}
	}
	return forms
}
