package flow_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"snrun/engine/flow"
	"snrun/steps"
)

// travelled holds that a thing is the same after it has travelled.
func travelled[T any](t *testing.T, v T, encode func(T) ([]byte, error), decode func([]byte) (T, error)) {
	t.Helper()
	data, err := encode(v)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(data)
	if err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("%s\nbecame %+v, %v\nwant   %+v", data, got, err, v)
	}
}

func TestTravels(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 29, 2, 30, 0, 123456789, time.UTC)
	ref := &flow.Ref{Key: "/a#2", Path: []string{"value", "$ref", ""}, Size: 1 << 40, Digest: "00ff"}
	made := &flow.Ref{Parts: []any{[]any{1, "two"}, ref, &flow.Ref{Parts: []any{}}}}
	odd := map[string]any{"$ref": map[string]any{"key": "/a"}, "$ref$": 1, "$refx": []any{ref}, "$": made, "": nil}
	failure := &steps.Error{
		Kind: steps.Status, Message: "no\n\x00ä", Step: "a", Status: 503, Attempts: 3, Hint: "later", Fields: map[string]any{"fault": odd, "$ref": ref},
		Profile: "p", Repeat: steps.Always, RetryAfter: 90 * time.Second, NoEffect: true, Response: map[string]any{"body": ref}, Calls: []string{"/a", "/b[x]"}, Doubt: true,
	}
	travelled[any](t, odd, flow.EncodeValue, flow.DecodeValue)
	travelled[any](t, []any{json.Number("12345678901234567890.10"), 1 << 60, 0.1, "a", true, nil, made}, flow.EncodeValue, flow.DecodeValue)
	travelled(t, failure, flow.EncodeError, flow.DecodeError)
	travelled(t, nil, flow.EncodeError, flow.DecodeError)
	travelled(t, flow.Unit{
		Key: "/l@items:0-50", Place: "/l", Slot: flow.Items, Loop: "/l", From: 50, To: 100, Limit: 3, Failed: 2, Quiet: true,
		Scope: flow.Scope{
			Path: "/x[y]", Depth: 2, Item: true, Cleanup: true, Redo: true, Deadline: flow.Deadline{At: at, Of: "the timeout"}, Job: "j",
			Names: odd, Results: map[string]any{"a": ref}, States: map[string]map[string]any{"j": {"n": ref}, "": {"$ref": 1}},
		},
	}, flow.EncodeUnit, flow.DecodeUnit)
	travelled(t, flow.Handed{
		Value: made, Names: odd, Error: failure, First: "a]", Saved: map[string]map[string]any{"j": {"n": 1}}, Open: []string{"/o"}, Count: 3, Limit: 4,
		Succeeded: 5, Failed: 6, Doubts: []string{"/d"}, Tolerated: []string{"/t"},
		Retries: 7, LimitWaits: 8, Asides: []flow.Aside{
			{Type: "retry", At: at, Key: "/l[a]/b", Try: 2, Wait: time.Second, Error: failure},
			{Type: "token", At: at, Status: "waiting", Profile: "p", Message: "m", Until: at},
		},
	}, flow.EncodeHanded, flow.DecodeHanded)
	travelled(t, flow.Fold{
		Key: "/r", Below: "/r[1]", Keep: []string{"/r[1]/a"}, Progress: odd, Parts: []flow.Part{{Name: "out:1", Value: []any{ref}}}, Drop: []string{"x"}, Cleanup: true,
	}, flow.EncodeFold, flow.DecodeFold)
	travelled(t, flow.Kept{Progress: odd, Parts: []flow.Part{{Name: "a", Value: ref}, {Name: "b"}}}, flow.EncodeKept, flow.DecodeKept)
	travelled(t, flow.Wait{Key: "/w", For: time.Hour, Until: at, Cleanup: true}, flow.EncodeWait, flow.DecodeWait)
	travelled(t, flow.Call{Key: "/s@saved", StepKey: "/s", Attempt: 1, Job: "j", State: odd, Cleanup: true}, flow.EncodeSave, flow.DecodeSave)
}

// TestTravelsNot holds that what nobody writes is refused.
func TestTravelsNot(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `[1`, `{"$ref":1}`, `{"$ref":{}}`, `{"$ref":{"key":1}}`, `{"$ref":{"key":"/a","parts":[]}}`, `{"$ref":{"key":"/a"},"b":1}`, `{"$refx":1}`,
		`{"$ref":{"key":"/a","path":[1]}}`, `{"$ref":{"key":"/a","size":"1"}}`, `[{"$ref":{"parts":[{"$ref":{}}]}}]`,
	} {
		if v, err := flow.DecodeValue([]byte(text)); err == nil {
			t.Errorf("%s is read as %v", text, v)
		}
	}
	for _, text := range []string{`[]`, `{"scope":1}`, `{"key":1,"scope":{}}`, `{"scope":{"deadline":"soon"}}`, `{"scope":{"names":[]}}`, `{"scope":{"states":{"j":1}}}`, `{"from":"1","scope":{}}`} {
		if u, err := flow.DecodeUnit([]byte(text)); err == nil {
			t.Errorf("%s is read as %+v", text, u)
		}
	}
	for _, text := range []string{`{"error":1}`, `{"error":{"calls":[1]}}`, `{"names":1}`, `{"open":{}}`, `{"value":{"$ref":0}}`} {
		if got, err := flow.DecodeHanded([]byte(text)); err == nil {
			t.Errorf("%s is read as %+v", text, got)
		}
	}
}

// FuzzTravels holds that whatever is data is the same after it has travelled, with what stands for data in it.
func FuzzTravels(f *testing.F) {
	for _, text := range []string{`{"$ref":{"key":"/a"}}`, `{"$ref$":[{"$refs":null}]}`, `[1,1.0,1e400,"\u0000",{"":{"a":[]}}]`, `12345678901234567890`} {
		f.Add(text, "/a")
	}
	f.Fuzz(func(t *testing.T, text, key string) {
		v, err := steps.DecodeJSON([]byte(text))
		if plain, encodeErr := steps.EncodeJSON(v); err == nil && encodeErr == nil {
			v, err = steps.DecodeJSON(plain) // 1.0 is 1 from then on, as in the journal
		}
		if err != nil || key == "" || strings.ToValidUTF8(key, "") != key {
			return
		}
		ref := &flow.Ref{Key: key, Path: []string{key}, Size: 3}
		travelled[any](t, v, flow.EncodeValue, flow.DecodeValue)
		travelled[any](t, map[string]any{key: []any{v, ref}, "$ref": &flow.Ref{Parts: []any{ref, v}}}, flow.EncodeValue, flow.DecodeValue)
		if plain, err := flow.EncodeValue(v); err == nil {
			same, err := steps.EncodeJSON(v)
			if err != nil || !strings.Contains(string(plain), "$ref") && string(plain) != string(same) {
				t.Errorf("%s travels as %s, %v", same, plain, err)
			}
		}
	})
}

// FuzzTravelsNot holds that nothing that is read makes a panic, and that what is read can be written.
func FuzzTravelsNot(f *testing.F) {
	for _, text := range []string{`{"scope":{"names":{"a":{"$ref":{"parts":[]}}}}}`, `{"error":{"fields":{"a":1}}}`, `{"parts":[{"name":"a"}]}`, `{"states":{"a":{}}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		again(t, data, flow.DecodeUnit, flow.EncodeUnit)
		again(t, data, flow.DecodeHanded, flow.EncodeHanded)
		again(t, data, flow.DecodeFold, flow.EncodeFold)
		again(t, data, flow.DecodeKept, flow.EncodeKept)
		again(t, data, flow.DecodeWait, flow.EncodeWait)
		again(t, data, flow.DecodeSave, flow.EncodeSave)
		again(t, data, flow.DecodeGiven, flow.EncodeGiven)
		again(t, data, flow.DecodeError, flow.EncodeError)
	})
}

func again[T any](t *testing.T, data []byte, decode func([]byte) (T, error), encode func(T) ([]byte, error)) {
	t.Helper()
	v, err := decode(data)
	if err != nil {
		return
	}
	text, err := encode(v)
	if err != nil {
		t.Fatalf("%s is read, and cannot be written: %v", data, err)
	}
	second, err := decode(text)
	if err != nil {
		t.Fatalf("%s is written, and cannot be read: %v", text, err)
	}
	if twice, err := encode(second); err != nil || string(twice) != string(text) {
		t.Errorf("%s became %s, %v", text, twice, err)
	}
}
