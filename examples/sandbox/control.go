package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

func (s *Server) controlRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /sandbox/faults", s.postFaults)
	mux.HandleFunc("DELETE /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /sandbox/requests", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"requests": s.Requests(), "elsewhere": s.Elsewhere()})
	})
	mux.HandleFunc("DELETE /sandbox/requests", func(w http.ResponseWriter, _ *http.Request) {
		s.audit.clear()
		s.elsewhere.clear()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /sandbox/stored", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"sets": s.Stored(), "exports": s.Exports(), "texts": len(s.Texts())})
	})
	mux.HandleFunc("POST /sandbox/expire", func(w http.ResponseWriter, _ *http.Request) {
		s.ExpireTokens()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /sandbox/revoke", func(w http.ResponseWriter, _ *http.Request) {
		s.RevokeSignIns()
		w.WriteHeader(http.StatusNoContent)
	})
}

// postFaults adds the fault of the body: {"kind": "429", "path": "/api/now", "on": "1-2", "retry_after": "2s"}.
func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	var f Fault
	if err := readJSON(w, r, &f); err != nil {
		problem(w, http.StatusBadRequest, "invalid_fault", err.Error())
		return
	}
	s.Inject(f)
	writeJSON(w, http.StatusCreated, f)
}

// written is a fault in JSON. On and the durations are written as in ParseFault.
type written struct {
	Kind       Kind   `json:"kind"`
	Path       string `json:"path"`
	Method     string `json:"method,omitempty"`
	On         string `json:"on,omitempty"`
	RetryAfter string `json:"retry_after,omitempty"`
	Delay      string `json:"delay,omitempty"`
	To         string `json:"to,omitempty"`
}

// UnmarshalJSON reads a fault and checks it, as ParseFault does.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var from written
	strict := json.NewDecoder(strings.NewReader(string(data)))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&from); err != nil {
		return err
	}
	read := Fault{Kind: from.Kind, Path: from.Path, Method: from.Method, To: from.To}
	var errOn, errAfter, errDelay error
	read.On, errOn = parseSpans(from.On)
	read.RetryAfter, errAfter = parseDuration(from.RetryAfter)
	read.Delay, errDelay = parseDuration(from.Delay)
	if err := errors.Join(errOn, errAfter, errDelay, read.check()); err != nil {
		return err
	}
	*f = read
	return nil
}

func parseDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	return time.ParseDuration(text)
}

// MarshalJSON writes the fault so that UnmarshalJSON reads it.
func (f Fault) MarshalJSON() ([]byte, error) {
	to := written{Kind: f.Kind, Path: f.Path, Method: f.Method, On: spansText(f.On), To: f.To}
	if f.RetryAfter > 0 {
		to.RetryAfter = f.RetryAfter.String()
	}
	if f.Delay > 0 {
		to.Delay = f.Delay.String()
	}
	return json.Marshal(to)
}

func spansText(on []Span) string {
	var parts []string
	for _, s := range on {
		switch s.To {
		case 0:
			parts = append(parts, fmt.Sprintf("%d-", s.From))
		case s.From:
			parts = append(parts, fmt.Sprint(s.From))
		default:
			parts = append(parts, fmt.Sprintf("%d-%d", s.From, s.To))
		}
	}
	return strings.Join(parts, ",")
}
