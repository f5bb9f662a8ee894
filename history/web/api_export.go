package web

import (
	"context"
	"io"
	"net/http"
	"time"

	"snrun/auth"
	"snrun/history/review"
)

// apiExport gives a run for other programs, with all of its requests and answers: it is written as it is read.
func (s *Site) apiExport(a *ask) (any, error) {
	id, err := a.run(s)
	if err != nil {
		return nil, err
	}
	format, err := a.oneOf("format", review.Formats()...)
	if err != nil {
		return nil, err
	}
	kind, ending := jsonType, format
	if format == "junit" {
		kind, ending = "application/xml", "xml"
	}
	if err := a.mustAccept(kind); err != nil {
		return nil, err
	}
	if err := s.takeExport(a.Context()); err != nil {
		return nil, err
	}
	defer s.exports.release()
	h := a.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+id+"."+ending+`"`)
	out := &download{w: a.w, control: http.NewResponseController(a.w), redactor: s.Redactor}
	x := review.Export{Format: format, Program: "snrun", Version: s.Version}
	if err := x.Write(a.Context(), out, s.Store, []string{id}); err != nil {
		return nil, out.broken(a.Context(), err, h)
	}
	return served{}, nil
}

// download is an answer that may be long. No secret shows in it.
type download struct {
	w        io.Writer
	control  *http.ResponseController
	redactor *auth.Redactor
	begun    bool
}

// Write writes a part of the answer, for which there is always as much time.
func (d *download) Write(b []byte) (int, error) {
	_ = d.control.SetWriteDeadline(time.Now().Add(writeTime)) // a recorder in a test has none
	d.begun = true
	if _, err := d.w.Write(d.redactor.Bytes(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// broken makes an error an answer, where nothing of another was sent yet. Else the connection is broken off, so that nobody takes a part for
// the whole.
func (d *download) broken(ctx context.Context, err error, h http.Header) error {
	if d.begun || ctx.Err() != nil {
		panic(http.ErrAbortHandler)
	}
	h.Del("Content-Disposition")
	return err
}
