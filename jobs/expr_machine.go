package jobs

import (
	"reflect"
	"sync"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/vm"
)

// maxWork bounds what one evaluation may build, in list items and map entries.
const maxWork = 10_000_000

// machine is what expressions are compiled for: expr's machine with functions of ours. It is made once and never changed.
type machine struct {
	config    *conf.Config
	callees   map[string]*ast.IdentifierNode
	operators map[string]*operator
	methods   map[string]*Function
	makesList map[string]bool // the functions that always give a list
	pool      sync.Pool       // of *vm.VM
}

var theMachine = sync.OnceValue(func() *machine {
	m := &machine{callees: map[string]*ast.IdentifierNode{}, operators: map[string]*operator{}, methods: map[string]*Function{}, makesList: map[string]bool{"operator ..": true}}
	m.pool.New = func() any { return &vm.VM{MemoryBudget: maxWork} }
	m.config = &conf.Config{
		Env:          nature.FromType(reflect.TypeFor[map[string]any]()),
		ShortCircuit: true,
		Functions:    map[string]*builtin.Function{},
	}
	m.defineFunctions()
	m.defineOperators()
	m.defineAccess()
	return m
})

func (m *machine) define(name string, f vm.Function) {
	m.config.Functions[name] = &builtin.Function{Name: name, Func: f}
	m.callees[name] = &ast.IdentifierNode{Value: name}
}

// defineFunctions makes the functions that a person can call.
func (m *machine) defineFunctions() {
	for _, f := range functionTable().list {
		if f.call != nil {
			m.define(f.Name, f.guarded)
			m.makesList[f.Name] = f.result == listType
		}
	}
	for _, f := range methodFunctions() {
		f.read()
		m.methods[f.Name] = &f
		m.define(f.Name, f.guarded)
	}
}

func (m *machine) defineOperators() {
	for _, o := range operators() {
		m.operators[o.symbol] = &o
		m.define("operator "+o.symbol, o.run)
	}
	m.define("negate", negate)
}

// defineAccess makes what the checker puts in place of fields, items, slices, conditions and some loops.
func (m *machine) defineAccess() {
	m.define("field", getField)
	m.define("field?", getOptional)
	m.define("at", getItem)
	m.define("at?", getOptional)
	m.define("end", endChain)
	m.define("slice", getSlice)
	m.define("bool", asBool)
	m.define("list", asList)
	m.define("key", asKey)
	m.define("sum", sum(m.operators["+"]))
	m.define("sortPairs", func(args ...any) (any, error) { return sortPairs(args) })
	m.define("groupPairs", func(args ...any) (any, error) { return groupPairs(args) })
}
