package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"snrun/examples/sandbox"
)

// The variables through which a job and its profiles find the sandbox.
const (
	sandboxVariable = "SANDBOX_URL"
	secretVariable  = "SNRUN_SECRET_"
)

// sandboxSecrets are the secrets of the sandbox.
var sandboxSecrets = [...]string{"SANDBOX_CLIENT_SECRET", "SANDBOX_PASSWORD", "SANDBOX_ONCALL_KEY"}

func (a *app) sandboxCommand() *cobra.Command {
	var addr string
	var faults []string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a small ServiceNow-like instance to try jobs against",
		Long: `Serve a small ServiceNow-like instance on a loopback address until Ctrl-C. The variables that jobs need to reach it
are written to standard output, ready for a shell. Secrets that are set already are used, and not written.

A fault is KIND:PATH[:REQUESTS[:SETTING=VALUE,...]], such as 429:/api/now/table/incident:3 for the third request to
that path. The kinds are 401, 429, 503, hibernating, slow, drop and cut.`,
		Example: `  snrun sandbox --addr 127.0.0.1:8080 --fault 503:/oncall:1-2`,
		Args:    exactly(0, "sandbox takes no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := a.sandboxOptions(addr, faults)
			if err != nil {
				return err
			}
			return a.serveSandbox(cmd, options)
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "", "the loopback address to listen on (default 127.0.0.1 and a free port)")
	cmd.Flags().StringArrayVar(&faults, "fault", nil, "make requests fail, may be repeated")
	return cmd
}

// sandboxOptions takes over the sandbox's secrets that are set.
func (a *app) sandboxOptions(addr string, faults []string) (sandbox.Options, error) {
	o := sandbox.Options{
		Addr:         addr,
		ClientSecret: a.getenv(secretVariable + sandboxSecrets[0]),
		Password:     a.getenv(secretVariable + sandboxSecrets[1]),
		OncallKey:    a.getenv(secretVariable + sandboxSecrets[2]),
	}
	for _, text := range faults {
		f, err := sandbox.ParseFault(text)
		if err != nil {
			return o, usageError("", "%w", err)
		}
		o.Faults = append(o.Faults, f)
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
			fmt.Fprintf(&b, "export %s=%s\n", name, quoteArg(value))
		}
	}
	if err := a.print(b.String()); err != nil {
		return errors.Join(err, s.Close())
	}
	io.WriteString(a.err, "the sandbox listens on "+s.URL()+"; Ctrl-C ends it\n")
	<-ctx.Done()
	return s.Close()
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
