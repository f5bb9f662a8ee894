package sandbox

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"snrun/steps/xml"
)

var update = flag.Bool("update", false, "rewrite the WSDL among the examples")

const incidentSpace = tableSpace + "incident"

// envelope11 is an envelope of SOAP 1.1 with an element of a table's namespace in its body.
func envelope11(table, content string) string {
	return `<s:Envelope xmlns:s="` + soapSpace + `" xmlns:t="` + tableSpace + table + `"><s:Body>` + content + `</s:Body></s:Envelope>`
}

// soap calls an operation of the incidents with fields given as XML.
func (s *Server) soap(operation, fields string) answer {
	body := envelope11("incident", "<t:"+operation+">"+fields+"</t:"+operation+">")
	return s.serve("POST", "/incident.do?SOAP", body, s.basic(), "Content-Type: text/xml; charset=utf-8", `SOAPAction: "`+incidentSpace+"/"+operation+`"`)
}

// soapResult gives the element in the body of an answer.
func soapResult(t *testing.T, a answer) *xml.Element {
	t.Helper()
	root, err := xml.Parse([]byte(a.body), xml.ReadOptions{})
	if err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return root.Children[len(root.Children)-1].Children[0]
}

// textOf gives the text of a child, "none" where there is no such child.
func textOf(e *xml.Element, name string) string {
	for _, child := range e.Children {
		if child.Name == (xml.Name{Local: name}) {
			return child.Text
		}
	}
	return "none"
}

func TestSOAPRecord(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	inserted := soapResult(t, s.soap("insert", "<short_description>a &amp; b</short_description><priority>1</priority><urgency/><active>1</active>"))
	if inserted.Name != (xml.Name{Space: incidentSpace, Local: "insertResponse"}) || textOf(inserted, "number") != "INC0010251" {
		t.Errorf("insert answers %v with number %s", inserted.Name, textOf(inserted, "number"))
	}
	id := "<sys_id>" + textOf(inserted, "sys_id") + "</sys_id>"
	if got := textOf(soapResult(t, s.soap("update", id+"<short_description>c</short_description>")), "sys_id"); got != textOf(inserted, "sys_id") {
		t.Errorf("update answers sys_id %s", got)
	}
	got := soapResult(t, s.soap("get", id))
	for name, want := range map[string]string{"short_description": "c", "priority": "1", "active": "true", "sys_mod_count": "1", "description": "", "urgency": "none"} {
		if have := textOf(got, name); have != want {
			t.Errorf("get: %s is %q, want %q", name, have, want)
		}
	}
	if names := namesOf(got); !slices.IsSorted(names) {
		t.Errorf("the fields are not in the order of the WSDL: %v", names)
	}
	for _, want := range []string{"1", "0"} {
		if count := textOf(soapResult(t, s.soap("deleteRecord", id)), "count"); count != want {
			t.Errorf("deleteRecord answers %s, want %s", count, want)
		}
	}
	if gone := soapResult(t, s.soap("get", id)); len(gone.Children) != 0 {
		t.Errorf("what is deleted is found: %v", namesOf(gone))
	}
}

func namesOf(e *xml.Element) (names []string) {
	for _, child := range e.Children {
		names = append(names, child.Name.Local)
	}
	return names
}

func TestSOAPRecords(t *testing.T) {
	t.Parallel()
	s := New(Options{Incidents: 300})
	numbers := func(from, to int) (all []string) {
		for i := from; i < to; i++ {
			all = append(all, fmt.Sprintf("INC%07d", 10001+i))
		}
		return all
	}
	down := numbers(0, 300)
	slices.Reverse(down)
	for _, tt := range []struct {
		name, fields string
		want         []string
	}{
		{"all there may be", "", numbers(0, 250)},
		{"more than there may be", "<__limit>9999</__limit>", numbers(0, 250)},
		{"limit", "<__limit>2</__limit>", numbers(0, 2)},
		{"window", "<__first_row>10</__first_row><__last_row>13</__last_row>", numbers(10, 13)},
		{"window of the end", "<__first_row>250</__first_row><__last_row>500</__last_row>", numbers(250, 300)},
		{"window behind the end", "<__first_row>500</__first_row><__last_row>750</__last_row>", nil},
		{"window too wide", "<__first_row>10</__first_row><__last_row>300</__last_row>", numbers(10, 260)},
		{"window upside down", "<__first_row>10</__first_row><__last_row>5</__last_row>", nil},
		{"by example, with an order", "<number>INC0010003</number><active>true</active><__order_by>number</__order_by>", numbers(2, 3)},
		{"window below zero", "<__first_row>-1</__first_row><__last_row>2</__last_row>", numbers(0, 2)},
		{"by an example with a sign of queries", "<short_description>x^ORnumberISNOTEMPTY</short_description>", nil},
		{"by example", "<number>INC0010003</number>", numbers(2, 3)},
		{"encoded query", "<__encoded_query>numberININC0010003,INC0010005^ORDERBYDESCnumber</__encoded_query>", []string{"INC0010005", "INC0010003"}},
		{"order", "<__order_by_desc>number</__order_by_desc><__limit>3</__limit>", down[:3]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, row := range soapResult(t, s.soap("getRecords", tt.fields)).Children {
				if row.Name != (xml.Name{Local: "getRecordsResult"}) {
					t.Fatalf("a record is in %v", row.Name)
				}
				got = append(got, textOf(row, "number"))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			keys := soapResult(t, s.soap("getKeys", tt.fields))
			wantKeys := len(tt.want)
			if tt.name == "more than there may be" {
				wantKeys = 300
			}
			list := strings.FieldsFunc(textOf(keys, "sys_id"), func(r rune) bool { return r == ',' })
			if textOf(keys, "count") != fmt.Sprint(wantKeys) || len(list) != wantKeys {
				t.Errorf("getKeys answers count %s and %d keys, want %d", textOf(keys, "count"), len(list), wantKeys)
			}
		})
	}
	without := soapResult(t, s.soap("getRecords", "<__limit>1</__limit><__exclude_columns>number,sys_id</__exclude_columns>")).Children[0]
	if textOf(without, "number") != "none" || textOf(without, "priority") == "none" {
		t.Errorf("without two columns a record has %v", namesOf(without))
	}
}

// TestSOAPRefuses holds that a request which the WSDL does not allow is a fault, with what is wrong.
func TestSOAPRefuses(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	const kind, action = "Content-Type: text/xml", "SOAPAction: " + incidentSpace + "/get"
	get := envelope11("incident", "<t:get><sys_id>x</sys_id></t:get>")
	in := func(content string) string { return envelope11("incident", content) }
	for _, tt := range []struct{ name, body, kind, action, code, message string }{
		{"action of another operation", get, kind, "SOAPAction: " + incidentSpace + "/insert", "Client", "the SOAPAction is"},
		{"no action", get, kind, "X-None: x", "Client", "the SOAPAction is"},
		{"content type", get, "Content-Type: application/soap+xml", action, "Client", "Content-Type"},
		{"no XML", "{}", kind, action, "Client", "Unable to parse SOAP document"},
		{"DTD", "<!DOCTYPE x>" + get, kind, action, "Client", "Unable to parse SOAP document"},
		{"SOAP 1.2", strings.ReplaceAll(get, soapSpace, "http://www.w3.org/2003/05/soap-envelope"), kind, action, "VersionMismatch", "not one of SOAP 1.1"},
		{"two bodies", strings.ReplaceAll(get, "</s:Envelope>", "<s:Body/></s:Envelope>"), kind, action, "Client", "one body"},
		{"empty body", in(""), kind, action, "Client", "one body with one element"},
		{"namespace of the table", envelope11("problem", "<t:get><sys_id>x</sys_id></t:get>"), kind, action, "Client", "is no operation"},
		{"no namespace", in("<get><sys_id>x</sys_id></get>"), kind, action, "Client", "{}get is no operation"},
		{"operation", in("<t:fetch/>"), kind, action, "Client", "fetch is no operation"},
		{"qualified field", in("<t:get><t:sys_id>x</t:sys_id></t:get>"), kind, action, "Client", "sys_id is no field of get"},
		{"field", in("<t:get><sys_id>x</sys_id><number>1</number></t:get>"), kind, action, "Client", "{}number is no field of get"},
		{"field twice", in("<t:get><sys_id>x</sys_id><sys_id>y</sys_id></t:get>"), kind, action, "Client", "sys_id stands twice"},
		{"field of elements", in("<t:get><sys_id><a/></sys_id></t:get>"), kind, action, "Client", "sys_id has elements"},
		{"missing field", in("<t:get/>"), kind, action, "Client", "sys_id is missing in get"},
		{"no integer", in("<t:insert><priority>high</priority></t:insert>"), kind, "SOAPAction: " + incidentSpace + "/insert", "Client", `priority is "high", which is no xsd:integer`},
		{"no record", in("<t:update><sys_id>x</sys_id></t:update>"), kind, "SOAPAction: " + incidentSpace + "/update", "Server", "there is no record x in incident"},
		{"header that must be understood", strings.Replace(get, "<s:Body>", `<s:Header><t:h s:mustUnderstand="1"/></s:Header><s:Body>`, 1), kind, action, "MustUnderstand", "h is not understood"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := s.serve("POST", "/incident.do?SOAP", tt.body, s.basic(), tt.kind, tt.action)
			fault := soapResult(t, a)
			code, _ := fault.Children[0].Resolve(fault.Children[0].Text)
			if a.status != http.StatusInternalServerError || fault.Name != (xml.Name{Space: soapSpace, Local: "Fault"}) ||
				code != (xml.Name{Space: soapSpace, Local: tt.code}) || !strings.Contains(textOf(fault, "faultstring"), tt.message) {
				t.Errorf("status %d, got %s, want %s: %s", a.status, a.body, tt.code, tt.message)
			}
		})
	}
	if a := s.serve("POST", "/incident.do?SOAP", get, kind, "SOAPAction: \""+incidentSpace+"/get\"", s.basic()); a.status != http.StatusOK {
		t.Errorf("a request as it should be: status %d, %s", a.status, a.body)
	}
}

func TestSOAPAddresses(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	for _, tt := range []struct {
		method, path, auth string
		status             int
	}{
		{"GET", "/incident.do?WSDL", s.basic(), 200},
		{"GET", "/incident.do?wsdl", s.basic(), 200},
		{"GET", "/incident.do?WSDL", "X-None: x", 401},
		{"POST", "/incident.do?SOAP", "X-None: x", 401},
		{"POST", "/incident.do?WSDL", s.basic(), 405},
		{"GET", "/incident.do?SOAP", s.basic(), 405},
		{"GET", "/incident.do", s.basic(), 404},
		{"GET", "/elsewhere.do?WSDL", s.basic(), 404},
		{"GET", "/incident?WSDL", s.basic(), 404},
	} {
		if got := s.serve(tt.method, tt.path, "", tt.auth).status; got != tt.status {
			t.Errorf("%s %s: status %d, want %d", tt.method, tt.path, got, tt.status)
		}
	}
}

// TestSOAPDescription holds that the WSDL is well-formed, and says what the service takes.
func TestSOAPDescription(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	a := ask(t, "GET", s.URL()+"/incident.do?WSDL", "", s.basic())
	root, err := xml.Parse([]byte(a.body), xml.ReadOptions{})
	if err != nil || root.Name.Local != "definitions" {
		t.Fatalf("%v: %s", err, a.body)
	}
	for _, want := range []string{
		`<soap:address location="` + s.URL() + `/incident.do?SOAP"/>`, `targetNamespace="` + incidentSpace + `"`,
		`soapAction="` + incidentSpace + `/getRecords"`, `<xsd:element name="priority" type="xsd:integer" minOccurs="0"/>`,
		`<xsd:element name="active" type="xsd:boolean" minOccurs="0"/>`, `<xsd:element name="__first_row" type="xsd:integer" minOccurs="0"/>`,
		`<xsd:element name="getRecordsResult" minOccurs="0" maxOccurs="unbounded">`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the WSDL has no %s", want)
		}
	}
}

// TestSOAPExample holds that the WSDL among the examples is that of the sandbox. -update rewrites it.
func TestSOAPExample(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	r := httptest.NewRequest("GET", "http://instance.example.com/incident.do?WSDL", nil)
	r.SetBasicAuth(s.options.User, s.options.Password)
	got := strings.Replace(s.answerTo(r).body, "http://instance", "https://instance", 1)
	file := filepath.Join("..", "wsdl", "incident.wsdl")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || got != string(want) {
		t.Errorf("%s is not what the sandbox says: %v; run go test ./examples/sandbox -run SOAPExample -update", file, err)
	}
}
