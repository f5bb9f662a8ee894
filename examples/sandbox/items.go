package sandbox

import (
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// itemTable is a table of configuration items that is kept nowhere: each item is made of its number when it is asked for, so
// that a million of them cost neither memory nor time at the start. Nobody writes to it.
const itemTable = "cmdb_ci"

// defaultItems is how many there are where Options do not say.
const defaultItems = 10_000

// chunk is how many bytes of a long answer are put together before they are sent.
const chunk = 64 << 10

// answerItems is the Table API for the items: lists, by sys_id only, and single ones.
func (s *Server) answerItems(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		failure(w, http.StatusForbidden, "Operation Failed", "the records of "+itemTable+" are made up as they are asked for; nobody writes to them")
	case id != "":
		s.answerItem(w, r, id)
	default:
		s.listItems(w, r)
	}
}

func (s *Server) answerItem(w http.ResponseWriter, r *http.Request, id string) {
	n := s.itemFrom(id)
	if n >= s.items || itemID(n) != id {
		noRecord(w)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = w.Write(append(addItem([]byte(`{"result":`), columnsOf(r), n), '}', '\n'))
}

func (s *Server) listItems(w http.ResponseWriter, r *http.Request) {
	from, to, ok := s.itemRange(fullQuery(r))
	if !ok {
		failure(w, http.StatusBadRequest, "Invalid query", itemTable+" is found and sorted by sys_id only, such as sys_id>X^ORDERBYsys_id")
		return
	}
	p := newPage(r, to-from)
	p.describe(w.Header(), r)
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	writeItems(w, columnsOf(r), from+p.from(), from+p.to())
}

// writeItems sends a page as it is made.
func writeItems(w http.ResponseWriter, columns []itemColumn, from, to int) {
	body := append(make([]byte, 0, 2*chunk), `{"result":[`...)
	for n := from; n < to; n++ {
		if n > from {
			body = append(body, ',')
		}
		body = addItem(body, columns, n)
		if len(body) >= chunk {
			if _, err := w.Write(body); err != nil {
				return // the client is gone
			}
			body = body[:0]
		}
	}
	_, _ = w.Write(append(body, "]}\n"...))
}

// itemRange gives the numbers of the items that an encoded query finds, [from, to).
func (s *Server) itemRange(query string) (from, to int, ok bool) {
	to = s.items
	for _, part := range splitQuery(query) {
		bound, is := strings.CutPrefix(part, "sys_id")
		switch {
		case part == "" || part == "ORDERBYsys_id":
		case !is:
			return 0, 0, false
		case strings.HasPrefix(bound, ">="):
			from = max(from, s.itemFrom(bound[2:]))
		case strings.HasPrefix(bound, ">"):
			from = max(from, s.itemAfter(bound[1:]))
		case strings.HasPrefix(bound, "<="):
			to = min(to, s.itemAfter(bound[2:]))
		case strings.HasPrefix(bound, "<"):
			to = min(to, s.itemFrom(bound[1:]))
		case strings.HasPrefix(bound, "="):
			from, to = max(from, s.itemFrom(bound[1:])), min(to, s.itemAfter(bound[1:]))
		default:
			return 0, 0, false
		}
	}
	return from, max(from, to), true
}

// itemFrom gives the number of the first item whose sys_id is not below an id.
func (s *Server) itemFrom(id string) int {
	return sort.Search(s.items, func(n int) bool { return itemID(n) >= lower(id) })
}

// itemAfter gives the number of the first item whose sys_id is above an id.
func (s *Server) itemAfter(id string) int {
	return sort.Search(s.items, func(n int) bool { return itemID(n) > lower(id) })
}

// columnsOf gives the columns that sysparm_fields asks for.
func columnsOf(r *http.Request) []itemColumn {
	fields := newView(r.URL.Query(), "").fields
	if len(fields) == 0 {
		return itemColumns[:]
	}
	var columns []itemColumn
	for _, c := range itemColumns {
		if slices.Contains(fields, c.name) {
			columns = append(columns, c)
		}
	}
	return columns
}

// addItem adds an item as JSON. No value of an item has to be escaped.
func addItem(to []byte, columns []itemColumn, n int) []byte {
	to = append(to, '{')
	for i, c := range columns {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(to, '"')
		to = append(to, c.name...)
		to = append(to, `":"`...)
		to = append(c.add(to, n), '"')
	}
	return append(to, '}')
}

// itemID is the sys_id of an item: its number and what looks like chance behind it, so that ids have the order of the numbers.
func itemID(n int) string { return string(addItemID(nil, n)) }

func addItemID(to []byte, n int) []byte {
	to = addHex(to, uint64(n), 8)
	to = addHex(to, scatter(n), 16)
	return addHex(to, scatter(n+1)>>7, 8)
}

// addHex adds the lowest digits of a number.
func addHex(to []byte, n uint64, digits int) []byte {
	for i := digits - 1; i >= 0; i-- {
		to = append(to, "0123456789abcdef"[n>>(4*i)&15])
	}
	return to
}

// addNumber adds a number with zeros before it.
func addNumber(to []byte, n, digits int) []byte {
	text := strconv.Itoa(n)
	for range digits - len(text) {
		to = append(to, '0')
	}
	return append(to, text...)
}

// scatter gives what looks like a random number, the same for a number each time (SplitMix64).
func scatter(n int) uint64 {
	x := uint64(n)*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
