package all

import (
	"os"
	"testing"
)

// notKinds are the folders under steps that hold something else.
var notKinds = map[string]bool{
	"all":      true, // this table
	"exchange": true, // sending a request and taking its answer, for several kinds
	"steptest": true, // scripted servers for tests
	"xml":      true, // XML to values and back, for several kinds
	"testdata": true,
}

func TestEveryFolderIsInTheTable(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, k := range Kinds() {
		known[k.Name] = true
	}
	folders := 0
	for _, e := range entries {
		if !e.IsDir() || notKinds[e.Name()] {
			continue
		}
		folders++
		if !known[e.Name()] {
			t.Errorf("the folder steps/%s is not in the table of kinds", e.Name())
		}
	}
	if folders != len(known) {
		t.Errorf("%d folders of kinds, %d kinds in the table", folders, len(known))
	}
}
