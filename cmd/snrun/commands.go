package main

// commands are the command lines for the runs of one history, as a person would paste them here.
type commands struct {
	program string // how the program is called
	flags   string // which lead to the history, each with a space before it; "" where nothing has to
}

// show is the command that shows a run.
func (c commands) show(run string) string { return c.program + " history show" + c.flags + " " + run }

// commandsFor gives the commands for the history in a file: as short as they can be from here.
func (a *app) commandsFor(file string) commands {
	plain := *a // without the flags of this command line
	plain.project, plain.database = a.getenv(projectVariable), a.getenv(databaseVariable)
	if _, settings, err := plain.settings("."); err == nil {
		if usual, err := plain.databaseFile(settings); err == nil && usual == file {
			return commands{program: a.name}
		}
	}
	return commands{program: a.name, flags: " --db " + quoteArg(file)}
}
