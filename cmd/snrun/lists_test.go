package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"snrun/steps/steptest"
)

// listServerVariable names the folder where json-server and express-rate-limit are installed.
const listServerVariable = "SNRUN_TEST_LIST_SERVER"

// listServer starts testdata/lists/server.mjs with a list of so many items, and gives its address.
func listServer(t *testing.T, count int) string {
	t.Helper()
	folder := steptest.Installed(t, listServerVariable, "no servers to read lists from: export "+listServerVariable+"=$(.ci/setup-list-server) gets them from npm")
	cmd := exec.CommandContext(t.Context(), "node", "testdata/lists/server.mjs", folder, fmt.Sprint(count))
	var log bytes.Buffer
	cmd.Stderr = &log
	_, err := cmd.StdinPipe() // its end ends the server, also where this process dies
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // the end of the test's context has killed it
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the servers did not start: %v\n%s", err, log.String())
	}
	return strings.TrimSpace(address)
}

// runOn runs a job against a server whose address is its profile's, and gives all that the program writes.
func runOn(t *testing.T, address, steps string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"snrun.yaml": "version: 1\njobs: .\ndatabase: runs.db\n", "profiles.yaml": "version: 1\nprofiles: {server: {base_url: \"" + address + "\"}}\n",
		"job.yaml": "version: 1\nsteps:\n" + steps,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, _ := snrun(dir, "run", "job").CombinedOutput() // what went wrong is in it
	return string(out)
}

// TestPagesOfJSONServer holds that a server which shares nothing with us is read whole, and that half lists are none.
func TestPagesOfJSONServer(t *testing.T) {
	t.Parallel()
	const count = 1001
	address := listServer(t, count)
	const size, total = "limit: query._limit, size: 100", `total: '${int(response.headers["x-total-count"])}'`
	whole := fmt.Sprintf(`{"items":%d,"pages":11,"sum":%d}`, count, count*(count+1)/2)
	for _, test := range []struct{ name, query, paginate, want string }{
		{"link", "{_page: 1, _limit: 100}", "type: link", whole},
		{"page", "{}", "type: page, page: query._page, " + size, whole},
		{"page, total told", "{}", "type: page, page: query._page, " + size + ", " + total, whole},
		{"page, no size", "{_limit: 100}", "type: page, page: query._page", whole},
		{"offset", "{}", "type: offset, offset: query._start, " + size, whole},
		{"offset, total told", "{}", "type: offset, offset: query._start, " + size + ", " + total, whole},
		{"total held", "{_page: 1, _limit: 100}", "type: link, expect_" + total, whole},
		{"cursor", "{_limit: 100}", `type: cursor, inject: query._start, next: "${len(response.body) < 100 ? nil : last(response.body).id}"`, whole},
		{"keys from which on it gives items", "{}", "type: keyset, by: id, inject: query.id_gte, " + size,
			"page 2 begins where page 1 ended: id of its first item is the number 100 too"},
		{"parameter that it does not know", "{}", "type: page, page: query.page, " + size, "page 2 has the same items as page 1"},
		{"limit that it does not know", "{}", "type: page, page: query._page, limit: query.limit, size: 5", "page 1 has 10 items, but 5 were asked for"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := runOn(t, address, `
  - id: pages
    foreach:
      in: {rest: {profile: server, path: /items, query: `+test.query+`, paginate: {`+test.paginate+`}}}
      batch: page
      as: page
      collect: {n: "${len(page)}", sum: "${sum(page, .id)}"}
      steps: [{log: "${len(page)}"}]
output: {pages: "${len(steps.pages.output)}", items: "${sum(steps.pages.output, .n)}", sum: "${sum(steps.pages.output, .sum)}"}
`)
			if !strings.Contains(got, test.want) {
				t.Errorf("got %s\nwant … %s", got, test.want)
			}
		})
	}
}

// TestLimitsOfExpress holds that a server which tells what is left of its limit never has to refuse, however it is told.
func TestLimitsOfExpress(t *testing.T) {
	t.Parallel()
	address := listServer(t, 0)
	for _, draft := range []string{"legacy", "draft-6", "draft-7", "draft-8"} {
		t.Run(draft, func(t *testing.T) {
			t.Parallel()
			got := runOn(t, address, `
  - foreach: {in: "${1..12}", as: i, steps: [{rest: {profile: server, path: "/limited/`+draft+`/${i}"}}]}
  - id: refused
    rest: {profile: server, path: /refused/`+draft+`}
output: {refused: "${steps.refused.output}"}
`)
			if !strings.Contains(got, `"refused":0`) || !strings.Contains(got, "waits for a limit") {
				t.Errorf("got %s\nwant waits, and that none was refused", got)
			}
		})
	}
}
