package jobs

import (
	"fmt"
	"path"
	"slices"

	"snrun/jobs/source"
	"snrun/steps"
)

// Notify is one whom the daemon tells what is wrong, as it stands under `notify`: checked, but with its environment, its secrets and
// the notice still to be filled in.
type Notify struct {
	Name    string // its type, where it has none
	Type    string // webhook, slack, smtp or ping
	On      []string
	Jobs    []string // globs; none: all jobs
	Profile string   // "" for none
	node    *source.Node
	fields  *fields
	used    usage
}

// The kinds of notice that a target can be told of.
const (
	NoticeFailure  = "failure"
	NoticeRecovery = "recovery"
	NoticeLate     = "late"
	NoticeSignIn   = "sign_in"
)

// notifyKinds are the kinds of notice in the order in which they are written.
func notifyKinds() []string {
	return []string{NoticeFailure, NoticeRecovery, NoticeLate, NoticeSignIn}
}

// Wants says whether the target is told of a kind of notice, about a job; "" where it is about none.
func (n *Notify) Wants(kind, job string) bool {
	return slices.Contains(n.On, kind) && n.WantsJob(job)
}

// WantsJob says whether the target is told of a job. What is about no job is for all targets that name none.
func (n *Notify) WantsJob(job string) bool {
	return len(n.Jobs) == 0 || slices.ContainsFunc(n.Jobs, func(pattern string) bool {
		fits, err := path.Match(pattern, job)
		return fits && err == nil
	})
}

// Fill gives the values of the target's keys for one notice: names holds `notice`, `env` and `secret`.
func (n *Notify) Fill(names map[string]any) (steps.Input, error) {
	in, err := n.fields.eval(names)
	if err != nil {
		return nil, fmt.Errorf("target %s: %w", n.Name, err)
	}
	for _, f := range n.fields.list {
		if key := f.name; !in.Has(key) && key != "json" {
			return nil, fmt.Errorf("target %s: %s is null", n.Name, key)
		}
	}
	return in, nil
}

// Derived gives the texts that the target computes from secrets, for one notice.
func (n *Notify) Derived(names map[string]any) ([]string, error) { return n.fields.derived(names) }

// Secrets names the secrets that the target reads, sorted.
func (n *Notify) Secrets() []string { return n.used.secretNames() }

// withoutOwn is the table of the settings' keys without what its own code reads.
func withoutOwn(table []steps.Field) []steps.Field {
	for i := range table {
		switch table[i].Name {
		case "notify", "temporal":
			table[i].Type = steps.Of(steps.Block)
		case "server":
			table[i].Type.Fields = withoutAccess(table[i].Type.Fields)
		}
	}
	return table
}

// targets reads `notify`: one target or a list of them.
func (d *decoder) targets(n *source.Node) []*Notify {
	if n == nil || n.IsNull() {
		return nil
	}
	items := []*source.Node{n}
	if n.Form() == source.List {
		items = n.Items()
	}
	var list []*Notify
	for _, item := range items {
		t := d.target(item)
		if t == nil {
			continue
		}
		if slices.ContainsFunc(list, func(other *Notify) bool { return other.Name == t.Name }) {
			d.r.Errorf(d.at(item, "name"), "there are two targets named %s", t.Name).Hint = "give one of them another name"
		}
		list = append(list, t)
	}
	return list
}

// target reads one target: its type decides which keys it may have.
func (d *decoder) target(n *source.Node) *Notify {
	if n.Form() != source.Mapping {
		d.r.Errorf(n, "a target of notify must be a mapping, not %s", n.What()).Hint = "write it as {type: slack, url: \"${secret.CHAT_HOOK}\"}"
		return nil
	}
	named := d.child(n, "type")
	if named == nil || named.Form() != source.Scalar || named.IsNull() {
		at, what := n, "a target of notify needs the key \"type\""
		if named != nil {
			at, what = named, "type must be the name of a way to tell, not "+named.What()
		}
		d.r.Errorf(at, "%s", what).Hint = steps.Hint("", notifyTypes())
		return nil
	}
	t, known := notifyTypeNamed(named.Text())
	if !known {
		d.r.Errorf(named, "unknown way to tell %q", named.Text()).Hint = steps.Hint(named.Text(), notifyTypes())
		return nil
	}
	out := &Notify{Type: t.name, Name: t.name, On: notifyKinds(), node: n}
	outer := d.used
	d.used = usage{}
	clean := d.clean(func() {
		out.fields, _ = d.object(n, t.fields, "a target of type "+t.name, d.noticeScope())
	})
	out.used, d.used = d.used, outer
	if out.fields == nil {
		return nil
	}
	d.targetKeys(out, out.fields.fixed)
	if clean {
		t.check(d, n, out.fields.known())
	}
	return out
}

// targetKeys reads the keys that all targets may have.
func (d *decoder) targetKeys(t *Notify, in steps.Input) {
	t.Profile = in.Text("profile")
	if at := d.child(t.node, "name"); at != nil && in.Has("name") {
		t.Name = d.title(at, "the name of a target")
	}
	for _, key := range []string{"on", "jobs", "to"} {
		if at := d.child(t.node, key); at != nil && in.Has(key) && len(in.List(key)) == 0 {
			d.r.Errorf(at, "%s is empty, so nobody would ever be told", key)
		}
	}
	if in.Has("on") {
		t.On = texts(in.List("on"))
	}
	t.Jobs = texts(in.List("jobs"))
	for i, pattern := range t.Jobs {
		if _, err := path.Match(pattern, ""); err != nil {
			d.r.Errorf(d.at(t.node, fmt.Sprintf("jobs[%d]", i)), "%q is no pattern of names: a bracket is not closed, or nothing follows a backslash", pattern).
				Hint = "write it as in incident_*, [ab]_sync or nightly"
		}
	}
}

// noticeScope is what the expressions of a target see.
func (d *decoder) noticeScope() *Scope {
	scope := d.outerScope().With("notice", noticeShape())
	for _, name := range []string{"inputs", "state", "steps", "run", "error"} {
		scope = scope.Explain(name, "a target is told of all jobs, so it sees only `notice`, `env` and `secret`")
	}
	return scope
}

// noticeShape is `notice`: every name is always there.
func noticeShape() *Shape {
	fields := map[string]*Shape{
		"runs_failed": IntShape(),
		"error":       MapShape(map[string]*Shape{"kind": TextShape(), "message": TextShape(), "step": TextShape(), "status": IntShape()}),
	}
	for _, f := range noticeFields() {
		if fields[f.Name] == nil {
			fields[f.Name] = TextShape()
		}
	}
	return MapShape(fields)
}

// noticeFields are the names below `notice`, for people.
func noticeFields() []steps.Result {
	return []steps.Result{
		{Name: "id", Doc: "The same however often it is sent; also in the header `Idempotency-Key`, and in mails `Message-ID`."},
		{Name: "kind", Doc: "`failure`, `recovery`, `late` or `sign_in`; `test` for one that `snrun notify test` sends."},
		{Name: "was", Doc: "Of a recovery: `failure`, `late` or `sign_in`, what is over."},
		{Name: "job", Doc: "The job."},
		{Name: "profile", Doc: "Of `sign_in` and its recovery: the profile."},
		{Name: "run", Doc: "The run that brought it about."},
		{Name: "status", Doc: "How that run ended."},
		{Name: "due", Doc: "When it was due, as RFC 3339."},
		{Name: "started", Doc: "When it started."},
		{Name: "ended", Doc: "When it ended."},
		{Name: "since", Doc: "Since when it is wrong; of a recovery, since when it was."},
		{Name: "runs_failed", Doc: "Of a recovery: how many runs had failed, as a number."},
		{Name: "error", Doc: "The first error: `kind`, `message`, `step` and `status`, as a number, 0 for none."},
		{Name: "command", Doc: "The command to look at it."},
		{Name: "host", Doc: "The machine."},
		{Name: "project", Doc: "The project's folder."},
		{Name: "text", Doc: "All of it in a sentence or two."},
	}
}
