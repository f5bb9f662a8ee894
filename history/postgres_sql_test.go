package history

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine"
)

// TestEveryTextIsOneOfPostgreSQL has PostgreSQL look at every text of the package that begins as SQL does: a new one cannot be forgotten.
func TestEveryTextIsOneOfPostgreSQL(t *testing.T) {
	t.Parallel()
	server := openAt(t, postgrestest.Server(t).URL, Options{}).place.(*server)
	c, err := server.Await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	texts := textsOf(t)
	for name, text := range texts {
		if strings.Contains(text, "%") && !formed[name] && !onlySQLite[name] && !strings.HasPrefix(text, "PRAGMA ") {
			t.Errorf("%s is a pattern: have formedTexts make one of it", name)
		}
	}
	maps.DeleteFunc(texts, func(name, text string) bool {
		return formed[name] || onlySQLite[name] || strings.HasPrefix(text, "PRAGMA ")
	})
	maps.Copy(texts, formedTexts(t))
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		text := server.Translate(texts[name])
		if _, err := c.Prepare(t.Context(), name, text); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

// onlySQLite are the texts that PostgreSQL is never asked.
var onlySQLite = map[string]bool{
	"identitySQL":   true, // versions of the tables are kept in a table of their own
	"beginSQL":      true,
	"changedSQL":    true,                  // the answer to a command says it
	"intendKeptSQL": true, "keepSQL": true, // of all rows of a journal there is one for each key
	"lastNumberSQL": true,

	"freeSQL": true, // PostgreSQL gives room back by itself

	// Of a file that is copied.
	"tablesSQL": true, "fieldsSQL": true, "oncePerKeySQL": true, "lastIDSQL": true,

	// There is no index for searches.
	"makeIndex": true, "mergeSQL": true, "changesSQL": true, "madeSQL": true, "documentSQL": true, "removeSQL": true,
	"termsSQL": true, "matchSQL": true, "amongSQL": true,
}

// formed are the texts of which the program makes others, as formedTexts does.
var formed = map[string]bool{
	"runsSQL": true, "chosenSQL": true, "oneTriggerSQL": true, "anyTriggerSQL": true, "troublesSQL": true, "betweenSQL": true, "partsSQL": true,
}

// formedTexts gives the texts that the program makes of others.
func formedTexts(t *testing.T) map[string]string {
	texts := map[string]string{}
	for i, f := range []Filter{
		{}, {Job: "a"}, {After: "x"}, {Trigger: "manual"}, {Job: "a", Trigger: "manual"}, {Statuses: []engine.Status{engine.OK}},
		{Job: "a", Statuses: []engine.Status{engine.OK}, After: "x"}, {Since: time.Now(), Trigger: "manual", After: "x"},
	} {
		query, _, err := f.query()
		if err != nil {
			t.Fatal(err)
		}
		texts["runs"+strconv.Itoa(i)] = query
	}
	texts["troublesAll"], texts["troublesNamed"] = fmt.Sprintf(troublesSQL, allJobsSQL), fmt.Sprintf(troublesSQL, namedSQL)
	texts["betweenAll"] = fmt.Sprintf(betweenSQL, fmt.Sprintf(anyTriggerSQL, "runs_ended", ""))
	texts["parts"] = fmt.Sprintf(partsSQL, fmt.Sprintf(anyTriggerSQL, "runs_ended_of_job", "job = ?2 AND"))
	for i, f := range []StepFilter{
		{}, {Worst: true}, {Failed: true, Items: true}, {Well: true, Outer: true}, {ID: "a", Key: "b", Kind: "c", Status: engine.OK}, {Inside: "/a"},
		{Ending: "fail:2", After: "/b"}, {Inside: "/a", After: "/b", Worst: true, Limit: 5},
	} {
		query, _ := f.query()
		where, _ := f.where()
		texts["steps"+strconv.Itoa(i)] = query
		texts["stepCount"+strconv.Itoa(i)] = "SELECT count(*)" + where
		texts["stepCounts"+strconv.Itoa(i)] = "SELECT status, count(*)" + where + " GROUP BY status"
	}
	for _, table := range rowsOfRun {
		texts["look "+table.look], texts["drop "+table.drop] = table.look, table.drop
	}
	for name, text := range map[string]string{"newRunsSQL": newRunsSQL, "newSlotsSQL": newSlotsSQL, "newQueueSQL": newQueueSQL, "newPlansSQL": newPlansSQL} {
		columns := 1 + strings.Count(text, ",")
		values := "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"
		texts[name] = text + values + ", " + values
	}
	return texts
}

var isSQL = regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE|WITH|PRAGMA|BEGIN|CREATE) `)

// textsOf reads the package's texts of SQL, by the names of their constants, else by themselves.
func textsOf(t *testing.T) map[string]string {
	names, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	constants, texts := map[string]ast.Expr{}, map[string]string{}
	var files []*ast.File
	for _, entry := range names {
		if name := entry.Name(); !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "postgres_") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, value := range spec.Values {
					constants[spec.Names[i].Name] = value
				}
			}
			return true
		})
	}
	for name, expr := range constants {
		if text, ok := folded(expr, constants); ok && isSQL.MatchString(text) {
			texts[name] = text
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				for _, arg := range call.Args {
					if lit, ok := arg.(*ast.BasicLit); ok {
						if text, ok := folded(lit, constants); ok && isSQL.MatchString(text) {
							texts[text] = text
						}
					}
				}
			}
			return true
		})
	}
	return texts
}

// folded gives the text that an expression of constants has.
func folded(expr ast.Expr, constants map[string]ast.Expr) (string, bool) {
	switch e := expr.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		value, ok := constants[e.Name]
		if !ok {
			return "", false
		}
		return folded(value, constants)
	case *ast.BinaryExpr:
		left, ok := folded(e.X, constants)
		right, also := folded(e.Y, constants)
		return left + right, ok && also && e.Op == token.ADD
	}
	return "", false
}
