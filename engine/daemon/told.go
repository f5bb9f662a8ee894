package daemon

import (
	"snrun/engine"
	"snrun/engine/schedule"
	"snrun/jobs"
)

// Jobs gives the jobs that can be run as they are now, sorted by name.
func (d *Daemon) Jobs() []schedule.Job { return d.library.Jobs() }

// UsedBy gives the names of the jobs that use each profile, themselves or through a job that they call, sorted.
func (d *Daemon) UsedBy() map[string][]string { return d.library.usedBy() }

// Schedules gives the schedules of a job as they are now, none where there is none of the name.
func (d *Daemon) Schedules(job string) []jobs.Schedule {
	if e := d.library.named(job); e != nil {
		return e.schedules
	}
	return nil
}

// Unwell says why the database cannot be written, "" where it can.
func (d *Daemon) Unwell() string {
	if unwell := d.unwell.Load(); unwell != nil {
		return *unwell
	}
	return ""
}

// Names gives the names of the jobs, sorted.
func (d *Daemon) Names() []string { return d.library.Names() }

// TextOf gives the file of a job and what stands in it now, and in those of the jobs that it calls. It is false where the project has no
// such job.
func (d *Daemon) TextOf(job string) (file, text string, called []engine.Text, known bool) {
	e := d.library.named(job)
	if e == nil {
		return "", "", nil, false
	}
	return e.file, e.text, e.called, true
}
