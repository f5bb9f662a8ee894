package temporal

import (
	"strconv"
	"strings"
	"testing"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/temporal/temporaltest"
	"snrun/steps"
)

// TestWeightOnServer holds that no more travels at once than the server takes, whatever the steps of a job say, fail with and read: it would
// end the workflow, or have it stand still for good.
func TestWeightOnServer(t *testing.T) {
	t.Parallel()
	branches, values, all := "", "", ""
	for i := range 30 {
		n := strconv.Itoa(i)
		values += "  - {id: v" + n + ", set: {v: '${repeat(\"x\", 8000)}'}}\n"
		all += "steps.v" + n + ".output.v, "
	}
	for i := range 20 {
		branches += "      b" + strconv.Itoa(i) + ": [{probe: {value: '${len([" + all + "])}'}}]\n"
	}
	for name, c := range map[string]struct {
		text    string
		want    engine.Status
		message int // bytes, about
	}{
		"many long messages":         {"steps:\n" + strings.Repeat("  - {log: '${repeat(\"<\", 8000)}'}\n", 60), engine.OK, 0},
		"a message that is too long": {"steps: [{log: '${repeat(\"<\", 900000)}'}]", engine.OK, 0},
		"a failure in an activity that is too long": {
			"steps:\n  - {id: big, probe: {value: '${repeat(\"<\", 900000)}'}}\n  - {id: no, fail: '${repeat(steps.big.output, 4)}'}\n", engine.Failed, 16 << 10},
		"a failure in the workflow that is too long": {"steps: [{fail: '${repeat(\"<\", 900000)}'}]", engine.Failed, 16 << 10},
		"many branches at once":                      {"steps:\n" + values + "  - parallel:\n" + branches, engine.OK, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on := on(t, temporaltest.Server(t))
			var probe counter
			e := engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: auth.NewRedactor(), Dir: t.TempDir()})
			req := engine.Request{Job: probe.load(t, c.text), Inputs: map[string]any{}}
			on.work(t, e, req)
			run := ended(t, e, on.start(t, e, req))
			if run.Status != c.want || run.Error != nil && (run.Error.Kind != steps.BadInput || len(run.Error.Message)>>10 != c.message>>10) {
				t.Errorf("the run is %s: %.300s", run.Status, run.Error)
			}
		})
	}
}
