package jobs

import "snrun/steps"

func parallelKind() *steps.Kind {
	return &steps.Kind{
		Name: "parallel", Summary: "Runs branches of steps at once",
		Doc: "All branches start at once; a step sees the steps before it in its own branch and those before the whole, not the other branches. " +
			"When a branch fails the others go on to their end, and then the step fails with the first failure in the order written.",
		Example: "id: both\nparallel:\n  incidents:\n    - rest: {profile: servicenow, path: /api/now/table/incident}\n  alerts:\n    - rest: {profile: oncall, path: /v1/alerts}",
		Takes:   steps.Of(steps.Branches),
		Gives:   gives("A map of each branch's name to the output of its last step."),
	}
}

func repeatKind() *steps.Kind {
	return &steps.Kind{
		Name: "repeat", Summary: "Runs steps again and again until a condition holds",
		Doc: "The steps are run in rounds: at least once, until `until` holds after them, or as often as `attempts` says. A failure in a round is the step's; `retry` around the steps of a round tries that again. " +
			"`carry` names values that each round hands to the next: all of the next values are computed at the end of a round, before one of them changes.",
		Example: "id: export\nrepeat:\n  until: steps.status.output.state == \"done\"\n  every: 10s\n  attempts: 60\n  steps:\n" +
			"    - id: status\n      rest: {profile: servicenow, path: /api/export/1}",
		Takes: steps.ObjectOf(repeatFields()...),
		Gives: gives("The output of the last step of the last round."),
	}
}

func callKind() *steps.Kind {
	return &steps.Kind{
		Name: "call", Summary: "Runs another job as a part of this run",
		Doc: "The job has its own `inputs`, `state` and steps, its `timeout`, `on_failure`, `on_success` and `finally` count, and its schedule does not. What it saves its own next run sees. " +
			"`run` is that of this run, but for `run.job`. Jobs may call jobs that call others, but none that leads back to itself.",
		Example: "id: closed\ncall:\n  job: close_incident\n  inputs: {number: INC0010001, priority: \"${inputs.priority}\"}",
		Takes:   steps.ObjectOf(callFields()...),
		Gives:   gives("The job's `output`; null where it has none."),
	}
}

func waitKind() *steps.Kind {
	return &steps.Kind{
		Name: "wait", Summary: "Lets time pass",
		Doc:     "A duration, or `until` and a time. A run that is gone on with waits for the rest only. Where a timeout around it would pass in the meantime the step fails at once.",
		Example: "wait: 90s",
		Takes:   steps.EitherOf(steps.Of(steps.Duration), steps.ObjectOf(waitFields()...)),
		Gives:   gives("Nothing."),
	}
}
