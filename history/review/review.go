// Package review says of runs on record what a person wants to know: what failed first, what is different from the last run that went
// well, how it has been going. Commands, pages and the API say the same, since they have it from here.
//
// The files:
//
//	commands            the command lines for what pages and reports tell of
//	run, exchange       the document of a run: what is read of it, and its requests and answers
//	first               the first error of a run, and where it stands in the job's text
//	timeline            the steps of a run in time: tries, waits, loops as one bar
//	curl                a command that makes a request again
//	standing, keys      how runs and steps stand to each other
package review
