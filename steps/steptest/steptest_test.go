package steptest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"syscall"
	"testing"

	"snrun/steps"
	"snrun/steps/steptest"
)

func get(t *testing.T, url string) (int, string, error) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

func TestServerGivesAnswersInOrder(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).
		On("/a", steptest.Text(201, "one"), steptest.Answer{Body: "two", Times: 2}, steptest.Answer{Body: "on and on", Times: -1}).
		On("POST /a", steptest.Answer{Status: 500})
	var got []string
	for range 5 {
		_, body, err := get(t, s.URL+"/a?q=1")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, body)
	}
	if want := []string{"one", "two", "two", "on and on", "on and on"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if r := s.Last(); r.Method != "GET" || r.Path != "/a" || r.Query.Get("q") != "1" || len(s.Requests()) != 5 {
		t.Errorf("got %+v", r)
	}
}

func TestServerBreaksConnections(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/drop", steptest.Answer{Drop: true, Times: -1}).On("/cut", steptest.Answer{Body: "0123456789", Cut: true})
	if status, _, err := get(t, s.URL+"/drop"); err == nil {
		t.Errorf("drop: got %d, want an error", status)
	}
	s.On("/reset", steptest.Answer{Reset: true})
	if _, _, err := get(t, s.URL+"/reset"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: got %v", err)
	}
	if status, body, err := get(t, s.URL+"/cut"); status != 200 || body != "01234" || err == nil {
		t.Errorf("cut: got %d %q, %v; want half of the body and an error", status, body, err)
	}
}

func TestWalkGoesThroughJSON(t *testing.T) {
	t.Parallel()
	var cursors []any
	kind := &steps.Kind{Name: "count", Run: func(_ context.Context, _ steps.Input, env *steps.Env) (steps.Output, error) {
		cursors = append(cursors, env.Cursor)
		out := steps.Output{Value: []any{len(cursors)}}
		if len(cursors) < 3 {
			out.Next = int64(len(cursors))
		}
		return out, nil
	}}
	pages, err := steptest.Walk(t, kind, nil, steptest.NewEnv(t))
	if err != nil || len(pages) != 3 {
		t.Errorf("got %v, %v; want three pages", pages, err)
	}
	if want := []any{nil, 1, 2}; !slices.Equal(cursors, want) {
		t.Errorf("cursors: got %v, want %v", cursors, want)
	}
}
