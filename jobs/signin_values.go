package jobs

import (
	"bytes"
	"encoding/json"
	"fmt"

	"snrun/auth"
	"snrun/steps"
)

// settingsOf brings the values of an `auth` of some type into the forms that auth names. What is not known yet is nil.
func settingsOf(authType string, in steps.Input) (s auth.Settings, err error) {
	s = auth.Settings{}
	for _, t := range auth.Types() {
		if t.Name != authType {
			continue
		}
		for _, p := range t.Params {
			v, given := in[p.Name]
			if !given || p.Form == auth.Condition {
				continue
			}
			if s[p.Name], err = settingOf(p.Form, v); err != nil {
				return nil, fmt.Errorf("auth.%s: %w", p.Name, err)
			}
		}
	}
	return s, nil
}

func settingOf(form auth.ParamForm, v any) (any, error) {
	if _, unknown := v.(steps.Unknown); unknown {
		return nil, nil
	}
	switch form {
	case auth.TextList:
		list, _ := v.([]any)
		return texts(list), nil
	case auth.TextMap:
		pairs, _ := v.(steps.Pairs)
		return namedTexts(pairs), nil
	case auth.DataMap:
		return jsonMap(v)
	}
	return v, nil
}

func texts(list []any) []string {
	var out []string
	for _, v := range list {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

func namedTexts(pairs steps.Pairs) [][2]string {
	var out [][2]string
	for _, p := range pairs {
		if text, ok := p.Value.(string); ok {
			out = append(out, [2]string{p.Key, text})
		}
	}
	return out
}

// jsonMap gives data as encoding/json reads it with UseNumber: the language's own numbers would be strangers in a claim.
func jsonMap(v any) (out map[string]any, err error) {
	text, err := steps.EncodeJSON(v)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return out, decoder.Decode(&out)
}
