package jobs

import (
	"fmt"
	"strings"

	"snrun/steps"
)

// answerShape is the shape of what a kind says that a call will give.
func (d *decoder) answerShape(s *steps.Shape) *Shape {
	if s == nil || len(s.Forms) == 0 {
		return d.any
	}
	return answerShape(s)
}

func answerShape(s *steps.Shape) *Shape {
	if s == nil || len(s.Forms) == 0 {
		return AnyShape()
	}
	out := &Shape{answer: true}
	for _, form := range s.Forms {
		out.types |= typesIn(form)
	}
	switch {
	case out.types == listType && s.Item != nil:
		out.elem = answerShape(s.Item)
	case out.types == mapType && s.Key != nil:
		out.names = s.Keys
		out.resolve = func(name string) (*Shape, string, string) {
			if field := s.Key(name); field != nil {
				return answerShape(field), "", ""
			}
			return nil, "", ""
		}
	}
	if s.Null {
		out.types |= nullType
	}
	return out
}

// typesIn gives the types of the values that a call gives for a form.
func typesIn(form steps.Form) typeSet {
	switch form {
	case steps.Text:
		return textType
	case steps.Int:
		return intType | bigType
	case steps.Float:
		return numberType
	case steps.Bool:
		return boolType
	case steps.List:
		return listType
	case steps.Map:
		return mapType
	}
	return anyType
}

// beyond adds to the advice about a field that an answer does not declare how it is read where it is sent all the same.
func beyond(hint, base, name string) string {
	undeclared := fmt.Sprintf("for what is sent undeclared, write get(%s, %q)", base, name)
	switch {
	case hint == "":
		return undeclared
	case strings.HasSuffix(hint, "?"):
		return hint + " " + strings.ToUpper(undeclared[:1]) + undeclared[1:]
	}
	return hint + "; " + undeclared
}
