package review

import (
	"strings"
	"testing"
)

func TestIndentXML(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":         "",
		"no tags":  "no tags",
		`<a/>`:     `<a/>`,
		`<a></a>`:  `<a></a>`,
		`<a> </a>`: `<a> </a>`,
		`<?xml version="1.0"?><a><b>1</b><c x="a>b"/></a>`: "<?xml version=\"1.0\"?>\n<a>\n  <b>1</b>\n  <c x=\"a>b\"/>\n</a>",
		"<a>\n <b>\n  <c>x y</c>\n\n </b>\n</a>\n":         "<a>\n  <b>\n    <c>x y</c>\n  </b>\n</a>",
		`<a>text <b><c/> <d>1</d></b> more</a>`:            `<a>text <b><c/> <d>1</d></b> more</a>`,
		`<a><!-- <x> --><b><![CDATA[<y>]]></b></a>`:        "<a>\n  <!-- <x> -->\n  <b><![CDATA[<y>]]></b>\n</a>",
		`<a><b>1</b><c>cut he`:                             "<a>\n  <b>1</b>\n  <c>cut he",
		`<a><b>1</b><c attr="cu`:                           "<a>\n  <b>1</b>\n  <c attr=\"cu",
		`<a><b>***</a>`:                                    "<a>\n  <b>***</a>",
		`</a></b>`:                                         "</a>\n</b>",
		`<!-- open`:                                        `<!-- open`,
	} {
		if got := indentXML(text); got != want {
			t.Errorf("%s\ngot\n%s\nwant\n%s", text, got, want)
		}
	}
	if got := indentXML(strings.Repeat("<a>", 20_000)); len(got) > 1<<20 {
		t.Errorf("60 KB of tags became %d bytes", len(got))
	}
}
