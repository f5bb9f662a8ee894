package source

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	yaml4 "go.yaml.in/yaml/v4"
)

// A failure is what a parser could not read.
type failure struct {
	*File
	message string
	at      int // the byte where it gave up
	context string
	opened  int // the byte where that began which it was reading, -1 when it does not say
}

// syntaxError says what is wrong in a file that the parser refused with err. That names at best a line, and often the wrong
// one, so a second parser, which also knows the column, reads the file again.
func (f *File) syntaxError(err error) *Error {
	if d, ok := err.(documentError); ok {
		at := f.offset(d.line, d.column)
		e := f.errorAt(at, f.lineEnd(d.line), "a second document begins here")
		e.Hint = "a file holds one document: move this one to a file of its own"
		return e
	}
	fail := f.locate(err)
	for _, w := range wordings {
		if strings.Contains(fail.message, w.message) && strings.Contains(fail.context, w.context) {
			return w.say(fail)
		}
	}
	return fail.errorAt(fail.at, fail.at, "%s", fail.message)
}

// locate finds the place of a failure that the first parser reported as err.
func (f *File) locate(err error) *failure {
	node, again := f.parseAgain()
	var load *yaml4.LoadError
	switch {
	case errors.As(again, &load) && load.Mark.Line > 0:
		fail := &failure{f, load.Message, f.offset(load.Mark.Line, load.Mark.Column), load.ContextMsg, -1}
		if load.ContextMark.Line > 0 {
			fail.opened = f.offset(load.ContextMark.Line, load.ContextMark.Column)
		}
		return fail
	case node != nil:
		if fail := f.questionMark(node, -1); fail != nil {
			return fail
		}
	}
	return f.fromMessage(err)
}

// parseAgain parses the file with the second parser: the last document that it could read, and its error if it had one.
func (f *File) parseAgain() (doc *yaml4.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, errors.New("the parser gave up")
		}
	}()
	loader, err := yaml4.NewLoader(bytes.NewReader(f.Data))
	if err != nil {
		return nil, err
	}
	for {
		next := new(yaml4.Node)
		if err := loader.Load(next); err == io.EOF {
			return doc, nil
		} else if err != nil {
			return doc, err
		}
		doc = next
	}
}

// questionMark finds what the second parser reads and the first does not: a "?" in an unquoted text inside brackets or
// braces, as in [response.body?.error == nil]. Around is where the bracket or brace around the node stands, -1 without one.
func (f *File) questionMark(n *yaml4.Node, around int) *failure {
	start := f.offset(n.Line, n.Column)
	if n.Kind == yaml4.ScalarNode && n.Style == 0 && around >= 0 && strings.Contains(n.Value, "?") {
		at := start + max(0, bytes.IndexByte(f.Data[start:], '?'))
		return &failure{f, "did not find expected ','", at, "while parsing a flow", around}
	}
	if n.Style&yaml4.FlowStyle != 0 && start < len(f.Data) && strings.IndexByte("{[", f.Data[start]) >= 0 {
		around = start // unlike the pair in [a: b], which has no bracket of its own
	}
	for _, c := range n.Content {
		if fail := f.questionMark(c, around); fail != nil {
			return fail
		}
	}
	return nil
}

var lineInMessage = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)`)

// fromMessage takes the place from the text of the first parser's error.
func (f *File) fromMessage(err error) *failure {
	m := lineInMessage.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(m[1])
	line = max(1, min(line, len(f.lines)))
	return &failure{f, m[2], f.lines[line-1], "", -1}
}

// A wording says in plain words what a parser's message means.
type wording struct {
	message, context string // what the parser's message and context contain
	say              func(*failure) *Error
}

var wordings = []wording{
	{"did not find expected ','", "flow", (*failure).brokenFlow},
	{"mapping values are not allowed", "", (*failure).strayColon},
	{"could not find expected ':'", "", (*failure).missingColon},
	{"did not find expected key", "", (*failure).strayText},
	{"did not find expected '-' indicator", "", (*failure).strayText},
	{"did not find expected <document start>", "", (*failure).secondDocument},
	{"expected alphabetic or numeric character", "", (*failure).badName},
	{"indentation indicator equal to 0", "", (*failure).blockIndent},
	{"found unexpected end of stream", "quoted", (*failure).openQuote},
	{"found unexpected document indicator", "quoted", (*failure).openQuote},
	{"found a tab character", "", (*failure).tab},
	{"cannot start any token", "", (*failure).badStart},
	{"did not find expected node content", "", (*failure).badStart},
	{"block sequence entries are not allowed", "", (*failure).strayDash},
	{"unknown escape character", "", (*failure).unknownEscape},
	{"hexadecimal number", "", (*failure).badCode},
	{"invalid Unicode character escape", "", (*failure).badCode},
	{"unknown anchor", "", (*failure).unknownAnchor},
	{"expected comment or line break", "block scalar", (*failure).blockHeader},
	{"incompatible YAML document", "", (*failure).badVersion},
}
