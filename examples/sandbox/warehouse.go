package sandbox

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// warehouse is a data warehouse to mirror records to. It starts empty, and keeps of each row only how often it came.
type warehouse struct {
	seed maphash.Seed
	once once

	mu   sync.Mutex
	sets map[string]*set
}

// set is a set of rows. A million rows are 40 MB, since only the hashes of their ids are kept.
type set struct {
	Stored
	times map[uint64]int
}

// Stored says what came of a set, so that who looks can tell a row that was lost from one that came twice.
type Stored struct {
	Rows    int `json:"rows"`     // different ones
	Again   int `json:"again"`    // how often a row came that was there already
	Batches int `json:"batches"`  // that were taken; not those sent again under their key
	Largest int `json:"largest"`  // the most rows of a batch
	LastRow any `json:"last_row"` // as it came
}

func newWarehouse() *warehouse {
	return &warehouse{seed: maphash.MakeSeed(), sets: map[string]*set{}}
}

// warehouseRoutes ask for the user's name and password.
func (s *Server) warehouseRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /warehouse/v1/sets/{set}/rows", s.asUser(s.warehouse.once.carry(s.storeRows)))
	mux.HandleFunc("GET /warehouse/v1/sets/{set}", s.asUser(s.showSet))
	s.exportRoutes(mux)
	s.listRoutes(mux)
}

// Stored says what came to the warehouse, by set.
func (s *Server) Stored() map[string]Stored {
	s.warehouse.mu.Lock()
	defer s.warehouse.mu.Unlock()
	stored := map[string]Stored{}
	for name, set := range s.warehouse.sets {
		stored[name] = set.Stored
	}
	return stored
}

// TimesStored says how often a row came to a set of the warehouse.
func (s *Server) TimesStored(name, id string) int {
	s.warehouse.mu.Lock()
	defer s.warehouse.mu.Unlock()
	if set := s.warehouse.sets[name]; set != nil {
		return set.times[maphash.String(s.warehouse.seed, id)]
	}
	return 0
}

// storeRows takes {"rows": [{"id": …}, …]}, all of them or none. `key` in the query names the field that tells rows apart, where
// it is not `id`.
func (s *Server) storeRows(w http.ResponseWriter, r *http.Request) {
	var sent struct{ Rows []json.RawMessage }
	if err := readJSON(w, r, &sent); err != nil {
		problem(w, http.StatusBadRequest, "invalid_json", err.Error())
		return
	}
	key := orElse(r.URL.Query().Get("key"), "id")
	ids := make([]string, len(sent.Rows))
	for i, row := range sent.Rows {
		var fields map[string]json.RawMessage
		err := json.Unmarshal(row, &fields)
		if ids[i] = strings.Trim(string(fields[key]), `"`); err != nil || ids[i] == "" {
			problem(w, http.StatusUnprocessableEntity, "invalid_row", fmt.Sprintf("rows[%d] is not an object with the key %q", i, key))
			return
		}
	}
	var last any
	if len(sent.Rows) > 0 {
		last = sent.Rows[len(sent.Rows)-1]
	}
	stored := s.warehouse.put(r.PathValue("set"), ids, last)
	writeJSON(w, http.StatusCreated, map[string]any{"accepted": len(ids), "rows": stored.Rows})
}

func (h *warehouse) put(name string, ids []string, last any) Stored {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sets[name] == nil {
		h.sets[name] = &set{times: map[uint64]int{}}
	}
	to := h.sets[name]
	for _, id := range ids {
		hash := maphash.String(h.seed, id)
		if to.times[hash] > 0 {
			to.Again++
		}
		to.times[hash]++
	}
	to.Batches++
	to.Rows, to.Largest, to.LastRow = len(to.times), max(to.Largest, len(ids)), last
	return to.Stored
}

func (s *Server) showSet(w http.ResponseWriter, r *http.Request) {
	stored, known := s.Stored()[r.PathValue("set")]
	if !known {
		problem(w, http.StatusNotFound, "not_found", fmt.Sprintf("there is no set %q (there are %q)", r.PathValue("set"), slices.Sorted(maps.Keys(s.Stored()))))
		return
	}
	writeJSON(w, http.StatusOK, stored)
}
