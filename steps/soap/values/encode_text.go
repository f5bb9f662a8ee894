package values

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"snrun/steps"
	"snrun/steps/xml"
)

// lexeme is a value as it is written: a text, or a name with its namespace.
type lexeme struct {
	text string
	name *xml.Name
}

// written gives a value as a simple type has it written. It is false where there is nothing to write: the value is not known yet, or
// wrong, which is noted.
func (c *encoder) written(rd *reading, value any) (lexeme, bool) {
	if isUnknown(value) {
		return lexeme{}, false
	}
	if list, isList := value.([]any); isList && rd.kind == listKind {
		return c.writtenList(rd, list)
	}
	if _, isMapping := steps.Entries(value); isMapping || isNull(value) {
		c.wrong("", "%s stands where one plain value is expected: %s", formOfValue(value), describeText(rd.simple))
		return lexeme{}, false
	}
	if _, isList := value.([]any); isList {
		c.wrong("", "a list stands where one value is expected: %s", describeText(rd.simple))
		return lexeme{}, false
	}
	if f, isFloat := value.(float64); isFloat {
		value = rd.numberText(f)
	}
	text, ok := c.scalar(value)
	if !ok {
		return lexeme{}, false
	}
	if rd.kind == qnameKind {
		return c.writtenName(text)
	}
	err := rd.check(text)
	if err == nil {
		return lexeme{text: rd.simple.Normal(text)}, true
	}
	if other, has := rd.otherText(value); has && rd.check(other) == nil {
		return lexeme{text: other}, true // 0x10, 1e3 or True in YAML
	}
	c.wrong(err.Hint, "%s", err.Message)
	return lexeme{}, false
}

func (c *encoder) writtenList(rd *reading, list []any) (lexeme, bool) {
	before, known := len(c.problems)+c.more, true
	words := make([]string, 0, len(list))
	for i, item := range list {
		c.at.item(i)
		one, ok := c.written(rd.item, item)
		if known = known && ok; ok && (one.text == "" || strings.ContainsAny(one.text, " \t\r\n")) {
			c.wrong("", "%q cannot stand in a list, whose items are separated by spaces", one.text)
		}
		words = append(words, one.text)
		c.at.pop()
	}
	text := strings.Join(words, " ")
	if len(c.problems)+c.more > before || !known {
		return lexeme{}, false
	}
	if err := rd.check(text); err != nil {
		c.wrong(err.Hint, "%s", err.Message)
		return lexeme{}, false
	}
	return lexeme{text: text}, true
}

// writtenName writes a QName: `{namespace}local`, `prefix:local`, or `local` without a namespace.
func (c *encoder) writtenName(text string) (lexeme, bool) {
	n, mistake := c.name(strings.TrimSpace(text))
	if mistake != "" {
		c.wrong("", "%s", mistake)
		return lexeme{}, false
	}
	if n.Space == "" {
		return lexeme{text: n.Local}, true
	}
	return lexeme{name: &n}, true
}

// scalar gives the text of a plain value.
func (c *encoder) scalar(value any) (string, bool) {
	text, ok := xml.Text(value)
	if !ok || isNull(value) {
		c.wrong("", "%s stands where one plain value is expected", formOfValue(value))
		return "", false
	}
	if r, invalid := xml.InvalidChar(text); invalid {
		c.wrong("", "the character %U (or a byte that is no UTF-8) cannot stand in XML", r)
		return "", false
	}
	return text, true
}

// otherText writes a number or a truth value in the form that the type wants, whatever form it was written in. A text has no other form.
func (rd *reading) otherText(value any) (string, bool) {
	if s, isScalar := value.(steps.Scalar); isScalar {
		value = s.Value
	}
	switch value := value.(type) {
	case bool:
		return strconv.FormatBool(value), true
	case int:
		return strconv.Itoa(value), true
	case int64:
		return strconv.FormatInt(value, 10), true
	case float64:
		return rd.numberText(value), true
	case json.Number:
		if f, err := value.Float64(); err == nil {
			return rd.numberText(f), true
		}
	}
	return "", false
}

// isFile says whether a value is the content of a file: {file: path}.
func isFile(rd *reading, value any) bool {
	if rd == nil || rd.kind != binaryKind {
		return false
	}
	entries, isMapping := steps.Entries(value)
	return isMapping && len(entries) == 1 && entries[0].Key == "file"
}

// maxFile bounds a file that becomes base64 in a message.
const maxFile = 64 << 20

// binary writes base64Binary: a text in base64, or a file.
func (c *encoder) binary(node *xml.Element, rd *reading, value any) {
	var b Binary
	if entries, isMapping := steps.Entries(value); isMapping && isFile(rd, value) {
		c.at.push("file")
		defer c.at.pop()
		if isUnknown(entries[0].Value) {
			return
		}
		name, ok := c.scalar(entries[0].Value)
		if !ok {
			return
		}
		if b.File = name; !filepath.IsAbs(name) {
			b.File = filepath.Join(c.w.Dir, name)
		}
		if c.w.Early {
			return
		}
	} else {
		written, ok := c.written(rd, value)
		if !ok {
			return
		}
		b.Text = withoutSpace(written.text)
	}
	if c.w.Binary != nil {
		taken, err := c.w.Binary(node, b)
		if err != nil {
			c.wrong("", "%v", err)
		}
		if taken || err != nil {
			return
		}
	}
	if b.File != "" {
		c.readFile(node, rd, b.File)
		return
	}
	node.Text = b.Text
}

func (c *encoder) readFile(node *xml.Element, rd *reading, path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		c.wrong("", "%s is no file", path)
		return
	case info.Size() > maxFile:
		c.wrong("send it as a part of its own: mtom: true", "%s has %d bytes; at most %d become part of the message", path, info.Size(), maxFile)
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		c.wrong("", "cannot be read: %v", err)
		return
	}
	node.Text = base64.StdEncoding.EncodeToString(data)
	if err := rd.check(node.Text); err != nil {
		c.wrong(err.Hint, "%s", err.Message)
	}
}
