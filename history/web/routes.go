package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
)

// Role is what somebody may do.
type Role string

// A viewer sees all, an operator acts too. Anybody is whoever reaches the address; a neighbour too, where only the users of this machine do,
// else a neighbour is a viewer.
const (
	Anybody   Role = "anybody"
	Neighbour Role = "neighbour"
	Viewer    Role = "viewer"
	Operator  Role = "operator"
)

const (
	healthPath  = "/healthz"
	readyPath   = "/readyz"
	metricsPath = "/metrics"
	enterPath   = "/enter"
	loginPath   = "/login"
	apiPath     = "/api/v1"
)

// route is something that is served.
type route struct {
	pattern string // as http.ServeMux takes it
	role    Role   // the least who may come
	serve   func(*Site, http.ResponseWriter, *http.Request) error
}

// routes are all that is served.
func routes() []route {
	return append(pageRoutes(), apiRoutes()...)
}

// pageRoutes are what people look at, and what they press there.
func pageRoutes() []route {
	return []route{
		{"GET /{$}", Viewer, (*Site).overview},
		{"GET /runs", Viewer, (*Site).runs},
		{"GET /runs/{run}", Viewer, (*Site).run},
		{"GET /runs/{run}/live", Viewer, (*Site).liveRun},
		{"GET /live", Viewer, (*Site).live},
		{"GET /jobs", Viewer, (*Site).jobs},
		{"GET /jobs/{job}", Viewer, (*Site).job},
		{"GET /schedules", Viewer, (*Site).schedules},
		{"GET /profiles", Viewer, (*Site).profiles},
		{"GET /system", Viewer, (*Site).system},
		{"POST /runs/bulk", Operator, (*Site).postBulk},
		{"POST /runs/{run}/resume", Operator, (*Site).postResume},
		{"POST /runs/{run}/retry", Operator, (*Site).postRetry},
		{"POST /runs/{run}/cancel", Operator, (*Site).postCancel},
		{"POST /runs/{run}/rerun", Operator, (*Site).postRerun},
		{"POST /jobs/{job}/run", Operator, (*Site).postRun},
		{"POST /jobs/{job}/pause", Operator, (*Site).postPause},
		{"POST /jobs/{job}/unpause", Operator, (*Site).postUnpause},
		{"POST /profiles/{profile}/test", Operator, (*Site).postTest},
		{"POST /profiles/{profile}/reset", Operator, (*Site).postReset},
		{"GET /results/{result}", Operator, (*Site).result},

		{"GET " + enterPath, Anybody, (*Site).enter},
		{"GET " + loginPath, Anybody, (*Site).login},
		{"POST " + loginPath, Anybody, (*Site).withPassword},
		{"POST /leave", Anybody, (*Site).leave},
		{"GET /static/{file}", Anybody, (*Site).static},
		{"GET " + healthPath, Anybody, (*Site).health},
		{"GET " + readyPath, Anybody, (*Site).health},
		{"GET " + metricsPath, Neighbour, (*Site).health},
	}
}

// health tells how the daemon stands.
func (s *Site) health(w http.ResponseWriter, r *http.Request) error {
	s.standing.ServeHTTP(w, r)
	return nil
}

//go:embed static
var statics embed.FS

// static serves the style, the script and the icon.
func (s *Site) static(w http.ResponseWriter, r *http.Request) error {
	file := "static/" + r.PathValue("file")
	text, err := statics.ReadFile(file)
	if err != nil {
		return &Problem{Status: http.StatusNotFound, Message: "there is no such file"}
	}
	sum := sha256.Sum256(text)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, statics, file)
	return nil
}
