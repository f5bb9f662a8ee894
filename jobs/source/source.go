// Package source reads YAML strictly and says where things stand.
//
// A mistake a person made in a file is an Error: it has its place, the line, a caret under it and, where something can be
// advised, a hint. Mistakes are collected in a Report and told all together.
//
// Places are found in the bytes of the file, not guessed from the parsed tree: a Node knows where its content begins, and
// PosAt walks a scalar's value and the file side by side, through quotes, escapes, folded lines and blocks.
package source

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// Pos is a place in a file. Line and Column count from 1, columns in characters.
type Pos struct {
	File         string
	Line, Column int
}

// String gives file:line:column.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// before orders places by file, line and column.
func (p Pos) before(q Pos) bool {
	if p.File != q.File {
		return p.File < q.File
	}
	if p.Line != q.Line {
		return p.Line < q.Line
	}
	return p.Column < q.Column
}

// File is a YAML file as it was read, without a byte order mark.
type File struct {
	Name string
	Data []byte

	lines []int // where each line starts in Data
}

var byteOrderMark = []byte("\uFEFF")

func newFile(name string, data []byte) *File {
	f := &File{Name: name, Data: bytes.TrimPrefix(data, byteOrderMark)}
	f.lines = append(f.lines, 0)
	for i := 0; i < len(f.Data); {
		n := breakSize(f.Data[i:])
		i += max(n, 1)
		if n > 0 {
			f.lines = append(f.lines, i)
		}
	}
	return f
}

// breakSize is the length of the line break that text begins with, 0 when it does not. YAML 1.1 counts more characters as
// line breaks than editors do, and so does the parser in its line numbers.
func breakSize(text []byte) int {
	switch {
	case len(text) == 0:
		return 0
	case text[0] == '\n':
		return 1
	case text[0] > '\r' && text[0] < 0x80: // most bytes of a file
		return 0
	case text[0] == '\r':
		if len(text) > 1 && text[1] == '\n' {
			return 2
		}
		return 1
	case bytes.HasPrefix(text, []byte("\u0085")):
		return 2
	case bytes.HasPrefix(text, []byte("\u2028")), bytes.HasPrefix(text, []byte("\u2029")):
		return 3
	}
	return 0
}

// Lines gives the lines of a text without their breaks, numbered as the places in it are: the parser counts more characters as breaks
// than editors do.
func Lines(text string) []string {
	var lines []string
	start := 0
	for i := 0; i < len(text); {
		size := breakSize([]byte(text[i:min(i+3, len(text))]))
		if size == 0 {
			i++
			continue
		}
		lines = append(lines, text[start:i])
		i += size
		start = i
	}
	if start < len(text) {
		lines = append(lines, text[start:])
	}
	return lines
}

// offset is the byte that stands at a line and a column, both from 1. Beyond the line's end it is the line's end.
func (f *File) offset(line, column int) int {
	if line < 1 || line > len(f.lines) {
		return len(f.Data)
	}
	i, end := f.lines[line-1], f.lineEnd(line)
	for ; column > 1 && i < end; column-- {
		_, n := utf8.DecodeRune(f.Data[i:end])
		i += n
	}
	return i
}

// pos is the place of a byte.
func (f *File) pos(offset int) Pos {
	line := sort.SearchInts(f.lines, offset+1)
	return Pos{f.Name, line, 1 + utf8.RuneCount(f.Data[f.lines[line-1]:offset])}
}

// lineEnd is where a line's text ends, before its break.
func (f *File) lineEnd(line int) int {
	end := len(f.Data)
	if line < len(f.lines) {
		end = f.lines[line]
	}
	for start := f.lines[line-1]; end > start; {
		r, n := utf8.DecodeLastRune(f.Data[start:end])
		if !strings.ContainsRune("\r\n\u0085\u2028\u2029", r) {
			break
		}
		end -= n
	}
	return end
}

// line is the text of a line without its break, "" beyond the file.
func (f *File) line(line int) string {
	if line < 1 || line > len(f.lines) {
		return ""
	}
	return string(f.Data[f.lines[line-1]:f.lineEnd(line)])
}

// errorAt makes a mistake that underlines the bytes from..to, as far as they stand in one line.
func (f *File) errorAt(from, to int, format string, args ...any) *Error {
	pos := f.pos(from)
	to = min(to, f.lineEnd(pos.Line))
	width := 1
	if to > from {
		width = utf8.RuneCount(f.Data[from:to])
	}
	return &Error{Pos: pos, Width: width, Message: fmt.Sprintf(format, args...), line: f.line(pos.Line)}
}
