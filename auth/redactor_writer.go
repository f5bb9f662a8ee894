package auth

import (
	"bytes"
	"io"
	"sync"
)

// MaskedWriter masks the secrets in a stream. It holds back what may be the beginning of a secret until more is written, the
// line ends, or Flush. Of a secret that has several lines the short ones are masked only where they come in one Write. It may
// be used by several goroutines; a line is then best written at once.
type MaskedWriter struct {
	redactor *Redactor
	mu       sync.Mutex
	out      io.Writer
	held     []byte
}

// Writer gives a writer that masks what is written and passes it on to w. Whoever uses it calls Flush at the end.
func (r *Redactor) Writer(w io.Writer) *MaskedWriter {
	return &MaskedWriter{redactor: r.stem(), out: w}
}

// Write takes p whole, unless the underlying writer has an error.
func (w *MaskedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, p...)
	if err := w.pass(bytes.HasSuffix(p, []byte("\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes out what is held back.
func (w *MaskedWriter) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pass(true)
}

func (w *MaskedWriter) pass(final bool) error {
	w.redactor.mu.RLock()
	spans, end := find(&w.redactor.index, w.held, final)
	masked := cover(w.held[:end], spans)
	w.redactor.mu.RUnlock()

	w.held = append(w.held[:0], w.held[end:]...)
	if len(masked) == 0 {
		return nil
	}
	_, err := w.out.Write(masked)
	return err
}
