package sandbox

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Alert is one alert of the on-call API.
type Alert struct {
	ID     string `json:"id"`
	Dedup  string `json:"dedup"` // the sender's key: there is one alert for each
	Title  string `json:"title"`
	Team   string `json:"team"`
	Status string `json:"status"` // open
}

// engineer is somebody who can be called. The list of them never changes.
type engineer struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Team string `json:"team"`
}

// teams may be named in an alert. An incident of the category inquiry has no team.
var teams = [...]string{"network", "software", "hardware", "database"}

// oncall is the plain API to send to. It starts without alerts.
type oncall struct {
	engineers []engineer

	mu     sync.Mutex
	alerts []Alert
	known  map[string]int // places in alerts, by dedup
}

func newOncall() *oncall {
	o := &oncall{known: map[string]int{}}
	for i := range 45 {
		o.engineers = append(o.engineers, engineer{
			ID:   fmt.Sprintf("eng-%03d", i+1),
			Name: firstNames[i%len(firstNames)] + " " + lastNames[i%len(lastNames)],
			Team: teams[i%len(teams)],
		})
	}
	return o
}

// Alerts are the alerts of the on-call API, in the order they were raised.
func (s *Server) Alerts() []Alert { return s.oncall.list() }

func (s *Server) oncallRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /oncall/v1/alerts", s.withKey(s.raiseAlert))
	mux.HandleFunc("GET /oncall/v1/alerts", s.withKey(s.listAlerts))
	mux.HandleFunc("GET /oncall/v1/alerts/{id}", s.withKey(s.getAlert))
	mux.HandleFunc("GET /oncall/v1/engineers", s.withKey(s.listEngineers))
}

// raiseAlert answers 201 with the alert, 409 with the one that has the dedup key already, or 422.
func (s *Server) raiseAlert(w http.ResponseWriter, r *http.Request) {
	var sent struct{ Dedup, Title, Team string }
	if err := readJSON(w, r, &sent); err != nil {
		problem(w, http.StatusBadRequest, "invalid_json", err.Error())
		return
	}
	switch {
	case sent.Dedup == "" || sent.Title == "":
		problem(w, http.StatusUnprocessableEntity, "invalid_alert", "dedup and title are required")
	case sent.Team != "" && !slices.Contains(teams[:], sent.Team):
		problem(w, http.StatusUnprocessableEntity, "unknown_team",
			fmt.Sprintf("there is no team %q (there are %s)", sent.Team, strings.Join(teams[:], ", ")))
	default:
		status := http.StatusConflict
		alert, raised := s.oncall.raise(Alert{Dedup: sent.Dedup, Title: sent.Title, Team: sent.Team, Status: "open"})
		if raised {
			status = http.StatusCreated
			w.Header().Set("Location", "/oncall/v1/alerts/"+alert.ID)
		}
		writeJSON(w, status, alert)
	}
}

// raise adds an alert unless its dedup key is known, and gives the one that has the key.
func (o *oncall) raise(a Alert) (alert Alert, raised bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if at, known := o.known[a.Dedup]; known {
		return o.alerts[at], false
	}
	a.ID = fmt.Sprintf("alert-%04d", len(o.alerts)+1)
	o.known[a.Dedup] = len(o.alerts)
	o.alerts = append(o.alerts, a)
	return a, true
}

func (o *oncall) list() []Alert {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.alerts)
}

func (s *Server) getAlert(w http.ResponseWriter, r *http.Request) {
	alerts := s.oncall.list()
	at := slices.IndexFunc(alerts, func(a Alert) bool { return a.ID == r.PathValue("id") })
	if at < 0 {
		problem(w, http.StatusNotFound, "not_found", "there is no such alert")
		return
	}
	writeJSON(w, http.StatusOK, alerts[at])
}

func (s *Server) listAlerts(w http.ResponseWriter, r *http.Request) {
	answerCursor(w, r, "alerts", s.oncall.list())
}

func (s *Server) listEngineers(w http.ResponseWriter, r *http.Request) {
	answerCursor(w, r, "engineers", s.oncall.engineers)
}

// answerCursor gives `limit` items (20, 100 at most) from `cursor` on, and the cursor of the page after as meta.cursor:
// null after the last. The cursor means nothing to the client.
func answerCursor[T any](w http.ResponseWriter, r *http.Request, name string, all []T) {
	query := r.URL.Query()
	from, ok := readCursor(query.Get("cursor"), len(all))
	if !ok {
		problem(w, http.StatusBadRequest, "invalid_cursor", "the cursor is not one that this list gave")
		return
	}
	limit := 20
	if n, err := strconv.Atoi(query.Get("limit")); err == nil && n > 0 {
		limit = min(n, 100)
	}
	to := min(from+limit, len(all))
	var next *string
	if to < len(all) {
		text := writeCursor(to)
		next = &text
	}
	writeJSON(w, http.StatusOK, map[string]any{
		name:   append([]T{}, all[from:to]...),
		"meta": map[string]any{"cursor": next, "total": len(all)},
	})
}

func writeCursor(from int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("from:" + strconv.Itoa(from)))
}

func readCursor(text string, total int) (from int, ok bool) {
	if text == "" {
		return 0, true
	}
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	number, prefixed := strings.CutPrefix(string(decoded), "from:")
	from, errNumber := strconv.Atoi(number)
	return from, err == nil && prefixed && errNumber == nil && from >= 0 && from <= total
}
