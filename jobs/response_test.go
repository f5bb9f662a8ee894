package jobs_test

import (
	"strings"
	"testing"
)

// TestResponseOfAKind holds that `response` has what the kind of the step gives of an answer, and nothing that another kind gives.
func TestResponseOfAKind(t *testing.T) {
	t.Parallel()
	const soap = `soap: {url: "http://127.0.0.1:1", body: {a: 1}, expect_fault: true, expect: "response.fault?.code != 'Server' && len(response.warnings) == 0"}`
	for step, want := range map[string]string{
		soap: "",
		soap + `, retry: {attempts: 2, when: "response?.fault != nil"}`:                     "",
		`rest: {url: "http://127.0.0.1:1", expect: "response.fault == nil"}`:                `response has no "fault"`,
		`rest: {url: "http://127.0.0.1:1"}, retry: {when: "response?.soap_headers != nil"}`: `response has no "soap_headers"`,
		`soap: {url: "http://127.0.0.1:1", body: {a: 1}, expect: "response.faults == nil"}`: `response has no "faults"`,
		`soap: {url: "http://127.0.0.1:1", body: {a: 1}, expect: "response.output == nil"}`: `response has no "output"`,
	} {
		p := projectOf(t, allKinds(), map[string]string{"jobs/job.yaml": "version: 1\nsteps: [{" + step + "}]\n"})
		_, err := p.Load("job")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", step, err, want)
		}
	}
}

// TestAddressElsewhere holds that a kind hears whether the profile signs in: only then it matters that a WSDL's address is elsewhere.
func TestAddressElsewhere(t *testing.T) {
	t.Parallel()
	const profiles = "version: 1\nprofiles:\n  open: {base_url: \"https://a.example.com\"}\n  closed: {base_url: \"https://a.example.com\", auth: {type: bearer, token: x}}\n"
	for profile, want := range map[string]string{"open": "", "closed": "so the profile would not sign in there"} {
		p := projectOf(t, allKinds(), map[string]string{"profiles.yaml": profiles, "orders.wsdl": ordersWSDL(t),
			"jobs/job.yaml": "version: 1\nsteps: [{soap: {profile: " + profile + ", wsdl: orders.wsdl, operation: Note, params: {text: a}}}]\n"})
		_, err := p.Load("job")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", profile, err, want)
		}
	}
}
