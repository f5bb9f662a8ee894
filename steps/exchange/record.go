package exchange

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"time"

	"snrun/steps"
)

// tell lets history know of the request, whatever became of it.
func (t *Trip) tell(err error) {
	x := steps.Exchange{
		Method:   t.Req.Method,
		URL:      t.Req.URL.String(),
		Page:     t.Call.Page,
		Request:  steps.Message{Header: recordedHeader(t.Req.Header)},
		Response: steps.Message{Size: t.Size},
		Started:  t.began(),
		Duration: t.Elapsed(),
		Connect:  time.Duration(t.connect.Load()),
	}
	if heard, sent := t.heard.Load(), t.sent.Load(); heard > sent {
		x.FirstByte = time.Duration(heard - sent)
	}
	keep := t.Call.Recorded()
	if t.body != nil {
		x.Request.Size = t.body.Size
	}
	if t.body != nil && keep > 0 {
		x.Request.Body = recorded(redacted(t.body.Record, t.Req.Header.Get("Content-Type"), t.Call.redact(), false), keep)
	}
	if t.Resp != nil {
		x.Status, x.Response.Header = t.Status(), t.Resp.Header
		if keep > 0 {
			x.Response.Body = recorded(t.shownBody(keep), keep)
		}
	} else if err != nil {
		x.Error = err.Error()
	}
	t.Call.Env.Observe(x)
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

// Recorded is how much of a body the profile lets history keep, in bytes.
func (c Call) Recorded() int64 {
	if history := c.In.Object("history"); history.Has("bodies") {
		return history.Size("bodies")
	}
	return defaultRecorded
}

// redact is what of a body the profile has masked.
func (c Call) redact() []jsonPath {
	var paths []jsonPath
	for _, text := range c.In.Object("history").List("redact") {
		if path, err := parseJSONPath(AsText(text)); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
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

// redacted masks the values at the paths in a body of JSON, XML or a form. A body that should be JSON or XML and cannot be read is
// not shown at all: what is to be masked may be anywhere in it. Only one that was cut from JSON may end anywhere.
func redacted(data []byte, contentType string, paths []jsonPath, cut bool) []byte {
	if len(paths) == 0 || len(data) == 0 {
		return data
	}
	media := MediaType(contentType)
	format := FormatOf(media, data)
	var masked []byte
	var err error
	name := "JSON"
	switch {
	case media == "application/x-www-form-urlencoded":
		return maskForm(data, paths)
	case format == "json" || LooksLikeJSON(data):
		masked, err = maskJSON(data, paths, cut)
	case format == "xml" || format != "html" && looksLikeXML(data):
		name = "XML"
		masked, err = maskXML(data, Charset(contentType), paths)
	case media == "multipart/related":
		return []byte("(not shown: values in it are to be redacted, and it has several parts)")
	default:
		return data
	}
	if err != nil {
		return []byte("(not shown: values in it are to be redacted, and it is not whole " + name + ")")
	}
	return masked
}

// shownBody is the body of the answer as it may be shown. Of a page that was cut into its items it is a copy of the first
// most bytes.
func (t *Trip) shownBody(most int64) []byte {
	redact := t.Call.redact()
	if t.told != nil {
		return inUTF8(redacted(t.told.data, t.told.contentType, redact, false), t.told.contentType)
	}
	data, contentType := t.Received, t.Resp.Header.Get("Content-Type")
	if t.Head {
		data = bytes.Clone(data[:min(most, int64(len(data)))])
	}
	return inUTF8(redacted(data, contentType, redact, t.Head), contentType)
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
