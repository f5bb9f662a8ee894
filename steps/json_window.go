package steps

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf8"
)

// window is a part of a text that comes in, and moves on over it. What the decoder reads is read again when it turns out that
// the window ended in the middle of it.
type window struct {
	jsonDecoder
	source io.Reader
	end    bool  // the text ends where the window does
	limit  int   // how large the window may become, 0 for any size
	base   int64 // where the window begins in the text
	// lines and columns are what stands before the window: whole lines, and characters of the line it begins in.
	lines, columns int
}

// errWindow is the error of a value that is larger than the window may become.
var errWindow = errors.New("larger than the window may become")

// peek goes past white space and gives the byte after it, 0 at the end of the text.
func (w *window) peek() (byte, error) {
	for {
		if c := w.space(); w.pos < len(w.data) || w.end {
			return c, nil
		}
		if err := w.fill(); err != nil {
			return 0, err
		}
	}
}

// unit does what reads a small part of the text, such as a key. It does it again when the window ended in it.
func (w *window) unit(read func() error) error {
	for {
		start := w.pos
		err := read()
		if w.end || err == nil && w.pos < len(w.data) || err != nil && !isCut(err) {
			return err
		}
		w.pos = start
		if err := w.fill(); err != nil {
			return err
		}
	}
}

// entries reads what a list or a map holds, each with entry, from the bracket that opens it to the one that closes it.
func (w *window) entries(end byte, entry func() error) error {
	w.pos++
	w.depth++
	b, err := w.peek()
	for more := b != end; more && err == nil; {
		if err = entry(); err != nil {
			break
		}
		err = w.unit(func() (err error) {
			more, err = w.more(end)
			return err
		})
	}
	w.pos++
	w.depth--
	return err
}

// skip goes past a value, and gives where it stands in the text. All of it is then in the window.
func (w *window) skip() (start, end int64, err error) {
	for {
		if _, err := w.peek(); err != nil {
			return 0, 0, err
		}
		stop := skipValue(w.data, w.pos, w.depth)
		if stop >= 0 && (stop < len(w.data) || w.end) {
			start = w.base + int64(w.pos)
			w.pos = stop
			return start, w.base + int64(stop), nil
		}
		// The decoder tells whether the value is broken, or only goes on after the window.
		d := jsonDecoder{data: w.data, pos: w.pos, depth: w.depth}
		if _, err := d.value(); w.end || err != nil && !isCut(err) {
			return 0, 0, err
		}
		if err := w.fill(); err != nil {
			return 0, 0, err
		}
	}
}

// isCut says whether more text might mend a mistake.
func isCut(err error) bool {
	var mistake *JSONError
	return errors.As(err, &mistake) && mistake.cut
}

// fill moves the window on to pos, makes it larger where that gains nothing, and fills it: each byte is looked at a few times
// at most, however little comes at once.
func (w *window) fill() error {
	w.slide()
	if len(w.data) == cap(w.data) {
		if w.limit > 0 && len(w.data) > w.limit {
			return errWindow
		}
		size := max(512, 2*cap(w.data))
		if w.limit > 0 {
			size = min(size, w.limit+1)
		}
		w.data = append(make([]byte, 0, size), w.data...)
	}
	for len(w.data) < cap(w.data) && !w.end {
		n, err := w.source.Read(w.data[len(w.data):cap(w.data)])
		w.data = w.data[:len(w.data)+n]
		if w.end = err == io.EOF; err != nil && !w.end {
			return err
		}
	}
	return nil
}

// slide drops what stands before pos.
func (w *window) slide() {
	gone := w.data[:w.pos]
	if n := bytes.Count(gone, []byte{'\n'}); n > 0 {
		w.lines, w.columns = w.lines+n, 0
		gone = gone[bytes.LastIndexByte(gone, '\n')+1:]
	}
	w.columns += countRunes(gone)
	w.base += int64(w.pos)
	w.data = w.data[:copy(w.data, w.data[w.pos:])]
	w.pos = 0
}

// countRunes is utf8.RuneCount, quick where all is ASCII.
func countRunes(b []byte) (n int) {
	for len(b) > 0 {
		size := 1
		if len(b) >= 8 && binary.LittleEndian.Uint64(b)&highs == 0 {
			n, size = n+7, 8
		} else if b[0] >= utf8.RuneSelf {
			_, size = utf8.DecodeRune(b)
		}
		n++
		b = b[size:]
	}
	return n
}

// placed gives a mistake its place in the whole text.
func (w *window) placed(err error) error {
	var mistake *JSONError
	if !errors.As(err, &mistake) {
		return err
	}
	if mistake.Line == 1 {
		mistake.Column += w.columns
	}
	mistake.Line += w.lines
	mistake.Offset += int(w.base)
	return mistake
}
