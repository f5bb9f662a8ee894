// Package review says of runs on record what a person wants to know: what failed first, what is different from the last run that went
// well, how it has been going. Commands, pages and the API say the same, since they have it from here.
//
// The files:
//
//	run, exchange   the document of a run: what is read of it, and its requests and answers
//	first           the first error of a run, and where it stands in the job's text
//	timeline        the steps of a run in time: tries, waits, loops as one bar
//	body, indent    the bodies of requests and answers as people read them
//	curl            a command that makes a request again
//	export, har, junit  runs in formats of other programs
//	goon            whether a run can go on, and why not
//	signin, ailing  how it stands with a profile's sign-in, and what is wrong with several alike
//	standing, keys  how runs and steps stand to each other
//	overview        what is wrong now, what goes on and what comes next
//	stats           how it has been going with a job
//	query, search   which runs to list, as people write it, and in which to look for a text
//	commands        the command lines for what pages and reports tell of
//	due             when jobs are due
//	job, book       how it stands with a job, and what is known of all of them
//	slot            what became of a due time
//	system          what the program and its database are like, and what does not look right
//	diff            what is different in a run from another one, and what of it explains how the run ended
//	shape           which values stand where in bodies
//	json            how programs read it
package review
