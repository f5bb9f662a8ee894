package notify

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"snrun/engine"
	"snrun/steps"
	"snrun/steps/exchange"
)

// maxMessage bounds the text of an error in a notice, in characters.
const maxMessage = 1000

// Notice is what people are told. No secret is in it. Times are RFC 3339, "" where there is none.
type Notice struct {
	ID         string  `json:"id"`
	Kind       string  `json:"kind"` // failure, recovery, late, sign_in or test; of a ping: start, success or failure
	Was        string  `json:"was"`  // of a recovery: what is over
	Job        string  `json:"job"`
	Profile    string  `json:"profile"`
	Run        string  `json:"run"`
	Status     string  `json:"status"`
	Due        string  `json:"due"`
	Started    string  `json:"started"`
	Ended      string  `json:"ended"`
	Since      string  `json:"since"`
	RunsFailed int     `json:"runs_failed"`
	Error      Failure `json:"error"`
	Command    string  `json:"command"`
	Host       string  `json:"host"`
	Project    string  `json:"project"`
	Text       string  `json:"text"` // all of it in a sentence or two
}

// Failure is the first error of a run.
type Failure struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Step    string `json:"step"`
	Status  int    `json:"status"` // of HTTP, 0 where there was none
}

// Test gives a notice that says nothing but that notices arrive.
func (n *Notifier) Test() Notice {
	out := n.notice("test")
	out.Text = fmt.Sprintf("This is a test of snrun on %s: notices arrive.", n.host)
	return out
}

// notice begins a notice.
func (n *Notifier) notice(kind string) Notice {
	return Notice{ID: rand.Text(), Kind: kind, Host: n.host, Project: n.Project}
}

// ofRun begins a notice about a run.
func (n *Notifier) ofRun(kind string, run *engine.Run) Notice {
	out := n.notice(kind)
	out.Job, out.Run, out.Status = run.Job, run.ID, string(run.Status)
	out.Due, out.Started, out.Ended = stamp(run.Due), stamp(run.Started), stamp(run.Ended)
	out.Command = command(n.Commands.Run, run.ID)
	if e := run.Error; e != nil {
		out.Error = Failure{e.Kind, n.masked(e.Message), n.masked(e.Step), e.Status}
	}
	return out
}

// masked is a text from elsewhere in one line, without secrets.
func (n *Notifier) masked(text string) string {
	return exchange.Clean(n.Redactor.Text(text), maxMessage)
}

// failure is the notice that a job has begun to fail.
func (n *Notifier) failure(run *engine.Run) Notice {
	out := n.ofRun("failure", run)
	out.Since = out.Ended
	what := "failed"
	if run.Status == engine.Interrupted {
		what = "was interrupted, and somebody must say how it goes on"
	}
	if out.Error.Step != "" {
		what += " in step " + out.Error.Step
	}
	out.Text = sentences(fmt.Sprintf("Job %s %s", run.Job, what), out.Error.Message, lookAt(out.Command))
	return out
}

// recovered is the notice that a job runs well again.
func (n *Notifier) recovered(run *engine.Run, a engine.Alert, failed int) Notice {
	out := n.ofRun("recovery", run)
	out.Was, out.Since, out.RunsFailed = a.Kind, stamp(a.Since), failed
	runs := "1 run"
	if failed != 1 {
		runs = fmt.Sprintf("%d runs", failed)
	}
	out.Text = fmt.Sprintf("Job %s runs well again. It had been failing since %s, in %s. %s", run.Job, clock(a.Since), runs, lookAt(out.Command))
	return out
}

// late is the notice that a job did not run when it was due.
func (n *Notifier) late(job, run, message string, due time.Time) Notice {
	out := n.notice("late")
	out.Job, out.Run, out.Due, out.Since = job, run, stamp(due), stamp(n.Now())
	out.Command = command(n.Commands.Job, job)
	out.Error.Message = n.masked(message)
	out.Text = sentences(fmt.Sprintf("Job %s did not run when it was due, at %s", job, clock(due)), out.Error.Message, lookAt(out.Command))
	return out
}

// onTime is the notice that a job is on time again.
func (n *Notifier) onTime(job, run string, due time.Time, a engine.Alert) Notice {
	out := n.notice("recovery")
	out.Was, out.Job, out.Run, out.Due, out.Since = a.Kind, job, run, stamp(due), stamp(a.Since)
	out.Command = command(n.Commands.Run, run)
	out.Text = fmt.Sprintf("Job %s runs on time again. It had been late since %s.", job, clock(a.Since))
	return out
}

// signIn is the notice that a profile needs a person.
func (n *Notifier) signIn(run *engine.Run, e *steps.Error) Notice {
	out := n.ofRun("sign_in", run)
	out.Profile, out.Since = e.Profile, out.Ended
	out.Command = command(n.Commands.Profile, e.Profile)
	out.Text = sentences(fmt.Sprintf("Profile %s needs a person to sign in, or to mend how it signs in", e.Profile), out.Error.Message, n.masked(e.Hint), lookAt(out.Command))
	return out
}

// signedIn is the notice that a profile works again.
func (n *Notifier) signedIn(a engine.Alert) Notice {
	out := n.notice("recovery")
	out.Was, out.Profile, out.Run, out.Since = a.Kind, profileOf(a), a.Run, stamp(a.Since)
	out.Command = command(n.Commands.Profile, out.Profile)
	out.Text = fmt.Sprintf("Profile %s signs in again. It had needed a person since %s.", out.Profile, clock(a.Since))
	return out
}

// names are the names below `notice` in expressions.
func (n Notice) names() (map[string]any, error) {
	text, err := json.Marshal(n)
	if err != nil {
		return nil, err
	}
	v, err := steps.DecodeJSON(text)
	names, _ := v.(map[string]any)
	return names, err
}

func command(of func(string) string, name string) string {
	if of == nil {
		return ""
	}
	return of(name)
}

func lookAt(command string) string {
	if command == "" {
		return ""
	}
	return "Look at it: " + command
}

// sentences joins texts that may be empty to one. Only a command ends without a full stop, so that it can be pasted.
func sentences(what, why string, more ...string) string {
	if why != "" {
		what += ": " + why
	}
	all := []string{ended(what)}
	for _, text := range more {
		if text != "" && !strings.HasPrefix(text, "Look at it: ") {
			text = ended(strings.ToUpper(text[:1]) + text[1:])
		}
		if text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, " ")
}

func ended(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "…") {
		return text
	}
	return text + "."
}

// stamp is a time for programs, "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.RFC3339)
}

// clock is a time for people.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 -07:00") }
