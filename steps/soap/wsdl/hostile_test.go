package wsdl

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// loadText loads a WSDL that is one file.
func loadText(t *testing.T, text string) (*Definitions, error) {
	t.Helper()
	return Load(t.Context(), Folder(write(t, []txtar.File{{Name: "w.wsdl", Data: []byte(text)}})), "w.wsdl")
}

const (
	hostileHead = `<definitions targetNamespace="urn:t" xmlns:t="urn:t" xmlns="http://schemas.xmlsoap.org/wsdl/" ` +
		`xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:wsp="http://www.w3.org/ns/ws-policy" xmlns:xs="http://www.w3.org/2001/XMLSchema">`
	hostileTail = `<service name="S"><port name="P" binding="t:B"/></service></definitions>`
)

// TestHostile holds that a document which says the same thing again and again costs no more than it is long.
func TestHostile(t *testing.T) {
	t.Parallel()
	repeat := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	oneMessage := `<message name="M"><part name="a" type="xs:string"/></message>`
	portType := func(n int, operation string) string {
		return `<portType name="T">` + repeat(n, operation) + `</portType><binding name="B" type="t:T"><soap:binding/>` +
			repeat(n, `<operation name="O%d"><input/></operation>`) + `</binding>`
	}
	const calls = `<operation name="O%d"><input message="t:M"/></operation>`
	tests := map[string]struct{ text, want string }{
		"a message of many parts, sent by many operations": {
			`<message name="M">` + repeat(5_000, `<part name="p%d" type="xs:string"/>`) + `</message>` + portType(2_000, calls) + hostileTail,
			"the WSDL describes more than 262144 parts of operations"},
		"many ports with a policy of their own": {
			oneMessage + portType(1_000, calls) + `<service name="S">` +
				repeat(1_000, `<port name="P%d" binding="t:B"><wsp:Policy><Addressing xmlns="http://www.w3.org/2007/05/addressing/metadata"/></wsp:Policy></port>`) + `</service></definitions>`,
			"the WSDL describes more than 262144 parts of operations"},
		"a portType of many operations, bound many times": {
			oneMessage + portType(5_000, calls) + repeat(1_000, `<binding name="B%d" type="t:T"><soap:binding/></binding>`) + `<service name="S">` +
				repeat(1_000, `<port name="P%[1]d" binding="t:B%[1]d"/>`) + `</service></definitions>`,
			"the WSDL describes more than 262144 parts of operations"},
		"one operation many times": {
			oneMessage + strings.ReplaceAll(portType(20_000, calls), `name="O`, `name="O" x="`) + hostileTail,
			"the operation O stands more than 100 times in its portType"},
		"policies that refer to each other twice": {
			oneMessage + `<wsp:Policy xml:id="p0"/>` + repeat(5_000, `<wsp:Policy xml:id="q%[1]d"><wsp:PolicyReference URI="#q%[1]d0"/><wsp:PolicyReference URI="#q%[1]d1"/></wsp:Policy>`) +
				portType(1, calls) + hostileTail, ""},
		"many mistakes": {
			portType(20_000, `<operation name="O%[1]d"><input message="t:M%[1]d"/></operation>`) + hostileTail,
			"there is no message M49 of urn:t"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := loadText(t, hostileHead+tt.text)
			got := fmt.Sprint(err)
			if tt.want == "" && err != nil || !strings.HasSuffix(got, tt.want) && tt.want != "" {
				t.Errorf("got %.300s, want %s", got[max(0, len(got)-300):], tt.want)
			}
		})
	}
}

// TestPolicyChain holds that policies which refer to one another in a long row are followed.
func TestPolicyChain(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, `<wsp:Policy xml:id="p%d"><wsp:PolicyReference URI="#p%d"/><wsp:PolicyReference URI="#p%d"/></wsp:Policy>`, i, i+1, i+1)
	}
	text := hostileHead + `<message name="M"/>` + b.String() +
		`<wsp:Policy xml:id="p10000"><Addressing xmlns="http://www.w3.org/2007/05/addressing/metadata"/></wsp:Policy>` +
		`<portType name="T"><operation name="O"><input message="t:M"/></operation></portType>` +
		`<binding name="B" type="t:T"><soap:binding/><wsp:PolicyReference URI="#p0"/><operation name="O"/></binding>` + hostileTail
	d, err := loadText(t, text)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Services[0].Ports[0].Operations[0].Addressing; got != RequiredAddressing {
		t.Errorf("got %v, want that addressing is required", got)
	}
}

// alone is the source of one document, which imports itself whatever it names.
type alone []byte

func (alone) Resolve(from, _ string) (string, error) { return from, nil }

func (a alone) Read(context.Context, string) ([]byte, error) { return a, nil }

// FuzzLoad loads anything: it must end without a panic, and what it gives must be whole.
func FuzzLoad(f *testing.F) {
	pages, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(pages) == 0 {
		f.Fatal("there are no pages: ", err)
	}
	for _, page := range pages {
		archive, err := txtar.ParseFile(page)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Load(t.Context(), alone(data), "w.wsdl")
		if err != nil {
			return
		}
		if len(d.Services) == 0 || d.Schema == nil || len(d.Files) == 0 {
			t.Fatalf("got %+v without an error", d)
		}
		print(d, nil) // walks all of it
	})
}
