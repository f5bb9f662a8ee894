package auth

import (
	"net/http"
	"testing"
	"time"

	"snrun/auth/store/postgres/postgrestest"
)

// BenchmarkLimits makes requests, 32 at once, through profiles with limits that hold none of them back: what is left is what asking costs.
func BenchmarkLimits(b *testing.B) {
	for _, test := range []struct {
		name   string
		shared bool
		p      Profile
	}{
		{"none", true, Profile{}},
		{"max_concurrent here", false, Profile{MaxConcurrent: 64}},
		{"max_concurrent of all", true, Profile{MaxConcurrent: 64}},
		{"rate here", false, Profile{Rate: Rate{1_000_000, time.Second}}},
		{"rate of all", true, Profile{Rate: Rate{1_000_000, time.Second}}},
		{"both of all", true, Profile{MaxConcurrent: 64, Rate: Rate{1_000_000, time.Second}}},
	} {
		b.Run(test.name, func(b *testing.B) {
			server := newRecorder(b, nil)
			p := test.p
			p.Name, p.BaseURL = "p", mustURL(b, server.URL)
			client := clientOf(b, keyringOf(b, Options{}, p), "p")
			if test.shared {
				client, _ = machine(b, postgrestest.Server(b).URL, p)
			}
			rush(b, []*http.Client{client}, server.URL, 100, 32)
			b.ResetTimer()
			rush(b, []*http.Client{client}, server.URL, b.N, 32)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
