package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"snrun/jobs"
	"snrun/steps"
)

// Sealer encrypts what the journal keeps of values in which a secret is. What a value is about is authenticated with it:
// opened as another's it is an error.
// Seal gives nil where there is no key.
type Sealer interface {
	Seal(plain []byte, about string) ([]byte, error)
	Open(sealed []byte, about string) ([]byte, error)
}

// ErrNoKey is why something that was encrypted cannot be read where there is no Sealer.
var ErrNoKey = errors.New("there is no key")

// sealedMark is the first byte of what is encrypted: no JSON text begins with it.
const sealedMark = 0x01

// seal gives a value as the journal keeps it: as JSON, encrypted where a secret is in it. Nil where it cannot be kept.
func (x *execution) seal(key string, v any) ([]byte, error) {
	data, err := steps.EncodeJSON(v)
	if err != nil {
		return nil, err
	}
	if !x.Redactor.Contains(data) {
		return data, nil
	}
	return x.encrypted(key, v)
}

// encrypted gives a value in which a secret is as the journal keeps it, nil where it cannot be kept.
func (x *execution) encrypted(key string, v any) ([]byte, error) {
	if x.Sealer == nil {
		return nil, nil
	}
	data, err := steps.EncodeJSON(map[string]any{"value": v, "secrets": x.secretsIn(v)})
	if err != nil {
		return nil, err
	}
	sealed, err := x.Sealer.Seal(data, x.about(key))
	if err != nil || sealed == nil { // there is no key after all
		return nil, err
	}
	return append([]byte{sealedMark}, sealed...), nil
}

// open gives back the value that seal was given. The secrets in it are masked from then on, also those that no sign-in of
// this process has given.
func (x *execution) open(key string, data []byte) (any, error) {
	if len(data) == 0 || data[0] != sealedMark {
		return steps.DecodeJSON(data)
	}
	if x.Sealer == nil {
		return nil, fmt.Errorf("decrypt %s: %w", key, ErrNoKey)
	}
	plain, err := x.Sealer.Open(data[1:], x.about(key))
	if err != nil {
		return nil, fmt.Errorf("decrypt %s: %w", key, err)
	}
	v, err := steps.DecodeJSON(plain)
	if err != nil {
		return nil, err
	}
	m, _ := v.(map[string]any)
	secrets, _ := m["secrets"].([]any)
	for _, text := range secrets {
		if text, ok := text.(string); ok {
			x.Redactor.Add(text)
		}
	}
	return m["value"], nil
}

// about names what a value of the journal is.
func (x *execution) about(key string) string { return "journal " + x.run.ID + " " + key }

// secretsIn gives the secrets in a value, sorted, each once.
func (x *execution) secretsIn(v any) []any {
	found := map[string]bool{}
	x.findSecrets(v, found)
	list := make([]any, 0, len(found))
	for _, text := range slices.Sorted(maps.Keys(found)) {
		list = append(list, text)
	}
	return list
}

// findSecrets adds the secrets in a value to those found.
func (x *execution) findSecrets(v any, found map[string]bool) {
	switch v := v.(type) {
	case nil, bool:
	case string:
		for _, text := range x.Redactor.In(v) {
			found[text] = true
		}
	case []any:
		for _, item := range v {
			x.findSecrets(item, found)
		}
	case map[string]any:
		for key, item := range v {
			x.findSecrets(key, found)
			x.findSecrets(item, found)
		}
	case steps.Pairs:
		for _, p := range v {
			x.findSecrets(p.Key, found)
			x.findSecrets(p.Value, found)
		}
	case steps.JSON:
		decoded, _ := steps.DecodeJSON(v) // nothing is wrong in it
		x.findSecrets(decoded, found)
	default:
		if text, err := jobs.TextOf(v); err == nil { // a number
			x.findSecrets(text, found)
		}
	}
}
