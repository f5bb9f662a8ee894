package main

import (
	"fmt"
	"testing"

	"snrun/examples/sandbox"
)

// killProfiles ask for no token, so that a run has the same requests each time.
const killProfiles = `version: 1
profiles:
  table: {base_url: "${env.SANDBOX_URL}/api/now/table", auth: {type: basic, username: integration.user, password: "${secret.SANDBOX_PASSWORD}"}}
  warehouse: {base_url: "${env.SANDBOX_URL}/warehouse/v1", auth: {type: basic, username: integration.user, password: "${secret.SANDBOX_PASSWORD}"}}
  soap: {base_url: "${env.SANDBOX_URL}", auth: {type: basic, username: integration.user, password: "${secret.SANDBOX_PASSWORD}"}}
  sms: {base_url: "${env.SANDBOX_URL}/sms/v1", auth: {type: api_key, in: header, name: X-Api-Key, value: "${secret.SANDBOX_ONCALL_KEY}"}}
`

// mixes are the jobs that are killed.
func mixes() []mix {
	all := []mix{mirrorMix(), itemsMix(), keyedMix(), unkeyedMix(), parallelMix(), repeatMix(), callMix(), chainMix(), soapMix(), fetchedMix()}
	for _, m := range all {
		m.files["profiles.yaml"] = killProfiles
	}
	return all
}

// mirrorMix copies pages, each with a key, and remembers each that has arrived.
func mirrorMix() mix {
	return mix{
		name: "mirror", requests: 11, output: `{"pages":5,"rows":50}`,
		files: map[string]string{"job.yaml": `version: 1
state:
  after: {initial: ""}
steps:
  - id: pages
    foreach:
      in:
        rest:
          profile: table
          path: cmdb_ci
          query: {sysparm_query: "sys_id>${state.after}^ORDERBYsys_id", sysparm_fields: "sys_id,name"}
          paginate:
            type: offset
            offset: query.sysparm_offset
            limit: query.sysparm_limit
            size: 10
            items: ${response.body.result}
            total: ${int(response.headers["x-total-count"])}
      batch: page
      as: page
      key: ${page[0].sys_id}
      steps:
        - rest:
            profile: warehouse
            method: POST
            path: sets/items/rows
            query: {key: sys_id}
            json: {rows: "${page}"}
            idempotency_key: ${run.id}-${page[0].sys_id}
        - save: {after: "${last(page).sys_id}"}
  - save: {after: ""}
  - id: set
    rest: {profile: warehouse, path: sets/items}
output: {pages: "${steps.pages.succeeded}", rows: "${steps.set.output.rows}"}
`},
		check: func(t *testing.T, s *sandbox.Server, k *killer) {
			t.Helper()
			rowsOnce(50)(t, s, k)
			neverBack(t, k, "POST")
		},
	}
}

// itemsMix sends the records of a source one by one, some of them together.
func itemsMix() mix {
	return mix{
		name: "items of pages", requests: 15, output: `{"sent":12}`,
		files: map[string]string{"job.yaml": `version: 1
steps:
  - id: items
    foreach:
      in:
        rest:
          profile: table
          path: cmdb_ci
          query: {sysparm_query: "sys_id<0000000c^ORDERBYsys_id", sysparm_fields: "sys_id,name"}
          paginate: {type: offset, offset: query.sysparm_offset, limit: query.sysparm_limit, size: 5, items: "${response.body.result}"}
      key: ${item.name}
      concurrency: 3
      steps:
        - rest: {profile: warehouse, method: POST, path: sets/items/rows, json: {rows: [{id: "${item.name}"}]}, idempotency_key: "${run.id}-${item.name}"}
output: {sent: "${steps.items.succeeded}"}
`},
		check: rowsOnce(12),
	}
}

// rowsOnce holds that so many rows came to the warehouse, each of them once.
func rowsOnce(want int) func(*testing.T, *sandbox.Server, *killer) {
	return func(t *testing.T, s *sandbox.Server, _ *killer) {
		t.Helper()
		if got := s.Stored()["items"]; got.Rows != want || got.Again != 0 {
			t.Errorf("%d rows came, %d of them again, want %d", got.Rows, got.Again, want)
		}
	}
}

// keyedMix sends messages at the same time, each with a key.
func keyedMix() mix {
	return mix{
		name: "with keys", requests: 8, output: `{"sent":8}`,
		files: map[string]string{"job.yaml": `version: 1
steps:
  - id: texts
    foreach:
      in: [a, b, c, d, e, f, g, h]
      key: ${item}
      concurrency: 4
      steps:
        - rest: {profile: sms, method: POST, path: messages, json: {to: x, text: "${item}"}, idempotency_key: "${run.id}-${item}"}
output: {sent: "${steps.texts.succeeded}"}
`},
		check: textsOnce("a", "b", "c", "d", "e", "f", "g", "h"),
	}
}

// unkeyedMix sends messages one after the other, without keys.
func unkeyedMix() mix {
	return mix{
		name: "without keys", requests: 6, output: `{"sent":6}`,
		files: map[string]string{"job.yaml": `version: 1
steps:
  - id: texts
    foreach:
      in: [a, b, c, d, e, f]
      key: ${item}
      steps:
        - rest: {profile: sms, method: POST, path: messages, json: {to: x, text: "${item}"}}
output: {sent: "${steps.texts.succeeded}"}
`},
		check:   textsOnce("a", "b", "c", "d", "e", "f"),
		carried: textSent,
	}
}

// parallelMix has branches that read and write at the same time.
func parallelMix() mix {
	branch := func(name string) string {
		return fmt.Sprintf(`      %[1]s:
        - id: %[1]s_sites
          rest: {profile: warehouse, path: sites, query: {per_page: 1, of: %[1]s}}
        - rest: {profile: sms, method: POST, path: messages, json: {to: "sites ${steps.%[1]s_sites.output.total}", text: %[1]s}, idempotency_key: "${run.id}-%[1]s"}
          output: ${response.body.to}
`, name)
	}
	return mix{
		name: "parallel", requests: 6, output: `{"a":"sites 55","b":"sites 55","c":"sites 55"}`,
		files: map[string]string{"job.yaml": "version: 1\nsteps:\n  - id: all\n    parallel:\n" + branch("a") + branch("b") + branch("c") +
			"output: ${steps.all.output}\n"},
		check: textsOnce("a", "b", "c"),
	}
}

// repeatMix starts an export without a key, asks for it until it is ready, and downloads it.
func repeatMix() mix {
	return mix{
		name: "repeat", requests: 5, output: `{"size":626}`,
		files: map[string]string{"job.yaml": `version: 1
steps:
  - id: started
    rest: {profile: warehouse, method: POST, path: exports, json: {records: 10}}
  - id: ready
    repeat:
      until: steps.asked.output.status == "ready"
      every: 1ms
      attempts: 50
      steps:
        - id: asked
          rest: {profile: warehouse, path: "exports/${steps.started.output?.id ?? 'export-0001'}"}
  - id: file
    rest: {profile: warehouse, url: "${steps.ready.output.file}", save_to: out/items.csv}
output: {size: "${steps.file.output.size}"}
`},
		check: func(t *testing.T, s *sandbox.Server, _ *killer) {
			t.Helper()
			if n := len(s.Exports()); n != 1 {
				t.Errorf("%d exports were started, want 1", n)
			}
		},
		carried: func(s *sandbox.Server, _ string) bool { return len(s.Exports()) > 0 },
	}
}

// callMix calls another job, which sends a message without a key and one with a key.
func callMix() mix {
	return mix{
		name: "call", requests: 7, output: `{"told":["a","b","c"]}`,
		files: map[string]string{
			"job.yaml": `version: 1
steps:
  - id: all
    foreach:
      in: [a, b, c]
      as: name
      key: ${name}
      steps:
        - call: {job: child, inputs: {name: "${name}"}}
  - id: done
    rest: {profile: sms, method: POST, path: messages, json: {to: x, text: done}}
output: {told: "${steps.all.output}"}
`,
			"child.yaml": `version: 1
inputs:
  name: {type: string}
steps:
  - rest: {profile: sms, method: POST, path: messages, json: {to: x, text: "${inputs.name}"}}
  - id: second
    rest: {profile: sms, method: POST, path: messages, json: {to: x, text: "${inputs.name} too"}, idempotency_key: "${run.id}-${inputs.name}"}
output: ${inputs.name}
`,
		},
		check:   textsOnce("a", "a too", "b", "b too", "c", "c too", "done"),
		carried: textSent,
	}
}

// chainMix reads and writes in turn.
func chainMix() mix {
	text := "version: 1\nsteps:\n"
	for i := range 4 {
		text += fmt.Sprintf(`  - id: r%[1]d
    rest: {profile: warehouse, path: sites, query: {per_page: 1, page: %[2]d}}
  - id: w%[1]d
    rest: {profile: warehouse, method: POST, path: sets/w%[1]d/rows, json: {rows: [{id: "${steps.r%[1]d.output.page}"}]}}
`, i, i+1)
	}
	return mix{
		name: "chain", requests: 8, output: `4`,
		files: map[string]string{"job.yaml": text + "output: ${steps.r3.output.page}\n"},
		check: func(t *testing.T, s *sandbox.Server, k *killer) {
			t.Helper()
			for i := range 4 {
				if n := s.TimesStored(fmt.Sprintf("w%d", i), fmt.Sprint(i+1)); n != 1 {
					t.Errorf("w%d: the row came %d times, want once", i, n)
				}
			}
			neverBack(t, k, "")
		},
		carried: func(s *sandbox.Server, key string) bool {
			return s.Stored()[key[1:3]].Rows > 0 // /w2#1
		},
	}
}
