package review

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"snrun/history/words"
	"snrun/steps"
)

// Body gives what is kept of a message's body as people read it, cleaned: JSON and XML are set in, numbers and the order of keys stay.
// The note says why there is no text, or what is missing of it; "" where nothing is.
func Body(m steps.Message) (text, note string) {
	switch {
	case len(m.Body) == 0 && m.Size > 0:
		return "", words.Size(m.Size) + ", not kept"
	case len(m.Body) == 0:
		return "", ""
	case !readable(m.Body):
		return "", words.Size(max(m.Size, int64(len(m.Body)))) + " of binary data"
	}
	text = string(m.Body)
	if strings.Contains(m.Header.Get("Content-Type"), "xml") {
		text = indentXML(text)
	} else {
		text = indentJSON(m.Body)
	}
	return strings.TrimRight(words.Clean(text), "\n"), missingOf(m)
}

// missingOf says that a body is not kept to its end, "" where it is. What was masked has another length than what was sent, so there
// the length alone does not tell.
func missingOf(m steps.Message) string {
	switch {
	case m.Size < 0 || m.Size == int64(len(m.Body)) || json.Valid(m.Body):
		return ""
	case bytes.Contains(m.Body, []byte(mask)):
		return fmt.Sprintf("%s in all, before masking", words.Size(m.Size))
	}
	return fmt.Sprintf("cut here, %s in all", words.Size(m.Size))
}

// readable says whether a body, perhaps cut inside a character, is text.
func readable(body []byte) bool {
	for i := 0; i < utf8.UTFMax && len(body) > 0 && !utf8.Valid(body); i++ {
		body = body[:len(body)-1]
	}
	return utf8.Valid(body) && !bytes.ContainsRune(body, 0)
}

// indentJSON indents a body that is one whole JSON document.
func indentJSON(body []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, body, "", "  "); err != nil {
		return string(body)
	}
	return b.String()
}
