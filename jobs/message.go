package jobs

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// parse reads the expression's text. It gives nil when that is no expression, which is reported.
func (c *checker) parse() (tree ast.Node) {
	switch {
	case strings.TrimSpace(c.text) == "":
		c.report(file.Location{}, "there is no expression here", "write a value, such as inputs.name")
		return nil
	case len(c.text) > maxExpression:
		c.report(file.Location{}, "the expression is longer than 64 KB", "split it over several `set` steps")
		return nil
	}
	defer func() {
		if recover() != nil { // expr's parser stumbles over some broken texts
			tree = nil
			c.report(file.Location{}, "this cannot be read as an expression", "")
		}
	}()
	parsed, err := parser.Parse(c.text)
	if err == nil {
		return parsed.Node
	}
	var broken *file.Error
	if !errors.As(err, &broken) {
		broken = &file.Error{}
	}
	message, hint := syntaxMessage(c.text, broken.Message)
	switch start, _ := byteRange(c.text, broken.Location); {
	case strings.HasPrefix(broken.Message, "literal not terminated"):
		broken.Location = openQuote(c.text, start)
	case strings.HasPrefix(message, bigNumber):
		broken.Location = lastNumber(c.text, start)
	}
	c.report(broken.Location, message, hint)
	return nil
}

// openQuote finds the quote that is not closed before a byte of a text.
func openQuote(text string, end int) file.Location {
	quote, start := byte(0), 0
	for i := 0; i < min(end+1, len(text)); i++ {
		switch ch := text[i]; {
		case quote == 0 && strings.IndexByte("'\"`", ch) >= 0:
			quote, start = ch, i
		case quote != 0 && ch == '\\' && quote != '`':
			i++
		case ch == quote:
			quote = 0
		}
	}
	return file.Location{From: characters(text[:start]), To: characters(text[:start]) + 1}
}

// lastNumber finds the number that stands last before a byte of a text, or ends with it: expr tells of a number once it is
// past it.
func lastNumber(text string, at int) file.Location {
	var last file.Location
	for _, m := range numeral.FindAllStringIndex(text, -1) {
		if m[1] <= at+1 {
			last = file.Location{From: characters(text[:m[0]]), To: characters(text[:m[1]])}
		}
	}
	return last
}

var numeral = regexp.MustCompile(`\b[0-9][0-9A-Za-z_.]*`)

// bigNumber is how the messages about numbers begin that expr cannot hold.
const bigNumber = "the number is too big for 64 bits"

// rewriting puts a message of expr's parser into our words: $1 … stand for the groups of the pattern.
type rewriting struct{ pattern, message, hint string }

// rewritings are tried in this order; the first that matches counts.
func rewritings() []rewriting {
	return []rewriting{
		{`^unexpected token EOF`, "the expression ends too early", "a value, a name or a closing bracket is missing"},
		{`^unexpected end of expression`, "the expression ends too early", "a value, a name or a closing bracket is missing"},
		{`^unexpected token Operator\("="\)`, "= does not compare", "write == for equal, and : between the key and the value of a map"},
		{`^unexpected token Operator\("(&|\|)"\)`, "$1 has no meaning here", "write && for and, || for or"},
		{`^unexpected token Operator\("#"\)`, "# is only known inside filter, map and the like", "it stands for the item there: map(list, #.id)"},
		{`^unexpected token Operator\("\."\)`, "a dot cannot begin a value here", "inside filter, map and the like .name is a field of the item; elsewhere a name stands before the dot"},
		{`^unexpected token Operator\("(?:!|not)"\)`, "the operator is not known", "write != for unequal, `not in` or `not (…)`"},
		{`^unexpected token Operator\("(.*)"\)`, "$1 cannot stand here", "a value is missing before it, or the operator is not known"},
		{`^unexpected token Bracket\("(.*)"\)`, "$1 cannot stand here", "check that all brackets are paired"},
		{`^unexpected token (?:Identifier|Number|String|Bytes)\("(.*)"\)`, "$1 cannot stand here", "an operator or a comma is missing before it"},
		{`^literal not terminated`, "the text that begins here is not closed", "a closing quote is missing"},
		{`^unclosed comment`, "the comment is not closed", "write */ at its end"},
		{`^unrecognized character: \S+ '(.*)'`, "$1 has no meaning here", "a text stands in quotes"},
		{`^bad number syntax: "(.*)"`, "$1 is no number", "a name begins with a letter, and a text stands in quotes"},
		{`^invalid (?:integer|hex|binary|octal|float) literal`, bigNumber + ", or is none", `write it in quotes to keep its digits, and compare it as text: string(x) == "…"`},
		{`^(?:integer|float) literal is too large`, bigNumber, `write it in quotes to keep its digits, and compare it as text: string(x) == "…"`},
		{`^invalid char escape|^unable to unescape|^invalid`, `a backslash in quotes is followed by what is no escape`, "write \\\\ for a backslash, or put the text in `…`"},
		{`^Operator \((.*)\) and coalesce`, "?? and $1 stand side by side without parentheses", "write (a ?? b) $1 c, or a ?? (b $1 c)"},
		{`^expected name`, "a name must follow the dot", `write ["…"] for a name with other characters`},
		{`^wrap predicate`, "a semicolon cannot stand here without braces", "write { and } around what is evaluated for each item"},
		{`^expected at least`, "an argument is missing", "functions like filter take a list and a test: filter(list, .ok)"},
		{`^a map key must be`, "the key of a map must be a name, a text in quotes, a number or an expression in parentheses", ""},
		{`maximum allowed nodes`, "the expression is too big", "split it over several `set` steps"},
	}
}

// syntaxMessage puts a message of expr's parser into our words.
func syntaxMessage(text, message string) (string, string) {
	for _, r := range rewritings() {
		re := regexp.MustCompile(r.pattern)
		m := re.FindStringSubmatchIndex(message)
		if m == nil {
			continue
		}
		plain := string(re.ExpandString(nil, r.message, message, m))
		hint := string(re.ExpandString(nil, r.hint, message, m))
		if strings.Contains(message, "EOF") && lonePipe.MatchString(text) {
			hint = "after | stands a function with parentheses: name | upper(); write || for or"
		}
		return plain, hint
	}
	return "this cannot be read as an expression", ""
}

var lonePipe = regexp.MustCompile(`[^|]\|\s*\w+\s*$`)

// written gives a node as it would be written, shortened, for a message.
func written(n ast.Node) string {
	if n == nil {
		return "the value"
	}
	if p, ok := n.(*ast.PointerNode); ok && p.Name == "" {
		return "#"
	}
	return quoted(n.String())
}

func writtenAll(nodes []ast.Node) []string {
	texts := make([]string, len(nodes))
	for i, n := range nodes {
		texts[i] = written(n)
	}
	return texts
}

// quoted shortens an expression for a message.
func quoted(text string) string {
	const most = 60
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// listed joins names for a message.
func listed(names []string) string { return strings.Join(names, ", ") }

// bareHint advises how to write a condition without ${ }.
func bareHint(text string) string {
	inner, begins := strings.CutPrefix(strings.TrimSpace(text), "${")
	inner, ends := strings.CutSuffix(inner, "}")
	if begins && ends && !strings.Contains(inner, "${") {
		return "write " + strings.TrimSpace(inner)
	}
	return fmt.Sprintf("leave out ${ and }, and write texts in quotes, such as %s", strconv.Quote("text"))
}
