package xsd

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"snrun/steps"
)

// Misfit says why text is no value of a simple type.
type Misfit struct {
	Message string // begins with the text in quotes: `"x" is not a whole number`
	Hint    string
}

// Check says why text is no value of the type, nil where it is one (XSD 1.0 part 2, sections 3 and 4.3). White space is normalised
// first. Names (QName) stand as {namespace}local; where they are written otherwise, an enumeration of names does not know them.
func (s *Simple) Check(text string) *Misfit { return s.check(text, nil) }

// tried holds the members of unions that a text has been found not to fit. Unions may hold each other so that a few stand for very many.
type tried map[trial]*Misfit

type trial struct {
	simple *Simple
	text   string
}

func (s *Simple) check(text string, before tried) *Misfit {
	text = s.Normal(text)
	switch s.Variety {
	case List:
		return s.checkList(text, before)
	case Union:
		return s.checkUnion(text, before)
	}
	if wanted := lexical(s.Builtin, text); wanted != "" {
		return misfit(text, "is not %s", wanted)
	}
	if wrong := s.checkBounds(text); wrong != nil {
		return wrong
	}
	if wrong := s.checkLength(text); wrong != nil {
		return wrong
	}
	return s.checkText(text)
}

// maxShown is how many characters of a value a message shows.
const maxShown = 60

func misfit(text, format string, args ...any) *Misfit {
	shown := text
	if utf8.RuneCountInString(shown) > maxShown {
		shown = string([]rune(shown[:min(len(shown), 4*maxShown)])[:maxShown]) + "…"
	}
	return &Misfit{Message: fmt.Sprintf("%q ", shown) + fmt.Sprintf(format, args...)}
}

func (s *Simple) checkList(text string, before tried) *Misfit {
	count := 0
	for item := range strings.FieldsSeq(text) {
		count++
		if wrong := s.Item.check(item, before); wrong != nil {
			return wrong
		}
	}
	if wrong := s.Facets.checkCount(text, count, "item"); wrong != nil {
		return wrong
	}
	return s.checkText(text)
}

func (s *Simple) checkUnion(text string, before tried) *Misfit {
	if before == nil {
		before = tried{}
	}
	if wrong, known := before[trial{s, text}]; known {
		return wrong
	}
	wrong := s.checkMembers(text, before)
	if wrong != nil {
		before[trial{s, text}] = wrong
	}
	return wrong
}

func (s *Simple) checkMembers(text string, before tried) *Misfit {
	if wrong := s.checkText(text); wrong != nil {
		return wrong
	}
	var first *Misfit
	for _, member := range s.Members {
		wrong := member.check(text, before)
		if wrong == nil {
			return nil
		}
		if first == nil || len(member.Enum) > 0 {
			first = wrong
		}
	}
	if len(s.Members) == 1 {
		return first
	}
	wrong := misfit(text, "fits none of %s", s.memberNames())
	wrong.Hint = first.Hint
	return wrong
}

// memberNames names the members of a union.
func (s *Simple) memberNames() string {
	var names []string
	for _, member := range s.Members {
		switch {
		case member.Name.Local != "":
			names = append(names, member.Name.Local)
		case len(member.Enum) > 0:
			names = append(names, fmt.Sprintf("an enumeration of %d values", len(member.Enum)))
		case member.Builtin != "":
			names = append(names, "a restricted "+member.Builtin)
		default:
			names = append(names, "an unnamed type")
		}
	}
	return strings.Join(names, ", ")
}

func (s *Simple) checkBounds(text string) *Misfit {
	f := &s.Facets
	if f.MinInclusive == nil && f.MaxInclusive == nil && f.MinExclusive == nil && f.MaxExclusive == nil {
		return s.checkDigits(text)
	}
	for _, b := range [...]struct {
		bound *string
		sign  int  // of a value that is beyond
		equal bool // the bound itself is allowed
		words string
	}{
		{f.MinInclusive, -1, true, "is less than the least value, %s"},
		{f.MaxInclusive, +1, true, "is more than the greatest value, %s"},
		{f.MinExclusive, -1, false, "is not more than %s"},
		{f.MaxExclusive, +1, false, "is not less than %s"},
	} {
		if b.bound == nil {
			continue
		}
		order, ok := compareValues(s.Builtin, text, *b.bound)
		if ok && (order == b.sign || order == 0 && !b.equal) {
			return misfit(text, b.words, *b.bound)
		}
	}
	return s.checkDigits(text)
}

func (s *Simple) checkDigits(text string) *Misfit {
	f := &s.Facets
	if f.TotalDigits == nil && (f.FractionDigits == nil || isInteger(s.Builtin)) {
		return nil // an integer has no fraction at all
	}
	d := parseDecimal(text)
	if f.FractionDigits != nil && len(d.fraction) > *f.FractionDigits {
		return misfit(text, "has more than %s behind the point", plural(*f.FractionDigits, "digit"))
	}
	if f.TotalDigits != nil && len(d.whole)+len(d.fraction) > *f.TotalDigits {
		return misfit(text, "has more than %s", plural(*f.TotalDigits, "digit"))
	}
	return nil
}

func plural(count int, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", count, noun)
}

// checkLength counts the octets of binary values, else the characters. Names have no length that would mean anything.
func (s *Simple) checkLength(text string) *Misfit {
	f := &s.Facets
	if f.Length == nil && f.MinLength == nil && f.MaxLength == nil {
		return nil
	}
	switch s.Builtin {
	case "QName", "NOTATION":
		return nil
	case "hexBinary":
		return f.checkCount(text, len(text)/2, "octet")
	case "base64Binary":
		octets, _ := base64Octets(text)
		return f.checkCount(text, octets, "octet")
	}
	return f.checkCount(text, utf8.RuneCountInString(text), "character")
}

func (f *Facets) checkCount(text string, count int, noun string) *Misfit {
	switch {
	case f.Length != nil && count != *f.Length:
		return misfit(text, "has %s, not %d", plural(count, noun), *f.Length)
	case f.MinLength != nil && count < *f.MinLength:
		return misfit(text, "has %s, fewer than %d", plural(count, noun), *f.MinLength)
	case f.MaxLength != nil && count > *f.MaxLength:
		return misfit(text, "has %s, more than %d", plural(count, noun), *f.MaxLength)
	}
	return nil
}

// checkText checks what is said of the text as a whole: the enumeration and the patterns.
func (s *Simple) checkText(text string) *Misfit {
	if s.Enum != nil && !s.enumerates(text) {
		wrong := misfit(text, "is none of the %d values that are allowed", len(s.Enum))
		if len(s.Enum) == 1 {
			wrong = misfit(text, "is not the only value that is allowed")
		}
		wrong.Hint = enumHint(text, s.Enum)
		return wrong
	}
	for _, p := range s.Facets.Patterns {
		if !p.fits(text) {
			return misfit(text, "does not match the pattern %s", p.Text)
		}
	}
	return nil
}

// enumHint advises which value was meant. Of very many, or very long ones, none is.
func enumHint(text string, enum []string) string {
	const many = 1000
	if len(text) > maxHintName || len(enum) > many {
		return ""
	}
	for _, value := range enum {
		if len(value) > maxHintName {
			return ""
		}
	}
	return steps.Hint(text, enum)
}

// enumerates says whether a value is in the enumeration, also where it is written otherwise: 1.0 for 1.
func (s *Simple) enumerates(text string) bool {
	key := valueKey(s.Builtin, text)
	if s.enums != nil {
		return s.enums[key]
	}
	for _, value := range s.Enum {
		if value == text || valueKey(s.Builtin, value) == key {
			return true
		}
	}
	return false
}

// indexEnum makes an enumeration quick to look into where it is long.
func indexEnum(builtin string, enum []string) map[string]bool {
	const long = 16
	if len(enum) < long {
		return nil
	}
	index := make(map[string]bool, len(enum))
	for _, value := range enum {
		index[valueKey(builtin, value)] = true
	}
	return index
}
