package daemon

import "snrun/engine"

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
