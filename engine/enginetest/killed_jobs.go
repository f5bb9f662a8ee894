package enginetest

// corpus are the jobs of Killed, by what they show. LIMIT is the concurrency.
var corpus = map[string]string{
	"a chain": `
steps:
  - id: a
    probe: {value: {n: 1}}
  - id: b
    probe: {value: "${steps.a.output.n + 1}", unsafe: true}
  - id: c
    probe: {value: "${steps.b.output + 1}"}
output: ${steps.c.output}
`,
	"a loop with unsafe calls and state": `
state: {last: {initial: 0}}
steps:
  - id: list
    probe: {value: [{k: a, v: 1}, {k: b, v: 2}, {k: c, v: 3}, {k: a, v: 4}]}
  - id: each
    foreach:
      in: ${steps.list.output}
      key: ${item.k}
      concurrency: LIMIT
      collect: ${steps.post.output.v}
      steps:
        - id: get
          probe: {value: "${item}"}
        - id: post
          probe: {value: "${steps.get.output}", unsafe: true}
        - save: {last: "${item.v}"}
  - id: last
    probe: {value: "${state.last}"}
output: {all: "${steps.each.output}", last: "${steps.last.output}"}
`,
	"tries, a catch and a tolerated failure": `
steps:
  - id: flaky
    retry: {attempts: 3, backoff: {initial: 1ms}}
    probe: {value: 7, fails: 2, repeat: if_safe}
  - id: guarded
    try:
      - probe: {value: 1, fails: 9, unsafe: true}
    catch:
      - steps:
          - probe: {value: "${error.message}"}
  - id: each
    foreach:
      in: [1, 2, 3]
      tolerate: 1
      concurrency: LIMIT
      steps:
        - probe: {value: "${item}", fails: "${item == 2 ? 9 : 0}"}
output: [ "${steps.flaky.output}", "${steps.guarded.output}", "${steps.each.output}", "${steps.each.failed}" ]
`,
	"a walk": `
steps:
  - id: all
    probe: {value: p, pages: 3, size: 2}
  - probe: {value: "${len(steps.all.output)}", unsafe: true}
output: ${steps.all.output}
`,
}

// sources are the jobs of the corpus that work on a walk page by page.
var sources = map[string]string{
	"a source with keys": `
state: {last: {initial: none}}
steps:
  - id: each
    foreach:
      in: {probe: {value: p, pages: 4, size: 3}}
      key: ${item.id}
      index: i
      concurrency: LIMIT
      collect: "${steps.post.output}/${i}"
      steps:
        - id: post
          probe: {value: "${item.n}", unsafe: true}
        - save: {last: "${item.id}"}
output: {all: "${steps.each.output}", last: "${state.last}", counts: ["${steps.each.total}", "${steps.each.succeeded}"]}
`,
	"a source without keys, some items of which fail": `
steps:
  - id: each
    foreach:
      in: {probe: {value: p, pages: 3, size: 2}}
      concurrency: LIMIT
      tolerate: 50%
      steps:
        - probe: {value: "${item.n}", unsafe: true, fails: "${item.n == 3 ? 9 : 0}"}
output: ["${steps.each.total}", "${steps.each.failed}"]
`,
	"a source page by page with a state": `
state: {pages: {initial: 0}}
steps:
  - foreach:
      in: {probe: {value: p, pages: 3, size: 2}}
      as: page
      batch: page
      steps:
        - probe: {value: "${page[0].id}", unsafe: true}
        - save: {pages: "${state.pages + 1}"}
output: ${state.pages}
`,
	"a source in batches that straddle its pages": `
steps:
  - id: each
    foreach:
      in: {probe: {value: p, pages: 4, size: 3}}
      as: some
      batch: 5
      concurrency: LIMIT
      steps:
        - probe: {value: "${map(some, .id)}", unsafe: true}
output: ${steps.each.output}
`,
	"a source in each item of a loop": `
steps:
  - id: outer
    foreach:
      in: [a, b]
      key: ${letter}
      as: letter
      concurrency: LIMIT
      steps:
        - id: inner
          foreach:
            in: {probe: {value: "${letter}", pages: 2, size: 2}}
            key: ${item.id}
            steps:
              - probe: {value: "${letter}${item.id}", unsafe: true}
output: ${steps.outer.output}
`,
}

// manners are the jobs of the corpus that go other ways than straight on. What follows a line "=== NAME" is a job that is called.
var manners = map[string]string{
	"branches at once that save": `
state: {n: {initial: 0}, m: {initial: 0}}
steps:
  - id: both
    parallel:
      a:
        - probe: {value: 1, unsafe: true}
        - save: {n: 1, m: 1}
      b:
        - save: {n: 2}
        - probe: {value: 2, unsafe: true}
      c:
        - probe: {value: 3}
  - id: last
    probe: {value: "${state.n}"}
output: [ "${steps.both.output}", "${steps.last.output}", "${state.m}" ]
`,
	"rounds that carry and save": `
state: {n: {initial: 0}}
steps:
  - id: rounds
    repeat:
      until: at > 3
      index: i
      attempts: 9
      carry: {at: {initial: 1, next: "${at + 1}"}}
      steps:
        - probe: {value: "${at}", unsafe: true}
        - save: {n: "${state.n + at}"}
        - probe: {value: "${i}"}
output: [ "${steps.rounds.output}", "${state.n}" ]
`,
	"a job that is called, with a state": `
state: {n: {initial: 1}}
steps:
  - id: each
    foreach:
      in: [1, 2, 3]
      concurrency: LIMIT
      steps:
        - call: {job: other, inputs: {n: "${item}"}}
        - save: {n: "${item}"}
  - id: last
    call: {job: other, inputs: {n: 9}}
output: [ "${steps.each.output}", "${steps.last.output}", "${state.n}" ]
=== other
inputs: {n: {type: integer}}
state: {seen: {initial: 0}}
steps:
  - id: post
    probe: {value: "${inputs.n}", unsafe: true}
  - save: {seen: "${inputs.n}"}
finally:
  - probe: {value: end}
output: ${steps.post.output}
`,
	"a source in each item of a source": `
state: {at: {initial: none}}
steps:
  - id: outer
    foreach:
      in: {probe: {value: p, pages: 2, size: 2}}
      as: top
      key: ${top.id}
      concurrency: LIMIT
      steps:
        - id: inner
          foreach:
            in: {probe: {value: "${top.id}", pages: 2, size: 1}}
            key: ${item.id}
            steps:
              - probe: {value: "${top.id}${item.id}", unsafe: true}
              - save: {at: "${top.id}/${item.id}"}
output: [ "${steps.outer.output}", "${state.at}" ]
`,
	"a source that is gone over again": `
steps:
  - id: each
    retry: {attempts: 2, backoff: {initial: 1ms}}
    foreach:
      in: {probe: {value: p, pages: 3, size: 2}}
      key: ${item.id}
      concurrency: LIMIT
      steps:
        - probe: {value: "${item.n}", unsafe: true}
        - probe: {value: "${item.n}", fails: "${item.n == 3 ? 9 : 0}", unless: "#2/", repeat: if_safe}
          retry: none
output: ${steps.each.output}
`,
	"batches some of which fail": `
state: {last: {initial: 0}}
steps:
  - id: each
    foreach:
      in: {probe: {value: p, pages: 3, size: 3}}
      as: some
      batch: 2
      tolerate: all
      concurrency: LIMIT
      steps:
        - probe: {value: "${some[0].n}", unsafe: true}
        - save: {last: "${some[0].n}"}
        - probe: {value: "${some[0].n}", fails: "${some[0].n in [2, 8] ? 9 : 0}"}
output: [ "${steps.each.output}", "${steps.each.failed}", "${state.last}" ]
`,
	"a first attempt that fails": `
state: {last: {initial: 0}}
steps:
  - id: list
    foreach:
      in: [1, 2, 3]
      concurrency: LIMIT
      steps:
        - probe: {value: "${item}", unsafe: true}
        - probe: {value: "${item}", fails: "${run.attempt == 1 && item == 1 ? 9 : 0}"}
        - save: {last: "${item}"}
  - id: each
    foreach:
      in: {probe: {value: p, pages: 3, size: 2}}
      key: ${item.id}
      concurrency: LIMIT
      steps:
        - probe: {value: "${item.n}", unsafe: true}
        - probe: {value: "${item.n}", fails: "${run.attempt < 3 && item.n == 2 ? 9 : 0}"}
        - save: {last: "${item.n}"}
output: [ "${steps.list.output}", "${steps.each.output}", "${state.last}" ]
`,
	"a page that cannot be read when the run goes on": `
steps:
  - id: each
    foreach:
      in: {probe: {value: p, pages: 3, size: 2, page: 2, fails: "${run.attempt == 2 ? 9 : 0}"}}
      key: ${item.id}
      concurrency: LIMIT
      steps:
        - probe: {value: "${item.n}", unsafe: true}
output: ${steps.each.output}
`,
	"keys with all that keys are made of": `
steps:
  - id: each
    foreach:
      in: [a, "a]", "a]/inside[b", "]@x#2/page:1"]
      key: ${item}
      tolerate: all
      concurrency: LIMIT
      steps:
        - id: inside
          foreach:
            in: {probe: {value: p, pages: 2, size: 1}}
            as: inner
            key: "${item}${inner.id}]"
            steps:
              - id: add
                probe: {value: "${item}", unsafe: true}
        - id: post
          probe: {value: "${item}", unsafe: true, fails: "${item == 'a]' ? 9 : 0}"}
output: ${steps.each.output}
`,
}
