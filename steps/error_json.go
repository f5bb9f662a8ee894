package steps

import (
	"encoding/json"
	"maps"
	"slices"
)

// errorKeys are what every error has as JSON. What else it has stands beside them, as `error.fault` does in a job.
type errorKeys Error

// MarshalJSON writes the error as a job sees it: the further names beside its own.
func (e *Error) MarshalJSON() ([]byte, error) {
	own := errorKeys(*e)
	out, err := json.Marshal(&own)
	if err != nil || len(e.Fields) == 0 {
		return out, err
	}
	out = out[:len(out)-1]
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		value, err := EncodeJSON(e.Fields[name])
		if err != nil {
			return nil, err
		}
		key, err := EncodeJSON(name)
		if err != nil {
			return nil, err
		}
		out = append(append(append(append(out, ','), key...), ':'), value...)
	}
	return append(out, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. Numbers keep their digits.
func (e *Error) UnmarshalJSON(data []byte) error {
	var own errorKeys
	if err := json.Unmarshal(data, &own); err != nil {
		return err
	}
	*e = Error(own)
	all, err := DecodeJSON(data)
	if err != nil {
		return err
	}
	fields, _ := all.(map[string]any)
	for _, name := range []string{"kind", "message", "step", "status", "attempts", "hint"} {
		delete(fields, name)
	}
	if len(fields) > 0 {
		e.Fields = fields
	}
	return nil
}
