package rest_test

import (
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

func TestWelcomeErrorPage(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/x", steptest.Answer{Status: 404, Header: steptest.Header("Content-Type", "application/json"), Body: `<html>none</html>`, Times: -1})
	in := under(s, "x", steps.Input{"expect": steptest.Status(204, 404)})
	out, err := steptest.Run(t, rest.Kind(), in)
	if err != nil || out.Value != "<html>none</html>" {
		t.Errorf("got %v, %v; want the page as text", out.Value, err)
	}
	in["accept"] = "json"
	_, err = steptest.Run(t, rest.Kind(), in)
	if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, "HTML page") {
		t.Errorf("where JSON must be, got %s: %s", e.Kind, e.Message)
	}
}

func TestWelcomeErrorPageThatIsTooLarge(t *testing.T) {
	t.Parallel()
	answer := steptest.Answer{Status: 404, Header: steptest.Header("Content-Type", "text/plain"), Body: strings.Repeat("x", 5000)}
	for _, answer.Chunked = range []bool{false, true} {
		s := steptest.NewServer(t).On("/x", answer)
		_, err := steptest.Run(t, rest.Kind(), under(s, "x", steps.Input{"expect": steptest.Status(404), "max_body": int64(4096)}))
		if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, "larger than max_body") {
			t.Errorf("chunked %v: got %s: %s, want no half of a page", answer.Chunked, e.Kind, e.Message)
		}
	}
}
