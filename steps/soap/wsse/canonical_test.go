package wsse

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"snrun/steps"
)

// TestCanonical holds the canonical form of the element <x> against what xmlsec1 gave for it.
func TestCanonical(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in        string
		inclusive []string
		want      string
	}{
		"empty":              {`<x/>`, nil, `<x></x>`},
		"text":               {"<x>&lt;&gt;&amp;&quot;'&#13;\r\n\t<![CDATA[<&]]></x>", nil, "<x>&lt;&gt;&amp;\"'&#xD;\n\t&lt;&amp;</x>"},
		"attribute":          {"<x a='&lt;>&amp;&quot;&#13;&#10;&#9; \n'/>", nil, `<x a="&lt;>&amp;&quot;&#xD;&#xA;&#x9;  "></x>`},
		"order":              {`<x b="1" a="2" xml:z="3" xmlns:p="urn:z" xmlns:q="urn:a" p:a="4" q:b="5"/>`, nil, `<x xmlns:p="urn:z" xmlns:q="urn:a" a="2" b="1" xml:z="3" q:b="5" p:a="4"></x>`},
		"comments":           {`<x>a<!-- b -->c<?d?><?e  f ?></x>`, nil, `<x>ac<?d?><?e f ?></x>`},
		"from around":        {`<o xmlns="urn:o" xmlns:p="urn:p" xmlns:q="urn:q"><x p:a="1"><p:y/></x></o>`, nil, `<x xmlns="urn:o" xmlns:p="urn:p" p:a="1"><p:y></p:y></x>`},
		"not from around":    {`<p:o xmlns:p="urn:p"><x><p:y/><p:z/></x></p:o>`, nil, `<x><p:y xmlns:p="urn:p"></p:y><p:z xmlns:p="urn:p"></p:z></x>`},
		"the same again":     {`<x xmlns="urn:o"><y xmlns="urn:o"/></x>`, nil, `<x xmlns="urn:o"><y></y></x>`},
		"no default":         {`<x xmlns=""><y xmlns=""/></x>`, nil, `<x><y></y></x>`},
		"undone":             {`<x xmlns="urn:o"><y xmlns=""><z xmlns="urn:o"/></y></x>`, nil, `<x xmlns="urn:o"><y xmlns=""><z xmlns="urn:o"></z></y></x>`},
		"inclusive":          {`<o xmlns:p="urn:p" xmlns:q="urn:q"><x><y/></x></o>`, []string{"p", "none"}, `<x xmlns:p="urn:p"><y></y></x>`},
		"inclusive default":  {`<p:o xmlns="urn:o" xmlns:p="urn:p"><p:x><p:y xmlns="urn:y"/></p:x></p:o>`, []string{""}, `<p:x xmlns="urn:o" xmlns:p="urn:p"><p:y xmlns="urn:y"></p:y></p:x>`},
		"inclusive, undone":  {`<p:x xmlns="urn:o" xmlns:p="urn:p"><p:y xmlns=""/></p:x>`, []string{""}, `<p:x xmlns="urn:o" xmlns:p="urn:p"><p:y xmlns=""></p:y></p:x>`},
		"rebound around":     {`<o xmlns:p="urn:1"><o xmlns:p="urn:2"><x p:a="1"/></o></o>`, nil, `<x xmlns:p="urn:2" p:a="1"></x>`},
		"rebound":            {`<p:x xmlns:p="urn:p"><p:y xmlns:p="urn:q"/><p:z/></p:x>`, nil, `<p:x xmlns:p="urn:p"><p:y xmlns:p="urn:q"></p:y><p:z></p:z></p:x>`},
		"order of prefixes":  {`<p:x xmlns:p="urn:p" xmlns:b="urn:1" xmlns:a="urn:2" b:c="1" a:c="2"/>`, nil, `<p:x xmlns:a="urn:2" xmlns:b="urn:1" xmlns:p="urn:p" b:c="1" a:c="2"></p:x>`},
		"one more namespace": {`<x xmlns:p="urn:p" xmlns:q="urn:p" p:a="1" q:b="2"/>`, nil, `<x xmlns:p="urn:p" xmlns:q="urn:p" p:a="1" q:b="2"></x>`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := read([]byte(`<e:Envelope xmlns:e="` + soap11Space + `"><e:Body>` + test.in + `</e:Body></e:Envelope>`))
			if err != nil {
				t.Fatal(err)
			}
			var at *etree.Element
			d.body.each(func(n *node) {
				if n.Name.Local == "x" {
					at = n.tree
				}
			})
			got, err := canonical(at, test.inclusive)
			if err != nil || string(got) != test.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

// TestHostileAnswers holds that no answer costs much, whatever it is.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	check := checkerOf(t, dir, "server", nil)
	good := answer(t, dir)
	var prefixes strings.Builder
	for i := range 900 {
		fmt.Fprintf(&prefixes, ` xmlns:p%d="urn:%d"`, i, i)
	}
	body := func(inside string) string { return strings.Replace(good, "<o:place", inside+"<o:place", 1) }
	for name, text := range map[string]string{
		"deep":            body(strings.Repeat("<a>", 100_000)),
		"wide":            body(strings.Repeat("<a/>", 300_000)),
		"namespaces":      strings.Replace(body(strings.Repeat("<p899:a/>", 100_000)), "<soap:Body", "<soap:Body"+prefixes.String(), 1),
		"entities":        strings.Replace(good, "<soap:Envelope", `<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><soap:Envelope`, 1),
		"ids":             body(strings.Repeat(`<a xml:id="b"/>`, 50_000)),
		"nothing":         "",
		"not even closed": good[:len(good)-5],
	} {
		start := time.Now()
		err := check.Check([]byte(text), now)
		if err == nil {
			t.Errorf("%s: it is trusted", name)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
	}
}

// FuzzSecureAndCheck holds that what is signed is trusted, and that what it holds stays as it is.
func FuzzSecureAndCheck(f *testing.F) {
	for _, odd := range oddBodies {
		f.Add(soapDocument(soap12Space, odd.around, odd.header, odd.body))
	}
	f.Add(envelope)
	server := identities()["server"]
	s := &Security{
		username: "ann", password: "pw", digest: true, lifetime: time.Minute, mustUnderstand: true,
		sign: &signer{server.certificate, server.key, []string{partBody, partTimestamp, partToken, partHeaders}},
	}
	check := &Security{verify: &verifier{certificates: server.certificatesOf(), parts: []string{partBody, partTimestamp}, required: true}}
	f.Fuzz(func(t *testing.T, text string) {
		before, err := read([]byte(text))
		if err != nil {
			return
		}
		signed, err := s.Secure([]byte(text), now)
		if err != nil {
			return
		}
		if err := check.Check(signed, now); err != nil && !strings.Contains(err.Error(), "stands in it") {
			t.Errorf("%v: %q became %q", err, text, signed)
		}
		after, err := read(signed)
		if err != nil {
			t.Fatalf("%v: %q became %q", err, text, signed)
		}
		if !sameContent(before.body, after.body) {
			t.Errorf("%q became %q", text, signed)
		}
	})
}

// sameContent says whether two elements hold the same, but for an id of the second.
func sameContent(a, b *node) bool {
	if a.Name != b.Name || a.Text != b.Text || len(a.children) != len(b.children) {
		return false
	}
	for i := range a.children {
		if !sameContent(a.children[i], b.children[i]) {
			return false
		}
	}
	return true
}

// FuzzCheck holds that nothing in an answer makes the check fail in another way than with an error.
func FuzzCheck(f *testing.F) {
	server := identities()["server"]
	check := &Security{verify: &verifier{certificates: server.certificatesOf(), parts: []string{partBody}, required: true}}
	s := &Security{lifetime: time.Minute, sign: &signer{server.certificate, server.key, []string{partBody, partTimestamp}}}
	signed, err := s.Secure([]byte(envelope), now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(signed))
	f.Add(envelope)
	f.Add(template("", "", "<a/>", "#default o"))
	f.Fuzz(func(t *testing.T, text string) {
		err := check.Check([]byte(text), now)
		if _, ok := err.(*steps.Error); err != nil && !ok {
			t.Errorf("got %T %v", err, err)
		}
		if err == nil { // it may look different, but it must say the same
			d, failed := read([]byte(text))
			want, _ := read([]byte(envelope))
			if failed != nil || !sameContent(want.body, d.body) {
				t.Errorf("%q is trusted", text)
			}
		}
	})
}

// BenchmarkCheck reads a signed answer of one megabyte.
func BenchmarkCheck(b *testing.B) {
	server := identities()["server"]
	s := &Security{sign: &signer{server.certificate, server.key, []string{partBody}}}
	check := &Security{verify: &verifier{certificates: server.certificatesOf(), parts: []string{partBody}, required: true}}
	signed, err := s.Secure([]byte(strings.Replace(envelope, "<o:item/>", strings.Repeat("<o:item>some text of an item</o:item>", 28_000), 1)), now)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(signed)))
	for b.Loop() {
		if err := check.Check(signed, now); err != nil {
			b.Fatal(err)
		}
	}
}
