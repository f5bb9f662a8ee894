package engine

import (
	"fmt"

	"snrun/steps"
)

// Sealer encrypts what the journal keeps of values in which a secret is. What a value is about is authenticated with it:
// opened as another's it is an error.
// Seal gives nil where there is no key.
type Sealer interface {
	Seal(plain []byte, about string) ([]byte, error)
	Open(sealed []byte, about string) ([]byte, error)
}

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
	data, err := steps.EncodeJSON(map[string]any{"value": v, "secrets": x.secretTexts(v, nil)})
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
		return nil, fmt.Errorf("%s is encrypted, and there is no key", key)
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
			x.Redactor.AddDerived(text)
		}
	}
	return m["value"], nil
}

// about names what a value of the journal is.
func (x *execution) about(key string) string { return "journal " + x.run.ID + " " + key }

// secretTexts adds the texts in a value in which a secret is.
func (x *execution) secretTexts(v any, texts []any) []any {
	switch v := v.(type) {
	case string:
		if x.Redactor.Text(v) != v {
			texts = append(texts, v)
		}
	case []any:
		for _, item := range v {
			texts = x.secretTexts(item, texts)
		}
	case map[string]any:
		for _, item := range v {
			texts = x.secretTexts(item, texts)
		}
	case steps.Pairs:
		for _, p := range v {
			texts = x.secretTexts(p.Value, texts)
		}
	case steps.JSON:
		decoded, _ := steps.DecodeJSON(v) // nothing is wrong in it
		return x.secretTexts(decoded, texts)
	}
	return texts
}
