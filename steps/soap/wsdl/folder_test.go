package wsdl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestFolderLinks holds that links do not lead out of the folder of a WSDL: not out of the project, nor to elsewhere in it.
func TestFolderLinks(t *testing.T) {
	t.Parallel()
	outside := write(t, []txtar.File{{Name: "secret.xsd", Data: []byte("secret")}})
	dir := write(t, []txtar.File{{Name: "wsdl/w.wsdl", Data: []byte("w")}, {Name: "wsdl/sub/in.xsd", Data: []byte("in")}, {Name: "other.xsd", Data: []byte("other")}})
	for link, to := range map[string]string{
		"wsdl/out.xsd": filepath.Join(outside, "secret.xsd"), "wsdl/folder": outside, "wsdl/up.xsd": "../other.xsd",
		"wsdl/in.xsd": "sub/in.xsd", "linked": "wsdl", "away": outside,
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	whole := Folder(dir).(*folder)
	tests := []struct {
		src            *folder
		location, want string
	}{
		{whole.below("wsdl"), "wsdl/in.xsd", "in"},
		{whole.below("wsdl"), "wsdl/out.xsd", "error: path escapes from parent"},
		{whole.below("wsdl"), "wsdl/folder/secret.xsd", "error: path escapes from parent"},
		{whole.below("wsdl"), "wsdl/up.xsd", "error: path escapes from parent"},
		{whole.below("linked"), "linked/w.wsdl", "w"},
		{whole.below("away"), "away/secret.xsd", "error: path escapes from parent"},
		{whole, "../secret.xsd", "error: path escapes from parent"},
		{whole, "other.xsd", "other"},
		{whole, "none.xsd", "error: there is no such file"},
		{whole, "wsdl", "error: this is not a file"},
	}
	for _, tt := range tests {
		data, err := tt.src.Read(t.Context(), tt.location)
		got := string(data)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.location, got, tt.want)
		}
	}
}

func TestFolderTooLarge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "w.wsdl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(maxDocument + 1); err != nil {
		t.Fatal(err)
	}
	_, err = Load(t.Context(), Folder(dir), "w.wsdl")
	if err == nil || !strings.HasSuffix(err.Error(), "the document has more than 16 MB") {
		t.Errorf("got %v, want that the document is too large", err)
	}
}
