package rest

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"time"

	"snrun/steps"
)

// tell lets history know of the request, whatever became of it.
func (t *trip) tell(err error) {
	x := steps.Exchange{
		Method:   t.req.Method,
		URL:      t.req.URL.String(),
		Page:     t.call.page,
		Request:  steps.Message{Header: recordedHeader(t.req.Header)},
		Response: steps.Message{Size: t.size},
		Started:  t.began(),
		Duration: time.Since(t.began()),
		Connect:  time.Duration(t.connect.Load()),
	}
	if heard, sent := t.heard.Load(), t.sent.Load(); heard > sent {
		x.FirstByte = time.Duration(heard - sent)
	}
	keep, redact := recording(t.call.in.Object("history"))
	if t.body != nil {
		x.Request.Size = t.body.size
	}
	if t.body != nil && keep > 0 {
		x.Request.Body = recorded(redacted(t.body.record, t.req.Header.Get("Content-Type"), redact, false), keep)
	}
	if t.resp != nil {
		x.Status, x.Response.Header = t.status(), t.resp.Header
		if keep > 0 {
			x.Response.Body = recorded(t.shownBody(keep), keep)
		}
	} else if err != nil {
		x.Error = err.Error()
	}
	t.call.env.Observe(x)
}

// recordedHeader leaves out what is said to the profile's client only.
func recordedHeader(h http.Header) http.Header {
	if _, there := h[signInHeader]; !there {
		return h
	}
	h = maps.Clone(h)
	delete(h, signInHeader)
	return h
}

// recording gives how much of a body the profile lets history keep, in bytes, and what of it is masked.
func recording(history steps.Input) (keep int64, redact []jsonPath) {
	keep = defaultRecorded
	if history.Has("bodies") {
		keep = history.Size("bodies")
	}
	for _, text := range history.List("redact") {
		if path, err := parseJSONPath(asText(text)); err == nil {
			redact = append(redact, path)
		}
	}
	return keep, redact
}

// recorded is what history keeps of a body, when what is not to be seen is masked in it.
func recorded(data []byte, keep int64) []byte {
	if len(data) == 0 {
		return nil
	}
	if int64(len(data)) > keep {
		return bytes.Clone(data[:keep])
	}
	return data
}

// redacted masks the values at the paths in a JSON or form body. A body that should be JSON and cannot be read is not
// shown at all: what is to be masked may be anywhere in it. Only one that was cut from JSON may end anywhere.
func redacted(data []byte, contentType string, paths []jsonPath, cut bool) []byte {
	if len(paths) == 0 || len(data) == 0 {
		return data
	}
	media := mediaType(contentType)
	switch {
	case media == "application/x-www-form-urlencoded":
		return maskForm(data, paths)
	case formatOf(media, data) == "json" || looksLikeJSON(data):
		masked, err := maskJSON(data, paths, cut)
		if err != nil {
			return []byte("(not shown: values in it are to be redacted, and it is not whole JSON)")
		}
		return masked
	}
	return data
}

// shownBody is the body of the answer as it may be shown. Of a page that was cut into its items it is a copy of the first
// most bytes.
func (t *trip) shownBody(most int64) []byte {
	_, redact := recording(t.call.in.Object("history"))
	data := t.received
	if t.checked {
		data = bytes.Clone(data[:min(most, int64(len(data)))])
	}
	return redacted(data, t.resp.Header.Get("Content-Type"), redact, t.checked)
}

// maskForm masks the fields that a path of one name means.
func maskForm(data []byte, paths []jsonPath) []byte {
	parts := bytes.Split(data, []byte("&"))
	for i, part := range parts {
		key, _, _ := bytes.Cut(part, []byte("="))
		name, err := url.QueryUnescape(string(key))
		if _, hit := advance(start(paths), member{name: name}); err != nil || hit {
			parts[i] = append(bytes.Clone(key), "=***"...)
		}
	}
	return bytes.Join(parts, []byte("&"))
}
