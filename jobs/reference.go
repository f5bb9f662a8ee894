package jobs

import (
	"fmt"
	"strings"

	"snrun/steps"
)

// Reference gives the pages of the reference in Markdown, by the names of their files: one a topic, one of the functions,
// and README.md, which lists them.
func Reference(kinds steps.Set) map[string]string {
	topics := Topics(kinds)
	pages := map[string]string{"README.md": referenceIndex(topics), functionsTopic + ".md": functionsPage()}
	for _, t := range topics {
		pages[t.Name+".md"] = t.page()
	}
	return pages
}

// generated stands at the head of each page.
const generated = "<!-- Printed from the language's own tables: change those, then run go test ./cmd/snrun -run Docs -update. -->\n\n"

func referenceIndex(topics []Topic) string {
	var b strings.Builder
	b.WriteString(generated + "# Reference\n\nThe same pages are in the program: `snrun explain rest`, `snrun explain rest.paginate`. " +
		"What values, expressions and names are is in [the language](../language.md).\n")
	area := ""
	for _, t := range topics {
		if t.Area != area {
			area = t.Area
			fmt.Fprintf(&b, "\n## %s\n\n| | |\n|---|---|\n", area)
		}
		fmt.Fprintf(&b, "| [%s](%s.md) | %s |\n", t.Name, t.Name, cell(t.Summary))
	}
	fmt.Fprintf(&b, "\n## Expressions\n\n| | |\n|---|---|\n| [%s](%s.md) | What expressions can call |\n", functionsTopic, functionsTopic)
	return b.String()
}

// page is the topic's page.
func (t Topic) page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# %s\n\n%s.\n", generated, t.Name, t.Summary)
	if t.Doc != "" {
		fmt.Fprintf(&b, "\n%s\n", t.Doc)
	}
	if t.Example != "" {
		fmt.Fprintf(&b, "\n```yaml\n%s\n```\n", t.Example)
	}
	fields := t.fields()
	if len(fields) == 0 && !t.isPreset() {
		fmt.Fprintf(&b, "\nTakes: %s.\n", Notation(t.Takes))
	}
	keyTables(&b, "## Keys", "", fields)
	keyTables(&b, "## Beside it", "", t.Beside)
	if len(t.Gives) > 0 {
		b.WriteString("\n## What later steps see\n\n| name | what it is |\n|---|---|\n")
		for _, g := range t.Gives {
			fmt.Fprintf(&b, "| `steps.ID.%s` | %s |\n", g.Name, cell(g.Doc))
		}
	}
	for _, note := range t.Notes {
		note.write(&b)
	}
	return b.String()
}

func (n Note) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n", n.Title)
	if n.YAML {
		fmt.Fprintf(b, "```yaml\n%s\n```\n", strings.Join(n.Lines, "\n"))
		return
	}
	for i, line := range n.Lines {
		fmt.Fprintf(b, "%d. %s\n", i+1, line)
	}
}

// keyTables writes a table of keys, and one more for each key that has keys itself.
func keyTables(b *strings.Builder, title, prefix string, fields []steps.Field) {
	if len(fields) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n\n| key | takes | what it is |\n|---|---|---|\n", title)
	for _, f := range fields {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.Name, cell(Notation(f.Type)), cell(keyDoc(f, fields)))
	}
	for _, f := range fields {
		below, _ := fieldsOf(f.Type)
		keyTables(b, fmt.Sprintf("### `%s%s`", prefix, f.Name), prefix+f.Name+".", below)
	}
}

// keyDoc is what a table says of a key.
func keyDoc(f steps.Field, fields []steps.Field) string {
	doc := f.Doc
	switch {
	case f.Default != "":
		doc += fmt.Sprintf(" Default: `%s`.", f.Default)
	case f.Required || f.Group != "":
		note := remark(f, fields)
		doc += " " + strings.ToUpper(note[:1]) + note[1:] + "."
	}
	if f.Example != "" {
		doc += fmt.Sprintf(" Example: `%s`", f.Example)
	}
	return doc
}

// functionsPage is the page of what expressions can call.
func functionsPage() string {
	var b strings.Builder
	b.WriteString(generated + "# Functions\n\nWhat expressions can call. A function may also follow its first argument: `inputs.name | upper()`. " +
		"Types that are joined by `|` may be either; a `?` marks an argument that can be left out.\n\n| function | what it does | example |\n|---|---|---|\n")
	for _, f := range Functions() {
		example := ""
		if f.Example != "" {
			example = fmt.Sprintf("`%s` → `%s`", f.Example, f.Result)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", cell(f.Signature), cell(f.Doc), cell(example))
	}
	return b.String()
}

// cell makes a text fit for a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "|", `\|`), "\n", " ")
}
