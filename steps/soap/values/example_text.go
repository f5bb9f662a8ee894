package values

import (
	"encoding/json"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"

	"snrun/steps/soap/xsd"
)

// sample gives a text of a simple type as YAML: one that fits it, where that can be found.
func (rd *reading) sample() string {
	s := rd.simple
	if rd.kind == listKind {
		return rd.sampleList()
	}
	if rd.kind == unionKind && len(s.Enum) == 0 && len(rd.members) > 0 {
		for _, m := range rd.members {
			text := m.sampleText()
			v, misfit := rd.value(text)
			if _, isText := v.(string); misfit == nil && isText {
				return yamlText(text, m.kind)
			} else if misfit == nil {
				return text
			}
		}
	}
	return yamlText(rd.sampleText(), rd.kind)
}

func (rd *reading) sampleList() string {
	n := 1
	if f := rd.simple.Facets; f.MinLength != nil {
		n = max(n, min(*f.MinLength, 20))
	} else if f.Length != nil {
		n = min(*f.Length, 20)
	}
	if len(rd.simple.Enum) > 0 {
		return yamlText(rd.simple.Enum[0], stringKind)
	}
	items := make([]string, n)
	for i := range items {
		items[i] = rd.item.sample()
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// sampleText gives a text that fits the type, else an empty one.
func (rd *reading) sampleText() string {
	for _, text := range rd.samples() {
		if rd.check(text) == nil {
			return text
		}
	}
	return ""
}

// samples are texts that may fit.
func (rd *reading) samples() []string {
	s, f := rd.simple, rd.simple.Facets
	texts := append([]string(nil), s.Enum[:min(len(s.Enum), 1)]...)
	texts = append(texts, usual(s.Builtin))
	for _, bound := range []*string{f.MinInclusive, f.MaxInclusive} {
		if bound != nil {
			texts = append(texts, *bound)
		}
	}
	texts = append(texts, "0", "1", "-1")
	for _, bound := range []*string{f.MinExclusive, f.MaxExclusive} {
		if bound == nil {
			continue
		}
		if v, misfit := rd.value(*bound); misfit != nil || v != nil {
			texts = append(texts, nextTo(*bound)...)
		}
	}
	for _, n := range []*int{f.Length, f.MinLength} {
		if n != nil && *n < 1000 {
			texts = append(texts, strings.Repeat("x", *n), strings.Repeat("0", *n), strings.Repeat("00", *n), strings.Repeat("AAAA", (*n+2)/3))
		}
	}
	for _, p := range f.Patterns {
		if p.Regexp != nil {
			texts = append(texts, matching(p.Regexp))
		}
	}
	return append(texts, "a", "A", "")
}

// nextTo gives numbers beside a bound.
func nextTo(bound string) []string {
	var f float64
	if _, err := fmt.Sscanf(bound, "%g", &f); err != nil {
		return nil
	}
	return []string{fmt.Sprint(f + 1), fmt.Sprint(f - 1), fmt.Sprint(f + 0.5), fmt.Sprint(f - 0.5), fmt.Sprint(f + 0.01), fmt.Sprint(f - 0.01)}
}

// usual gives a value of a built-in type.
func usual(builtin string) string {
	switch builtin {
	case "boolean":
		return "false"
	case "dateTime":
		return "2026-01-01T00:00:00Z"
	case "date":
		return "2026-01-01"
	case "time":
		return "00:00:00"
	case "duration":
		return "P1D"
	case "gYear":
		return "2026"
	case "gYearMonth":
		return "2026-01"
	case "gMonthDay":
		return "--01-01"
	case "gMonth":
		return "--01"
	case "gDay":
		return "---01"
	case "language":
		return "en"
	case "anyURI":
		return "https://example.com"
	case "NMTOKEN", "Name", "NCName", "ID", "IDREF", "ENTITY", "QName", "NOTATION":
		return "name"
	case "positiveInteger":
		return "1"
	case "negativeInteger":
		return "-1"
	case "decimal", "float", "double":
		return "0"
	}
	if boundsOf(builtin) != (bounds{}) {
		return "0"
	}
	return ""
}

// matching gives a text that a regular expression matches, where that is simple.
func matching(re *regexp.Regexp) string {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return ""
	}
	var b strings.Builder
	writeMatch(&b, tree)
	return b.String()
}

func writeMatch(b *strings.Builder, re *syntax.Regexp) {
	const most = 1000
	if b.Len() > most {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(sampleRune(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	case syntax.OpCapture, syntax.OpPlus:
		writeMatch(b, re.Sub[0])
	case syntax.OpRepeat:
		for range re.Min {
			writeMatch(b, re.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			writeMatch(b, sub)
		}
	case syntax.OpAlternate:
		writeMatch(b, re.Sub[0])
	}
}

// sampleRune gives a rune of a class: a letter or a digit where there is one.
func sampleRune(ranges []rune) rune {
	for _, wanted := range "0Aax1" {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= wanted && wanted <= ranges[i+1] {
				return wanted
			}
		}
	}
	if len(ranges) == 0 {
		return 'x'
	}
	return ranges[0]
}

// sampleNote says what a text may be.
func sampleNote(s *xsd.Simple) string {
	if len(s.Enum) > 0 {
		if len(s.Enum) > manyWords {
			return fmt.Sprintf("%s and %d more", strings.Join(s.Enum[:manyWords], " | "), len(s.Enum)-manyWords)
		}
		return strings.Join(s.Enum, " | ")
	}
	if s.Variety == xsd.List {
		return "a list of " + sampleNote(s.Item)
	}
	notes := []string{describeText(s)}
	if s.Builtin == "base64Binary" {
		notes = append(notes, "or {file: path}")
	}
	f := s.Facets
	for _, bound := range []struct {
		words string
		value *int
	}{{"length", f.Length}, {"at least %d long", f.MinLength}, {"at most %d long", f.MaxLength}, {"%d digits", f.TotalDigits}} {
		switch {
		case bound.value == nil:
		case bound.words == "length":
			notes = append(notes, fmt.Sprintf("%d long", *bound.value))
		case *bound.value > 0:
			notes = append(notes, fmt.Sprintf(bound.words, *bound.value))
		}
	}
	for _, bound := range []struct {
		words string
		value *string
	}{{"from ", f.MinInclusive}, {"above ", f.MinExclusive}, {"to ", f.MaxInclusive}, {"below ", f.MaxExclusive}} {
		if bound.value != nil && !xsd.IsBuiltin(s.Name.Space) && *bound.value != builtinBound(s, bound.words) {
			notes = append(notes, bound.words+*bound.value)
		}
	}
	for _, p := range f.Patterns[:min(len(f.Patterns), 1)] {
		if len(p.Text) <= 60 {
			notes = append(notes, "like "+p.Text)
		}
	}
	return strings.ReplaceAll(strings.Join(notes, ", "), "\n", " ")
}

// builtinBound gives the bound that a built-in type has by itself, which need not be told.
func builtinBound(s *xsd.Simple, words string) string {
	b := boundsOf(s.Builtin)
	switch words {
	case "from ":
		return fmt.Sprint(b.min)
	case "to ":
		return fmt.Sprint(b.max)
	}
	return ""
}

// plainNumber is what a number or a boolean may be written as without quotes. What a schema gives as the fixed value of one may be
// anything.
var plainNumber = regexp.MustCompile(`^[A-Za-z0-9.+-]+$`)

var plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$`)

// yamlText writes a text as a scalar of YAML that is read as it.
func yamlText(text string, kind textKind) string {
	switch kind {
	case booleanKind, integerKind, decimalKind, floatKind:
		if plainNumber.MatchString(text) {
			return text
		}
	}
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return `"` + text + `"`
	}
	if plainWord.MatchString(text) || isDateLike(text) {
		return text
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(strings.ReplaceAll(text, "${", "$${")) != nil {
		return `""`
	}
	return escaped(strings.TrimSuffix(b.String(), "\n"))
}

// escaped writes the characters that cannot be seen, or that YAML takes for line ends, as a quoted text of YAML can hold them.
func escaped(quoted string) string {
	var b strings.Builder
	for _, r := range quoted {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
	}
	return b.String()
}

// isDateLike says whether a text is a date or a time as YAML writes it.
func isDateLike(text string) bool {
	date, moment := xsd.Simple{Builtin: "date"}, xsd.Simple{Builtin: "dateTime"}
	return date.Check(text) == nil || moment.Check(text) == nil
}

// yamlKey writes a key.
func yamlKey(key string) string {
	if plainKey.MatchString(key) && key != "true" && key != "false" && key != "null" {
		return key
	}
	return yamlText(key, stringKind)
}

var plainKey = regexp.MustCompile(`^[\pL_][\pL\pN_.-]*$`)
