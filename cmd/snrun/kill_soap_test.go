package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"snrun/examples/sandbox"
)

// soapMix lists records, and for each inserts one and tries to change one that there is not: a fault, which is caught.
func soapMix() mix {
	return mix{
		name: "SOAP", requests: 7, output: `{"copies":[{"code":"Server","of":1},{"code":"Server","of":2},{"code":"Server","of":3}],"first":3}`,
		files: map[string]string{"wsdl/incident.wsdl": incidentWSDL(), "job.yaml": `version: 1
steps:
  - id: list
    soap: {profile: soap, wsdl: wsdl/incident.wsdl, path: "/incident.do?SOAP", operation: getRecords, params: {__order_by: number, __limit: 3}}
    retry: {unsafe: true}
  - id: copies
    foreach:
      in: ${steps.list.output.getRecordsResult}
      key: ${item.number}
      index: i
      collect: {of: "${i + 1}", code: "${steps.change.output.code}"}
      steps:
        - id: insert
          soap: {profile: soap, wsdl: wsdl/incident.wsdl, path: "/incident.do?SOAP", operation: insert, params: {short_description: "copy of ${item.number}", urgency: 1}}
        - id: change
          try:
            - id: update
              soap: {profile: soap, wsdl: wsdl/incident.wsdl, path: "/incident.do?SOAP", operation: update, params: {sys_id: none, urgency: 2}}
          catch:
            - when: error.kind == "fault" && error.fault.detail != nil
              steps:
                - set: {code: "${error.fault.code}"}
output: {copies: "${steps.copies.output}", first: "${steps.list.output.getRecordsResult[0].impact}"}
`},
		check: func(t *testing.T, s *sandbox.Server, _ *killer) {
			t.Helper()
			seen := map[string]int{}
			for _, text := range copiesIn(s) {
				seen[text]++
			}
			for text, n := range seen {
				if n != 1 {
					t.Errorf("%q was inserted %d times, want once", text, n)
				}
			}
			if len(seen) != 3 {
				t.Errorf("%v were inserted, want 3 records", seen)
			}
		},
		carried: func(s *sandbox.Server, key string) bool {
			_, item, _ := strings.Cut(key, "[")
			number, step, _ := strings.Cut(item, "]/")
			for _, text := range copiesIn(s) {
				if text == "copy of "+number {
					return strings.HasPrefix(step, "insert")
				}
			}
			return false
		},
	}
}

// fetchedMix reads by a WSDL that is fetched, several at once, and sends what it has read.
func fetchedMix() mix {
	return mix{
		name: "SOAP with a WSDL that is fetched", requests: 7, output: `{"sent":3}`,
		files: map[string]string{"job.yaml": `version: 1
steps:
  - id: all
    foreach:
      in: [a, b, c]
      key: ${item}
      concurrency: 3
      steps:
        - id: found
          soap: {profile: soap, wsdl: "/incident.do?WSDL", operation: getKeys, params: {__order_by: number, __limit: 2}}
          retry: {unsafe: true}
        - rest: {profile: sms, method: POST, path: messages, json: {to: x, text: "${item} ${steps.found.output.count}"}, idempotency_key: "${run.id}-${item}"}
output: {sent: "${steps.all.succeeded}"}
`},
		check: textsOnce("a 2", "b 2", "c 2"),
	}
}

func incidentWSDL() string {
	text, err := os.ReadFile("../../examples/wsdl/incident.wsdl")
	if err != nil {
		panic(err)
	}
	return string(text)
}

// copiesIn gives what the records say that were inserted.
func copiesIn(s *sandbox.Server) []string {
	query := url.Values{"sysparm_query": {"short_descriptionSTARTSWITHcopy of"}, "sysparm_fields": {"short_description"}}
	r := httptest.NewRequest(http.MethodGet, "/api/now/table/incident?"+query.Encode(), nil)
	r.SetBasicAuth("integration.user", s.Secrets()["SANDBOX_PASSWORD"])
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var answer struct {
		Result []struct {
			Text string `json:"short_description"`
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		panic(fmt.Sprint("the records cannot be read: ", w.Code, err))
	}
	var texts []string
	for _, row := range answer.Result {
		texts = append(texts, row.Text)
	}
	return texts
}
