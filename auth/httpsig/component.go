package httpsig

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dunglas/httpsfv"
	"golang.org/x/net/http/httpguts"
)

// Component identifies a part of a message that a signature covers (RFC 9421 §2).
type Component struct {
	item httpsfv.Item
	text string
}

// ParseComponent reads a component as a person writes it: @method, content-type, content-digest;key="sha-256",
// @query-param;name="page", also with quotes around the name.
func ParseComponent(text string) (Component, error) {
	quoted := strings.TrimSpace(text)
	if !strings.HasPrefix(quoted, `"`) {
		name, params, found := strings.Cut(quoted, ";")
		quoted = `"` + strings.ToLower(strings.TrimSpace(name)) + `"`
		if found {
			quoted += ";" + params
		}
	}
	item, err := httpsfv.UnmarshalItem([]string{quoted})
	if err != nil {
		return Component{}, fmt.Errorf(`%s is no component: write it as name, name;key="…" or @query-param;name="…"`, text)
	}
	return newComponent(item)
}

// newComponent checks what identifies a component.
func newComponent(item httpsfv.Item) (Component, error) {
	text, err := httpsfv.Marshal(item)
	if err != nil {
		return Component{}, err
	}
	c := Component{item: item, text: text}
	name, ok := item.Value.(string)
	switch {
	case !ok:
		return Component{}, fmt.Errorf("%s is no component: its name is not a string", text)
	case strings.HasPrefix(name, "@"):
		return c, c.checkDerived()
	case !httpguts.ValidHeaderFieldName(name):
		return Component{}, fmt.Errorf("%s is no name of a header", text)
	case name != strings.ToLower(name):
		return Component{}, fmt.Errorf("the name of %s is not in lower case", text)
	}
	return c, c.checkField()
}

// String is the component as it stands in a signature base.
func (c Component) String() string { return c.text }

// Name is the name of the field in lower case, or that of the derived component with its @.
func (c Component) Name() string { name, _ := c.item.Value.(string); return name }

// Bound says whether the component is one of the request that a response answers.
func (c Component) Bound() bool { return c.flag("req") }

func (c Component) flag(name string) bool { v, _ := c.item.Params.Get(name); return v == true }

// param gives a parameter that is a string.
func (c Component) param(name string) (string, bool) {
	v, _ := c.item.Params.Get(name)
	text, ok := v.(string)
	return text, ok
}

// derived are the components that are not fields.
func derived() []string {
	return []string{
		"@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query", "@query-param", "@status",
	}
}

func (c Component) checkDerived() error {
	if !slices.Contains(derived(), c.Name()) {
		return fmt.Errorf("there is no derived component %s: it is one of %s", c.Name(), strings.Join(derived(), ", "))
	}
	for _, name := range c.item.Params.Names() {
		known := name == "req" && c.Name() != "@status" && c.flag(name) || name == "name" && c.Name() == "@query-param"
		if !known {
			return fmt.Errorf("%s has a parameter that it cannot have: %s", c, name)
		}
	}
	if c.Name() != "@query-param" {
		return nil
	}
	name, ok := c.param("name")
	if !ok {
		return fmt.Errorf(`%s does not say which parameter it means: write @query-param;name="…"`, c)
	}
	encoded, err := reencode(name)
	if err != nil {
		return fmt.Errorf("the name in %s: %w", c, err)
	}
	if encoded != name {
		return fmt.Errorf(`the name in %s is not encoded as it has to be: write name="%s"`, c, encoded)
	}
	return nil
}

func (c Component) checkField() error {
	for _, name := range c.item.Params.Names() {
		switch name {
		case "sf", "bs", "req":
			if !c.flag(name) {
				return fmt.Errorf("the parameter %s of %s takes no value", name, c)
			}
		case "key":
			if _, ok := c.param(name); !ok {
				return fmt.Errorf("the parameter key of %s is not a string", c)
			}
		case "tr":
			return fmt.Errorf("%s is a field of the trailers, which are not supported", c)
		default:
			return fmt.Errorf("%s has a parameter that is not known: %s", c, name)
		}
	}
	if _, keyed := c.param("key"); c.flag("bs") && (keyed || c.flag("sf")) {
		return fmt.Errorf("the parameters of %s exclude each other: bs goes with neither key nor sf", c)
	}
	return nil
}

// unique refuses a component that stands twice, with its parameters in whatever order.
func unique(covered []Component) error {
	seen := map[string]bool{}
	for _, c := range covered {
		id := c.identity()
		if seen[id] {
			return fmt.Errorf("%s is covered twice", c)
		}
		seen[id] = true
	}
	return nil
}

// identity is the same text for components that are the same.
func (c Component) identity() string {
	if len(c.item.Params.Names()) < 2 {
		return c.text
	}
	sorted := httpsfv.NewItem(c.item.Value)
	for _, name := range slices.Sorted(slices.Values(c.item.Params.Names())) {
		v, _ := c.item.Params.Get(name)
		sorted.Params.Add(name, v)
	}
	text, _ := httpsfv.Marshal(sorted) // it was written once before
	return text
}

// value gives a component's value in a message.
func (m Message) value(c Component) (string, error) {
	if c.Bound() {
		if m.Request == nil {
			return "", fmt.Errorf("%s is of the request that a response answers, and there is none", c)
		}
		m = *m.Request
	}
	read := m.field
	if strings.HasPrefix(c.Name(), "@") {
		read = m.derive
	}
	value, err := read(c)
	if err != nil {
		return "", fmt.Errorf("%s: %w", c, err)
	}
	return value, nil
}

var (
	errOfRequest  = errors.New("a response has none; that of its request is written with ;req")
	errOfResponse = errors.New("only a response has one")
)

// derive gives the value of a derived component (RFC 9421 §2.2).
func (m Message) derive(c Component) (string, error) {
	if (m.Status != 0) != (c.Name() == "@status") {
		if m.Status == 0 {
			return "", errOfResponse
		}
		return "", errOfRequest
	}
	if c.Name() == "@status" {
		return fmt.Sprintf("%03d", m.Status), nil
	}
	path, query, err := m.split()
	if err != nil {
		return "", err
	}
	switch c.Name() {
	case "@method":
		return m.Method, nil
	case "@target-uri":
		return strings.ToLower(m.Scheme) + "://" + m.Host + path + query, nil
	case "@authority":
		return authority(m.Scheme, m.Host), nil
	case "@scheme":
		return strings.ToLower(m.Scheme), nil
	case "@request-target":
		return m.Target, nil
	case "@path":
		return path, nil
	case "@query":
		return "?" + strings.TrimPrefix(query, "?"), nil
	}
	name, _ := c.param("name")
	return queryParam(strings.TrimPrefix(query, "?"), name)
}
