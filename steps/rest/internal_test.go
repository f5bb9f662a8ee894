package rest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"snrun/steps"
	"snrun/steps/exchange"
)

func TestParseLinks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header string
		want   []link
	}{
		{`<a>; rel=next`, []link{{"a", "next"}}},
		{`<a?x=1,2;3>;rel="prev  next";type="x, y" , <b>`, []link{{"a?x=1,2;3", "prev  next"}, {"b", ""}}},
		{`<a>; title="q\"; rel=x"; REL = "next"; rel=last`, []link{{"a", "next"}}},
		{`, ,<>;rel=self;flag;x,<b>; rel=next`, []link{{"", "self"}, {"b", "next"}}},
		{`<a>; rel="next" stray, <b>; rel=last`, []link{{"a", "next"}, {"b", "last"}}},
		{`<a`, nil},
		{`a; rel=next`, nil},
		{`<a>; rel="next`, []link{{"a", "next"}}},
		{`<a>; rel`, []link{{"a", ""}}},
		{`<a>; rel=`, []link{{"a", ""}}},
		{`<a>;`, []link{{"a", ""}}},
		{`<a>; ;=x; rel=next`, []link{{"a", "next"}}},
	} {
		if got := parseLinks(c.header); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.header, got, c.want)
		}
	}
}

func FuzzParseLinks(f *testing.F) {
	f.Add(`<a>; rel="next", <b>; x; y=1`)
	f.Add(`<a>;;;,,"\`)
	f.Fuzz(func(t *testing.T, header string) {
		for _, l := range parseLinks(header) {
			if !strings.Contains(header, l.target) {
				t.Fatalf("%q: a target of nowhere: %q", header, l.target)
			}
		}
	})
}

func TestFullDiskIsNamed(t *testing.T) {
	t.Parallel()
	a := &answer{}
	a.Trip = &exchange.Trip{Req: &http.Request{Method: "GET"}, URL: &url.URL{Scheme: "http", Host: "a.example"}}
	e := a.diskError(fmt.Errorf("write: %w", syscall.ENOSPC))
	if e.Kind != steps.Limit || !strings.Contains(e.Message, "the disk is full") || !errors.Is(e, syscall.ENOSPC) {
		t.Errorf("got %s: %s", e.Kind, e.Message)
	}
}

// TestDefaults holds the defaults that the fields tell against those that the code has.
func TestDefaults(t *testing.T) {
	t.Parallel()
	want := map[string]string{"method": "GET", "accept": "auto", "redirects": fmt.Sprint(manner(nil).Redirects), "max_pages": fmt.Sprint(defaultMaxPages),
		"items": "${response.body}"}
	collectDefaults(steps.ObjectOf(append(exchange.SettingFields(), exchange.TimeoutField(""))...), want)
	got := map[string]string{}
	collectDefaults(steps.ObjectOf(fields()...), got)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func collectDefaults(t steps.Type, into map[string]string) {
	for _, f := range t.Fields {
		if f.Default != "" {
			into[f.Name] = f.Default
		}
		collectDefaults(f.Type, into)
	}
	for _, alt := range t.Alts {
		collectDefaults(alt, into)
	}
}

// TestPagesThatBlowUp holds that a page which came compressed is bounded also where nobody says how large it may be: in its text, and
// in where its items are.
func TestPagesThatBlowUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		in         steps.Input
		compressed bool
		left       int64
		full       error
	}{
		{"compressed", steps.Input{}, true, inflated, errInflated},
		{"as it is", steps.Input{}, false, math.MaxInt64, nil},
		{"with max_body", steps.Input{"max_body": int64(9)}, true, 9, exchange.ErrTooLarge},
	} {
		resp := &http.Response{Uncompressed: c.compressed, Body: io.NopCloser(strings.NewReader("0123456789"))}
		a := &answer{}
		a.Trip = &exchange.Trip{Call: exchange.Call{In: c.in}, Resp: resp}
		if b := a.boundedPage(); b.left != c.left || b.full != c.full {
			t.Errorf("%s: %d bytes may come, else %v, want %d, %v", c.name, b.left, b.full, c.left, c.full)
		}
	}
	b := &bounded{Reader: strings.NewReader("0123456789"), left: 9, full: errInflated}
	if data, err := io.ReadAll(b); string(data) != "012345678" || err != errInflated {
		t.Errorf("got %q, %v", data, err)
	}
	s, err := newSpool(strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.most = 3 * indexEntry
	for range 3 {
		s.item(0, 1)
	}
	if s.failed != nil {
		t.Error(s.failed)
	}
	if s.item(0, 1); s.done() != errInflated {
		t.Errorf("got %v of a fourth item where there is room for three", s.failed)
	}
}
