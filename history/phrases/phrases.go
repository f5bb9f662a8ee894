// Package phrases finds what a person looks for in texts: words, and in quotes several that belong together. It makes no difference of
// capital and small letters, and sees through the escapes of JSON and of URLs.
//
// The files:
//
//	phrases   what is looked for, where it is in a text, and the words by which an index finds that
//	forms     a text as it is, and without escapes
package phrases

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrText is wrapped by the error of Parse where a text says nothing that can be looked for.
var ErrText = errors.New("this cannot be looked for")

// longest is how long a text to look for may be, in bytes.
const longest = 1000

// Wanted is what somebody looks for. A text holds it when it holds each of the terms.
type Wanted struct {
	terms []term
	like  string
}

// term is a word, or several that stand one behind the other with blank space between them; folded.
type term []string

// Parse reads a text to look for: words, and in quotes several that belong together. Quotes count at the ends of words only, so
// that a piece of JSON can be pasted. No sign has a meaning besides.
func Parse(text string) (Wanted, error) {
	if len(text) > longest {
		return Wanted{}, fmt.Errorf("%w: it has %d bytes, at most %d are looked for", ErrText, len(text), longest)
	}
	var w Wanted
	text = strings.ToValidUTF8(text, "\uFFFD")
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		var piece string
		piece, rest = nextPiece(rest)
		if t := term(strings.Fields(fold(piece))); len(t) > 0 {
			w.terms = append(w.terms, t)
		}
	}
	if len(w.terms) == 0 {
		return Wanted{}, fmt.Errorf("%w: there is no word in it", ErrText)
	}
	w.like = w.pattern()
	return w, nil
}

// nextPiece gives what a text begins with, a word or what stands in quotes, and the rest.
func nextPiece(text string) (piece, rest string) {
	if text[0] == '"' {
		for i := 1; i < len(text); i++ {
			if text[i] == '"' && (i+1 == len(text) || startsBlank(text[i+1:])) {
				return text[1:i], text[i+1:]
			}
		}
	}
	if end := strings.IndexFunc(text, unicode.IsSpace); end >= 0 {
		return text[:end], text[end:]
	}
	return text, ""
}

func startsBlank(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsSpace(r)
}

// Like is a pattern of SQLite's LIKE, with the escape \, for whatever holds all that is wanted, also where it is written as JSON or in a
// URL.
func (w Wanted) Like() string { return w.like }

// pattern gives the longest piece of the terms that is written in one way only wherever it stands, as a pattern of LIKE.
func (w Wanted) pattern() string {
	piece := ""
	for _, t := range w.terms {
		for _, word := range t {
			for _, plain := range strings.FieldsFunc(word, isEscaped) {
				if len(plain) > len(piece) {
					piece = plain
				}
			}
		}
	}
	return "%" + strings.ReplaceAll(piece, "_", `\_`) + "%"
}

// isEscaped says whether a rune may be written in another way, in JSON or in a URL.
func isEscaped(r rune) bool {
	return r >= utf8.RuneSelf || !isWord(r) && !strings.ContainsRune("-._~", r)
}

// In says whether a text holds all that is wanted, as it is or without escapes: it gives the text in that form, and where the first of
// what is wanted stands there, from one byte up to another.
func (w Wanted) In(text string) (form string, from, to int, found bool) {
	for _, form := range formsOf(text) {
		if from, to, found = w.inForm(form); found {
			return form, from, to, true
		}
	}
	return "", 0, 0, false
}

func (w Wanted) inForm(text string) (from, to int, found bool) {
	folded := fold(text)
	for i, t := range w.terms {
		at, end := t.in(folded)
		if at < 0 {
			return 0, 0, false
		}
		if i == 0 {
			from, to = at, end
		}
	}
	return from, to, true
}

// in gives where a term stands in a folded text, -1 where it does not. It begins where a word begins, and ends anywhere.
func (t term) in(folded string) (from, to int) {
	for start := 0; ; {
		i := strings.Index(folded[start:], t[0])
		if i < 0 {
			return -1, -1
		}
		from = start + i
		if to = t.follow(folded, from); to >= 0 && beginsWord(folded, from) {
			return from, to
		}
		start = from + 1
	}
}

// follow gives where the term ends whose first word stands at a place, -1 where the others do not follow it.
func (t term) follow(folded string, from int) (to int) {
	to = from + len(t[0])
	for _, word := range t[1:] {
		rest := strings.TrimLeftFunc(folded[to:], unicode.IsSpace)
		if len(rest) == len(folded)-to || !strings.HasPrefix(rest, word) {
			return -1
		}
		to = len(folded) - len(rest) + len(word)
	}
	return to
}

// beginsWord says whether what stands at a place of a text is not the middle of a word.
func beginsWord(text string, at int) bool {
	r, _ := utf8.DecodeRuneInString(text[at:])
	before, size := utf8.DecodeLastRuneInString(text[:at])
	return size == 0 || !isWord(r) || !isWord(before) || standsAlone(r) || standsAlone(before)
}

// isWord says whether a rune is a part of words.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r))
}

// standsAlone says whether a rune is of a script that puts no spaces between words: each is a word then.
func standsAlone(r rune) bool {
	return r >= 0xe00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer)
}

// fold gives a text without the difference of capital and small letters. Each letter stays where it stands: one whose other form has
// another length stays as it is, so that no letter of ASCII becomes another, or is what another becomes.
func fold(text string) string {
	folded := []byte(text)
	for i := 0; i < len(folded); {
		c := folded[i]
		switch {
		case 'A' <= c && c <= 'Z':
			folded[i] = c + ('a' - 'A')
			fallthrough
		case c < utf8.RuneSelf:
			i++
			continue
		}
		r, size := utf8.DecodeRune(folded[i:])
		if small := unicode.ToLower(unicode.ToUpper(r)); r != utf8.RuneError && utf8.RuneLen(small) == size {
			utf8.EncodeRune(folded[i:], small)
		}
		i += size
	}
	return string(folded)
}

// EachWord calls visit for each word of a text, folded, in each of its forms. By these an index finds what Wanted.EachWord gives.
func EachWord(text string, visit func(word string)) {
	for _, form := range formsOf(text) {
		wordsOf(fold(form), visit)
	}
}

// EachWord calls visit for each word that EachWord gives of whatever holds all that is wanted: as it is, or, where it is not whole, as the
// beginning of a longer one.
func (w Wanted) EachWord(visit func(word string, whole bool)) {
	for _, t := range w.terms {
		text := strings.Join(t, " ")
		var all []string
		wordsOf(text, func(word string) { all = append(all, word) })
		end, _ := utf8.DecodeLastRuneInString(text)
		goesOn := isWord(end) && !standsAlone(end)
		for i, word := range all {
			visit(word, i < len(all)-1 || !goesOn)
		}
	}
}

// wordsOf calls visit for each word of a folded text. A term of a search begins where one of them does, and its own words, but for the
// last, are among them.
func wordsOf(folded string, visit func(word string)) {
	start, alone := -1, false
	for i, r := range folded {
		word := isWord(r)
		if start >= 0 && (!word || alone || standsAlone(r)) {
			visit(folded[start:i])
			start = -1
		}
		if word && start < 0 {
			start = i
		}
		alone = standsAlone(r)
	}
	if start >= 0 {
		visit(folded[start:])
	}
}
