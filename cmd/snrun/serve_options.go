package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"snrun/history/words"
	"snrun/jobs"
	"snrun/steps"
)

// The variables that stand in for the flags of `serve`.
const (
	listenVariable    = "SNRUN_LISTEN"
	hostsVariable     = "SNRUN_HOSTS"
	certVariable      = "SNRUN_TLS_CERT"
	keyVariable       = "SNRUN_TLS_KEY"
	proxyVariable     = "SNRUN_BEHIND_PROXY"
	maxRunsVariable   = "SNRUN_MAX_RUNS"
	maxQueueVariable  = "SNRUN_MAX_QUEUE"
	graceVariable     = "SNRUN_GRACE"
	lateAfterVariable = "SNRUN_LATE_AFTER"
	logFormatVariable = "SNRUN_LOG_FORMAT"
	logLevelVariable  = "SNRUN_LOG_LEVEL"
)

// What is taken where neither a flag, nor a variable, nor snrun.yaml says otherwise.
const (
	defaultListen    = "127.0.0.1:7070"
	defaultMaxRuns   = 20
	defaultMaxQueue  = 100
	defaultLateAfter = 5 * time.Minute
)

var (
	logFormats = [...]string{"text", "json"}
	logLevels  = [...]string{"debug", "info", "warn", "error"}
)

// serveOptions are the flags of `serve`, and the variables that stand in for them.
type serveOptions struct {
	listen, hosts, cert, key, proxy, maxRuns, maxQueue, grace, lateAfter, logFormat, logLevel setting

	sandbox bool
	faults  []string
}

// setting is what a flag or a variable says, as it was written; "" where it says nothing.
type setting struct {
	text string
	from string // the flag or the variable, as a person writes it
	flag string
}

// String, Set and Type are for pflag.
func (s *setting) String() string { return s.text }

// Set takes what stands behind the flag.
func (s *setting) Set(text string) error {
	s.text, s.from = text, s.flag
	return nil
}

// Type is what help shows in place of a value.
func (s *setting) Type() string { return "string" }

// bind makes the flags. What a flag does not say its variable does.
func (o *serveOptions) bind(flags *pflag.FlagSet, getenv func(string) string) {
	for _, f := range []struct {
		setting               *setting
		name, variable, usage string
	}{
		{&o.listen, "listen", listenVariable, "the address for pages, health and metrics, or none (default " + defaultListen + ")"},
		{&o.hosts, "hosts", hostsVariable, "the names that pages are reached by, beside those of this machine itself, with commas between"},
		{&o.cert, "tls-cert", certVariable, "the file of the certificate that the address has"},
		{&o.key, "tls-key", keyVariable, "the file of its key"},
		{&o.proxy, "behind-proxy", proxyVariable, "what browsers have in place of the address, as https://HOST, where a proxy stands before it"},
		{&o.maxRuns, "max-runs", maxRunsVariable, "how many runs go on at once; others wait (default " + strconv.Itoa(defaultMaxRuns) + ")"},
		{&o.maxQueue, "max-queue", maxQueueVariable, "how many runs of one job may wait; further ones are skipped (default " + strconv.Itoa(defaultMaxQueue) + ")"},
		{&o.grace, "grace", graceVariable, "how long runs may go on after a signal (default 30s)"},
		{&o.lateAfter, "late-after", lateAfterVariable, "how long after its time a run that has not started counts as late (default 5m)"},
		{&o.logFormat, "log-format", logFormatVariable, "text or json (default text)"},
		{&o.logLevel, "log-level", logLevelVariable, "debug, info, warn or error (default info)"},
	} {
		*f.setting = setting{getenv(f.variable), f.variable, "--" + f.name}
		flags.Var(f.setting, f.name, f.usage+" ["+f.variable+"]")
		flags.Lookup(f.name).DefValue = ""
	}
}

// waitingSettings gives the settings of the server that commands beside `serve` go by, too.
func (a *app) waitingSettings(s jobs.Server) (jobs.Server, error) {
	return serveOptions{
		maxQueue:  setting{text: a.getenv(maxQueueVariable), from: maxQueueVariable},
		lateAfter: setting{text: a.getenv(lateAfterVariable), from: lateAfterVariable},
	}.over(s)
}

// over gives the settings of the server with what the flags say.
func (o serveOptions) over(s jobs.Server) (jobs.Server, error) {
	for _, err := range []error{
		o.maxRuns.number(&s.MaxRuns, defaultMaxRuns), o.maxQueue.number(&s.MaxQueue, defaultMaxQueue),
		o.grace.duration(&s.Grace), o.lateAfter.duration(&s.LateAfter), o.listen.address(&s.Listen), o.hosts.names(&s.Hosts),
		o.cert.file(&s.CertFile), o.key.file(&s.KeyFile), o.proxy.external(&s.BehindProxy),
		o.logFormat.oneOf(&s.LogFormat, logFormats[:], "text"), o.logLevel.oneOf(&s.LogLevel, logLevels[:], "info"),
	} {
		if err != nil {
			return s, err
		}
	}
	if (s.CertFile == "") != (s.KeyFile == "") {
		return s, usageError("give both", "a certificate and its key belong together: --tls-cert and --tls-key")
	}
	s.LateAfter = cmp.Or(s.LateAfter, defaultLateAfter)
	return s, nil
}

// written is the setting as a person wrote it.
func (s setting) written() string {
	if s.from == s.flag {
		return s.from + " " + words.Argument(s.text)
	}
	return s.from + "=" + words.Argument(s.text)
}

// number sets a whole number, of at least 1.
func (s setting) number(into *int, otherwise int) error {
	if s.text == "" {
		*into = cmp.Or(*into, otherwise)
		return nil
	}
	n, err := strconv.Atoi(s.text)
	if err != nil || n < 1 {
		return usageError("write a whole number, at least 1", "%s: this is no number of runs", s.written())
	}
	*into = n
	return nil
}

// duration sets a duration.
func (s setting) duration(into *time.Duration) error {
	if s.text == "" {
		return nil
	}
	d, err := jobs.ParseDuration(s.text)
	if err != nil {
		return usageError("", "%s: %w", s.written(), err)
	}
	*into = d
	return nil
}

// address sets the address to listen on, "" for none.
func (s setting) address(into *string) error {
	*into = cmp.Or(s.text, *into, defaultListen)
	if *into == "none" {
		*into = ""
		return nil
	}
	if err := jobs.CheckListen(*into); err != nil {
		return usageError("", "%s: %w", s.from, err)
	}
	return nil
}

// names sets names of hosts, which have commas between them.
func (s setting) names(into *[]string) error {
	if s.text == "" {
		return nil
	}
	*into = nil
	for name := range strings.SplitSeq(s.text, ",") {
		name = strings.TrimSpace(name)
		if err := jobs.CheckHost(name); err != nil {
			return usageError("", "%s: %w", s.written(), err)
		}
		*into = append(*into, name)
	}
	return nil
}

// file sets a file, whose name starts at the folder of the command.
func (s setting) file(into *string) error {
	if s.text != "" {
		*into = absolute(s.text)
	}
	return nil
}

// external sets what browsers have in place of an address.
func (s setting) external(into *string) error {
	if s.text == "" {
		return nil
	}
	if _, err := jobs.ParseExternal(s.text); err != nil {
		return usageError("", "%s: %w", s.written(), err)
	}
	*into = s.text
	return nil
}

// oneOf sets one of a few words.
func (s setting) oneOf(into *string, said []string, otherwise string) error {
	*into = cmp.Or(s.text, *into, otherwise)
	if !slices.Contains(said, *into) {
		return usageError(steps.Hint(*into, said), "%s: there is no such thing", s.written())
	}
	return nil
}
