package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// maskedDepth bounds how deep a body may be nested to be masked.
const maskedDepth = 1000

// jsonPath is a path into JSON: $.user.password, $.users[*].ssn, $.list[0], $..token, $['a key'].
type jsonPath []segmentOfPath

// segmentOfPath matches a key or an index, or any; a deep one at any depth below.
type segmentOfPath struct {
	name  string
	index int // -1 for a name
	any   bool
	deep  bool
	list  bool // written as [*] or [7], which lists are meant by
}

// member is where a value stands in its map (name) or list (index).
type member struct {
	name   string
	index  int
	inList bool
}

func (s segmentOfPath) matches(m member) bool {
	switch {
	case s.any:
		return true
	case s.index >= 0:
		return m.inList && m.index == s.index
	}
	return !m.inList && m.name == s.name
}

// parseJSONPath reads a path.
func parseJSONPath(text string) (jsonPath, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok || rest == "" {
		return nil, fmt.Errorf("%q is not a path: it begins with $ and names a value", text)
	}
	var path jsonPath
	for rest != "" {
		var s segmentOfPath
		var err error
		if s, rest, err = nextSegment(rest); err != nil {
			return nil, fmt.Errorf("%q is not a path: %w", text, err)
		}
		path = append(path, s)
	}
	return path, nil
}

// nextSegment reads one segment from the head of a path.
func nextSegment(rest string) (s segmentOfPath, left string, err error) {
	s.index = -1
	if after, ok := strings.CutPrefix(rest, ".."); ok {
		s.deep = true
		rest = after
		if !strings.HasPrefix(rest, "[") {
			rest = "." + rest
		}
	}
	switch {
	case strings.HasPrefix(rest, "."):
		end := strings.IndexAny(rest[1:], ".[")
		if end < 0 {
			end = len(rest) - 1
		}
		s.name, left = rest[1:1+end], rest[1+end:]
		s.any = s.name == "*"
		if s.name == "" {
			err = errors.New("a name is missing")
		}
		return s, left, err
	case strings.HasPrefix(rest, "["):
		return inBrackets(s, rest)
	}
	return s, "", fmt.Errorf("write . or [ before %q", rest)
}

// inBrackets reads [*], [7], ['name'] or ["name"].
func inBrackets(s segmentOfPath, rest string) (segmentOfPath, string, error) {
	if len(rest) > 1 && (rest[1] == '\'' || rest[1] == '"') {
		name, left, closed := strings.Cut(rest[2:], rest[1:2]+"]")
		if !closed {
			return s, "", errors.New("a quote is not closed")
		}
		s.name = name
		return s, left, nil
	}
	inside, left, closed := strings.Cut(rest[1:], "]")
	if !closed {
		return s, "", errors.New("a [ is not closed")
	}
	s.list = true
	if inside == "*" {
		s.any = true
		return s, left, nil
	}
	n, err := strconv.Atoi(inside)
	if err != nil || n < 0 {
		return s, "", fmt.Errorf("[%s] is neither a number nor a quoted name nor *", inside)
	}
	s.index = n
	return s, left, nil
}

// state is how far one path has been matched on the way down to a value.
type state struct {
	path *jsonPath
	next int
}

func start(paths []jsonPath) []state {
	states := make([]state, len(paths))
	for i := range paths {
		states[i] = state{path: &paths[i]}
	}
	return states
}

// advance goes down to one member. hit says that a path ends there.
func advance(at []state, m member) (next []state, hit bool) {
	for _, s := range at {
		segment := (*s.path)[s.next]
		if segment.deep {
			next = with(next, s)
		}
		if !segment.matches(m) {
			continue
		}
		if s.next+1 == len(*s.path) {
			return nil, true
		}
		next = with(next, state{s.path, s.next + 1})
	}
	return next, false
}

// with adds a state once: paths such as $..a..a reach the same one in many ways.
func with(states []state, s state) []state {
	if slices.Contains(states, s) {
		return states
	}
	return append(states, s)
}

// masker copies JSON as it stands but for the values that are masked.
type masker struct {
	data   []byte
	dec    *json.Decoder
	out    bytes.Buffer
	copied int64 // how much of data is in out
	depth  int
	cut    bool // data may end anywhere
}

// errCut ends the masking of a text that was cut, where it ends.
var errCut = errors.New("the text is cut here")

// maskJSON puts "***" in place of the values at the paths. All else stays byte for byte. A text that was cut may end anywhere,
// also in a value that is masked.
func maskJSON(data []byte, paths []jsonPath, cut bool) ([]byte, error) {
	m := &masker{data: data, dec: json.NewDecoder(bytes.NewReader(data)), cut: cut}
	m.dec.UseNumber()
	err := m.value(start(paths))
	if err == errCut {
		m.out.Write(data[m.copied:])
		return m.out.Bytes(), nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := m.dec.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON value")
	}
	m.out.Write(data[m.copied:])
	return m.out.Bytes(), nil
}

func (m *masker) value(at []state) error {
	if m.depth++; m.depth > maskedDepth {
		return errors.New("nested too deep")
	}
	defer func() { m.depth-- }()
	token, err := m.dec.Token()
	if err != nil {
		return m.broken(err)
	}
	open, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	for i := 0; m.dec.More(); i++ {
		where := member{index: i, inList: open == '['}
		if open == '{' {
			key, err := m.dec.Token()
			if err != nil {
				return m.broken(err)
			}
			where.name, _ = key.(string)
		}
		if err := m.member(advance(at, where)); err != nil {
			return err
		}
	}
	_, err = m.dec.Token()
	return m.broken(err)
}

// broken tells the end of a text that was cut from a mistake in it.
func (m *masker) broken(err error) error {
	if m.cut && (err == io.EOF || err == io.ErrUnexpectedEOF) {
		return errCut
	}
	return err
}

func (m *masker) member(next []state, hit bool) error {
	if !hit && len(next) > 0 {
		return m.value(next)
	}
	begin := m.dec.InputOffset()
	var skipped json.RawMessage
	err := m.broken(m.dec.Decode(&skipped))
	if !hit || err != nil && err != errCut {
		return err
	}
	for begin < int64(len(m.data)) && bytes.IndexByte([]byte(" \t\r\n:,"), m.data[begin]) >= 0 {
		begin++
	}
	m.out.Write(m.data[m.copied:begin])
	m.out.WriteString(`"***"`)
	m.copied = m.dec.InputOffset()
	if err == errCut {
		m.copied = int64(len(m.data))
	}
	return err
}
