package review

import (
	"bytes"
	"encoding/json"
)

// JSON gives what is said of runs as programs read it: on one line, with its end. Commands and the API write the same.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}
