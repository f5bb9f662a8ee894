package wsdl

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestCopy copies a WSDL of several addresses, and holds that the copy says the same as the original.
func TestCopy(t *testing.T) {
	t.Parallel()
	main := strings.NewReplacer(
		`<types>`, `<import namespace="urn:other" location='shop.asmx?wsdl=other&amp;key=1'/>
  <!-- > <import location="shop.asmx?xsd=1"/> --><?pi > <import location="shop.asmx?xsd=1"/>?>
  <documentation note=">">  <![CDATA[><import location="shop.asmx?xsd=1"/>]]></documentation>
  <types>`,
		`<xs:element name="ask" type="xs:string"/>`, `<xs:include schemaLocation = "shop.asmx?xsd=1"
      />`).Replace(service(t, "ports"))
	pages := map[string]string{
		"WSDL":             main,
		"wsdl=other&key=1": `<definitions targetNamespace="urn:other" xmlns="http://schemas.xmlsoap.org/wsdl/"><import location="shop.asmx?WSDL"/><import location="/types/1.xsd"/></definitions>`,
		"xsd=1":            `<xs:schema targetNamespace="urn:t" xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="ask" type="xs:string"/><xs:import namespace="urn:d" schemaLocation="/types/1.xsd"/></xs:schema>`,
		"":                 `<xs:schema targetNamespace="urn:d" xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"/></xs:schema>`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(pages[r.URL.RawQuery])) }))
	defer server.Close()
	base, err := url.Parse(server.URL + "/ws/shop.asmx?WSDL")
	if err != nil {
		t.Fatal(err)
	}
	src := Web(http.DefaultClient, base)
	original, err := Load(t.Context(), src, base.String())
	if err != nil {
		t.Fatal(err)
	}
	copies, err := Copy(src, original, NameFor(base.String()))
	if err != nil {
		t.Fatal(err)
	}
	files := asFiles(copies)
	got := string(txtar.Format(&txtar.Archive{Files: files}))
	for _, want := range []string{
		"-- shop.wsdl --", `<import namespace="urn:other" location='shop/shop_other.wsdl'/>`, `<!-- > <import location="shop.asmx?xsd=1"/> -->`,
		`<?pi > <import location="shop.asmx?xsd=1"/>?>`, `<![CDATA[><import location="shop.asmx?xsd=1"/>]]>`, "<xs:include schemaLocation = \"shop/shop_1.xsd\"\n      />",
		"-- shop/shop_other.wsdl --", `<import location="../shop.wsdl"/><import location="1.xsd"/>`,
		"-- shop/1.xsd --", `schemaLocation="http://www.w3.org/2001/xml.xsd"`, "-- shop/shop_1.xsd --",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the copy lacks %s:\n%s", want, got)
		}
	}
	same(t, original, files)
}

func asFiles(copies []File) (files []txtar.File) {
	for _, f := range copies {
		files = append(files, txtar.File{Name: f.Location, Data: f.Data})
	}
	return files
}

// same holds that files have the same services as a WSDL.
func same(t *testing.T, original *Definitions, files []txtar.File) {
	t.Helper()
	copied, err := Load(t.Context(), Folder(write(t, files)), files[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	want := *original
	want.Files, copied.Files = nil, nil
	if got, want := print(copied, nil), print(&want, nil); got != want {
		t.Errorf("the copy has\n%s\nthe original\n%s", got, want)
	}
}

func TestCopyOfFiles(t *testing.T) {
	t.Parallel()
	page, err := txtar.ParseFile("testdata/load/imports.txtar")
	if err != nil {
		t.Fatal(err)
	}
	src := Folder(write(t, page.Files))
	original, err := Load(t.Context(), src, "wsdl/w.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	copies, err := Copy(src, original, "other.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range copies {
		names = append(names, f.Location)
	}
	if want := []string{"other.wsdl", "other/bindings.wsdl", "other/ports_and_messages.wsdl", "other/types.xsd"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	same(t, original, asFiles(copies))
}

// TestCopyOfUTF16 holds that a copy of a WSDL in UTF-16 can be read, and that no two copies have one name.
func TestCopyOfUTF16(t *testing.T) {
	t.Parallel()
	text := strings.Replace(service(t, "mime"), "<types>", `<import location="a/x.xsd"/><import location="b/X.xsd"/><types>`, 1)
	wide := []byte("\xFF\xFE")
	for _, unit := range utf16.Encode([]rune("<?xml version=\"1.0\" encoding=\"utf-16\"?>\n" + text)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	empty := []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>`)
	src := Folder(write(t, []txtar.File{{Name: "w.wsdl", Data: wide}, {Name: "a/x.xsd", Data: empty}, {Name: "b/X.xsd", Data: empty}}))
	original, err := Load(t.Context(), src, "w.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	copies, err := Copy(src, original, "w.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	if len(copies) != 3 || copies[1].Location != "w/x.xsd" || copies[2].Location != "w/X_2.xsd" {
		t.Errorf("got %v, want three files", copies)
	}
	same(t, original, asFiles(copies))
}

func TestNameFor(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"https://example.com/ws/orders.asmx?WSDL":        "orders.wsdl",
		"https://example.com/ws/orders?wsdl=main.wsdl":   "orders_main.wsdl",
		"https://example.com/ws/Orders%20v2/?wsdl":       "Orders_v2.wsdl",
		"https://example.com/incident.do?WSDL":           "incident.wsdl",
		"https://example.com/":                           "service.wsdl",
		"https://example.com/..%2f..%2fetc/.ssh?wsdl":    "ssh.wsdl",
		"https://example.com/%2e%2e/CON.asmx":            "service_CON.wsdl",
		"https://example.com/日本?wsdl":                    "service.wsdl",
		"wsdl/parts/orders.v1.wsdl":                      "orders.v1.wsdl",
		"https://example.com/" + strings.Repeat("x", 99): strings.Repeat("x", 80) + ".wsdl",
	} {
		if got := NameFor(location); got != want {
			t.Errorf("%s: got %s, want %s", location, got, want)
		}
	}
}

// TestTree holds that a WSDL of a tree may import what stands beside its folder, but nothing outside the tree.
func TestTree(t *testing.T) {
	t.Parallel()
	text := strings.Replace(service(t, "mime"), "<types>", `<import location="../types/x.xsd"/><types>`, 1)
	dir := write(t, []txtar.File{{Name: "in/wsdl/w.wsdl", Data: []byte(text)}, {Name: "in/types/x.xsd", Data: []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>`)}})
	src := Tree(dir + "/in")
	original, err := Load(t.Context(), src, "wsdl/w.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	copies, err := Copy(src, original, "w.wsdl")
	if err != nil || len(copies) != 2 || copies[1].Location != "w/x.xsd" {
		t.Fatalf("got %v, %v, want two files", copies, err)
	}
	same(t, original, asFiles(copies))
	if _, err := Load(t.Context(), Tree(dir+"/in/wsdl"), "w.wsdl"); err == nil {
		t.Error("what stands outside of the tree was read")
	}
}
