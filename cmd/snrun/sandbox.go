package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"snrun/auth"
	"snrun/examples/sandbox"
	"snrun/history/words"
	"snrun/jobs"
)

// The variables through which a job and its profiles find the sandbox.
const (
	sandboxVariable = "SANDBOX_URL"
	secretVariable  = "SNRUN_SECRET_"
)

// sandboxSecrets are the secrets of the sandbox.
var sandboxSecrets = [...]string{"SANDBOX_CLIENT_SECRET", "SANDBOX_PASSWORD", "SANDBOX_ONCALL_KEY"}

// maxRecords is how many records the sandbox can make up.
const maxRecords = 100_000_000

func (a *app) sandboxCommand() *cobra.Command {
	var options sandbox.Options
	var faults, limits []string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a small ServiceNow-like instance to try jobs against",
		Long: `Serve a small ServiceNow-like instance on a loopback address until Ctrl-C. The variables that jobs need to reach it
are written to standard output, ready for a shell. Secrets that are set already are used, and not written.

Logins work too: its page has a button instead of a password. To see how a job fares when tokens end, have them live
shortly, or end them at once: POST to /sandbox/expire for all access tokens, to /sandbox/revoke for refresh tokens too.
GET /sandbox/requests tells what was asked, GET /sandbox/stored what came to the warehouse, and how often.

The table cmdb_ci has as many records as --records says: a million cost nothing before they are asked for.

A limit is PATH:REQUESTS/WINDOW[:date], such as /oncall:100/1m for 100 requests a minute to all paths that begin so. One too many
gets 429 and Retry-After, as a date where the limit says so. /sms/ takes 20 requests a second unless a limit says otherwise.

A fault is KIND:PATH[:REQUESTS[:SETTING=VALUE,...]], such as 429:/api/now/table/incident:3 for the third request to
that path, or 503:/oauth_token.do:1-2. A running sandbox takes one by POST to /sandbox/faults, as JSON:

  curl --json '{"kind": "lost", "path": "/oncall/v1/alerts", "on": "3"}' $SANDBOX_URL/sandbox/faults

The kinds:

  401            the access token has expired
  429            too many requests; retry_after=DURATION
  503            out of order; retry_after=DURATION
  hibernating    status 200 and a web page
  slow           the right answer, late; delay=DURATION
  drop           no answer, and nothing done
  cut            half an answer, and nothing done
  lost           no answer, but the request was carried out: a refresh token may be spent
  redirect       307 to another port, or to=URL; /sandbox/requests tells what came to the other port
  no_expires_in  a token without its lifetime`,
		Example: `  snrun sandbox --addr 127.0.0.1:8080 --fault 503:/oncall:1-2
  snrun sandbox --token-lifetime 20s --rotate-refresh --fault lost:/oauth_token.do:3
  snrun sandbox --records 1000000 --limit /api/now:50/1s:date`,
		Args: exactly(0, "sandbox takes no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := a.sandboxOptions(options, faults, limits)
			if err != nil {
				return err
			}
			return a.serveSandbox(cmd, options)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.Addr, "addr", "", "the loopback address to listen on (default 127.0.0.1 and a free port)")
	flags.StringArrayVar(&faults, "fault", nil, "make requests fail, may be repeated")
	flags.StringArrayVar(&limits, "limit", nil, "take only so many requests in a time, may be repeated")
	flags.Var((*records)(&options.Records), "records", "how many records the table cmdb_ci has (default 10000)")
	flags.Var((*lifetime)(&options.TokenLifetime), "token-lifetime", "how long an access token lives (default 1799s)")
	flags.Var((*lifetime)(&options.RefreshLifetime), "refresh-lifetime", "how long a refresh token lives (default 100d)")
	flags.BoolVar(&options.RotateRefresh, "rotate-refresh", false, "give a new refresh token with every refresh; an old one ends the login")
	flags.BoolVar(&options.StandardErrors, "standard-errors", false, "name the reason when a token is refused; a ServiceNow instance does not")
	return cmd
}

// lifetime is a flag with a duration as job files write it, more than zero.
type lifetime time.Duration

// Set reads the duration.
func (l *lifetime) Set(text string) error {
	d, err := jobs.ParseDuration(text)
	if err == nil && d == 0 {
		err = errors.New("a token that lives no time is of no use; write a duration such as 20s")
	}
	*l = lifetime(d)
	return err
}

// String gives nothing: the usage tells the default.
func (l *lifetime) String() string { return "" }

// Type is how the help calls the value.
func (l *lifetime) Type() string { return "duration" }

// records is a flag with the number of made-up records.
type records int

// Set reads the number. None is -1 to the sandbox.
func (c *records) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxRecords {
		return fmt.Errorf("write a whole number from 0 to %d", maxRecords)
	}
	if *c = records(n); n == 0 {
		*c = -1
	}
	return nil
}

// String gives nothing: the usage tells the default.
func (c *records) String() string { return "" }

// Type is how the help calls the value.
func (c *records) Type() string { return "number" }

// sandboxOptions takes over the sandbox's secrets that are set.
func (a *app) sandboxOptions(o sandbox.Options, faults, limits []string) (sandbox.Options, error) {
	o.ClientSecret = a.getenv(secretVariable + sandboxSecrets[0])
	o.Password = a.getenv(secretVariable + sandboxSecrets[1])
	o.OncallKey = a.getenv(secretVariable + sandboxSecrets[2])
	for _, text := range faults {
		f, err := sandbox.ParseFault(text)
		if err != nil {
			return o, usageError("", "%w", err)
		}
		o.Faults = append(o.Faults, f)
	}
	for _, text := range limits {
		l, err := sandbox.ParseLimit(text)
		if err != nil {
			return o, usageError("", "%w", err)
		}
		o.Limits = append(o.Limits, l)
	}
	return o, nil
}

func (a *app) serveSandbox(cmd *cobra.Command, options sandbox.Options) error {
	ctx, stop := withSignals(cmd.Context())
	defer stop()
	s, err := sandbox.Start(options)
	var busy *net.OpError
	switch {
	case errors.As(err, &busy):
		return err
	case err != nil:
		return usageError("", "%w", err)
	}
	var b strings.Builder
	for _, entry := range sandboxEnviron(s) {
		if name, value, _ := strings.Cut(entry, "="); a.getenv(name) != value {
			fmt.Fprintf(&b, "export %s=%s\n", name, words.Argument(value))
		}
	}
	if err := a.print(b.String()); err != nil {
		return errors.Join(err, s.Close())
	}
	io.WriteString(a.err, "the sandbox listens on "+s.URL()+"; Ctrl-C ends it\n")
	<-ctx.Done()
	return s.Close()
}

// signInToSandbox presses the button for the profiles that want a person to sign in: with the built-in sandbox a job can be
// tried by who has signed in nowhere.
func signInToSandbox(ctx context.Context, keys *auth.Keyring, profiles []auth.Profile) error {
	for _, p := range profiles {
		if grant := p.Settings["grant"]; p.Auth != "oauth2" || grant != "authorization_code" && grant != "device_code" {
			continue
		}
		if err := pressAllow(ctx, keys, p.Name); err != nil {
			return stopped(ctx, &exitError{exitSignIn, err, "with --sandbox a login must be one at the sandbox; without it a person signs in, with auth login"})
		}
	}
	return nil
}

// pressAllow signs a profile in at the sandbox's own page.
func pressAllow(ctx context.Context, keys *auth.Keyring, profile string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var answering sync.WaitGroup
	defer answering.Wait()
	err := keys.Login(ctx, profile, auth.Prompt{Visit: func(v auth.Visit) {
		answering.Go(func() {
			if err := sandbox.Answer(ctx, v.URL, true); err != nil {
				cancel(fmt.Errorf("profile %s: %w", profile, err))
			}
		})
	}})
	if errors.Is(err, context.Canceled) {
		return context.Cause(ctx)
	}
	return err
}

// sandboxEnviron is what the environment of a job must have to reach a sandbox, sorted.
func sandboxEnviron(s *sandbox.Running) []string {
	environ := []string{sandboxVariable + "=" + s.URL()}
	secrets := s.Secrets()
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		environ = append(environ, secretVariable+name+"="+secrets[name])
	}
	return environ
}
