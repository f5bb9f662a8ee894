package review

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"snrun/engine"
	"snrun/history"
)

// Export says what is written of runs, and for whom.
type Export struct {
	Format  string // one of Formats
	Program string // what is named as the author, with its version
	Version string
}

// Formats are the formats that runs can be exported in.
func Formats() []string { return []string{"json", "har", "junit"} }

// Pick gives the ids of all runs that a filter lists, the oldest first, whatever its limit: 0 is all.
func Pick(store *history.Store, f history.Filter) ([]string, error) {
	const each = 1000
	var ids []string
	limit := f.Limit
	for {
		if f.Limit = each; limit > 0 {
			f.Limit = min(each, limit-len(ids))
		}
		runs, err := store.Runs(f)
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			ids = append(ids, run.ID)
		}
		if len(runs) < f.Limit || len(ids) == limit {
			slices.Reverse(ids)
			return ids, nil
		}
		f.Before = runs[len(runs)-1].ID
	}
}

// Write writes runs in a format, one after the other, and of each one step and one request after the other, so that no run is too
// large. What is written at once is whole: a text that is to be masked is never split.
func (x Export) Write(ctx context.Context, w io.Writer, store *history.Store, ids []string) error {
	out := &pieces{ctx: ctx, w: w}
	var format exporter
	switch x.Format {
	case "json":
		format = &jsonExport{pieces: out, store: store}
	case "har":
		format = &harExport{pieces: out, store: store, by: x}
	case "junit":
		format = &junitExport{pieces: out, store: store, by: x}
	default:
		return fmt.Errorf("there is no format %q; there are %s", x.Format, strings.Join(Formats(), ", "))
	}
	format.begin()
	for _, id := range ids {
		if out.err != nil {
			break
		}
		run, err := store.Begun(id)
		if err != nil {
			return err
		}
		if err := format.run(run); err != nil {
			return err
		}
	}
	format.end()
	return out.err
}

// exporter writes runs in one format.
type exporter interface {
	begin()
	run(run *engine.Run) error
	end()
}

// pieces writes texts until one cannot be written, or nobody waits for them any more.
type pieces struct {
	ctx context.Context
	w   io.Writer
	err error
}

func (p *pieces) write(text string) error {
	if p.err == nil {
		p.err = p.ctx.Err()
	}
	if p.err == nil {
		_, p.err = io.WriteString(p.w, text)
	}
	return p.err
}

// json writes a value behind a text, without a line's end.
func (p *pieces) json(before string, v any) error {
	data, err := JSON(v)
	if err != nil {
		return err
	}
	return p.write(before + strings.TrimSuffix(string(data), "\n"))
}

// jsonExport writes what `history show --json --http` prints, as one array.
type jsonExport struct {
	*pieces
	store *history.Store
	some  bool
}

func (x *jsonExport) begin() { x.write("[") }

func (x *jsonExport) end() { x.write("\n]\n") }

func (x *jsonExport) run(run *engine.Run) (err error) {
	r := &Run{Run: run}
	if r.FirstError, err = ReadFirstError(x.store, run); err != nil {
		return err
	}
	if r.Failing, err = failing(x.store, run); err != nil {
		return err
	}
	head, err := JSON(r)
	if err != nil {
		return err
	}
	x.write(separator(&x.some) + strings.TrimSuffix(strings.TrimSpace(string(head)), "}"))
	list := growing{pieces: x.pieces, name: "steps"}
	if err := x.store.EachStep(run.ID, history.StepFilter{}, func(s engine.StepRun) error { return list.add(s) }); err != nil {
		return err
	}
	list.end()
	list = growing{pieces: x.pieces, name: "exchanges"}
	if err := x.store.EachExchange(run.ID, history.ExchangeFilter{}, func(e history.Exchange) error { return list.add(NewExchange(e)) }); err != nil {
		return err
	}
	list.end()
	return x.write("}")
}

// separator is what stands before an element of a list.
func separator(some *bool) string {
	if !*some {
		*some = true
		return "\n"
	}
	return ",\n"
}

// growing writes a list as a further key of an object; nothing where it is empty.
type growing struct {
	*pieces
	name string
	some bool
}

func (l *growing) add(v any) error {
	before := ",\n"
	if !l.some {
		before = `,"` + l.name + `":[` + "\n"
	}
	l.some = true
	return l.json(before, v)
}

func (l *growing) end() {
	if l.some {
		l.write("]")
	}
}
