package web

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"snrun/history/review"
	"snrun/steps"
)

const (
	listLimit = 50  // how many a list of the API has where nothing else is asked for
	mostLimit = 200 // and at most
)

// text gives a parameter, "" where it is not there.
func (a *ask) text(name string) string { return a.query.Get(name) }

// limit gives how many of a list are asked for.
func (a *ask) limit() (int, error) {
	text := a.query.Get("limit")
	if text == "" {
		return listLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > mostLimit {
		return 0, wrong("limit "+quoted(text)+" is no number of them", fmt.Sprintf("write one from 1 to %d; the next ones are asked for by what the answer has as next", mostLimit))
	}
	return n, nil
}

// id gives a parameter that is a row's id, 0 where it is not there.
func (a *ask) id(name string) (int64, error) {
	text := a.query.Get(name)
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, wrong(name+" "+quoted(text)+" is no id", "write what an answer before had as next")
	}
	return id, nil
}

// flag gives a parameter that is yes or no.
func (a *ask) flag(name string) (bool, error) {
	text := a.query.Get(name)
	if text == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		return false, wrong(name+" "+quoted(text)+" is neither yes nor no", "write 1 or 0")
	}
	return on, nil
}

// oneOf gives a parameter that is one of several words, the first where it is not there.
func (a *ask) oneOf(name string, choices ...string) (string, error) {
	text := a.query.Get(name)
	if text == "" {
		return choices[0], nil
	}
	if !slices.Contains(choices, text) {
		return "", wrong("there is no "+name+" "+quoted(text), "write "+strings.Join(choices, " or "))
	}
	return text, nil
}

// run gives the whole id of the run that the path names, in one of the ways of the command line.
func (a *ask) run(s *Site) (string, error) { return s.Store.Find(a.PathValue("run")) }

// jsonType is what a program sends.
const jsonType = "application/json"

// checkBodyType refuses what is not JSON: so no form of another site is taken for a request of a program.
func (a *ask) checkBodyType() error {
	if a.ContentLength == 0 {
		return nil
	}
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil || kind != jsonType {
		a.w.Header().Set("Accept-Post", jsonType)
		return &Problem{Status: http.StatusUnsupportedMediaType, Message: "what is sent is not " + jsonType, Hint: "send JSON, with the header Content-Type: " + jsonType}
	}
	return nil
}

// body gives the JSON object that a request brings, in which there are no keys but these. Without a body it is empty.
func (a *ask) body(keys ...string) (map[string]any, error) {
	text, err := io.ReadAll(a.Body)
	if err != nil || len(text) == 0 {
		return nil, err
	}
	v, err := steps.DecodeJSON(text)
	if err != nil {
		return nil, wrong("the body cannot be read: "+err.Error(), "")
	}
	object, is := v.(map[string]any)
	if !is {
		return nil, wrong("the body is no JSON object", "write {"+strings.Join(keys, ", ")+"}")
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(keys, key) {
			return nil, wrong("the body has no key "+quoted(key), (operation{query: keys}).parameterHint(key))
		}
	}
	return object, nil
}

// wordOf gives a key of a body that is a text, "" where it is not there.
func wordOf(body map[string]any, key string) (string, error) {
	switch v := body[key].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	return "", wrong(key+" is no text", "")
}

// misasked makes the mistakes in what was asked for a Problem that names them all.
func misasked(err error) error {
	var mistakes interface{ Unwrap() []error }
	if !errors.As(err, &mistakes) {
		return err
	}
	var messages, hints []string
	for _, one := range mistakes.Unwrap() {
		var m *review.Mistake
		if !errors.As(one, &m) {
			return err
		}
		messages = append(messages, m.Error())
		if m.Hint != "" && !slices.Contains(hints, m.Hint) {
			hints = append(hints, m.Hint)
		}
	}
	return wrong(strings.Join(messages, "; "), strings.Join(hints, "; "))
}
