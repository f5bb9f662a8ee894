package web

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestStreams holds that pages which are kept up to date are bounded, live longer than any other answer, and end when their visitor leaves.
func TestStreams(t *testing.T) {
	t.Parallel()
	s := newSite(t, Access{})
	s.mux.Handle("GET /stream", s.admit(route{"", Viewer, func(s *Site, w http.ResponseWriter, r *http.Request) error {
		const short = 50 * time.Millisecond // as the server's own, but for nothing else of this test
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(short)); err != nil {
			return err
		}
		ctx, done, err := s.stream(w, r)
		if err != nil {
			return err
		}
		defer done()
		w.Header().Set("Content-Type", "text/event-stream")
		w.Write([]byte("begins\n"))
		http.NewResponseController(w).Flush()
		<-ctx.Done()
		w.Write([]byte("ends\n"))
		return nil
	}}))
	server := httptest.NewServer(s)
	defer server.Close()
	browser := visit(t, s, server, Viewer)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	open := func() (*http.Response, *bufio.Reader) {
		req, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp, bufio.NewReader(resp.Body)
	}
	var streams []*bufio.Reader
	for range manyOfOne {
		_, r := open()
		if line, err := r.ReadString('\n'); line != "begins\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		streams = append(streams, r)
	}
	if resp, _ := open(); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one more gives %s", resp.Status)
	}
	select { // longer than the deadline
	case <-ctx.Done():
	case <-time.After(100 * time.Millisecond):
	}
	if s.streams.open != manyOfOne {
		t.Errorf("%d streams are open", s.streams.open)
	}
	if resp, _ := send(t, browser, server, asked{method: "POST", path: "/leave"}); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("signing out gives %s", resp.Status)
	}
	for _, r := range streams {
		if line, err := r.ReadString('\n'); line != "ends\n" {
			t.Errorf("got %q, %v", line, err)
		}
	}
}

// TestManyStreams holds that all of them together are bounded, and those of each visitor, and that each gives its place back.
func TestManyStreams(t *testing.T) {
	t.Parallel()
	var s streams
	ann := visitor{Name: "ann"}.holder()
	var all []holder
	for i := range manyStreams {
		who := visitor{Name: "ann", session: &session{}}.holder()
		if all = append(all, who); !s.take(who) {
			t.Fatalf("the %dth has no place", i)
		}
	}
	if s.take(ann) {
		t.Error("there is no end")
	}
	for _, who := range all {
		s.release(who)
	}
	for i := range manyOfOne {
		if !s.take(ann) {
			t.Errorf("the %dth of a program has no place that was given back", i)
		}
	}
	if s.take(ann) || !s.take(visitor{Name: "bob"}.holder()) || !s.take(visitor{Name: "ann", session: &session{}}.holder()) {
		t.Error("the programs of one are not bounded, or those of others are with them")
	}
	for range manyOfOne {
		s.release(ann)
	}
	if s.open != 2 || len(s.of) != 2 {
		t.Errorf("they are miscounted: %d, %v", s.open, s.of)
	}
}

// TestStreamsOfPrograms holds that who asks with a password has as many as one who has signed in.
func TestStreamsOfPrograms(t *testing.T) {
	t.Parallel()
	_, server := staffed(t, Access{})
	ask := func(password string) int {
		req, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+password)
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp.StatusCode
	}
	for range manyOfOne {
		if status := ask(bobsPassword); status != http.StatusOK {
			t.Fatalf("got %d", status)
		}
	}
	if mine, other := ask(bobsPassword), ask(annsPassword); mine != http.StatusServiceUnavailable || other != http.StatusOK {
		t.Errorf("one more gives %d, one of somebody else %d", mine, other)
	}
}
