package rest

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"sync"

	"snrun/steps"
)

// pageInMemory is how much of a page is held in memory, in bytes. A longer one goes to a file. Of one whose length is not
// known that much is asked for at first: what is not written to costs nothing.
const (
	pageInMemory = 4 << 20
	pageUnknown  = 1 << 20
	pageStep     = 256 << 10
)

// cutPage is a page as it came, cut into its items, which are decoded when they are asked for. It is steps.Items.
type cutPage struct {
	decoder *steps.Decoder
	whole   bool // all of an item is read
	pool    *pagePool
	mu      sync.RWMutex // held to read while an item is decoded
	open    bool
	// A short page is in memory, a long one in a file.
	*memory
	items int // in memory
	file  *spool
}

// newCutPage makes a page of whose items so much is read.
func newCutPage(item steps.Reads) *cutPage {
	return &cutPage{decoder: steps.NewDecoder(item), whole: item == nil, open: true}
}

// memory holds the text of a page, and where its items are.
type memory struct {
	text  []byte
	spans []span
}

// span is where an item stands in a page in memory.
type span struct{ start, end uint32 }

// pagePool keeps the memory of pages for the next ones. The zero value is an empty one.
//
// It is not a sync.Pool: that one keeps a list for each processor, and forgets at every second collection of garbage what
// the next page is about to ask for.
type pagePool struct {
	mu   sync.Mutex
	free []*memory
}

// pagesKept is how many pages' memory is kept: a walk has one page that is worked on, and one that comes in.
const pagesKept = 2

// get gives memory for a page of so many bytes, -1 when that is not known.
func (p *pagePool) get(length int64) *memory {
	m := p.take()
	if length < 0 {
		length = pageUnknown
	}
	if size := min(pageInMemory, (max(length, 1)+pageStep-1)/pageStep*pageStep); int64(cap(m.text)) < size {
		m.text = make([]byte, 0, size)
	}
	m.text, m.spans = m.text[:0], m.spans[:0]
	return m
}

func (p *pagePool) take() *memory {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.free) - 1
	if last < 0 {
		return &memory{}
	}
	m := p.free[last]
	p.free = p.free[:last]
	return m
}

func (p *pagePool) put(m *memory) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < pagesKept {
		p.free = append(p.free, m)
	}
}

var errClosedPage = errors.New("the page was given back before all of its items were read")

// Len is how many items the page has.
func (c *cutPage) Len() int {
	if c.file != nil {
		return c.file.items
	}
	return c.items
}

// At decodes an item.
func (c *cutPage) At(i int) (any, error) { return c.decode(i, c.decoder) }

func (c *cutPage) decode(i int, d *steps.Decoder) (any, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if !c.open {
		return nil, errClosedPage
	}
	if c.file == nil {
		at := c.spans[i]
		return d.Decode(c.text[at.start:at.end])
	}
	data, err := c.file.at(i)
	if err != nil {
		return nil, spoolError(err)
	}
	return d.Decode(data)
}

// Text gives the items as a list: as they came, where all of them is read.
func (c *cutPage) Text() ([]byte, error) {
	if !c.whole {
		return steps.TextOf(c)
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	switch {
	case !c.open:
		return nil, errClosedPage
	case c.Len() == 0:
		return []byte("[]"), nil
	case c.file == nil:
		// Between the brackets of the list and its first and last item there is nothing but white space.
		first, end := c.spans[0].start, c.spans[len(c.spans)-1].end
		return c.text[bytes.LastIndexByte(c.text[:first], '[') : int(end)+bytes.IndexByte(c.text[end:], ']')+1], nil
	}
	text := bytes.NewBuffer(append(make([]byte, 0, c.file.size), '['))
	if err := c.file.writeItems(text); err != nil {
		return nil, spoolError(err)
	}
	return append(text.Bytes(), ']'), nil
}

// digest tells the items from those of another page, as they are written; there is one.
func (c *cutPage) digest() (uint64, error) {
	// Two sums that processors compute themselves: a page is gone through at many bytes a nanosecond.
	a, b := crc32.New(crc32.MakeTable(crc32.Castagnoli)), crc32.NewIEEE()
	var err error
	if c.file != nil {
		err = c.file.writeItems(io.MultiWriter(a, b))
	} else {
		items := c.text[c.spans[0].start:c.spans[len(c.spans)-1].end]
		_, _ = a.Write(items)
		_, _ = b.Write(items)
	}
	return uint64(a.Sum32())<<32 | uint64(b.Sum32()), err
}

// Close gives back the memory or the file. An item that is being decoded is done first.
func (c *cutPage) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open {
		return nil
	}
	c.open = false
	if c.file != nil {
		return c.file.close()
	}
	c.pool.put(c.memory)
	return nil
}

// read reads a page as far as it may be in memory, and says whether that is all of it. Its length is -1 when not known.
func (c *memory) read(from io.Reader, length int64) (all bool, err error) {
	for {
		if len(c.text) == cap(c.text) {
			if len(c.text) >= pageInMemory {
				return false, nil
			}
			c.text = append(make([]byte, 0, min(pageInMemory, cap(c.text)+pageStep)), c.text...)
		}
		n, err := from.Read(c.text[len(c.text):cap(c.text)])
		c.text = c.text[:len(c.text)+n]
		if err == io.EOF || err == nil && int64(len(c.text)) == length {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}
