package httpsig

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dunglas/httpsfv"
)

// field gives the value of a field (RFC 9421 §2.1).
func (m Message) field(c Component) (string, error) {
	lines, err := m.lines(c.Name())
	if err != nil {
		return "", err
	}
	key, keyed := c.param("key")
	switch {
	case c.flag("bs"):
		return binary(lines)
	case keyed:
		return dictionaryMember(lines, key)
	case c.flag("sf"):
		return strict(c.Name(), lines)
	}
	return strings.Join(lines, ", "), nil
}

// lines gives the lines of a field in their order, each without the white space around it and without line folding.
func (m Message) lines(name string) ([]string, error) {
	found, spelling := []string{}, ""
	for _, key := range slices.Sorted(maps.Keys(m.Header)) {
		if !strings.EqualFold(key, name) || len(m.Header[key]) == 0 {
			continue
		}
		if spelling != "" {
			return nil, fmt.Errorf("the header is there twice, as %s and as %s, in no order", spelling, key)
		}
		spelling = key
		for _, line := range m.Header[key] {
			plain, err := unfold(line)
			if err != nil {
				return nil, err
			}
			found = append(found, plain)
		}
	}
	switch {
	case name == "host" && m.Status == 0 && len(found) == 0:
		return []string{m.Host}, nil // net/http keeps it beside the others
	case len(found) > 0:
		return found, nil
	case name == "accept-encoding" && m.Status == 0:
		return nil, errors.New("the message does not have this header; where a request leaves it open, it is added too late to be signed")
	}
	return nil, errors.New("the message does not have this header")
}

// unfold undoes line folding (RFC 9112 §5.2) and takes off the white space around a value.
func unfold(line string) (string, error) {
	parts := strings.Split(line, "\n")
	for i, part := range parts {
		if i > 0 && !strings.HasPrefix(part, " ") && !strings.HasPrefix(part, "\t") {
			return "", errors.New("its value holds a line break")
		}
		if i < len(parts)-1 {
			part = strings.TrimSuffix(part, "\r")
		}
		parts[i] = strings.Trim(part, " \t")
	}
	return strings.Trim(strings.Join(parts, " "), " \t"), nil
}

// binary writes each line as bytes (RFC 9421 §2.1.3).
func binary(lines []string) (string, error) {
	list := httpsfv.List{}
	for _, line := range lines {
		list = append(list, httpsfv.NewItem([]byte(line)))
	}
	return httpsfv.Marshal(list)
}

// dictionaryMember writes one member of a dictionary (RFC 9421 §2.1.2).
func dictionaryMember(lines []string, key string) (string, error) {
	d, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return "", fmt.Errorf("the header is no dictionary: %w", err)
	}
	value, ok := d.Get(key)
	if !ok {
		return "", fmt.Errorf("the header has no member %s", key)
	}
	return httpsfv.Marshal(value.(httpsfv.StructuredFieldValue))
}

// The types of structured fields (RFC 9651 §3).
const (
	sfDictionary = "dictionary"
	sfList       = "list"
	sfItem       = "item"
)

// structured are the fields whose type is known: those that are defined as structured fields.
func structured() map[string]string {
	return map[string]string{
		"accept-signature": sfDictionary, "cache-status": sfList, "cdn-cache-control": sfDictionary, "client-cert": sfItem,
		"client-cert-chain": sfList, "content-digest": sfDictionary, "priority": sfDictionary, "proxy-status": sfList,
		"repr-digest": sfDictionary, "signature": sfDictionary, "signature-input": sfDictionary,
		"want-content-digest": sfDictionary, "want-repr-digest": sfDictionary,
	}
}

// strict writes a structured field as its serialization says (RFC 9421 §2.1.1).
func strict(name string, lines []string) (string, error) {
	var value httpsfv.StructuredFieldValue
	var err error
	kind := structured()[name]
	switch kind {
	case sfDictionary:
		value, err = httpsfv.UnmarshalDictionary(lines)
	case sfList:
		value, err = httpsfv.UnmarshalList(lines)
	case sfItem:
		value, err = httpsfv.UnmarshalItem(lines)
	default:
		return "", errors.New("it is not known as a structured field, which ;sf asks for")
	}
	if err != nil {
		return "", fmt.Errorf("the header cannot be read as a structured field (%s): %w", kind, err)
	}
	return httpsfv.Marshal(value)
}
