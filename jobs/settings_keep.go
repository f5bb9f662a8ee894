package jobs

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// Keep is what `history.keep` in snrun.yaml says: which runs are kept. The zero value keeps all.
type Keep struct {
	KeepRule                     // for the jobs that have none of their own
	Size     int64               // how large the database may get, bytes; 0 is without a limit
	Jobs     map[string]KeepRule // by the name of the job, complete: with what holds of all where nothing else is said
	unknown  map[string]*source.Error
}

// KeepRule says which runs of a job are kept. The zero value keeps all.
type KeepRule struct {
	Age    time.Duration // how long; 0 is for ever
	Runs   int           // how many, the newest ones; 0 is all
	Failed time.Duration // how long those that did not end well are kept in any case; 0 is as the others
}

// Of gives the rule for a job.
func (k Keep) Of(job string) KeepRule {
	if rule, own := k.Jobs[job]; own {
		return rule
	}
	return k.KeepRule
}

// KeepsAll says whether no run ever has to go.
func (k Keep) KeepsAll() bool { return k.Size == 0 && !k.limits() }

// limits says whether there is a rule by which runs have to go.
func (k Keep) limits() bool {
	return k.KeepRule.limits() || slices.ContainsFunc(slices.Collect(maps.Values(k.Jobs)), KeepRule.limits)
}

func (r KeepRule) limits() bool { return r.Age > 0 || r.Runs > 0 }

// keepFields are the keys of `history`.
func keepFields() []steps.Field {
	return []steps.Field{
		{Name: "keep", Static: true, Doc: "Which runs are kept; without it all are. `snrun serve` deletes the others in the background, `snrun history prune` at once.",
			Example: "{age: 90d, runs: 1000, failed: 180d}", Type: steps.ObjectOf(append(keepRuleFields(),
				steps.Field{Name: "size", Static: true, Type: steps.Of(steps.Size), Example: "2GB", Doc: "How large the database may get: beyond it the oldest runs of all jobs go, those that did not end well last."},
				steps.Field{Name: "jobs", Static: true, Type: steps.MapOf(steps.ObjectOf(keepRuleFields()...)), Example: "{noisy: {age: 7d, runs: 100, failed: 30d}}", Doc: "Other rules for some jobs, by their names. A key that is left out is as for all jobs."},
			)...)},
	}
}

// keepRuleFields are the keys that hold of one job, or of all.
func keepRuleFields() []steps.Field {
	return []steps.Field{
		{Name: "age", Static: true, Type: steps.Of(steps.Duration), Example: "90d", Doc: "How long a run is kept after its end; `0s` is for ever."},
		{Name: "runs", Static: true, Type: steps.Of(steps.Int), Example: "1000", Doc: "How many runs of each job are kept, the newest ones; `0` is all."},
		{Name: "failed", Static: true, Type: steps.Of(steps.Duration), Example: "180d", Doc: "How long runs that failed, were cancelled or interrupted are kept, whatever `age` and `runs` say; `0s` is no longer than the others."},
	}
}

// keep reads `history.keep`.
func (d *decoder) keep(root *source.Node, in steps.Input) Keep {
	all := d.at(root, "history.keep")
	if all == nil || all.Form() != source.Mapping {
		return Keep{}
	}
	k := Keep{KeepRule: d.keepRule(all, in, KeepRule{}), Size: in.Size("size")}
	if named := d.entryOf(all, "jobs").Value; named != nil && named.Form() == source.Mapping {
		d.keepJobs(named, &k)
	}
	if at := d.entryOf(all, "failed").Value; k.Failed > 0 && !k.limits() {
		d.uselessFailed(at)
	}
	return k
}

// keepJobs reads the rules of single jobs.
func (d *decoder) keepJobs(named *source.Node, k *Keep) {
	k.Jobs, k.unknown = map[string]KeepRule{}, map[string]*source.Error{}
	for _, e := range d.entries(named) {
		in, ok := d.static(e.Value, keepRuleFields(), "jobs."+e.Key, nil)
		if !ok {
			continue
		}
		rule := d.keepRule(e.Value, in, k.KeepRule)
		if at := d.entryOf(e.Value, "failed").Value; at != nil && rule.Failed > 0 && !rule.limits() {
			d.uselessFailed(at)
		}
		k.Jobs[e.Key] = rule
		k.unknown[e.Key] = new(source.Report).Errorf(e.Name, "no job of this project has the name %q", e.Key)
	}
}

// entryOf gives the entry of a mapping under a key, an empty one where it has none.
func (d *decoder) entryOf(n *source.Node, key string) source.Entry {
	return mapping{entries: d.entries(n)}.entry(key)
}

// keepRule reads a rule. What it leaves out is as in others.
func (d *decoder) keepRule(n *source.Node, in steps.Input, others KeepRule) KeepRule {
	r := others
	if in.Has("age") {
		r.Age = in.Duration("age")
	}
	if in.Has("runs") {
		r.Runs = in.Int("runs")
	}
	if in.Has("failed") {
		r.Failed = in.Duration("failed")
	}
	if at := d.entryOf(n, "runs").Value; at != nil && in.Int("runs") < 0 {
		d.r.Errorf(at, "runs must be at least 0").Hint = "0 keeps all"
	}
	at := d.entryOf(n, "failed").Value
	if at == nil {
		at = d.entryOf(n, "age").Value // which is more than what holds of all jobs
	}
	if at != nil && r.Failed > 0 && r.Failed < r.Age {
		d.r.Errorf(at, "runs that failed would be kept for %s, shorter than others, which are kept for %s", FormatDuration(r.Failed), FormatDuration(r.Age)).Hint =
			"failed must not be less than age; leave it out to keep all runs for the same time"
	}
	return r
}

// uselessFailed reports that failed stands where no run has to go.
func (d *decoder) uselessFailed(at *source.Node) {
	d.r.Errorf(at, "failed says nothing where all runs are kept for ever").Hint = "say for how long or how many are kept, with age or runs, or leave failed out"
}

// CheckKeep gives a warning for each job in `history.keep.jobs` that is none of the project: its rule holds at most for runs of
// former times.
func (p *Project) CheckKeep() source.Errors {
	if len(p.Settings.Keep.unknown) == 0 {
		return nil
	}
	names := p.Names()
	var list source.Errors
	for _, name := range slices.Sorted(maps.Keys(p.Settings.Keep.unknown)) {
		if slices.Contains(names, name) {
			continue
		}
		e := *p.Settings.Keep.unknown[name]
		e.Warning, e.Hint = true, "its rule holds for runs that there are of it; take it out when there are none"
		if near := steps.Nearest(name, names); near != "" {
			e.Hint = fmt.Sprintf("did you mean %q?", near)
		}
		list = append(list, &e)
	}
	return list
}

// Owner gives what says of a job, by its name and the file of its newest run, whether it is of this project, so that the project's
// rules hold for its runs: it is one of the project's jobs, was one, or has a rule of its own. Several projects may have
// one database.
func (p *Project) Owner() func(job, file string) bool {
	names := map[string]bool{}
	for _, name := range p.Names() {
		names[name] = true
	}
	for name := range p.Settings.Keep.Jobs {
		names[name] = true
	}
	return func(job, file string) bool {
		return names[job] || filepath.IsAbs(file) && FindProject(filepath.Dir(file)) == p.Dir
	}
}
