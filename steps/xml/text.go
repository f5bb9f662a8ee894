package xml

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"snrun/steps"
)

// isAttribute says whether an entry is one: its key has one underscore in front, its value is no list and no mapping.
func isAttribute(e steps.Pair) bool {
	if len(e.Key) < 2 || e.Key[0] != '_' || e.Key[1] == '_' {
		return false
	}
	_, isList := e.Value.([]any)
	_, isMapping := steps.Entries(e.Value)
	return !isList && !isMapping
}

func isNull(value any) bool {
	scalar, isScalar := value.(steps.Scalar)
	return value == nil || isScalar && scalar.Value == nil
}

// Text gives the text of a plain value as it is written: a scalar of the file as it stands there. It is false for lists, mappings and
// null, and for numbers that have no text.
func Text(value any) (string, bool) {
	switch value := value.(type) {
	case steps.Scalar:
		return value.Text, true
	case string:
		return value, true
	case bool:
		return strconv.FormatBool(value), true
	case int:
		return strconv.Itoa(value), true
	case int64:
		return strconv.FormatInt(value, 10), true
	case json.Number:
		return string(value), true
	case time.Time:
		return value.Format(time.RFC3339Nano), true
	case float64:
		form := byte('f')
		if abs := math.Abs(value); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
			form = 'e'
		}
		return strconv.FormatFloat(value, form, -1, 64), !math.IsNaN(value) && !math.IsInf(value, 0)
	}
	return "", false
}

// noText says why a value cannot be written as text.
func noText(value any) string {
	_, isMapping := steps.Entries(value)
	_, isList := value.([]any)
	switch {
	case isMapping:
		return "text is one plain value, not a mapping"
	case isList:
		return "a list cannot stand here; put a mapping with the elements' name around it"
	}
	if f, isFloat := value.(float64); isFloat {
		return fmt.Sprintf("%v is no number that can be written", f)
	}
	return "a value of this kind cannot be written as XML; convert it to text"
}

// name checks the name of an element or an attribute.
func (w *writer) name(name string) error {
	prefix, local, hasPrefix := strings.Cut(name, ":")
	if !hasPrefix {
		prefix, local = "", name
	}
	if longest := max(len(prefix), len(local)); longest > maxName {
		return w.keyf(longName, longest, maxName)
	}
	if !isName(local) || hasPrefix && !isName(prefix) {
		return w.keyf("%q is no XML name; one has letters, digits, '-', '_' and '.', begins with a letter or '_', and may have a prefix and a colon before it", name)
	}
	if hasPrefix && len(w.bound[prefix]) == 0 {
		return w.keyf("the prefix %q is not declared; declare it under namespaces, or as _xmlns:%s", prefix, prefix)
	}
	return nil
}

// attributeName checks the name of an attribute, and sees to it that xsi is declared for those that need it.
func (w *writer) attributeName(name string) error {
	prefix, local, _ := strings.Cut(name, ":")
	if prefix == "xmlns" {
		return nil // bind looked at it
	}
	if prefix != "xsi" || !isName(local) || len(local) > maxName {
		return w.name(name)
	}
	spaces := w.bound["xsi"]
	if len(spaces) > 0 && spaces[len(spaces)-1] != InstanceSpace {
		return w.errorf("%s is needed here, but the prefix xsi is declared for another namespace", name)
	}
	if len(spaces) == 0 {
		w.instanceAt = w.rootEnd
	}
	return nil
}

// expanded gives a name with its namespace in place of its prefix.
func (w *writer) expanded(name string) string {
	prefix, local, hasPrefix := strings.Cut(name, ":")
	if spaces := w.bound[prefix]; hasPrefix && len(spaces) > 0 {
		return "{" + spaces[len(spaces)-1] + "}" + local
	}
	return name
}

// noChar is said of text that no document can hold.
const noChar = "the character %U (or a byte that is no UTF-8) cannot stand in XML"

// escape writes text, if a document can hold it.
func (w *writer) escape(s string, inAttribute bool) error {
	if r, found := illegal(s); found {
		return w.errorf(noChar, r)
	}
	w.out = appendEscaped(w.out, s, inAttribute)
	return nil
}

// appendEscaped appends text so that every reader gives the same text back.
func appendEscaped(out []byte, s string, inAttribute bool) []byte {
	from := 0
	for i := range len(s) {
		if s[i] > '>' {
			continue
		}
		if reference := escapeOf(s[i], inAttribute); reference != "" {
			out = append(append(out, s[from:i]...), reference...)
			from = i + 1
		}
	}
	return append(out, s[from:]...)
}

// escapeOf gives the reference that stands for a character, "" for the character itself.
func escapeOf(c byte, inAttribute bool) string {
	switch {
	case c == '&':
		return "&amp;"
	case c == '<':
		return "&lt;"
	case c == '>':
		return "&gt;"
	case c == '\r':
		return "&#xD;"
	case c == '"' && inAttribute:
		return "&quot;"
	case c == '\n' && inAttribute:
		return "&#xA;"
	case c == '\t' && inAttribute:
		return "&#x9;"
	}
	return ""
}
