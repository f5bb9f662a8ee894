package enginetest

// flows are jobs of Hosts beside those of Killed, by what they show. LIMIT is the concurrency.
var flows = map[string]string{
	"values that are computed and said": `
steps:
  - id: a
    set: {n: 20, m: "${1 + 1}"}
  - id: b
    if: steps.a.output.n > 30
    probe: {value: never}
  - id: c
    if: steps.b.skipped
    log: "n is ${steps.a.output.n}"
  - id: d
    steps:
      - id: inner
        set: {sum: "${steps.a.output.n + steps.a.output.m}"}
      - probe: {value: "${steps.inner.output.sum}"}
    output: "${steps.d.output + 1}"
output: {b: "${steps.b.output}", c: "${steps.c.output}", d: "${steps.d.output}"}
`,
	"a failure that ends the run": `
steps:
  - id: a
    probe: {value: 1}
  - id: b
    probe: {value: 2, fails: 9, unsafe: true}
  - id: c
    probe: {value: 3}
on_failure:
  - probe: {value: "${error.message} in ${error.step}"}
finally:
  - probe: {value: tidy}
output: never
`,
	"a run that fails as it says": `
steps:
  - id: a
    probe: {value: {why: enough}}
  - fail: "it was ${steps.a.output.why}"
finally:
  - log: over
`,
	"an expression that fails": `
steps:
  - id: a
    probe: {value: {list: [1]}}
  - id: b
    set: {x: "${steps.a.output.list[7] + 1}"}
`,
	"a switch over what a call gave": `
steps:
  - id: a
    probe: {value: {color: green}}
  - id: b
    switch:
      - when: steps.a.output.color == "red"
        steps: [{probe: {value: stop}}]
      - when: steps.a.output.color == "green"
        steps: [{id: go, probe: {value: go}}]
      - steps: [{probe: {value: wait}}]
output: ${steps.b.output}
`,
	"try, catch and finally": `
steps:
  - id: a
    try:
      - id: first
        probe: {value: 1}
      - probe: {value: 2, fails: 9}
    catch:
      - when: error.status == 404
        steps: [{probe: {value: missing}}]
      - when: error.kind == "status"
        steps: [{id: mended, probe: {value: "mended ${error.message}"}}]
    finally:
      - probe: {value: tidy}
  - id: b
    try:
      - id: uncaught
        try: [{fail: badly}]
        catch: [{when: "false", steps: [{log: no}]}]
        finally: [{probe: {value: tidy}}]
    catch: [{steps: [{set: {told: "${error.message}"}}]}]
output: ["${steps.a.output}", "${steps.b.output}"]
`,
	"a block that is tried again": `
steps:
  - id: a
    retry: {attempts: 3, backoff: {initial: 1ms, jitter: none}}
    steps:
      - probe: {value: one}
      - id: two
        probe: {value: two, fails: 9, unless: "#3/", repeat: if_safe}
        retry: none
output: ${steps.a.output}
`,
	"tries that are used up": `
steps:
  - retry: {attempts: 3, backoff: {initial: 1ms}}
    probe: {value: 1, fails: 9, repeat: if_safe}
`,
	"no more than one try": `
steps:
  - retry: none
    probe: {value: 1, fails: 9, repeat: if_safe}
`,
	"rounds that never end well": `
steps:
  - repeat:
      until: steps.look.output == "done"
      attempts: 3
      steps: [{id: look, probe: {value: pending}}]
`,
	"rounds over what a call gave, with pauses": `
steps:
  - id: limits
    probe: {value: {most: 4}}
  - id: rounds
    repeat:
      attempts: ${steps.limits.output.most}
      every: 2ms
      index: i
      steps: [{probe: {value: "${i}"}}]
output: ${steps.rounds.output}
`,
	"waits and timeouts that are long enough": `
timeout: 1h
steps:
  - wait: 3ms
  - timeout: 30m
    steps:
      - wait: 2ms
      - probe: {value: 1}
`,
	"a wait that its timeout does not allow": `
steps:
  - timeout: 10s
    steps:
      - wait: 20s
`,
	"a large loop": `
steps:
  - id: list
    probe: {value: "${map(1..120, #)}"}
  - id: each
    foreach:
      in: ${steps.list.output}
      concurrency: LIMIT
      index: i
      collect: ${steps.get.output + i}
      steps:
        - id: get
          probe: {value: "${item}"}
        - probe: {value: "${i}", unsafe: true}
output: {sum: "${sum(steps.each.output)}", total: "${steps.each.total}", last: "${last(steps.each.output)}"}
`,
	"a large loop some of which fails": `
state: {last: {initial: 0}}
steps:
  - id: each
    foreach:
      in: ${1..130}
      key: k${item}
      tolerate: 3
      concurrency: LIMIT
      steps:
        - probe: {value: "${item}", fails: "${item in [3, 77, 130] ? 9 : 0}"}
        - save: {last: "${item}"}
output: ["${steps.each.total}", "${steps.each.failed}", "${steps.each.succeeded}", "${state.last}"]
`,
	"batches of a list": `
steps:
  - id: each
    foreach:
      in: ${1..25}
      as: some
      batch: 10
      concurrency: LIMIT
      steps: [{probe: {value: "${sum(some)}"}}]
output: ${steps.each.output}
`,
	"loops in loops over maps": `
steps:
  - id: each
    foreach:
      in: {b: [1, 2], a: [3], c: []}
      as: pair
      key: ${pair.key}
      concurrency: LIMIT
      steps:
        - id: inner
          foreach:
            in: ${pair.value}
            steps: [{probe: {value: "${pair.key}${item}"}}]
output: ${steps.each.output}
`,
	"a loop that fails": `
steps:
  - id: each
    foreach:
      in: [1, 2, 3]
      concurrency: 1
      steps: [{probe: {value: "${item}", fails: "${item == 2 ? 9 : 0}"}}]
`,
	"branches of which one fails": `
steps:
  - parallel:
      a: [{probe: {value: 1}}, {probe: {value: 2}}]
      b: [{probe: {value: 3, fails: 9}}]
      c: [{probe: {value: 4}}]
`,
	"a job that is called and fails": `
steps:
  - id: a
    try:
      - call: {job: other, inputs: {n: 1}}
    catch:
      - steps: [{set: {why: "${error.message}"}}]
output: ${steps.a.output}
=== other
inputs: {n: {type: integer}}
steps:
  - probe: {value: "${inputs.n}", fails: 9}
on_failure:
  - probe: {value: "${error.message}"}
`,
	"large values": `
steps:
  - id: list
    probe: {value: "${map(1..3000, {{'id': #, 'name': 'item number ' + string(#)}})}"}
  - id: same
    set: {first: "${steps.list.output[0].name}", all: "${steps.list.output}"}
  - id: some
    if: len(steps.list.output) > 2000
    probe: {value: "${filter(steps.same.output.all, .id % 1000 == 0)}"}
  - id: each
    foreach:
      in: ${steps.list.output[:3]}
      key: ${item.name}
      concurrency: LIMIT
      collect: ${steps.get.output.id}
      steps: [{id: get, probe: {value: "${item}"}}]
output: {first: "${steps.same.output.first}", some: "${steps.some.output}", each: "${steps.each.output}", length: "${len(steps.list.output)}"}
`,
}
