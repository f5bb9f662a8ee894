package jobs

import (
	"slices"

	"snrun/jobs/source"
	"snrun/steps"
)

// decoder reads the files of a project. Whatever is wrong goes into its report, and reading goes on.
type decoder struct {
	r        *source.Report
	kinds    steps.Set
	profiles map[string]*Profile // nil where they are not known
	ids      *idIndex            // of the job that is read
	state    map[string]bool     // the names that the job may save
	results  steps.Reads         // what the job reads of `steps`
	used     usage
	read     map[*source.Node][]source.Entry  // what entries has given
	torn     source.Errors                    // where YAML took an expression apart
	known    *known                           // what other files leave for this one
	tables   map[string][]steps.Field         // the keys of a step, by kind
	presets  map[string]*preset               // those that were named so far
	any      *Shape                           // of which nothing is known
	given    map[string]*Shape                // `steps.ID` of steps of a kind that give any value
	calling  *steps.Kind                      // whose keys are read; nil outside of calls
	file     string                           // of the job that is read
	library  *library                         // where the jobs are that it calls
	chain    []link                           // the jobs that call each other, down to the one that is read
	secret   []string                         // its inputs that are computed from secrets, "*" for all of them
	calls    []*Job                           // the jobs that it calls
	carries  map[*source.Node]map[string]bool // the names of each repeat that carry something computed from a secret
}

func newDecoder(kinds steps.Set, profiles map[string]*Profile) *decoder {
	return &decoder{
		r: &source.Report{}, kinds: kinds, profiles: profiles, used: usage{profiles: map[string]bool{}},
		read: map[*source.Node][]source.Entry{}, known: &known{}, tables: map[string][]steps.Field{},
		presets: map[string]*preset{}, carries: map[*source.Node]map[string]bool{}, any: AnyShape(), given: map[string]*Shape{},
	}
}

// root parses a file. It gives nil where that is no YAML, which is reported.
func (d *decoder) root(file string, data []byte) *source.Node {
	found := &source.Report{}
	root := source.Parse(file, data, found)
	for _, e := range found.All() {
		d.r.Add(e)
		if root != nil {
			d.torn = append(d.torn, e)
		}
	}
	return root
}

// err gives everything that was found, as source.Errors; nil where the file can be used.
func (d *decoder) err() error {
	if len(d.torn) == 0 {
		return d.r.Err()
	}
	kept := &source.Report{}
	for _, e := range d.r.All() {
		if slices.Contains(d.torn, e) || !d.inTornLine(e) {
			kept.Add(e)
		}
	}
	return kept.Err()
}

// inTornLine says whether a mistake stands where YAML took an expression apart: it comes of that then.
func (d *decoder) inTornLine(e *source.Error) bool {
	return slices.ContainsFunc(d.torn, func(t *source.Error) bool { return t.File == e.File && t.Line == e.Line })
}

// clean reads something, and says whether no mistake was found in it.
func (d *decoder) clean(read func()) bool {
	outer := d.r
	d.r = &source.Report{}
	read()
	inner := d.r
	d.r = outer
	for _, e := range inner.All() {
		outer.Add(e)
	}
	return inner.Err() == nil
}

// entries gives the entries of a mapping. What is wrong with its keys is reported once, however often it is read.
func (d *decoder) entries(n *source.Node) []source.Entry {
	entries, known := d.read[n]
	if !known {
		entries = n.Entries(d.r)
		d.read[n] = entries
	}
	return entries
}
