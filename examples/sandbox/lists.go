package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strconv"
)

// entry is an item of the warehouse's lists. The lists never change.
type entry struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// listRoutes: one list for each way to page that the Table API and the on-call API do not have.
func (s *Server) listRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /warehouse/v1/sites", s.asUser(listSites))
	mux.HandleFunc("GET /warehouse/v1/departments", s.asUser(listDepartments))
	mux.HandleFunc("GET /warehouse/v1/changes", s.asUser(listChanges))
}

func entries(prefix, name string, n int) []entry {
	all := make([]entry, n)
	for i := range all {
		all[i] = entry{fmt.Sprintf("%s-%04d", prefix, i+1), name + " " + strconv.Itoa(i+1)}
	}
	return all
}

// listSites goes by page number: `page` from 1, `per_page` items on each.
func listSites(w http.ResponseWriter, r *http.Request) {
	all := entries("site", "Site", 55)
	size := number(r, "per_page", 20, 100)
	page := number(r, "page", 1, len(all)+1)
	from := min((page-1)*size, len(all))
	writeJSON(w, http.StatusOK, map[string]any{
		"sites": all[from:min(from+size, len(all))], "page": page, "per_page": size, "total": len(all),
	})
}

// listDepartments goes by the address of the next page, in the body; null on the last.
func listDepartments(w http.ResponseWriter, r *http.Request) {
	all := entries("dep", "Department", 34)
	size := number(r, "top", 10, 100)
	from := min(number(r, "skip", 0, len(all)), len(all))
	to := min(from+size, len(all))
	var next any
	if to < len(all) {
		query := url.Values{"top": {strconv.Itoa(size)}, "skip": {strconv.Itoa(to)}}
		next = "http://" + r.Host + r.URL.Path + "?" + query.Encode()
	}
	writeJSON(w, http.StatusOK, map[string]any{"value": all[from:to], "next": next})
}

// listChanges goes by the last id: `after` it come the next `limit`. After the last id there are none.
func listChanges(w http.ResponseWriter, r *http.Request) {
	all := entries("chg", "Change", 130)
	after := r.URL.Query().Get("after")
	from := sort.Search(len(all), func(i int) bool { return all[i].ID > after })
	to := min(from+number(r, "limit", 50, 100), len(all))
	writeJSON(w, http.StatusOK, map[string]any{"changes": all[from:to]})
}

// number gives a whole number of the query, at most the highest; what is none, or too small, counts as not sent.
func number(r *http.Request, name string, otherwise, highest int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n < 1 {
		return otherwise
	}
	return min(n, highest)
}
