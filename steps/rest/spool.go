package rest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"snrun/steps"
	"snrun/steps/exchange"
)

// spool is a page that is too long for memory, in files without a name: its text, and where its items are.
type spool struct {
	text, index *os.File
	entries     *bufio.Writer // of index
	size        int64         // of text
	items       int
	end         int64 // where the last item ends
	most        int64 // how large index may become, 0 for any size: items may be shorter than their entries
	failed      error // the first write that did not go well
	from        io.Reader
}

// indexEntry is the size of an entry of the index: where an item starts and ends.
const indexEntry = 16

func newSpool(from io.Reader) (*spool, error) {
	text, err := unnamed()
	if err != nil {
		return nil, err
	}
	index, err := unnamed()
	if err != nil {
		text.Close()
		return nil, err
	}
	return &spool{text: text, index: index, entries: bufio.NewWriter(index), from: from}, nil
}

// unnamed makes a file that is gone when it is closed, or when the process ends in whatever way.
func unnamed() (*os.File, error) {
	f, err := os.CreateTemp("", "snrun-page-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Read reads the page on, and writes down what comes.
func (s *spool) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.write(p[:n])
	if s.failed != nil {
		return n, s.failed
	}
	return n, err
}

func (s *spool) write(p []byte) {
	if s.failed == nil {
		_, s.failed = s.text.Write(p)
	}
	s.size += int64(len(p))
}

// item writes down where an item is.
func (s *spool) item(start, end int64) {
	var entry [indexEntry]byte
	binary.LittleEndian.PutUint64(entry[:8], uint64(start))
	binary.LittleEndian.PutUint64(entry[8:], uint64(end))
	s.items++
	s.end = end
	if s.most > 0 && int64(s.items)*indexEntry > s.most && s.failed == nil {
		s.failed = errInflated
	}
	_, _ = s.entries.Write(entry[:]) // what goes wrong here, done hears of
}

// again drops the items so far.
func (s *spool) again() {
	s.items = 0
	s.entries.Reset(s.index)
	if _, err := s.index.Seek(0, io.SeekStart); err != nil && s.failed == nil {
		s.failed = err
	}
}

// done ends the writing.
func (s *spool) done() error {
	if s.failed == nil {
		s.failed = s.entries.Flush()
	}
	return s.failed
}

// at reads the text of an item.
func (s *spool) at(i int) ([]byte, error) {
	start, end, err := s.place(i)
	if err != nil {
		return nil, err
	}
	data := make([]byte, end-start)
	_, err = s.text.ReadAt(data, start)
	return data, err
}

func (s *spool) place(i int) (start, end int64, err error) {
	var entry [indexEntry]byte
	_, err = s.index.ReadAt(entry[:], int64(i)*indexEntry)
	return int64(binary.LittleEndian.Uint64(entry[:8])), int64(binary.LittleEndian.Uint64(entry[8:])), err
}

// writeItems writes the text from the first item to the last; there is one.
func (s *spool) writeItems(w io.Writer) error {
	start, _, err := s.place(0)
	if err == nil {
		_, err = io.Copy(w, io.NewSectionReader(s.text, start, s.end-start))
	}
	return err
}

func (s *spool) close() error { return errors.Join(s.text.Close(), s.index.Close()) }

// spoolError says that a page could not be put aside, and where that was tried.
func spoolError(err error) *steps.Error {
	why := err
	var pe *fs.PathError
	if errors.As(err, &pe) {
		why = pe.Err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		why = errors.New("the disk is full")
	}
	e := exchange.BadInput("a page of more than %s is put aside in the folder %s: %w", exchange.SizeText(pageInMemory), os.TempDir(), why)
	e.Kind, e.Cause = steps.Limit, err
	return exchange.Hinted(e, "set TMPDIR to a folder that has room, or ask for smaller pages")
}
