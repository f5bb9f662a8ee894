package web

import (
	"compress/gzip"
	"net/http"
	"slices"
	"strings"
)

// compressed has an answer go out smaller, where the browser takes that and there is something to gain: texts that are answered whole. A stream
// of events goes out as it is written. What of secrets could be guessed by lengths is in no page: they are masked, and keys are in cookies.
func compressed(w http.ResponseWriter, r *http.Request) (out http.ResponseWriter, done func()) {
	if r.Method != http.MethodGet || !takesGzip(r) {
		return w, func() {}
	}
	c := &compressor{ResponseWriter: w}
	return c, c.close
}

// takesGzip says whether a browser takes gzip.
func takesGzip(r *http.Request) bool {
	return slices.ContainsFunc(strings.Split(r.Header.Get("Accept-Encoding"), ","), func(way string) bool {
		name, weight, _ := strings.Cut(strings.ReplaceAll(way, " ", ""), ";")
		return name == "gzip" && strings.Trim(weight, "q=0.") != "" || name == "gzip" && weight == ""
	})
}

// compressor writes an answer with gzip, if it is of a kind that is.
type compressor struct {
	http.ResponseWriter
	zip     *gzip.Writer // nil for an answer that goes out as it is
	decided bool
}

// Unwrap is for http.ResponseController.
func (c *compressor) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// WriteHeader decides, by the head of the answer, how its body goes out.
func (c *compressor) WriteHeader(status int) {
	if !c.decided && status >= http.StatusOK {
		c.decide(status)
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *compressor) decide(status int) {
	c.decided = true
	h := c.Header()
	h.Add("Vary", "Accept-Encoding")
	if status == http.StatusNoContent || status == http.StatusNotModified || status == http.StatusPartialContent ||
		h.Get("Content-Encoding") != "" || !isWordy(h.Get("Content-Type")) {
		return
	}
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	h.Del("Accept-Ranges")
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		h.Set("ETag", "W/"+tag) // other bytes, the same content
	}
	c.zip, _ = gzip.NewWriterLevel(c.ResponseWriter, gzip.BestSpeed)
}

// isWordy says whether there is much to gain.
func isWordy(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	return slices.Contains([]string{
		"text/html", "text/css", "text/javascript", "text/plain", "image/svg+xml", "application/json", "application/problem+json", "application/yaml", "application/xml",
	}, strings.TrimSpace(kind))
}

// Write writes a part of the body.
func (c *compressor) Write(b []byte) (int, error) {
	if !c.decided {
		if c.Header().Get("Content-Type") == "" {
			c.Header().Set("Content-Type", http.DetectContentType(b))
		}
		c.WriteHeader(http.StatusOK)
	}
	if c.zip != nil {
		return c.zip.Write(b)
	}
	return c.ResponseWriter.Write(b)
}

// FlushError has go out what was written.
func (c *compressor) FlushError() error {
	if c.zip != nil {
		if err := c.zip.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(c.ResponseWriter).Flush()
}

// Flush is FlushError for those who do not ask what came of it.
func (c *compressor) Flush() { _ = c.FlushError() }

func (c *compressor) close() {
	if c.zip != nil {
		_ = c.zip.Close() // the visitor may be gone
	}
}
