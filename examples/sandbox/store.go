package sandbox

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// timeLayout is how the instance writes a time, in UTC.
const timeLayout = "2006-01-02 15:04:05"

// firstWrite is the time of the first record that is written; it is after all times of the seeded data.
var firstWrite = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)

// record holds the values of a row by column. It is never changed once it is in a table: a change puts another in its place.
type record map[string]string

type table struct {
	schema
	name  string
	made  int // records ever made, those removed too
	rows  map[string]record
	order []string // the sys_ids of rows, in the order they were made
}

// store holds the tables.
type store struct {
	user   string // who writes
	mu     sync.RWMutex
	writes int
	tables map[string]*table
}

func newStore(o Options) *store {
	s := &store{user: o.User, tables: map[string]*table{}}
	seed(s, max(o.Incidents, 0))
	s.add("sys_attachment", attachmentSchema())
	for _, name := range slices.Sorted(maps.Keys(o.Tables)) {
		s.extend(name, o.Tables[name])
	}
	return s
}

func (s *store) add(name string, columns schema) *table {
	t := &table{schema: columns, name: name, rows: map[string]record{}}
	s.tables[name] = t
	return t
}

// extend adds rows as they are given, and what they lack of the system's columns.
func (s *store) extend(name string, rows []map[string]string) {
	t := s.tables[name]
	if t == nil {
		t = s.add(name, newSchema("name"))
	}
	for _, row := range rows {
		for key := range row {
			if _, ok := t.columns[key]; !ok {
				t.columns[key] = column{}
			}
		}
		made := t.make(s.user, s.now())
		maps.Copy(made, row)
		t.put(made)
	}
}

// now gives the time of the next write.
func (s *store) now() string {
	at := firstWrite.Add(time.Duration(s.writes) * time.Second)
	s.writes++
	return at.Format(timeLayout)
}

// make gives a new record with every column of the table, which is not in the table yet.
func (t *table) make(user, now string) record {
	t.made++
	row := record{}
	for name := range t.columns {
		row[name] = ""
	}
	maps.Copy(row, t.defaults)
	sum := md5.Sum([]byte(t.name + "/" + strconv.Itoa(t.made))) // looks like a sys_id, and is the same on every start
	row["sys_id"] = hex.EncodeToString(sum[:])
	row["sys_created_by"], row["sys_updated_by"] = user, user
	row["sys_created_on"], row["sys_updated_on"] = now, now
	row["sys_mod_count"] = "0"
	if t.numbers != "" {
		row["number"] = fmt.Sprintf("%s%07d", t.numbers, 10000+t.made)
	}
	return row
}

// set copies the values that may be written; columns that the table does not have are passed over, as the instance does.
func (t *table) set(row record, values map[string]string) {
	for name, value := range values {
		if _, ok := t.columns[name]; ok && !isSystem(name) {
			row[name] = value
		}
	}
}

// put adds a record, or puts it in the place of the one with its sys_id.
func (t *table) put(row record) {
	id := row["sys_id"]
	if t.rows[id] == nil {
		t.order = append(t.order, id)
	}
	t.rows[id] = row
}

// has says whether there is such a table.
func (s *store) has(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tables[name] != nil
}

// find gives the records of a table that the query finds, in its order; in the order they were made where it has none.
func (s *store) find(name, text string) []record {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tables[name]
	q := parseQuery(text, func(path string) bool { return s.reaches(t, path) })
	getter := func(row record) func(string) string {
		return func(path string) string { return s.value(t, row, path) }
	}
	var found []record
	for _, id := range t.order {
		if row := t.rows[id]; q.matches(getter(row)) {
			found = append(found, row)
		}
	}
	slices.SortStableFunc(found, func(a, b record) int { return q.before(getter(a), getter(b)) })
	return found
}

// reaches says whether a path such as caller_id.name ends at a column.
func (s *store) reaches(t *table, path string) bool {
	_, _, ok := s.follow(t, nil, path)
	return ok
}

// value gives what stands at the end of a path, "" where a reference on the way is empty.
func (s *store) value(t *table, row record, path string) string {
	end, name, ok := s.follow(t, row, path)
	if !ok || end == nil {
		return ""
	}
	return end[name]
}

// follow walks a path to the record and the column where it ends. The record is nil when a reference leads nowhere.
func (s *store) follow(t *table, row record, path string) (end record, name string, ok bool) {
	for {
		first, rest, walks := strings.Cut(path, ".")
		col, known := t.columns[first]
		if !known {
			return nil, "", false
		}
		if !walks {
			return row, first, true
		}
		next := s.tables[col.refers]
		if next == nil {
			return nil, "", false
		}
		row, t, path = next.rows[row[first]], next, rest
	}
}

// get gives one record.
func (s *store) get(name, id string) (record, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	row, ok := s.tables[name].rows[id]
	return row, ok
}

// insert makes a record and gives it.
func (s *store) insert(name string, values map[string]string) record {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[name]
	row := t.make(s.user, s.now())
	t.set(row, values)
	t.put(row)
	return row
}

// update changes some columns of a record, and gives it as it is then.
func (s *store) update(name, id string, values map[string]string) (record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[name]
	old, ok := t.rows[id]
	if !ok {
		return nil, false
	}
	row := maps.Clone(old)
	t.set(row, values)
	changes, _ := strconv.Atoi(row["sys_mod_count"])
	row["sys_mod_count"] = strconv.Itoa(changes + 1)
	row["sys_updated_on"], row["sys_updated_by"] = s.now(), s.user
	t.put(row)
	return row, true
}

// remove takes a record out, and says whether it was there.
func (s *store) remove(name, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[name]
	if t.rows[id] == nil {
		return false
	}
	delete(t.rows, id)
	t.order = slices.DeleteFunc(t.order, func(one string) bool { return one == id })
	return true
}
