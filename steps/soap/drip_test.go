package soap_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

// TestAnswerThatDrips holds that an answer which never ends, a byte at a time, is given up when the attempt's time is over: no byte
// comes so late that the idle limit would strike.
func TestAnswerThatDrips(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		env := steptest.NewEnv(t)
		env.Clients = steptest.Pipe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(10 * time.Second):
				}
			}
		}))
		started := time.Now()
		_, err := soap.Kind().Run(t.Context(), steps.Input{"url": "http://example.com/soap", "body": pairs("a", "1")}, &env.Env)
		if e := failed(t, err); e.Kind != steps.Timeout || !strings.Contains(e.Message, "not done within 5m") || time.Since(started) != 5*time.Minute {
			t.Errorf("got %v after %s", err, time.Since(started))
		}
	})
}
