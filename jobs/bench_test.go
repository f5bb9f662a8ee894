package jobs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snrun/jobs"
)

const benchProfiles = `version: 1
profiles:
  api:
    base_url: ${env.API_URL}
    auth: {type: bearer, token: "${secret.API_TOKEN}"}
    headers: {Accept: application/json}
    retry: {attempts: 4}
    expect: response.body?.error == nil
`

// longJob is a job of so many requests, with three expressions each.
func longJob(count int) string {
	var b strings.Builder
	b.WriteString("version: 1\ninputs:\n  limit: {type: integer, default: 10}\nsteps:\n  - id: s0\n    set: {id: 1}\n")
	for i := 1; i < count; i++ {
		fmt.Fprintf(&b, `  - id: s%d
    rest:
      profile: api
      method: POST
      path: /records/${steps.s%d.output.id}
      query: {limit: "${inputs.limit}", run: "${run.id}"}
      json: {kind: record, tags: [a, b], size: 12}
      expect: response.status in [200, 201]
`, i, i-1)
	}
	return b.String()
}

func benchmarkLoad(b *testing.B, job string) {
	dir := b.TempDir()
	for name, text := range map[string]string{"profiles.yaml": benchProfiles, "job.yaml": job} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	kinds := allKinds()
	b.ReportAllocs()
	for b.Loop() {
		project, err := jobs.Open(dir, jobs.Settings{Jobs: ".", Profiles: "profiles.yaml"}, jobs.Options{Kinds: kinds})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := project.Load(filepath.Join(dir, "job.yaml")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad500(b *testing.B) { benchmarkLoad(b, longJob(500)) }

func BenchmarkLoadSmall(b *testing.B) { benchmarkLoad(b, longJob(3)) }
