package steps_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"snrun/steps"
)

func TestErrorAsJSON(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*steps.Error{
		`null`:                             nil,
		`{"kind":"status","message":"no"}`: {Kind: "status", Message: "no"},
		`{"kind":"fault","message":"no","step":"x","status":500,"attempts":2,"hint":"h","a \"b":1,"fault":{"code":"Server","n":12345678901234567890}}`: {
			Kind: "fault", Message: "no", Step: "x", Status: 500, Attempts: 2, Hint: "h",
			Fields: map[string]any{"fault": map[string]any{"code": "Server", "n": json.Number("12345678901234567890")}, `a "b`: 1},
		},
	} {
		got, err := json.Marshal(e)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
		var back *steps.Error
		if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("%s: got %+v back, %v", want, back, err)
		}
	}
}
