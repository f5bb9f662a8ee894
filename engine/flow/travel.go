package flow

import (
	"fmt"
	"time"

	"snrun/steps"
)

// EncodeUnit writes a unit as it travels.
func EncodeUnit(u Unit) ([]byte, error) {
	return steps.EncodeJSON(map[string]any{
		"key": u.Key, "place": u.Place, "slot": u.Slot, "loop": u.Loop, "from": u.From, "to": u.To, "limit": u.Limit, "failed": u.Failed,
		"quiet": u.Quiet, "scope": u.Scope.plain(),
	})
}

// DecodeUnit reads what EncodeUnit wrote.
func DecodeUnit(data []byte) (Unit, error) {
	b, err := unpack(data, "a unit")
	if err != nil {
		return Unit{}, err
	}
	u := Unit{
		Key: b.text("key"), Place: b.text("place"), Slot: b.text("slot"), Loop: b.text("loop"),
		From: b.count("from"), To: b.count("to"), Limit: b.count("limit"), Failed: b.count("failed"), Quiet: b.flag("quiet"),
	}
	u.Scope = scopeOf(boxOf(b.m["scope"], "a scope"), b)
	return u, b.err
}

func (c Scope) plain() map[string]any {
	return map[string]any{
		"path": c.Path, "depth": c.Depth, "item": c.Item, "cleanup": c.Cleanup, "redo": c.Redo, "deadline": timeText(c.Deadline.At),
		"deadline_of": c.Deadline.Of, "job": c.Job, "names": wired(c.Names), "results": wired(c.Results), "states": wiredByJob(c.States),
	}
}

func scopeOf(b, outer *box) Scope {
	c := Scope{
		Path: b.text("path"), Depth: b.count("depth"), Item: b.flag("item"), Cleanup: b.flag("cleanup"), Redo: b.flag("redo"),
		Deadline: Deadline{b.time("deadline"), b.text("deadline_of")},
		Job:      b.text("job"), Names: b.fields("names"), Results: b.fields("results"), States: b.byJob("states"),
	}
	outer.also(b)
	return c
}

// EncodeHanded writes what a unit gave as it travels.
func EncodeHanded(got Handed) ([]byte, error) {
	m := map[string]any{
		"value": wired(got.Value), "first": got.First, "open": texts(got.Open), "count": got.Count, "limit": got.Limit,
		"succeeded": got.Succeeded, "failed": got.Failed, "doubts": texts(got.Doubts), "tolerated": texts(got.Tolerated),
	}
	if got.Names != nil {
		m["names"] = wired(got.Names)
	}
	if got.Error != nil {
		m["error"] = plainError(got.Error)
	}
	if len(got.Saved) > 0 {
		m["saved"] = wiredByJob(got.Saved)
	}
	if got.Retries+got.LimitWaits+len(got.Asides) > 0 {
		m["retries"], m["limit_waits"], m["asides"] = got.Retries, got.LimitWaits, plainAsides(got.Asides)
	}
	return steps.EncodeJSON(m)
}

// DecodeHanded reads what EncodeHanded wrote.
func DecodeHanded(data []byte) (Handed, error) {
	b, err := unpack(data, "what a unit gave")
	if err != nil {
		return Handed{}, err
	}
	got := Handed{
		Value: b.value("value"), Names: b.fields("names"), First: b.text("first"), Saved: b.byJob("saved"), Open: b.texts("open"),
		Count: b.count("count"), Limit: b.count("limit"), Succeeded: b.count("succeeded"), Failed: b.count("failed"),
		Doubts: b.texts("doubts"), Tolerated: b.texts("tolerated"),
		Retries: b.count("retries"), LimitWaits: b.count("limit_waits"), Asides: b.asides("asides"),
	}
	got.Error = b.failure("error")
	return got, b.err
}

// EncodeError writes a step's error with all that deciding upon another try reads; its cause stays behind.
func EncodeError(e *steps.Error) ([]byte, error) {
	if e == nil {
		return steps.EncodeJSON(nil)
	}
	return steps.EncodeJSON(plainError(e))
}

// DecodeError reads what EncodeError wrote.
func DecodeError(data []byte) (*steps.Error, error) {
	v, err := steps.DecodeJSON(data)
	if err != nil {
		return nil, err
	}
	b := &box{m: map[string]any{"error": v}, of: "an error"}
	e := b.failure("error")
	return e, b.err
}

func plainError(e *steps.Error) map[string]any {
	m := map[string]any{
		"kind": e.Kind, "message": e.Message, "step": e.Step, "status": e.Status, "attempts": e.Attempts, "hint": e.Hint, "profile": e.Profile,
		"repeat": int(e.Repeat), "retry_after": int(e.RetryAfter), "no_effect": e.NoEffect, "calls": texts(e.Calls), "doubt": e.Doubt,
	}
	if e.Fields != nil {
		m["fields"] = wired(e.Fields)
	}
	if e.Response != nil {
		m["response"] = wired(e.Response)
	}
	return m
}

func (b *box) failure(name string) *steps.Error {
	if b.m[name] == nil {
		return nil
	}
	in := boxOf(b.m[name], "an error")
	e := &steps.Error{
		Kind: in.text("kind"), Message: in.text("message"), Step: in.text("step"), Status: in.count("status"), Attempts: in.count("attempts"),
		Hint: in.text("hint"), Profile: in.text("profile"), Repeat: steps.Repeat(in.count("repeat")),
		RetryAfter: time.Duration(in.count("retry_after")), NoEffect: in.flag("no_effect"), Calls: in.texts("calls"), Doubt: in.flag("doubt"),
		Fields: in.fields("fields"), Response: in.fields("response"),
	}
	b.also(in)
	return e
}

// EncodeFold writes the end of a part of a loop as it travels.
func EncodeFold(f Fold) ([]byte, error) {
	return steps.EncodeJSON(map[string]any{
		"key": f.Key, "below": f.Below, "keep": texts(f.Keep), "progress": wired(f.Progress), "parts": wiredParts(f.Parts), "drop": texts(f.Drop),
		"cleanup": f.Cleanup,
	})
}

// DecodeFold reads what EncodeFold wrote.
func DecodeFold(data []byte) (Fold, error) {
	b, err := unpack(data, "the end of a part of a loop")
	if err != nil {
		return Fold{}, err
	}
	f := Fold{
		Key: b.text("key"), Below: b.text("below"), Keep: b.texts("keep"), Progress: b.value("progress"), Parts: b.parts(), Drop: b.texts("drop"),
		Cleanup: b.flag("cleanup"),
	}
	return f, b.err
}

// EncodeKept writes what is kept of a loop as it travels.
func EncodeKept(k Kept) ([]byte, error) {
	return steps.EncodeJSON(map[string]any{"progress": wired(k.Progress), "parts": wiredParts(k.Parts)})
}

// DecodeKept reads what EncodeKept wrote.
func DecodeKept(data []byte) (Kept, error) {
	b, err := unpack(data, "what is kept of a loop")
	if err != nil {
		return Kept{}, err
	}
	k := Kept{Progress: b.value("progress"), Parts: b.parts()}
	return k, b.err
}

func wiredParts(list []Part) []any {
	parts := make([]any, len(list))
	for i, p := range list {
		parts[i] = map[string]any{"name": p.Name, "value": wired(p.Value)}
	}
	return parts
}

func (b *box) parts() []Part {
	var all []Part
	for _, item := range field[[]any](b, "parts") {
		in := boxOf(item, "a part")
		all = append(all, Part{Name: in.text("name"), Value: in.value("value")})
		b.also(in)
	}
	return all
}

// EncodeWait writes a pause as it travels.
func EncodeWait(w Wait) ([]byte, error) {
	return steps.EncodeJSON(map[string]any{"key": w.Key, "for": int(w.For), "until": timeText(w.Until), "cleanup": w.Cleanup})
}

// DecodeWait reads what EncodeWait wrote.
func DecodeWait(data []byte) (Wait, error) {
	b, err := unpack(data, "a pause")
	if err != nil {
		return Wait{}, err
	}
	w := Wait{Key: b.text("key"), For: time.Duration(b.count("for")), Until: b.time("until"), Cleanup: b.flag("cleanup")}
	return w, b.err
}

// EncodeSave writes a call that sets state values as it travels: that is all that a Remote is asked to Do.
func EncodeSave(c Call) ([]byte, error) {
	return steps.EncodeJSON(map[string]any{
		"key": c.Key, "step_key": c.StepKey, "job": c.Job, "state": wired(c.State), "cleanup": c.Cleanup,
	})
}

// DecodeSave reads what EncodeSave wrote.
func DecodeSave(data []byte) (Call, error) {
	b, err := unpack(data, "a save")
	if err != nil {
		return Call{}, err
	}
	c := Call{
		Key: b.text("key"), StepKey: b.text("step_key"), Attempt: 1, Job: b.text("job"), State: b.fields("state"), Cleanup: b.flag("cleanup"),
	}
	return c, b.err
}

// EncodeGiven writes what a run starts with as it travels: small values, and Refs for the others.
func EncodeGiven(g Given) ([]byte, error) {
	return steps.EncodeJSON(map[string]any{
		"inputs": wired(g.Inputs), "states": wiredByJob(g.States), "run": wired(g.Run), "env": wired(g.Env), "secrets": wired(g.Secrets), "redo": g.Redo,
	})
}

// DecodeGiven reads what EncodeGiven wrote. Nothing is masked where it travels to: no secret gets there.
func DecodeGiven(data []byte) (Given, error) {
	b, err := unpack(data, "what a run starts with")
	if err != nil {
		return Given{}, err
	}
	g := Given{
		Inputs: b.fields("inputs"), States: b.byJob("states"), Run: b.fields("run"), Env: b.fields("env"), Secrets: b.fields("secrets"),
		Redo: b.flag("redo"), Mask: func(string) {}, Hide: func(text string) string { return text },
	}
	if job, isText := g.Run["job"].(string); isText {
		g.State = g.States[job]
	}
	return g, b.err
}

// unpack reads an object.
func unpack(data []byte, of string) (*box, error) {
	v, err := steps.DecodeJSON(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", of, err)
	}
	b := boxOf(v, of)
	return b, b.err
}

// also takes over the mistake found in an inner box.
func (b *box) also(in *box) {
	if b.err == nil {
		b.err = in.err
	}
}

func (b *box) time(name string) time.Time {
	text := b.text(name)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		b.wrong(name)
	}
	return at
}

func timeText(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.RFC3339Nano)
}

func wiredByJob(states map[string]map[string]any) map[string]any {
	all := make(map[string]any, len(states))
	for job, values := range states {
		all[job] = wired(values)
	}
	return all
}
