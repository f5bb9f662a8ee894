package jobs

// Uncovered gives the steps whose kept results may lack something that is read of them now: those that the job had
// otherwise when the results were kept.
func (j *Job) Uncovered(original *Job) map[*Step]bool { return nil }
