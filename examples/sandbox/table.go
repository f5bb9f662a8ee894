package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

func (s *Server) tableRoutes(mux *http.ServeMux, base string) {
	handle := func(pattern string, handler http.HandlerFunc) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(strings.TrimSpace(method+" "+base+path), s.signedIn(s.onTable(handler)))
	}
	handle("GET /table/{table}", s.listRecords)
	handle("POST /table/{table}", s.createRecord)
	handle(" /table/{table}", methodNotSupported)
	handle("GET /table/{table}/{id}", s.getRecord)
	handle("PUT /table/{table}/{id}", s.changeRecord)
	handle("PATCH /table/{table}/{id}", s.changeRecord)
	handle("DELETE /table/{table}/{id}", s.deleteRecord)
	handle(" /table/{table}/{id}", methodNotSupported)
}

// onTable lets a request pass whose table there is, and is kept.
func (s *Server) onTable(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch name := r.PathValue("table"); {
		case name == itemTable:
			s.answerItems(w, r)
		case !s.store.has(name):
			failure(w, http.StatusBadRequest, "Invalid table "+name, "")
		default:
			next(w, r)
		}
	}
}

// apiBase gives the address of the API that was asked, with its version: http://127.0.0.1:40123/api/now/v1.
func apiBase(r *http.Request) string {
	path := r.URL.Path
	for _, part := range []string{"/table/", "/attachment"} {
		if at := strings.Index(path, part); at >= 0 {
			path = path[:at]
		}
	}
	return "http://" + r.Host + path
}

func (s *Server) listRecords(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("table")
	s.answerList(w, r, name, s.store.find(name, fullQuery(r)))
}

// fullQuery joins sysparm_query with the parameters that name a field: `?active=true&sysparm_query=priority=1`.
func fullQuery(r *http.Request) string {
	var parts []string
	for _, p := range parameters(r.URL.RawQuery) {
		if !strings.HasPrefix(p.name, "sysparm_") {
			parts = append(parts, p.name+"="+strings.ReplaceAll(p.value, "^", "^^"))
		}
	}
	return strings.Join(append(parts, r.URL.Query().Get("sysparm_query")), "^")
}

// answerList gives the page that was asked for, and where the others are.
func (s *Server) answerList(w http.ResponseWriter, r *http.Request, name string, found []record) {
	p := newPage(r, len(found))
	p.describe(w.Header(), r)
	shown := s.store.show(name, found[p.from():p.to()], newView(r.URL.Query(), apiBase(r)))
	writeJSON(w, http.StatusOK, map[string]any{"result": shown})
}

func (s *Server) getRecord(w http.ResponseWriter, r *http.Request) {
	row, ok := s.store.get(r.PathValue("table"), r.PathValue("id"))
	if !ok {
		noRecord(w)
		return
	}
	s.answerRecord(w, r, http.StatusOK, r.PathValue("table"), row)
}

func (s *Server) answerRecord(w http.ResponseWriter, r *http.Request, status int, name string, row record) {
	shown := s.store.show(name, []record{row}, newView(r.URL.Query(), apiBase(r)))
	writeJSON(w, status, map[string]any{"result": shown[0]})
}

func (s *Server) createRecord(w http.ResponseWriter, r *http.Request) {
	values, ok := readValues(w, r)
	if !ok {
		return
	}
	name := r.PathValue("table")
	row := s.store.insert(name, values)
	w.Header().Set("Location", apiBase(r)+"/table/"+name+"/"+row["sys_id"])
	s.answerRecord(w, r, http.StatusCreated, name, row)
}

// changeRecord is PUT and PATCH: both change what they name and leave the rest, as on the instance.
func (s *Server) changeRecord(w http.ResponseWriter, r *http.Request) {
	values, ok := readValues(w, r)
	if !ok {
		return
	}
	row, ok := s.store.update(r.PathValue("table"), r.PathValue("id"), values)
	if !ok {
		noRecord(w)
		return
	}
	s.answerRecord(w, r, http.StatusOK, r.PathValue("table"), row)
}

func (s *Server) deleteRecord(w http.ResponseWriter, r *http.Request) {
	if !s.store.remove(r.PathValue("table"), r.PathValue("id")) {
		noRecord(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// readValues reads the fields of a record. What is wrong with the body is answered already when ok is false.
func readValues(w http.ResponseWriter, r *http.Request) (values map[string]string, ok bool) {
	var body map[string]any
	err := readJSON(w, r, &body)
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, errNotJSON):
		failure(w, http.StatusUnsupportedMediaType, "Unsupported media type", "send the record as application/json")
	case errors.As(err, &large):
		failure(w, http.StatusBadRequest, "Exception while reading request",
			fmt.Sprintf("Rejected large REST payload with content-length = %d bytes. Max allowed: %d bytes.", r.ContentLength, maxPayload))
	case err != nil:
		failure(w, http.StatusBadRequest, "Exception while reading request", "The payload is not valid JSON.")
	default:
		return texts(body), true
	}
	return nil, false
}

// texts gives values as a record holds them: null is empty, lists and maps are their JSON.
func texts(body map[string]any) map[string]string {
	values := make(map[string]string, len(body))
	for name, value := range body {
		switch value := value.(type) {
		case nil:
			values[name] = ""
		case string:
			values[name] = value
		default:
			encoded, _ := json.Marshal(value) // what was decoded from JSON can be encoded
			values[name] = string(encoded)
		}
	}
	return values
}
