// Package schedule fires jobs when they are due: each due time once, and none in silence.
//
// The files:
//
//	scheduler          the Scheduler: what it is given, what it tells
//	book               what it keeps its decisions in
//	calendar, timetable, passed, jitter
//	                   when jobs are due, and what becomes of the slots that passed; all of it without a clock
//	look, decide, clock
//	                   what is done each time the scheduler looks at the clock
//	fired              slots that another clock finds due
//	queue, going       runs that wait for their start, and runs that go on
//	standing           how it stands, for people
package schedule

import (
	"time"

	"snrun/engine"
)

// Book is where slots, queued runs and what people ask for are kept: for all daemons on one database. What a method was given
// is durable when it returns nil.
type Book interface {
	// Know records the schedules of jobs, for each job in place of those that were known of it. One that was not known before has no
	// slots up to now. It gives the same plans with Decided set, to now at the latest. A plan without a Line says that its job has no
	// schedule any more, and is not given back.
	Know(now time.Time, plans []engine.Plan) ([]engine.Plan, error)
	// Claim decides upon slots, in their order, all or nothing. A slot that is covered by an earlier decision keeps that, and of several
	// that are skipped together those that are. What is to be run is queued, in the name of this process, unless its overlap policy says
	// otherwise: skip skips it while another run of the job is queued or running, by whomever; queue has it wait for those (Alone), and
	// skips it where maxQueue of them wait already; cancel_running asks for the end of those, skips those that wait, and names them all.
	// Slots that are skipped for the same reason as the ones before them are added to that decision.
	Claim(now time.Time, maxQueue int, claims []engine.Claim) ([]engine.Verdict, error)
	// Rewind takes back what was decided upon slots that are still to come and were not to be run: the clock was ahead.
	Rewind(now time.Time) error
	// Adopt takes over the queued runs of the jobs named that no living process has, and gives all of theirs that this process has then,
	// the oldest first: also those that it had before.
	Adopt(jobs []string) ([]engine.QueuedRun, error)
	// Withdraw skips or cancels a run of this process that is still queued. It is false where it is not queued any more.
	Withdraw(now time.Time, run string, status engine.Status, reason string) (bool, error)
	// Going gives what a queued run has to wait for that is to be alone: the runs of its job that are running, in any process, and those
	// of other living processes that were due before it and wait, too.
	Going(job, run string) ([]string, error)
	// Pauses gives the jobs that are paused, by name.
	Pauses() (map[string]engine.Pause, error)
	// ToCancel gives the runs of this process whose end was asked for, and who asked. One that was queued has ended by that, and is
	// named until Withdraw has been asked of it.
	ToCancel() (map[string]string, error)
	// Changed says whether another connection or process may have changed the book since it was asked last. It costs next to nothing.
	Changed() (bool, error)
}
