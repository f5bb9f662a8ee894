package jobs_test

import (
	"testing"

	"snrun/jobs"
)

const placedText = `version: 1
name: placed
steps:
  - id: a
    log: a
  - parallel:
      left:
        - {id: l, log: l}
      right:
        - id: r
          foreach:
            in: [1]
            steps:
              - log: x
              - {id: deep, log: deep}
  - switch:
      - when: true
        steps: [{id: one, log: one}]
      - steps:
          - id: two
            log: two
  - try:
      - {id: t, log: t}
    catch:
      - steps:
          - {id: c, log: c}
    finally:
      - fail: no
  - id: block
    steps:
      - id: call
        call: {job: other}
on_failure:
  - log: sorry
`

const calledText = `version: 1
name: other
steps:
  - id: inside
    repeat:
      attempts: 2
      steps:
        - {id: round, log: x}
finally:
  - {id: end, log: x}
`

func TestStepPlace(t *testing.T) {
	t.Parallel()
	texts := []jobs.Text{{File: "placed.yaml", Data: placedText}, {File: "b/other.yaml", Data: calledText}}
	for _, test := range []struct{ key, want string }{
		{"/a", "placed.yaml:4:5"},
		{"/a#2", "placed.yaml:4:5"},
		{"/parallel:2", "placed.yaml:6:5"},
		{"/parallel:2/branch:left/l", "placed.yaml:8:11"},
		{"/parallel:2/branch:right/r[x/y#3]/log:1", "placed.yaml:14:17"},
		{"/parallel:2/branch:right/r/page:12[7]/deep#2", "placed.yaml:15:17"},
		{"/switch:3/case:1/one", "placed.yaml:18:17"},
		{"/switch:3/case:2/two", "placed.yaml:20:13"},
		{"/try:4/try/t", "placed.yaml:23:9"},
		{"/try:4/catch:1/c", "placed.yaml:26:13"},
		{"/try:4/finally/fail:1", "placed.yaml:28:9"},
		{"/block#3/call", "placed.yaml:31:9"},
		{"/block/call/inside[2]/round", "b/other.yaml:8:11"},
		{"/block/call/finally/end", "b/other.yaml:10:5"},
		{"/on_failure/log:1", "placed.yaml:34:5"},
		{"/on_failure:job/log:1", "placed.yaml:34:5"},
		{"", ""}, {"/", ""}, {"/nothing", ""}, {"/a/b", ""}, {"/switch:3/case:9/x", ""}, {"/log:1", "placed.yaml:4:5"}, {"/[", ""}, {"/fail:99999999999999999999", ""},
	} {
		pos, known := jobs.StepPlace(texts, test.key)
		got := ""
		if known {
			got = pos.String()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.key, got, test.want)
		}
	}
	if _, known := jobs.StepPlace(nil, "/a"); known {
		t.Error("without a text a place is known")
	}
	if _, known := jobs.StepPlace([]jobs.Text{{File: "x", Data: "\x00: ["}}, "/a"); known {
		t.Error("in what is no YAML a place is known")
	}
}

func TestStepProfile(t *testing.T) {
	t.Parallel()
	text := `version: 1
steps:
  - id: a
    rest: {profile: sn, path: /}
  - id: b
    soap: {profile: "erp ${inputs.x}", path: /}
  - id: c
    rest: {profile: sn, path: /, auth: none}
  - id: d
    rest: {url: "http://127.0.0.1/"}
  - id: e
    foreach:
      in: {rest: {profile: source, path: /}}
      steps:
        - id: f
          rest: {profile: inner, path: /}
        - log: x
`
	for key, want := range map[string]string{
		"/a": "sn", "/a#2": "sn", "/b": "erp ${inputs.x}", "/c": "", "/d": "", "/e": "source", "/e/page:3#2": "source", "/e/page:3[x]/f": "inner",
		"/e[1]/log:2": "", "/nothing": "",
	} {
		if got := jobs.StepProfile([]jobs.Text{{File: "x.yaml", Data: text}}, key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
}
