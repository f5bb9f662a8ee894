package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/cli/browser"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/history/words"
	"snrun/jobs"
)

// loginOptions are the flags of `auth login`.
type loginOptions struct {
	device    bool
	noBrowser bool
}

func (a *app) authLoginCommand() *cobra.Command {
	var o loginOptions
	cmd := &cobra.Command{
		Use:   "login PROFILE",
		Short: "Sign in as a profile, and keep the tokens",
		Long: `Sign in as a profile, and keep the tokens: jobs use and renew them from then on.

With grant authorization_code a browser opens, and comes back by itself. Where it runs on another machine it ends at an
address that it cannot reach: paste that. With grant device_code, or with --device, the page is opened on any device.
Other grants need no person: they get a new token, and show that they can.`,
		Example: `  snrun auth login servicenow
  ssh -t build.example.com snrun auth login --device servicenow`,
		Args:              exactly(1, "auth login takes one profile"),
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withTokens(cmd.Context(), args[0], "to log in to", func(ctx context.Context, p *opened) error {
				return a.login(ctx, p, o)
			})
		},
	}
	cmd.Flags().BoolVar(&o.device, "device", false, "sign in on another device, where the profile has a device_url")
	cmd.Flags().BoolVar(&o.noBrowser, "no-browser", false, "open no browser; the address that it ended at is read from standard input")
	return cmd
}

func (a *app) login(ctx context.Context, p *opened, o loginOptions) error {
	if err := p.keys.Login(ctx, p.Name, a.prompt(p.Name, o)); err != nil {
		return signInFailure(ctx, err)
	}
	status, err := p.keys.Status(p.Name)
	if err != nil {
		return signInFailure(ctx, err)
	}
	io.WriteString(a.err, "signed in as "+p.Name+" ("+strings.Join(loginFacts(status, time.Now()), ", ")+")\n")
	return nil
}

// loginFacts says what a login gave.
func loginFacts(s auth.Status, now time.Time) []string {
	facts := []string{s.Grant}
	if !s.AccessExpires.IsZero() {
		facts = append(facts, "token lives "+lifetimeLeft(s.AccessExpires, now))
	}
	switch {
	case s.HasRefresh && s.Kept:
		facts = append(facts, "refresh token kept")
	case !s.Kept:
		facts = append(facts, "nothing kept: there is no store that could be written")
	case s.Grant == "authorization_code" || s.Grant == "device_code":
		facts = append(facts, "no refresh token: the sign-in ends with the token")
	}
	return facts
}

// lifetimeLeft is how long something still lives.
func lifetimeLeft(end, now time.Time) string {
	if !end.After(now) {
		return "no more"
	}
	return jobs.FormatDuration(end.Sub(now).Truncate(time.Second))
}

// prompt is how the person at this terminal takes part in a login.
func (a *app) prompt(profile string, o loginOptions) auth.Prompt {
	in, isFile := a.in.(*os.File)
	person := isFile && term.IsTerminal(int(in.Fd()))
	p := auth.Prompt{
		Device:  o.device,
		Refused: func(err error) { io.WriteString(a.err, "  "+err.Error()+"\n") },
	}
	if person || o.noBrowser {
		p.Paste = lines(a.in)
	}
	p.Visit = func(v auth.Visit) {
		opens := !o.noBrowser && !o.device && a.hasScreen()
		text := visitText(profile, v, opens, p.Paste != nil)
		if v.Code == "" {
			a.show(text)
		} else { // the address is one that the server gave
			io.WriteString(a.err, text)
		}
		if opens {
			a.openBrowser(v.URL)
		}
	}
	return p
}

// visitText asks a person to open a page. The address stands on a line of its own, to be copied.
func visitText(profile string, v auth.Visit, opens, pastes bool) string {
	var b strings.Builder
	switch {
	case opens:
		fmt.Fprintf(&b, "opening your browser to sign in as %s; if it does not open, go to\n\n%s\n\n", profile, v.URL)
	case v.Code != "":
		fmt.Fprintf(&b, "to sign in as %s open this page on any device\n\n%s\n\n", profile, v.URL)
	default:
		fmt.Fprintf(&b, "to sign in as %s open this page in a browser\n\n%s\n\n", profile, v.URL)
	}
	switch {
	case v.Filled:
		fmt.Fprintf(&b, "and see that it shows the code %s\n", words.Clean(v.Code))
	case v.Code != "":
		fmt.Fprintf(&b, "and enter the code %s\n", words.Clean(v.Code))
	case v.Returns && pastes:
		b.WriteString("if the browser ends at a page that it cannot reach, paste the address of that page here and press Enter\n")
	case !v.Returns:
		b.WriteString("then paste here the address that the browser ended at, or the code that it shows, and press Enter\n")
	}
	if !v.Expires.IsZero() {
		fmt.Fprintf(&b, "the code can be used until %s; waiting …\n", v.Expires.Local().Format("15:04:05"))
	}
	return b.String()
}

// show writes to the person who signs in, as it is: the address holds the state of the login, which is masked everywhere else.
func (a *app) show(text string) { io.WriteString(a.err.file, text) }

// hasScreen says whether a browser that is started here would show.
func (a *app) hasScreen() bool {
	switch runtime.GOOS {
	case "windows":
		return true
	case "darwin":
		return a.getenv("SSH_CONNECTION") == ""
	}
	return a.getenv("DISPLAY") != "" || a.getenv("WAYLAND_DISPLAY") != "" || a.getenv("WSL_DISTRO_NAME") != ""
}

// openBrowser opens a page. Some of the programs that do it live as long as the browser, so nobody waits for them; one that cannot
// do it says so soon.
func (a *app) openBrowser(page string) {
	for _, entry := range a.environ { // the browser would have them, and hand them on to what it starts
		name, _, _ := strings.Cut(entry, "=")
		if name == store.KeyVariable || name == store.KeyFileVariable || strings.HasPrefix(name, secretVariable) {
			_ = os.Unsetenv(name)
		}
	}
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	go func() {
		if browser.OpenURL(page) != nil { // the error may quote the address
			io.WriteString(a.err, "no browser could be opened: open the address above yourself\n")
		}
	}()
}

// lines gives what is written line by line. A read cannot be broken off: the goroutine that is in one when the login ends, ends with
// the program.
func lines(r io.Reader) func(ctx context.Context) (string, error) {
	var begin sync.Once
	read := make(chan string)
	return func(ctx context.Context) (string, error) {
		begin.Do(func() {
			go func() {
				defer close(read)
				for scan := bufio.NewScanner(r); scan.Scan(); {
					read <- scan.Text()
				}
			}()
		})
		select {
		case line, more := <-read:
			if !more {
				return "", io.EOF
			}
			return line, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}
