package sandbox

import (
	"slices"
	"strings"
	"testing"
)

// things is a table small enough to know by heart; people refer to each other.
func things(t testing.TB) *store {
	t.Helper()
	return newStore(Options{Incidents: -1, User: "tester", Tables: map[string][]map[string]string{
		"thing": {
			{"name": "a", "size": "2", "colour": "Red", "made": "2026-01-02 03:04:05"},
			{"name": "b", "size": "10", "colour": "blue", "made": "2026-01-03 00:00:00"},
			{"name": "c", "size": "", "colour": "", "made": "2026-02-01 00:00:00"},
			{"name": "d^e", "size": "-1", "colour": "dark red", "made": ""},
		},
	}})
}

func found(s *store, table, query string) string {
	var names []string
	for _, row := range s.find(table, query) {
		names = append(names, row["name"])
	}
	return strings.Join(names, " ")
}

func TestQuery(t *testing.T) {
	t.Parallel()
	s := things(t)
	tests := []struct{ name, query, want string }{
		{"empty", "", "a b c d^e"},
		{"equal", "size=10", "b"},
		{"equal regards no case", "colour=RED", "a"},
		{"equal to nothing", "colour=", "c"},
		{"not equal finds empty ones too", "colour!=red", "b c d^e"},
		{"contains", "colourLIKEred", "a d^e"},
		{"contains, long form", "colourCONTAINSRED", "a d^e"},
		{"contains not", "colourNOTLIKEred", "b c"},
		{"contains not, with a space", "colourNOT LIKEred", "b c"},
		{"starts with", "colourSTARTSWITHre", "a"},
		{"ends with", "colourENDSWITHRED", "a d^e"},
		{"greater by value, not by text", "size>2", "b"},
		{"greater or equal", "size>=2", "a b"},
		{"less, empty never", "size<2", "d^e"},
		{"less or equal", "size<=2", "a d^e"},
		{"times", "made>2026-01-02 03:04:05", "b c"},
		{"a space before the operator", "size =2", "a b c d^e"},
		{"between times", "madeBETWEEN2026-01-01@2026-01-31", "a b"},
		{"between without an end", "sizeBETWEEN1", ""},
		{"in", "sizeIN2,10", "a b"},
		{"in nothing finds empty", "sizeIN", "c"},
		{"not in", "sizeNOT IN2,10", "c d^e"},
		{"is empty", "colourISEMPTY", "c"},
		{"is not empty", "colourISNOTEMPTY", "a b d^e"},
		{"and", "size>1^colour=blue", "b"},
		{"or", "size=2^ORsize=10", "a b"},
		{"or binds closer than and", "colourISNOTEMPTY^size=2^ORsize=10^ORsizeISEMPTY", "a b"},
		{"new query", "size=2^colour=blue^NQname=c", "c"},
		{"new query of two", "name=a^NQname=c^ORname=b", "a b c"},
		{"or at the beginning", "ORsize=2", "a"},
		{"doubled caret is a caret", "name=d^^e", "d^e"},
		{"end mark", "size=2^EQ", "a"},
		{"empty parts", "^size=2^", "a"},
		{"a caret by itself is no field", "^^^size=2", "a"},
		{"order", "ORDERBYsize", "c d^e a b"},
		{"order descending", "ORDERBYDESCsize", "b a d^e c"},
		{"order by two", "ORDERBYDESCcolour^ORDERBYname", "a d^e b c"},
		{"order and filter", "sizeISNOTEMPTY^ORDERBYDESCname", "d^e b a"},
		{"unknown field is left out", "bogus=1^size=2", "a"},
		{"only unknown: everything", "bogus=1", "a b c d^e"},
		{"unknown operator is left out", "sizeSAMEAS2^name=b", "b"},
		{"unknown in an or leaves the other", "size=2^ORbogus=1", "a"},
		{"unknown before an or leaves the other", "bogus=1^ORsize=2", "a"},
		{"a new query of unknowns finds all", "size=2^NQbogus=1", "a b c d^e"},
		{"order by unknown", "ORDERBYbogus^ORDERBYDESCname", "d^e c b a"},
		{"field alone", "size", "a b c d^e"},
		{"operator alone", "=2", "a b c d^e"},
		{"upper case field", "SIZE=2", "a b c d^e"},
		{"dots that lead nowhere", "name.name=a^size=2", "a"},
		{"nonsense", "\x00^%^=^OR^NQ^ORDERBY", "a b c d^e"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := found(s, "thing", tt.query); got != tt.want {
				t.Errorf("%q finds %q, want %q", tt.query, got, tt.want)
			}
		})
	}
}

func TestQueryWalksReferences(t *testing.T) {
	t.Parallel()
	s := newStore(Options{Incidents: 250, User: "tester"})
	all := s.find("incident", "")
	walked := s.find("incident", "caller_id.location.city=cork^ORDERBYcaller_id.name")
	if len(walked) == 0 || len(walked) == len(all) {
		t.Fatalf("found %d of %d", len(walked), len(all))
	}
	var names []string
	for _, row := range walked {
		incidents := s.tables["incident"]
		if city := s.value(incidents, row, "caller_id.location.city"); city != "Cork" {
			t.Errorf("%s: the caller is in %q", row["number"], city)
		}
		names = append(names, strings.ToLower(s.value(incidents, row, "caller_id.name")))
	}
	if !slices.IsSorted(names) {
		t.Errorf("not in the order of the callers' names: %q", names)
	}
	if unassigned := s.find("incident", "assigned_toISEMPTY"); len(unassigned) != len(s.find("incident", "assigned_to.nameISEMPTY")) {
		t.Errorf("an empty reference has no empty name")
	}
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "size=2", "a=1^ORb=2^NQc>3", "ORDERBYDESCsize^ORDERBYname", "name=d^^e", "^^^", "NQOR", "sizeIN,,", "\xff=1"} {
		f.Add(seed)
	}
	s := things(f)
	f.Fuzz(func(t *testing.T, text string) {
		all := len(s.find("thing", ""))
		got := len(s.find("thing", text))
		// What is added to all alternatives can only narrow them, and a part that is not valid changes nothing.
		if !strings.Contains(text, "^NQ") && !strings.HasPrefix(text, "NQ") && !strings.HasSuffix(text, "^") {
			if narrowed := len(s.find("thing", text+"^size=2")); narrowed > got {
				t.Errorf("%q finds %d, with a further condition %d", text, got, narrowed)
			}
		}
		if got > all {
			t.Errorf("%q finds %d of %d", text, got, all)
		}
	})
}

// The query of examples/incremental.yaml, one record at a time: each is found once, those of one time included.
func TestQueryByTimeAndID(t *testing.T) {
	t.Parallel()
	s := newStore(Options{Incidents: 250, User: "tester"})
	seen := map[string]bool{}
	for since, id := "2026-01-01 00:00:00", ""; ; {
		left := s.find("incident", "sys_updated_on>"+since+"^NQsys_updated_on="+since+"^sys_id>"+id+"^ORDERBYsys_updated_on^ORDERBYsys_id")
		if want := 250 - len(seen); len(left) != want {
			t.Fatalf("after %s %s: %d are left, want %d", since, id, len(left), want)
		}
		if len(left) == 0 {
			return
		}
		since, id = left[0]["sys_updated_on"], left[0]["sys_id"]
		seen[id] = true
	}
}
