package values

import (
	"strconv"
	"strings"

	"snrun/steps"
)

// trail is the way to a value: keys, and indexes where key is "".
type trail struct {
	root  string
	steps []stride
}

type stride struct {
	key   string
	index int
}

func newTrail(root string) trail { return trail{root: root, steps: make([]stride, 0, 16)} }

func (t *trail) push(key string) { t.steps = append(t.steps, stride{key: key}) }
func (t *trail) item(index int)  { t.steps = append(t.steps, stride{index: index}) }
func (t *trail) pop()            { t.steps = t.steps[:len(t.steps)-1] }

// String writes it as order.line[0].qty.
func (t *trail) String() string {
	var b strings.Builder
	b.WriteString(t.root)
	for _, s := range t.steps {
		if s.key == "" {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.key)
	}
	return b.String()
}

func isNull(value any) bool {
	scalar, isScalar := value.(steps.Scalar)
	return value == nil || isScalar && scalar.Value == nil
}

func isUnknown(value any) bool {
	_, unknown := value.(steps.Unknown)
	return unknown
}

// formOfValue names what a value is, in an error.
func formOfValue(value any) string {
	switch value.(type) {
	case steps.Pairs, map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	}
	if isNull(value) {
		return "null"
	}
	return "one plain value"
}
