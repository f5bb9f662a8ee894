package jobs

import (
	"encoding/json"
	"reflect"
	"testing"

	"snrun/auth"
	"snrun/jobs/source"
	"snrun/steps"
)

// claimsOf reads an `auth` whose type has one param of form DataMap.
func claimsOf(t *testing.T, yaml string) (*fields, error) {
	t.Helper()
	d := newDecoder(nil, nil)
	root := d.root("profiles.yaml", []byte(yaml))
	table := signInFields(auth.SignInType{Params: []auth.Param{{Name: "claims", Form: auth.DataMap}}})
	f, _ := d.object(root, table, "auth", d.profileScope())
	return f, d.err()
}

// TestDataMap holds that any data can be a setting, as encoding/json would give it, and that what comes of secrets is known.
func TestDataMap(t *testing.T) {
	t.Parallel()
	names := map[string]any{"env": map[string]any{"TENANT": "t1"}, "secret": map[string]any{"SALT": "s3cret"}}
	tests := []struct {
		name, yaml string
		want       map[string]any
		derived    []string
	}{
		{"plain data", "{type: none, claims: {sub: 007, n: 12, big: 12345678901234567890, half: 1.50, on: true, gone: ~, day: 2026-01-01}}", map[string]any{
			"sub": json.Number("7"), "n": json.Number("12"), "big": json.Number("12345678901234567890"), "half": json.Number("1.5"), "on": true, "gone": nil, "day": "2026-01-01",
		}, nil},
		{"deeper", "{type: none, claims: {roles: [a, {b: [1]}], empty: {}, none: []}}", map[string]any{
			"roles": []any{"a", map[string]any{"b": []any{json.Number("1")}}}, "empty": map[string]any{}, "none": []any{},
		}, nil},
		{"expressions", "{type: none, claims: {tenant: \"${env.TENANT}\", salted: {deep: [\"x-${secret.SALT}\"]}, count: \"${1 + 1}\"}}", map[string]any{
			"tenant": "t1", "salted": map[string]any{"deep": []any{"x-s3cret"}}, "count": json.Number("2"),
		}, []string{"s3cret"}},
		{"nothing in it", "{type: none, claims: {}}", map[string]any{}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, err := claimsOf(t, test.yaml)
			if err != nil {
				t.Fatal(err)
			}
			in, err := f.eval(names)
			if err != nil {
				t.Fatal(err)
			}
			got, err := settingOf(auth.DataMap, in["claims"])
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
			if texts, err := f.derived(names); err != nil || !reflect.DeepEqual(texts, test.derived) {
				t.Errorf("got %v, %v from secrets, want %v", texts, err, test.derived)
			}
		})
	}
}

// TestDataMapBeforehand holds that data which is known only in a run counts as given, its value as not known yet.
func TestDataMapBeforehand(t *testing.T) {
	t.Parallel()
	f, err := claimsOf(t, "{type: none, claims: {tenant: \"${env.TENANT}\"}}")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := settingOf(auth.DataMap, f.known()["claims"]); got != nil || err != nil {
		t.Errorf("got %v, %v, want nothing", got, err)
	}
}

func TestDataMapMistakes(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]string{
		"{type: none, claims: [a]}":                  "claims must be a mapping, not a list",
		"{type: none, claims: a}":                    `claims must be a mapping, not the text "a"`,
		"{type: none, claims: {a: \"${inputs.x}\"}}": "a profile serves all jobs, so it sees only `env` and `secret`",
	} {
		_, err := claimsOf(t, yaml)
		list, _ := err.(source.Errors)
		if len(list) != 1 || list[0].Message != want {
			t.Errorf("%s: got %v, want %q", yaml, err, want)
		}
	}
}

// TestSettingsByForm holds that the form of a param decides, not the Go type of its value: an empty mapping is one.
func TestSettingsByForm(t *testing.T) {
	t.Parallel()
	got, err := settingsOf("oauth2", steps.Input{
		"type": "oauth2", "scope": []any{"a"}, "params": steps.Pairs{{Key: "b", Value: "c"}}, "client_id": steps.Unknown{}, "refresh_when": &steps.Late{},
	})
	want := auth.Settings{"scope": []string{"a"}, "params": [][2]string{{"b", "c"}}, "client_id": nil}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := settingOf(auth.DataMap, steps.Pairs{{Key: "a", Value: func() {}}}); err == nil {
		t.Error("what is no data is taken for a claim")
	}
}
