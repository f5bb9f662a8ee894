package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

// record is a body of about 700 bytes, such as one record of a table API.
func record() []byte {
	fields := map[string]any{}
	for i := range 20 {
		fields[fmt.Sprintf("field_%02d", i)] = "a value of some length"
	}
	data, _ := json.Marshal(map[string]any{"result": fields, "count": 1})
	return data
}

func benchServer(b *testing.B) *httptest.Server {
	data := record()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(data)
	}))
	b.Cleanup(s.Close)
	return s
}

// BenchmarkGet is what a step costs: request, answer, decoding, history. BenchmarkBareGet is the same by hand.
func BenchmarkGet(b *testing.B) {
	s, env := benchServer(b), steptest.NewEnv(b)
	env.Observe = func(steps.Exchange) {}
	in := steps.Input{"profile": "p", "base_url": s.URL, "path": "/api/now/table/incident", "method": "GET", "accept": "auto",
		"query": steps.Pairs{{Key: "sysparm_query", Value: "active=true^ORDERBYsys_id"}}}
	kind := rest.Kind()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := kind.Run(b.Context(), in, &env.Env); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBareGet(b *testing.B) {
	s := benchServer(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.ReportAllocs()
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), "GET", s.URL+"/api/now/table/incident?sysparm_query=active%3Dtrue%5EORDERBYsys_id", nil)
		if err != nil {
			b.Fatal(err)
		}
		bare(b, client, req)
	}
}

// BenchmarkPost sends a small JSON body. BenchmarkBarePost is the same by hand.
func BenchmarkPost(b *testing.B) {
	s, env := benchServer(b), steptest.NewEnv(b)
	env.Observe = func(steps.Exchange) {}
	in := steps.Input{"profile": "p", "base_url": s.URL, "path": "/v1/alerts", "method": "POST", "expect": steptest.Status(200, 201, 409),
		"json": steps.Pairs{{Key: "dedup", Value: "abc"}, {Key: "title", Value: "INC001: disk full"}}}
	kind := rest.Kind()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := kind.Run(b.Context(), in, &env.Env); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBarePost(b *testing.B) {
	s := benchServer(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.ReportAllocs()
	for b.Loop() {
		body, err := json.Marshal(map[string]any{"dedup": "abc", "title": "INC001: disk full"})
		if err != nil {
			b.Fatal(err)
		}
		req, err := http.NewRequestWithContext(b.Context(), "POST", s.URL+"/v1/alerts", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		bare(b, client, req)
	}
}

// pageServer serves one page of 1,000 records of 1.2 KB.
func pageServer(b *testing.B) *httptest.Server {
	fields := map[string]any{}
	for i := range 24 {
		fields[fmt.Sprintf("field_%02d", i)] = "a value of some length, 36 bytes or so"
	}
	records := make([]any, 1000)
	for i := range records {
		fields["sys_id"] = fmt.Sprintf("%032d", i)
		data, _ := json.Marshal(fields)
		records[i] = json.RawMessage(data)
	}
	data, _ := json.Marshal(map[string]any{"result": records, "next": nil})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(data)
	}))
	b.Cleanup(s.Close)
	return s
}

// BenchmarkPage is what a page of 1,000 records costs of which one field is read: its items one by one, and as a list.
// BenchmarkBarePage is the same by hand.
func BenchmarkPage(b *testing.B) {
	for _, stream := range []*steps.Stream{{Item: steps.Reads{"sys_id": nil}}, nil} {
		b.Run(map[bool]string{true: "streamed", false: "whole"}[stream != nil], func(b *testing.B) {
			s, env := pageServer(b), steptest.NewEnv(b)
			env.Observe, env.Stream = func(steps.Exchange) {}, stream
			in := steps.Input{"profile": "p", "base_url": s.URL, "path": "/t", "paginate": steps.Input{"type": "cursor",
				"next": steptest.Path("body.next"), "inject": "query.c", "items": steptest.Path("body.result")}}
			kind := rest.Kind()
			b.ReportAllocs()
			for b.Loop() {
				out, err := kind.Run(b.Context(), in, &env.Env)
				if err != nil {
					b.Fatal(err)
				}
				if stream != nil {
					readAll(b, out.Items)
				}
			}
		})
	}
}

func readAll(b *testing.B, items steps.Items) {
	for i := range items.Len() {
		if _, err := items.At(i); err != nil {
			b.Fatal(err)
		}
	}
	if err := items.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkBarePage(b *testing.B) {
	s := pageServer(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.ReportAllocs()
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), "GET", s.URL, nil)
		if err != nil {
			b.Fatal(err)
		}
		bare(b, client, req)
	}
}

func bare(b *testing.B, client *http.Client, req *http.Request) {
	resp, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		b.Fatal(err)
	}
}
