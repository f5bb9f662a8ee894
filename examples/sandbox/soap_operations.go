package sandbox

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"snrun/steps/xml"
)

// maxRows is how many records, or keys, an answer has at most; __limit may ask for up to maxKeys keys.
const (
	maxRows = 250
	maxKeys = 10_000
)

// The types of fields.
const (
	soapText    = "xsd:string"
	soapInteger = "xsd:integer"
	soapBoolean = "xsd:boolean"
)

// soapField is an element of a request or an answer.
type soapField struct {
	Name, Type string
	Required   bool
}

// soapOperation is an operation of the direct web service.
type soapOperation struct {
	name  string
	takes func(columns []soapField) []soapField
	gives func(columns []soapField) []soapField
	rows  bool // what it gives is in elements getRecordsResult, any number of them
	run   func(*Server, soapCall) ([]*xml.Element, *soapFault)
}

// soapOperations are those that every table has, in the order of the WSDL.
func soapOperations() []soapOperation {
	id := func([]soapField) []soapField { return []soapField{{"sys_id", soapText, true}} }
	all := func(columns []soapField) []soapField { return columns }
	return []soapOperation{
		{"deleteRecord", id, only(soapField{"count", soapInteger, true}), false, (*Server).soapDelete},
		{"get", id, all, false, (*Server).soapGet},
		{"getKeys", withParameters, only(soapField{"sys_id", soapText, true}, soapField{"count", soapInteger, true}), false, (*Server).soapKeys},
		{"getRecords", withParameters, all, true, (*Server).soapRecords},
		{"insert", writable, only(soapField{"sys_id", soapText, true}, soapField{"number", soapText, false}), false, (*Server).soapInsert},
		{"update", func(c []soapField) []soapField { return append(id(c), writable(c)...) }, id, false, (*Server).soapUpdate},
	}
}

func only(fields ...soapField) func([]soapField) []soapField {
	return func([]soapField) []soapField { return fields }
}

func writable(columns []soapField) []soapField {
	return slices.DeleteFunc(slices.Clone(columns), func(f soapField) bool { return isSystem(f.Name) })
}

// withParameters are the columns, each of which a record must have as it is given, and the extended query parameters.
func withParameters(columns []soapField) []soapField {
	return append(slices.Clone(columns),
		soapField{"__encoded_query", soapText, false},
		soapField{"__exclude_columns", soapText, false},
		soapField{"__first_row", soapInteger, false},
		soapField{"__last_row", soapInteger, false},
		soapField{"__limit", soapInteger, false},
		soapField{"__order_by", soapText, false},
		soapField{"__order_by_desc", soapText, false},
	)
}

// soapColumns are the columns of a table in the order of their names.
func (s *store) soapColumns(table string) []soapField {
	s.mu.RLock()
	defer s.mu.RUnlock()
	columns := s.tables[table].columns
	fields := make([]soapField, 0, len(columns))
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		fields = append(fields, soapField{Name: name, Type: columns[name].soapType(name)})
	}
	return fields
}

// soapType is boolean for `active` and integer for choices that are numbers.
func (c column) soapType(name string) string {
	switch {
	case name == "active":
		return soapBoolean
	case name == "sys_mod_count":
		return soapInteger
	case c.choices == nil:
		return soapText
	}
	for value := range c.choices {
		if !isInteger(value) {
			return soapText
		}
	}
	return soapInteger
}

func isInteger(text string) bool {
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil
}

// accepts says whether a text is of the field's type. An empty one empties the column.
func (f soapField) accepts(text string) bool {
	switch text = strings.TrimSpace(text); f.Type {
	case soapInteger:
		return text == "" || isInteger(text)
	case soapBoolean:
		return slices.Contains([]string{"", "true", "false", "1", "0"}, text)
	}
	return true
}

func textElement(name, text string) *xml.Element {
	return &xml.Element{Name: xml.Name{Local: name}, Text: text}
}

func (s *Server) soapDelete(c soapCall) ([]*xml.Element, *soapFault) {
	count := "0"
	if s.store.remove(c.table, c.fields["sys_id"]) {
		count = "1"
	}
	return []*xml.Element{textElement("count", count)}, nil
}

func (s *Server) soapGet(c soapCall) ([]*xml.Element, *soapFault) {
	row, ok := s.store.get(c.table, c.fields["sys_id"])
	if !ok {
		return nil, nil // the instance answers with an empty element
	}
	return c.record(row, s.store.soapColumns(c.table)), nil
}

func (s *Server) soapInsert(c soapCall) ([]*xml.Element, *soapFault) {
	row := s.store.insert(c.table, c.values())
	answer := []*xml.Element{textElement("sys_id", row["sys_id"])}
	if row["number"] != "" {
		answer = append(answer, textElement("number", row["number"]))
	}
	return answer, nil
}

func (s *Server) soapUpdate(c soapCall) ([]*xml.Element, *soapFault) {
	row, ok := s.store.update(c.table, c.fields["sys_id"], c.values())
	if !ok {
		return nil, serverFault("there is no record %s in %s", c.fields["sys_id"], c.table)
	}
	return []*xml.Element{textElement("sys_id", row["sys_id"])}, nil
}

func (s *Server) soapKeys(c soapCall) ([]*xml.Element, *soapFault) {
	var keys []string
	for _, row := range s.soapFind(c, maxKeys) {
		keys = append(keys, row["sys_id"])
	}
	return []*xml.Element{textElement("sys_id", strings.Join(keys, ",")), textElement("count", strconv.Itoa(len(keys)))}, nil
}

func (s *Server) soapRecords(c soapCall) ([]*xml.Element, *soapFault) {
	columns := s.store.soapColumns(c.table)
	var answer []*xml.Element
	for _, row := range s.soapFind(c, maxRows) {
		result := &xml.Element{Name: xml.Name{Local: "getRecordsResult"}, Children: c.record(row, columns)}
		answer = append(answer, result)
	}
	return answer, nil
}

// soapFind gives the records that are asked for: the window [__first_row, __last_row) of those found, __limit of them and no more
// than 250, or most where __limit says so.
func (s *Server) soapFind(c soapCall, most int) []record {
	found := s.store.find(c.table, c.query())
	first, last, limit := 0, len(found), min(maxRows, most)
	c.number("__first_row", &first)
	c.number("__last_row", &last)
	c.number("__limit", &limit)
	first = min(first, len(found))
	last = min(max(last, first), len(found), first+min(limit, most))
	return found[first:last]
}

// query joins the fields of a request, the encoded query and the order to one encoded query.
func (c soapCall) query() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c.fields)) {
		if !strings.HasPrefix(name, "__") {
			parts = append(parts, name+"="+strings.ReplaceAll(c.values()[name], "^", "^^"))
		}
	}
	if query := c.fields["__encoded_query"]; query != "" {
		parts = append(parts, query)
	}
	if by := c.fields["__order_by"]; by != "" {
		parts = append(parts, "ORDERBY"+by)
	}
	if by := c.fields["__order_by_desc"]; by != "" {
		parts = append(parts, "ORDERBYDESC"+by)
	}
	return strings.Join(parts, "^")
}

// number reads a parameter that is sent and not negative.
func (c soapCall) number(name string, into *int) {
	if n, err := strconv.Atoi(strings.TrimSpace(c.fields[name])); err == nil && n >= 0 {
		*into = n
	}
}

// values are the fields as a record holds them.
func (c soapCall) values() map[string]string {
	values := maps.Clone(c.fields)
	switch strings.TrimSpace(values["active"]) {
	case "1":
		values["active"] = "true"
	case "0":
		values["active"] = "false"
	}
	return values
}

// record gives a record's fields. An empty one that is no text is left out: it would be no value of its type.
func (c soapCall) record(row record, columns []soapField) []*xml.Element {
	excluded := strings.Split(c.fields["__exclude_columns"], ",")
	var fields []*xml.Element
	for _, f := range columns {
		if slices.Contains(excluded, f.Name) || f.Type != soapText && row[f.Name] == "" {
			continue
		}
		fields = append(fields, textElement(f.Name, row[f.Name]))
	}
	return fields
}
