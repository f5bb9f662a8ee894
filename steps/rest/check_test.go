package rest_test

import (
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	walk := func(fields steps.Input) steps.Input {
		return steps.Input{"url": "https://a.example", "paginate": fields}
	}
	for _, c := range []struct {
		name string
		in   steps.Input
		want string // "path: message", "" for no problem
	}{
		{"fine", steps.Input{"url": "https://a.example/x", "method": "POST", "json": nil}, ""},
		{"path without profile", steps.Input{"path": "x"}, "path: stands below a profile's base URL, but the step names no profile"},
		{"path that climbs", steps.Input{"profile": "p", "path": "a/.."}, "path: has a \"..\", which could lead anywhere on the server"},
		{"url of a file", steps.Input{"url": "file:///x"}, "url: is not an http or https address"},
		{"url known later", steps.Input{"url": steps.Unknown{}}, ""},
		{"no sign-in without profile", steps.Input{"url": "https://a.example", "auth": "none"}, "auth: leaves a profile's sign-in off, but the step names no profile"},
		{"authorization", steps.Input{"url": "https://a.example", "headers": steps.Pairs{{Key: "authorization", Value: "x"}}}, "headers.authorization: cannot be set by a step"},
		{"header name", steps.Input{"url": "https://a.example", "headers": steps.Pairs{{Key: "a b", Value: "x"}}}, "headers.a b: is not the name of a header"},
		{"get with a body", steps.Input{"url": "https://a.example", "form": steps.Pairs{}}, "form: cannot stand here: a GET request has no body"},
		{"method known later", steps.Input{"url": "https://a.example", "method": steps.Unknown{}, "form": steps.Pairs{}}, ""},
		{"redirects", steps.Input{"url": "https://a.example", "redirects": -1}, "redirects: cannot be negative"},
		{"redact", steps.Input{"url": "https://a.example", "history": steps.Input{"redact": []any{"$.a", "password"}}}, `history.redact[1]: "password" is not a path: it begins with $ and names a value`},
		{"link", walk(steps.Input{"type": "link"}), ""},
		{"link with size", walk(steps.Input{"type": "link", "size": 5}), "paginate.size: means nothing to a walk of type link"},
		{"cursor without inject", walk(steps.Input{"type": "cursor", "next": steptest.Path("body.next")}), "paginate: a walk of type cursor needs inject"},
		{"cursor into no body", walk(steps.Input{"type": "cursor", "next": steptest.Path("body.next"), "inject": "body.c"}), `paginate.inject: "body.c" means a body, but the step has neither json nor form`},
		{"offset to nowhere", walk(steps.Input{"type": "offset", "offset": "offset", "limit": "query.l", "size": 5}), `paginate.offset: "offset" does not say where`},
		{"offset to a cookie", walk(steps.Input{"type": "offset", "offset": "query.o", "limit": "cookie.l", "size": 5}), `paginate.limit: "cookie.l" is no place in a request`},
		{"cursor as sign-in", walk(steps.Input{"type": "cursor", "next": steptest.Path("body.next"), "inject": "header.authorization"}), "paginate.inject: the header authorization cannot be set by a step"},
		{"cursor above all keys", walk(steps.Input{"type": "cursor", "next": steptest.Path("body.next"), "inject": "query..c"}), `paginate.inject: "query..c" does not say where`},
		{"cursor below nothing", walk(steps.Input{"type": "cursor", "next": steptest.Path("body.next"), "inject": "query.c."}), `paginate.inject: "query.c." does not say where`},
		{"pages of one", walk(steps.Input{"type": "page", "page": "query.p", "size": 1}), ""},
		{"size", walk(steps.Input{"type": "offset", "offset": "query.o", "limit": "query.l", "size": 0}), "paginate.size: must be at least 1"},
		{"all that page takes", walk(steps.Input{"type": "page", "page": "query.p", "start": 0, "limit": "query.l", "size": 5, "total": steptest.Path("body.n")}), ""},
		{"page alone", walk(steps.Input{"type": "page", "page": "query.p"}), ""},
		{"page to nowhere", walk(steps.Input{"type": "page", "page": "p"}), `paginate.page: "p" does not say where`},
		{"page before the first", walk(steps.Input{"type": "page", "page": "query.p", "start": -1}), "paginate.start: cannot be negative"},
		{"limit without size", walk(steps.Input{"type": "page", "page": "query.p", "limit": "query.l"}), "paginate.limit: says where the size of a page goes, but there is no size"},
		{"two values in one place", walk(steps.Input{"type": "keyset", "by": "id", "inject": "query.p", "limit": "query.p", "size": 5}), "paginate.limit: is the same place as inject"},
		{"link with limit", walk(steps.Input{"type": "link", "limit": "query.l"}), "paginate.limit: means nothing to a walk of type link"},
		{"offset without size", walk(steps.Input{"type": "offset", "offset": "query.o", "limit": "query.l"}), "paginate: a walk of type offset needs size"},
		{"keyset without anything", walk(steps.Input{"type": "keyset"}), "paginate: a walk of type keyset needs by\npaginate: a walk of type keyset needs inject"},
		{"keyset by a field below", walk(steps.Input{"type": "keyset", "by": "_id.$oid", "inject": "query.p"}), ""},
		{"keyset by no path", walk(steps.Input{"type": "keyset", "by": "meta..id", "inject": "query.p"}), `paginate.by: "meta..id" is not the path of a field`},
		{"keyset by a JSONPath", walk(steps.Input{"type": "keyset", "by": "$.id", "inject": "query.p"}), `paginate.by: "$.id" is not the path of a field`},
		{"next_url that injects", walk(steps.Input{"type": "next_url", "next": steptest.Path("body.next"), "inject": "query.p"}), "paginate.inject: means nothing to a walk of type next_url"},
		{"header that is none", walk(steps.Input{"type": "cursor", "next": steptest.Path("body.next"), "inject": "header.a b"}), `paginate.inject: "a b" is not the name of a header`},
		{"pages", walk(steps.Input{"type": "link", "max_pages": 0}), "paginate.max_pages: must be at least 1"},
		{"walk to a file", steps.Input{"url": "https://a.example", "save_to": "f", "paginate": steps.Input{"type": "link"}}, "save_to: cannot stand beside paginate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range rest.Kind().Check(c.in, "") {
				got = append(got, p.Path+": "+p.Message)
			}
			if strings.Join(got, "\n") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestFieldsAreDocumented holds what pages are printed from: each field has a sentence.
func TestFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var visit func(path string, typ steps.Type)
	visit = func(path string, typ steps.Type) {
		for _, f := range typ.Fields {
			at := path + "." + f.Name
			if !strings.HasSuffix(f.Doc, ".") || strings.Contains(f.Doc, "\n") {
				t.Errorf("%s: the doc is no sentence: %q", at, f.Doc)
			}
			seen[at] = true
			visit(at, f.Type)
		}
		for _, alt := range typ.Alts {
			visit(path, alt)
		}
		if typ.Elem != nil {
			visit(path, *typ.Elem)
		}
	}
	visit("rest", rest.Kind().Takes)
	for _, at := range []string{"rest.paginate.type", "rest.timeout.idle", "rest.multipart.file", "rest.history.redact", "rest.profile_expect"} {
		if !seen[at] {
			t.Errorf("there is no field %s", at)
		}
	}
}
