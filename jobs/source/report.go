package source

import (
	"sort"
	"strings"
)

// Report collects mistakes. The zero Report is empty and ready.
type Report struct{ errs []*Error }

// Errorf adds a mistake at the node: a scalar that stands in one line is underlined whole, of anything else its first
// character. Hint and Width of what it returns may be set.
func (r *Report) Errorf(at *Node, format string, args ...any) *Error {
	from, to := at.start, at.start
	if at.Form() == Scalar {
		to = at.end()
	}
	if breakWithin(at.file.Data[from:to]) {
		to = from
	}
	return r.Add(at.file.errorAt(from, to, format, args...))
}

func breakWithin(text []byte) bool {
	for i := range text {
		if breakSize(text[i:]) > 0 {
			return true
		}
	}
	return false
}

// ErrorAt adds a mistake at a part of a scalar: width bytes of its value from offset, as far as they stand in one line.
// Hint and Width of what it returns may be set.
func (r *Report) ErrorAt(at *Node, offset, width int, format string, args ...any) *Error {
	from, to := at.span(offset, width)
	return r.Add(at.file.errorAt(from, to, format, args...))
}

// Add adds a mistake that was made elsewhere, such as one about a file that cannot be read, and gives it back.
func (r *Report) Add(e *Error) *Error {
	r.errs = append(r.errs, e)
	return e
}

// All gives the mistakes and warnings in the order of their places, each once; nil when there are none.
func (r *Report) All() Errors {
	sorted := append(Errors(nil), r.errs...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Pos.before(sorted[j].Pos) })
	type said struct {
		Pos
		message string
	}
	seen := make(map[said]bool, len(sorted))
	once := sorted[:0]
	for _, e := range sorted {
		if key := (said{e.Pos, e.Message}); !seen[key] {
			seen[key] = true
			once = append(once, e)
		}
	}
	return once
}

// Err gives nil where the files can be used, else Errors with everything that All gives.
func (r *Report) Err() error {
	for _, e := range r.errs {
		if !e.Warning {
			return r.All()
		}
	}
	return nil
}

// Errors are the mistakes of one load.
type Errors []*Error

// Error gives the text of each mistake, an empty line between.
func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, one := range e {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "\n\n")
}

// Unwrap gives the mistakes one by one, for errors.As.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, one := range e {
		errs[i] = one
	}
	return errs
}
