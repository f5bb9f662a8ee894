package wsdl

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

var update = flag.Bool("update", false, "rewrite what the pages of testdata want")

// TestLoad loads the first file of each page of testdata/load; its last one, want, says what is in it, or what is wrong.
func TestLoad(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(pages) < 1 {
		t.Fatal("there are few pages: ", pages, err)
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(page)
			if err != nil {
				t.Fatal(err)
			}
			last := len(archive.Files) - 1
			if archive.Files[last].Name != "want" {
				archive.Files = append(archive.Files, txtar.File{Name: "want"})
				last++
			}
			want := &archive.Files[last]
			dir := write(t, archive.Files[:last])
			got := print(Load(t.Context(), Folder(dir), archive.Files[0].Name))
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(page, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if string(want.Data) != got {
				t.Errorf("got\n%s\nwant\n%s", got, want.Data)
			}
		})
	}
}

// write puts files into a new folder.
func write(t *testing.T, files []txtar.File) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// print gives what is in a WSDL, or its mistakes.
func print(d *Definitions, err error) string {
	var b strings.Builder
	if err != nil {
		printMistakes(&b, err)
		return b.String()
	}
	for _, f := range d.Files {
		fmt.Fprintln(&b, "file", f.Location)
	}
	for _, s := range d.Services {
		fmt.Fprintf(&b, "service %s%s\n", show(s.Name), doc(s.Doc))
		for _, p := range s.Ports {
			fmt.Fprintf(&b, "  port %s, SOAP %s, %q\n", p.Name, p.Version, p.Address)
			for _, o := range p.Operations {
				printOperation(&b, o)
			}
		}
	}
	return b.String()
}

func printMistakes(b *strings.Builder, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			printMistakes(b, one)
		}
		return
	}
	fmt.Fprintln(b, err)
	if e, ok := errors.AsType[*xsd.Error](err); ok && e.Hint != "" {
		fmt.Fprintln(b, "  "+e.Hint)
	}
}

func printOperation(b *strings.Builder, o *Operation) {
	style := "document"
	if o.RPC {
		style = "rpc"
	}
	addressing := map[Addressing]string{OptionalAddressing: ", may be addressed", RequiredAddressing: ", addressed"}[o.Addressing]
	fmt.Fprintf(b, "    %s, %s, action %q%s%s\n", o.Name, style, o.Action, addressing, doc(o.Doc))
	printMessage(b, "in ", o.Input)
	if o.Output != nil {
		printMessage(b, "out", o.Output)
	}
	for _, f := range o.Faults {
		fmt.Fprintf(b, "      fault %s: %s\n", f.Name, showPart(f.Part))
	}
}

func printMessage(b *strings.Builder, way string, m *Message) {
	fmt.Fprintf(b, "      %s %s", way, m.Name)
	for _, flag := range []struct {
		name string
		is   bool
	}{{"encoded", m.Encoded}, {"MTOM", m.MTOM}, {"in " + show(m.Wrapper), m.Wrapper.Local != ""}} {
		if flag.is {
			fmt.Fprint(b, ", "+flag.name)
		}
	}
	fmt.Fprint(b, ":")
	for _, p := range m.Parts {
		fmt.Fprint(b, " "+showPart(p))
	}
	for _, p := range m.Headers {
		fmt.Fprint(b, " header "+showPart(p))
	}
	fmt.Fprintf(b, " (%s)\n", m.Action)
}

func showPart(p *Part) string {
	text := p.Name + "="
	if p.Element != nil {
		text += "<" + show(p.Element.Name) + ">"
	} else {
		text += show(p.Type.Name)
	}
	if p.Encoded {
		text += " encoded"
	}
	return text
}

func show(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

func doc(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

func TestLoadIsEnded(t *testing.T) {
	t.Parallel()
	dir := write(t, []txtar.File{{Name: "a.wsdl", Data: []byte("<a/>")}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, Folder(dir), "a.wsdl"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}
