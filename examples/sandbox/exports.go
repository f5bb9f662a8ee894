package sandbox

import (
	"fmt"
	"net/http"
	"sync"
)

// Export is a file that the warehouse writes while the client asks whether it is there yet.
type Export struct {
	ID      string `json:"id"`
	Format  string `json:"format"`  // csv or ndjson
	Records int    `json:"records"` // the first so many of cmdb_ci
	Status  string `json:"status"`  // queued, running, ready
	File    string `json:"file"`    // its address, "" until it is ready
	asked   int
}

// exports are ready at the third question, however soon it comes.
type exports struct {
	mu  sync.Mutex
	all []*Export
}

const questions = 3

// Exports are those that were started, in that order.
func (s *Server) Exports() []Export {
	s.exports.mu.Lock()
	defer s.exports.mu.Unlock()
	all := make([]Export, len(s.exports.all))
	for i, e := range s.exports.all {
		all[i] = *e
	}
	return all
}

func (s *Server) exportRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /warehouse/v1/exports", s.asUser(s.warehouse.once.carry(s.startExport)))
	mux.HandleFunc("GET /warehouse/v1/exports/{id}", s.asUser(s.showExport))
	mux.HandleFunc("GET /warehouse/v1/exports/{id}/file", s.asUser(s.sendExport))
}

// startExport takes {"format": "csv", "records": 1000}; all records where the body does not say.
func (s *Server) startExport(w http.ResponseWriter, r *http.Request) {
	sent := struct {
		Format  string
		Records int
	}{"csv", s.items}
	if err := readJSON(w, r, &sent); err != nil {
		problem(w, http.StatusBadRequest, "invalid_json", err.Error())
		return
	}
	if (sent.Format != "csv" && sent.Format != "ndjson") || sent.Records < 0 || sent.Records > s.items {
		problem(w, http.StatusUnprocessableEntity, "invalid_export", fmt.Sprintf("the format is csv or ndjson, and there are %d records", s.items))
		return
	}
	s.exports.mu.Lock()
	e := &Export{ID: fmt.Sprintf("export-%04d", len(s.exports.all)+1), Format: sent.Format, Records: sent.Records, Status: "queued"}
	s.exports.all = append(s.exports.all, e)
	started := *e
	s.exports.mu.Unlock()
	w.Header().Set("Location", "/warehouse/v1/exports/"+started.ID)
	writeJSON(w, http.StatusAccepted, started)
}

func (s *Server) showExport(w http.ResponseWriter, r *http.Request) {
	e, known := s.exports.ask(r.PathValue("id"), "http://"+r.Host+r.URL.Path+"/file")
	if !known {
		problem(w, http.StatusNotFound, "not_found", "there is no such export")
		return
	}
	writeJSON(w, http.StatusOK, e)
}

// ask counts a question after an export, and gives the export as it stands then.
func (x *exports) ask(id, file string) (e Export, known bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range x.all {
		if e.ID != id {
			continue
		}
		e.Status = "running"
		if e.asked++; e.asked >= questions {
			e.Status, e.File = "ready", file
		}
		return *e, true
	}
	return Export{}, false
}

func (s *Server) sendExport(w http.ResponseWriter, r *http.Request) {
	for _, e := range s.Exports() {
		if e.ID == r.PathValue("id") && e.Status == "ready" {
			e.write(w)
			return
		}
	}
	problem(w, http.StatusNotFound, "not_ready", "there is no such file yet: ask the export for its status first")
}

// write sends the records, as they are made.
func (e Export) write(w http.ResponseWriter) {
	kind, add := "application/x-ndjson", func(to []byte, n int) []byte { return addItem(to, itemColumns[:], n) }
	body := make([]byte, 0, 2*chunk)
	if e.Format == "csv" {
		kind, add = "text/csv; charset=utf-8", addRow
		body = append(body, "sys_id,name,serial_number\n"...)
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+e.ID+"."+e.Format+`"`)
	for n := range e.Records {
		body = append(add(body, n), '\n')
		if len(body) >= chunk {
			if _, err := w.Write(body); err != nil {
				return // the client is gone
			}
			body = body[:0]
		}
	}
	_, _ = w.Write(body)
}

// addRow adds an item as a line of CSV.
func addRow(to []byte, n int) []byte {
	to = append(addItemID(to, n), ',')
	to = append(addNumber(append(to, "ci-"...), n, 8), ',')
	return addHex(append(to, "SN"...), scatter(n), 12)
}
