package steps

import (
	"errors"
	"fmt"
	"io"
)

// Split is how a JSON text is cut into the items of a list in it, also while it comes in.
type Split struct {
	Path  []string // where the list is: below these keys; none: the text itself is the list
	Limit int      // how many bytes an item may have at most, and all that stands beside the list; 0: any number
	// Item hears where each item begins and ends, in bytes from the start of the text.
	Item func(start, end int64)
	// Again hears that the items so far do not count: a key above them is there once more.
	Again func()
}

// LongError is the error of an item, or of what stands beside the list, that has more bytes than are allowed.
type LongError struct{ Item int } // from 0; -1 for what stands beside the list

// Error says what is too long.
func (e *LongError) Error() string {
	if e.Item < 0 {
		return "what stands beside the items is too long"
	}
	return fmt.Sprintf("item %d is too long", e.Item+1)
}

// Whole cuts a text that is there. It gives the text without white space and without the items: in their place stands an
// empty list. Where there is no list at Path, Item hears of nothing, and the rest shows what is there instead. All of the
// text is checked, and the errors are those of DecodeJSON, but for a byte order mark, which may not stand here.
func (s Split) Whole(text []byte) (rest []byte, err error) {
	return s.cut(&window{jsonDecoder: jsonDecoder{data: text}, end: true})
}

// Stream cuts a text that begins with head and goes on in more, as Whole does. It holds no more of the text than head has
// room for, or than an item takes. It writes over head. Errors of more are given as they are.
func (s Split) Stream(head []byte, more io.Reader) (rest []byte, err error) {
	return s.cut(&window{jsonDecoder: jsonDecoder{data: head}, source: more, limit: s.Limit})
}

func (s Split) cut(w *window) ([]byte, error) {
	c := cutter{window: w, split: s}
	err := c.text()
	if errors.Is(err, errWindow) {
		err = &LongError{-1}
	}
	if err != nil {
		return nil, w.placed(err)
	}
	return c.rest, nil
}

// cutter cuts the text that comes through a window.
type cutter struct {
	*window
	split Split
	rest  []byte
}

func (c *cutter) text() error {
	b, err := c.peek()
	if err != nil {
		return err
	}
	if b == 0 && c.pos == len(c.data) {
		return c.errorf(c.pos, "there is no JSON here: the text is empty")
	}
	if err := c.level(c.split.Path); err != nil {
		return err
	}
	return c.unit(c.over)
}

// level goes down towards the list.
func (c *cutter) level(path []string) error {
	b, err := c.peek()
	switch {
	case err != nil:
		return err
	case len(path) == 0 && b == '[':
		return c.list()
	case len(path) > 0 && b == '{':
		return c.object(path)
	}
	return c.value()
}

func (c *cutter) object(path []string) error {
	c.rest = append(c.rest, '{')
	comma := false
	err := c.entries('}', func() error {
		if comma {
			c.rest = append(c.rest, ',')
		}
		comma = true
		key, err := c.key()
		if err != nil {
			return err
		}
		if key != path[0] {
			return c.value()
		}
		c.split.Again()
		return c.level(path[1:])
	})
	c.rest = append(c.rest, '}')
	return err
}

// list tells where its items are.
func (c *cutter) list() error {
	n := 0
	err := c.entries(']', func() error {
		start, end, err := c.skip()
		if errors.Is(err, errWindow) || c.split.Limit > 0 && end-start > int64(c.split.Limit) {
			return &LongError{n}
		}
		if err == nil {
			n++
			c.split.Item(start, end)
		}
		return err
	})
	c.rest = append(c.rest, "[]"...)
	return err
}

// key takes a key over into the rest.
func (c *cutter) key() (string, error) {
	var raw []byte
	var plain bool
	err := c.unit(func() (err error) {
		raw, plain, err = c.rawKey()
		return err
	})
	if err != nil {
		return "", err
	}
	c.rest = append(append(append(c.rest, '"'), raw...), '"', ':')
	return c.jsonDecoder.text(raw, plain), c.bounded()
}

// value takes a value over into the rest.
func (c *cutter) value() error {
	start, end, err := c.skip()
	if err != nil {
		return err
	}
	c.rest = append(c.rest, c.data[start-c.base:end-c.base]...)
	return c.bounded()
}

func (c *cutter) bounded() error {
	if c.split.Limit > 0 && len(c.rest) > c.split.Limit {
		return &LongError{-1}
	}
	return nil
}
