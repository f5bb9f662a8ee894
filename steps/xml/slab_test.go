package xml

import (
	"reflect"
	"strings"
	"testing"
)

// TestRoomIsUsedAgain holds that a tree is the same in a room where others were before, of more elements and of fewer, and that their
// texts stay.
func TestRoomIsUsedAgain(t *testing.T) {
	t.Parallel()
	room := &Room{}
	full := `<a b="c" d="e">text<f g="h">more</f></a>`
	var values []any
	for _, text := range []string{
		`<r>` + strings.Repeat(full, 5) + `</r>`, `<r>` + strings.Repeat(full, 700) + `</r>`, `<r>` + strings.Repeat(`<a/>`, 2000) + `</r>`,
		`<r/>`, `<r>` + strings.Repeat(`<a b="1"/><f/>`, 40) + `</r>`,
	} {
		got, err := Parse([]byte(text), ReadOptions{Room: room})
		if err != nil {
			t.Fatal(err)
		}
		want, _ := Parse([]byte(text), ReadOptions{})
		if ours, fresh := textOf(t, got), textOf(t, want); ours != fresh || !reflect.DeepEqual(got.Value(nil), want.Value(nil)) {
			t.Errorf("%.60s: got %.200s, want %.200s", text, ours, fresh)
		}
		values = append(values, got.Value(nil), want.Value(nil))
		room.Reset()
	}
	for i := 0; i < len(values); i += 2 {
		if !reflect.DeepEqual(values[i], values[i+1]) {
			t.Errorf("the value of document %d has changed", i/2)
		}
	}
}

func textOf(t *testing.T, e *Element) string {
	t.Helper()
	data, err := Write(e, WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
