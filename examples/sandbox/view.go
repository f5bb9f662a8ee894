package sandbox

import (
	"net/url"
	"strings"
)

// view is how records are shown: the sysparm_ parameters that choose and dress their fields.
type view struct {
	fields  []string // none: all
	display string   // "false", "true" or "all"
	links   bool     // references have a link
	base    string   // what the links begin with, such as http://127.0.0.1:40123/api/now
}

func newView(query url.Values, base string) view {
	v := view{display: "false", links: query.Get("sysparm_exclude_reference_link") != "true", base: base}
	if d := query.Get("sysparm_display_value"); d == "true" || d == "all" {
		v.display = d
	}
	for name := range strings.SplitSeq(query.Get("sysparm_fields"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			v.fields = append(v.fields, name)
		}
	}
	return v
}

// show gives records as the Table API does. Fields that the table does not have are left out.
func (s *store) show(name string, rows []record, v view) []map[string]any {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tables[name]
	shown := make([]map[string]any, 0, len(rows))
	for _, row := range rows {
		shown = append(shown, s.showOne(t, row, v))
	}
	return shown
}

func (s *store) showOne(t *table, row record, v view) map[string]any {
	shown := map[string]any{}
	if len(v.fields) == 0 {
		for name := range t.columns {
			shown[name] = s.dress(t.columns[name], row[name], v)
		}
	}
	for _, path := range v.fields {
		if s.reaches(t, path) {
			shown[path] = s.dress(s.columnAt(t, path), s.value(t, row, path), v)
		}
	}
	return shown
}

// columnAt gives the column where a path ends that reaches one.
func (s *store) columnAt(t *table, path string) column {
	for {
		first, rest, walks := strings.Cut(path, ".")
		if !walks {
			return t.columns[first]
		}
		t, path = s.tables[t.columns[first].refers], rest
	}
}

// dress gives a value as text, or as an object of its value, display value and link.
func (s *store) dress(col column, value string, v view) any {
	label := s.label(col, value)
	linked := v.links && col.refers != "" && value != ""
	if !linked && v.display == "false" {
		return value
	}
	if !linked && v.display == "true" {
		return label
	}
	dressed := map[string]string{}
	if v.display != "true" {
		dressed["value"] = value
	}
	if v.display != "false" {
		dressed["display_value"] = label
	}
	if linked {
		dressed["link"] = v.base + "/table/" + col.refers + "/" + value
	}
	return dressed
}

func (s *store) label(col column, value string) string {
	if label, ok := col.choices[value]; ok {
		return label
	}
	if t := s.tables[col.refers]; t != nil {
		if row, ok := t.rows[value]; ok {
			return row[t.display]
		}
	}
	return value
}
