package sandbox

import (
	"bytes"
	"encoding/csv"
	"math/rand/v2"
	"strings"
	"time"
)

// The seeded incidents were updated between these times.
var (
	firstUpdate = time.Date(2026, 1, 2, 6, 0, 0, 0, time.UTC)
	lastUpdate  = time.Date(2026, 6, 28, 18, 0, 0, 0, time.UTC)
)

var places = [...]struct{ city, country string }{
	{"Berlin", "Germany"}, {"Zürich", "Switzerland"}, {"Lisbon", "Portugal"}, {"São Paulo", "Brazil"},
	{"Toronto", "Canada"}, {"Osaka", "Japan"}, {"Cork", "Ireland"}, {"Nairobi", "Kenya"},
}

var (
	firstNames = [...]string{"Ann", "Bo", "Chloé", "Dmitri", "Esi", "Farid", "Grete", "Hana", "Ivo", "Jun"}
	lastNames  = [...]string{"Okafor", "Lindqvist", "Moreau", "Tanaka", "O'Brien", "Nowak"}
)

// troubles are what incidents are about: "VPN drops every few minutes in Berlin".
var troubles = [...]struct{ category, text string }{
	{"network", "VPN drops every few minutes in"},
	{"network", "Wireless network unreachable on two floors in"},
	{"network", "Packet loss of 12% on the uplink in"},
	{"software", "Mail client crashes on opening attachments in"},
	{"software", "ERP login fails after the update in"},
	{"software", "Payroll export stops at 99% in"},
	{"hardware", "Badge reader does not open the main door in"},
	{"hardware", "Label printer \"Dock 3\" prints blank pages in"},
	{"hardware", "Disk failure warning on the file server in"},
	{"database", "Replication lag above 15 minutes in"},
	{"database", "Connection pool exhausted, orders & invoices wait in"},
	{"inquiry", "Question about the outage notice in"},
	{"inquiry", "Access to the incident dashboard asked for in"},
}

// seed makes the locations, the users and n incidents, the same ones every time.
func seed(s *store, n int) {
	random := rand.New(rand.NewPCG(2026, 1)) //nolint:gosec // data that must be the same on every start
	locations := seedLocations(s)
	users := seedUsers(s, locations)
	incidents := s.add("incident", incidentSchema())
	times := updateTimes(random, n)
	for i := range n {
		row := incidents.make(s.user, "")
		place := random.IntN(len(locations))
		trouble := troubles[random.IntN(len(troubles))]
		row["short_description"] = trouble.text + " " + places[place].city
		row["category"] = trouble.category
		row["location"] = locations[place]
		row["caller_id"] = users[random.IntN(len(users))]
		row["correlation_id"] = "snow-" + row["number"]
		setUrgency(row, i, n)
		setTimes(row, times[i], time.Duration(1+random.IntN(72))*time.Hour)
		setState(row, random.IntN(10), users[random.IntN(len(users))])
		incidents.put(row)
	}
}

func seedLocations(s *store) (ids []string) {
	locations := s.add("cmn_location", locationSchema())
	for _, place := range places {
		row := locations.make(s.user, firstUpdate.Format(timeLayout))
		row["name"], row["city"], row["country"] = place.city+" office", place.city, place.country
		locations.put(row)
		ids = append(ids, row["sys_id"])
	}
	return ids
}

func seedUsers(s *store, locations []string) (ids []string) {
	users := s.add("sys_user", userSchema())
	for i, last := range lastNames {
		for j, first := range firstNames[:5+i%2*5] {
			row := users.make(s.user, firstUpdate.Format(timeLayout))
			name := strings.ToLower(first[:1] + "." + strings.ReplaceAll(last, "'", ""))
			row["first_name"], row["last_name"], row["name"] = first, last, first+" "+last
			row["user_name"], row["email"] = name, name+"@example.com"
			row["location"] = locations[(i+j)%len(locations)]
			users.put(row)
			ids = append(ids, row["sys_id"])
		}
	}
	return ids
}

// updateTimes gives n times in no order. Every fifth run of ten is one time: records that one import has touched, which a
// sync that asks only for later times would lose.
func updateTimes(random *rand.Rand, n int) []time.Time {
	times := make([]time.Time, n)
	step := lastUpdate.Sub(firstUpdate) / time.Duration(max(n, 1))
	for i, slot := range random.Perm(n) {
		if slot/10%5 == 4 {
			slot -= slot % 10
		}
		times[i] = firstUpdate.Add(time.Duration(slot) * step).Truncate(time.Second)
	}
	return times
}

// setUrgency gives 37 of 250 incidents priority 1, evenly spread, and the others 2 to 5 in turn.
func setUrgency(row record, i, n int) {
	critical := (i+1)*37/250 > i*37/250
	row["impact"], row["urgency"], row["priority"] = "3", "2", string(rune('2'+i%4))
	if critical {
		row["impact"], row["urgency"], row["priority"] = "1", "1", "1"
	}
}

func setTimes(row record, updated time.Time, age time.Duration) {
	opened := updated.Add(-age).Format(timeLayout)
	row["opened_at"], row["sys_created_on"] = opened, opened
	row["sys_updated_on"] = updated.Format(timeLayout)
}

// setState makes half of the incidents new, most others work in progress, and one in ten closed.
func setState(row record, dice int, assignee string) {
	switch {
	case dice < 5:
		row["state"] = "1"
	case dice < 9:
		row["state"], row["assigned_to"] = "2", assignee
	default:
		row["state"], row["assigned_to"], row["active"] = "7", assignee, "false"
		row["closed_at"], row["close_notes"] = row["sys_updated_on"], "Solved with the caller."
	}
}

// report is the file /files/incidents.csv: the incidents as they were at the start.
func report(s *store) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	columns := []string{"number", "priority", "category", "short_description", "sys_updated_on"}
	_ = w.Write(columns) // writing to memory does not fail
	for _, row := range s.find("incident", "ORDERBYnumber") {
		var line []string
		for _, name := range columns {
			line = append(line, row[name])
		}
		_ = w.Write(line)
	}
	w.Flush()
	return out.Bytes()
}
