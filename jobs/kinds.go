package jobs

import "snrun/steps"

// Kinds are the kinds of step that the language itself has: the flow carries them out.
func Kinds() []*steps.Kind {
	return []*steps.Kind{
		setKind(), foreachKind(), parallelKind(), repeatKind(), blockKind(), switchKind(), tryKind(), callKind(), waitKind(),
		saveKind(), logKind(), failKind(),
	}
}

// output is what every kind gives.
func gives(doc string, more ...steps.Result) []steps.Result {
	return append([]steps.Result{{Name: "output", Doc: doc}}, more...)
}

func setKind() *steps.Kind {
	return &steps.Kind{
		Name: "set", Summary: "Names values for later steps",
		Doc:     "The values are evaluated once, when the step runs.",
		Example: "id: window\nset:\n  from: ${state.since}\n  size: 500",
		Takes:   steps.MapOf(steps.Of(steps.Any)),
		Gives:   gives("The map of values."),
	}
}

func saveKind() *steps.Kind {
	return &steps.Kind{
		Name: "save", Summary: "Remembers values for the next runs of the job",
		Doc:     "Each name must be one of the job's `state`. The values are durable the moment the step ends, whatever becomes of the run. A value computed from a secret cannot be saved.",
		Example: "save: {since: \"${last(steps.incidents.output)?.sys_updated_on ?? state.since}\"}",
		Takes:   steps.MapOf(steps.Of(steps.Any)),
		Gives:   gives("The values that were saved."),
	}
}

func logKind() *steps.Kind {
	return &steps.Kind{
		Name: "log", Summary: "Writes a message into the run's log",
		Example: "log: \"${len(steps.incidents.output)} incidents since ${state.since}\"",
		Takes:   steps.Of(steps.Text),
		Gives:   gives("The message."),
	}
}

func failKind() *steps.Kind {
	return &steps.Kind{
		Name: "fail", Summary: "Ends the run as failed",
		Doc:     "Inside `try` the failure can be caught like any other. Its `error.kind` is `input`.",
		Example: "if: len(steps.incidents.output) == 0\nfail: no incident since ${state.since}",
		Takes:   steps.Of(steps.Text),
		Gives:   gives("Nothing."),
	}
}

func blockKind() *steps.Kind {
	return &steps.Kind{
		Name: "steps", Summary: "Runs steps as one block",
		Doc:     "A plain block, for one `if`, `timeout` or `retry` around several steps.",
		Example: "id: handover\nif: inputs.priority == 1\nsteps:\n  - log: handing over",
		Takes:   steps.Of(steps.Block),
		Gives:   gives("The last step's output."),
	}
}

func foreachKind() *steps.Kind {
	return &steps.Kind{
		Name: "foreach", Summary: "Runs steps once for each item of a list",
		Doc: "Items start in order, at most `concurrency` at once. After more failures than `tolerate` allows no further item is started; " +
			"those under way are finished, and the step fails with the first failure in the order of the list.",
		Example: "id: closed\nforeach:\n  in: ${steps.incidents.output}\n  as: incident\n  key: ${incident.sys_id}\n  concurrency: 8\n  steps:\n" +
			"    - rest: {profile: servicenow, method: DELETE, path: \"/api/now/table/incident/${incident.sys_id}\"}",
		Takes: steps.ObjectOf(foreachFields()...),
		Gives: gives("The collected values, in the order of the list; null for an item that failed.",
			steps.Result{Name: "total", Type: steps.Int, Doc: "How many items there were."},
			steps.Result{Name: "succeeded", Type: steps.Int, Doc: "How many succeeded."},
			steps.Result{Name: "failed", Type: steps.Int, Doc: "How many failed."}),
	}
}

func foreachFields() []steps.Field {
	return []steps.Field{
		{Name: "in", Required: true, Type: steps.Of(steps.Any), Example: "${steps.incidents.output}",
			Doc: "The list. A map is taken as a list of `{key, value}`, sorted by key. A request with `paginate` in its place, `in: {rest: {…}}`, is read page by page while the loop goes on, and never held as a whole."},
		{Name: "as", Type: steps.Of(steps.Bind), Default: "item", Static: true, Doc: "The name of the item inside the loop."},
		{Name: "index", Type: steps.Of(steps.Bind), Static: true, Example: "i", Doc: "The name of the item's number inside the loop, from 0."},
		{Name: "key", Type: steps.Of(steps.Text), Example: "${incident.sys_id}", Doc: "What tells the item apart in the history, and when a run is gone on from. Default: its number."},
		{Name: "concurrency", Type: steps.Of(steps.Int), Default: "1", Doc: "How many items are worked on at once."},
		{Name: "batch", Type: steps.EitherOf(steps.Of(steps.Int), steps.OneOf("page")), Static: true, Example: "200",
			Doc: "Hand over lists of so many items instead of single ones. `page` hands over each page of a request as it came."},
		{Name: "tolerate", Type: steps.EitherOf(steps.Of(steps.Int), steps.Of(steps.Text)), Default: "0", Static: true, Example: "5%",
			Doc: "How many failed items leave the step successful: a number, a share such as `5%`, or `all`. Of a request, a share is of all items where the server tells how many there are, else of those that have come so far."},
		{Name: "collect", Type: steps.Of(steps.Any), Example: "${steps.alert.output.id}", Doc: "What each item contributes to the step's output. Default: the output of the item's last step."},
		{Name: "steps", Required: true, Type: steps.Of(steps.Block), Doc: "What is done with each item."},
	}
}

func caseType() steps.Type {
	return steps.ListOf(steps.ObjectOf(
		steps.Field{Name: "when", Type: steps.Of(steps.Condition), Doc: "When the branch is taken. Only the last may leave it out."},
		steps.Field{Name: "steps", Required: true, Type: steps.Of(steps.Block), Doc: "The branch."},
	))
}

func switchKind() *steps.Kind {
	return &steps.Kind{
		Name: "switch", Summary: "Runs the first branch whose condition holds",
		Doc:     "Where no condition holds nothing is done, and the output is null.",
		Example: "switch:\n  - when: inputs.priority == 1\n    steps:\n      - log: urgent\n  - steps:\n      - log: later",
		Takes:   caseType(),
		Gives:   gives("The last output of the branch that was taken."),
	}
}

func tryKind() *steps.Kind {
	return &steps.Kind{
		Name: "try", Summary: "Runs steps, and others when one of them fails",
		Doc: "The first `catch` whose condition holds is taken; `error` is in scope there. Where none holds the failure goes on. " +
			"`finally` runs in any case, also when the run is cancelled.",
		Example: "try:\n  - rest: {profile: oncall, method: POST, path: /v1/alerts, json: {dedup: a}}\ncatch:\n  - when: error.status == 409\n    steps:\n      - log: known already",
		Takes:   steps.Of(steps.Block),
		Beside: []steps.Field{
			{Name: "catch", Type: caseType(), Doc: "What is done about a failure: branches of `when` and `steps`."},
			{Name: "finally", Type: steps.Of(steps.Block), Doc: "What is done at the end in any case."},
		},
		Gives: gives("The output of the last step that ran, of the body or of the catch."),
	}
}
