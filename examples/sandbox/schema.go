package sandbox

import "slices"

// column is a field of a table: plain text, a reference to a record of another table, or a choice.
type column struct {
	refers  string            // the table, "" when the column is no reference
	choices map[string]string // labels by value, nil when the column is no choice
}

// schema is what the sandbox knows of a table before its rows.
type schema struct {
	columns  map[string]column
	display  string            // the column that stands for a record: its display value
	numbers  string            // the prefix of `number`, "" when records have none
	defaults map[string]string // of a record that is made
}

// The columns that every table has. Nobody writes them.
var systemColumns = [...]string{"sys_id", "sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by", "sys_mod_count"}

func isSystem(name string) bool { return slices.Contains(systemColumns[:], name) }

func newSchema(display string, plain ...string) schema {
	s := schema{columns: map[string]column{}, display: display}
	for _, name := range slices.Concat(systemColumns[:], plain) {
		s.columns[name] = column{}
	}
	return s
}

func locationSchema() schema { return newSchema("name", "name", "city", "country") }

func userSchema() schema {
	s := newSchema("name", "user_name", "first_name", "last_name", "name", "email", "active")
	s.columns["location"] = column{refers: "cmn_location"}
	s.defaults = map[string]string{"active": "true"}
	return s
}

func incidentSchema() schema {
	s := newSchema("number", "number", "short_description", "description", "active", "opened_at", "closed_at",
		"correlation_id", "close_notes", "sys_class_name")
	s.numbers = "INC"
	s.columns["caller_id"] = column{refers: "sys_user"}
	s.columns["assigned_to"] = column{refers: "sys_user"}
	s.columns["location"] = column{refers: "cmn_location"}
	degrees := map[string]string{"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"}
	s.columns["impact"] = column{choices: degrees}
	s.columns["urgency"] = column{choices: degrees}
	s.columns["priority"] = column{choices: map[string]string{
		"1": "1 - Critical", "2": "2 - High", "3": "3 - Moderate", "4": "4 - Low", "5": "5 - Planning"}}
	s.columns["state"] = column{choices: map[string]string{
		"1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed", "8": "Canceled"}}
	s.columns["category"] = column{choices: map[string]string{
		"network": "Network", "software": "Software", "hardware": "Hardware", "database": "Database", "inquiry": "Inquiry / Help"}}
	s.defaults = map[string]string{
		"active": "true", "state": "1", "impact": "3", "urgency": "3", "priority": "5", "category": "inquiry",
		"sys_class_name": "incident",
	}
	return s
}

func attachmentSchema() schema {
	return newSchema("file_name", "file_name", "table_name", "table_sys_id", "content_type", "size_bytes", "hash", "download_link")
}
