package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"

	"snrun/steps"
	"snrun/steps/exchange"
)

// split says how the page of a walk is cut into its items as it comes in.
type split struct {
	path []string    // of the list, below the body
	item steps.Reads // what is read of an item
	rest steps.Reads // what is read of the body, but for the items
}

// split gives how pages are cut, nil where they have to be decoded as a whole: because whoever asked wants them so, because
// the list is not at a plain path, or because another expression reads the list, too.
func (w *walk) split() *split {
	env, items := w.call.Env, w.itemsAt()
	if env.Stream == nil || len(items.Path) == 0 || items.Path[0] != "body" {
		return nil
	}
	rest := steps.Nothing()
	lates := w.call.Conditions()
	for _, name := range []string{"next", "total", "stop_when", "expect_total"} {
		if l := w.in.Late(name); l != nil {
			lates = append(lates, l)
		}
	}
	for _, l := range lates {
		rest = rest.And(lateReads(l))
	}
	path := items.Path[1:]
	if reads(rest, path) {
		return nil
	}
	return &split{path: path, item: env.Stream.Item, rest: rest.And(readsAt(path))}
}

// readsOfBody is what is read of the body of an answer that is no page: by the step's conditions, and later of its output. Nil
// is all of it.
func (c *call) readsOfBody() steps.Reads {
	if c.Env.Reads == nil || walks(c.In) {
		return nil
	}
	all, read := c.Env.Reads.Of("output")
	if !read {
		all = steps.Nothing()
	}
	for _, l := range c.Conditions() {
		all = all.And(lateReads(l))
	}
	return all
}

// lateReads is what an expression reads of the body.
func lateReads(l *steps.Late) steps.Reads {
	if !slices.Contains(l.Uses, "body") && !slices.Contains(l.Uses, "*") {
		return steps.Nothing()
	}
	if l.Reads != nil {
		if body, read := l.Reads.Of("body"); read {
			return body
		}
		return steps.Nothing()
	}
	if len(l.Path) > 0 && l.Path[0] == "body" {
		return readsAt(l.Path[1:])
	}
	return nil
}

// readsAt reads all of what is at a path.
func readsAt(path []string) steps.Reads {
	if len(path) == 0 {
		return nil
	}
	return steps.Reads{path[0]: readsAt(path[1:])}
}

// reads says whether something at or below a path is read, or all that is above it.
func reads(r steps.Reads, path []string) bool {
	if r == nil {
		return true
	}
	if len(path) == 0 {
		return false // fields of a list: there are none
	}
	below, read := r[path[0]]
	return read && reads(below, path[1:])
}

// isSplit says whether this answer is a page that is cut as it comes in. What is not plain JSON is decoded as a whole.
func (a *answer) isSplit() bool {
	contentType, accept := a.Resp.Header.Get("Content-Type"), a.Call.In.Text("accept")
	enc := a.Resp.Header.Get("Content-Encoding")
	switch {
	case a.call.split == nil || a.Req.Method == http.MethodHead || a.Status() < 200 || a.Status() > 299 || enc != "" && enc != "identity":
		return false
	case accept != "json" && ((accept != "" && accept != "auto") || exchange.FormatOf(exchange.MediaType(contentType), nil) != "json"):
		return false
	}
	set := exchange.Charset(contentType)
	return (set == "" || strings.EqualFold(set, "utf-8")) && !exchange.IsHTMLType(exchange.MediaType(contentType))
}

// receivePage takes in a page that is cut into its items as it comes. It has come to its end and is checked before any of
// them is given, so that no half list is ever worked on, and no server waits for slow items.
func (a *answer) receivePage(ctx context.Context) error {
	from := a.boundedPage()
	a.Size = a.Resp.ContentLength
	m := a.call.pages.get(a.Size)
	all, err := m.read(from, a.Size)
	a.Received = m.text
	if err != nil {
		return a.pageError(ctx, err, int64(len(a.Received)))
	}
	if first := bytes.TrimLeft(m.text, " \t\r\n"); len(first) == 0 || first[0] != '{' && first[0] != '[' {
		return a.receiveWhole(ctx, all)
	}
	if !all {
		return a.receiveLong(ctx, m, from)
	}
	a.Size = int64(len(m.text))
	c := newCutPage(a.call.split.item)
	c.pool, c.memory = a.call.pages, m
	rest, err := steps.Split{
		Path:  a.call.split.path,
		Item:  func(start, end int64) { m.spans = append(m.spans, span{uint32(start), uint32(end)}) },
		Again: func() { m.spans = m.spans[:0] },
	}.Whole(m.text)
	if err != nil {
		return a.notJSON(err)
	}
	c.items = len(m.spans)
	return a.cutInto(c, rest)
}

// pageError says why a page did not come as a whole. Got is how many bytes of it came.
func (a *answer) pageError(ctx context.Context, err error, got int64) error {
	if errors.Is(err, errInflated) {
		return a.ContentError(err.Error(), "write max_body: with what a page may be, or ask for smaller pages")
	}
	return a.BodyError(ctx, err, got)
}

// inflated is how large a page may become that came compressed, where nobody wrote how large it may be: a thousandth of it is sent.
const inflated = 1 << 30

// errInflated stops reading a page that became larger than that.
var errInflated = errors.New("the page is larger than " + exchange.SizeText(inflated) + " once it is decompressed")

// boundedPage reads a page as far as it may be.
func (a *answer) boundedPage() *bounded {
	b := &bounded{Reader: a.Body(), left: math.MaxInt64}
	switch {
	case a.Call.In.Has("max_body"):
		b.left, b.full = a.Call.MaxBody(), exchange.ErrTooLarge
	case a.Resp.Uncompressed:
		b.left, b.full = inflated, errInflated
	}
	return b
}

// receiveLong takes in a page that is too long for memory.
func (a *answer) receiveLong(ctx context.Context, m *memory, from io.Reader) error {
	file, err := newSpool(from)
	if err != nil {
		return a.asideError(err)
	}
	if !a.Call.In.Has("max_body") && a.Resp.Uncompressed {
		file.most = inflated
	}
	keep := a.Call.Recorded()
	a.Received = bytes.Clone(m.text[:min(int64(len(m.text)), max(keep, 8*exchange.ExcerptLength))])
	file.write(m.text)
	rest, err := steps.Split{Path: a.call.split.path, Limit: int(a.Call.MaxBody()), Item: file.item, Again: file.again}.Stream(m.text, file)
	a.call.pages.put(m)
	if err == nil || file.failed != nil {
		err = file.done()
	}
	if err == nil {
		a.Size = file.size
		c := newCutPage(a.call.split.item)
		c.file = file
		return a.cutInto(c, rest)
	}
	file.close()
	var long *steps.LongError
	var mistake *steps.JSONError
	switch {
	case file.failed != nil && !errors.Is(err, errInflated):
		return a.asideError(err)
	case errors.As(err, &mistake):
		return a.notJSON(err)
	case errors.As(err, &long):
		return a.ContentError(fmt.Sprintf("%s: it is larger than max_body (%s)", long, exchange.SizeText(a.Call.MaxBody())), "ask for less at once, or raise max_body, which then bounds the whole page")
	}
	return a.pageError(ctx, err, file.size)
}

// receiveWhole decodes as a whole what turned out not to be a list or a map.
func (a *answer) receiveWhole(ctx context.Context, all bool) error {
	if !all {
		if err := a.Receive(ctx); err != nil {
			return err
		}
	}
	a.Size = int64(len(a.Received))
	return a.decode()
}

// cutInto takes a page that was cut. Its body is what stands beside the items, as far as it is read.
func (a *answer) cutInto(c *cutPage, rest []byte) (err error) {
	a.cut, a.Head = c, true
	a.readsPart()
	a.Value, err = steps.DecodeReads(rest, a.call.split.rest)
	return err
}

func (a *answer) asideError(err error) error {
	e := spoolError(err)
	e.Message = a.Errorf(e.Kind, "%s", e.Message).Message
	return e
}

// bounded reads so many bytes at most.
type bounded struct {
	io.Reader
	left int64
	full error // when there are more
}

// Read reads on. The error is full when there is more than may be.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n + int(b.left), b.full
	}
	return n, err
}
