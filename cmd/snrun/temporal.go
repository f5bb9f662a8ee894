package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"snrun/auth"
	"snrun/jobs"
)

// The variables that stand in for the flags that say which Temporal server carries runs out.
const (
	temporalVariable  = "SNRUN_TEMPORAL"
	namespaceVariable = "SNRUN_TEMPORAL_NAMESPACE"
)

// remoteOptions say which Temporal server carries runs out.
type remoteOptions struct {
	asked     bool   // --temporal stands there, with an address or without
	address   string // "" for that of the variable or of the settings
	namespace string
}

// String, Set and Type are for pflag: --temporal may stand without an address.
func (o *remoteOptions) String() string { return o.address }

// Set takes the address behind --temporal.
func (o *remoteOptions) Set(text string) error {
	if o.asked, o.address = true, text; text == fromSettings {
		o.address = ""
		return nil
	}
	return jobs.CheckServer(text)
}

// Type has help name the value as the flag's text does, without what it is where --temporal stands alone.
func (o *remoteOptions) Type() string { return "bool" }

// fromSettings is what --temporal has where it stands alone.
const fromSettings = "true"

// remoteFlags adds --temporal and --namespace; does says what the first leads to, with `HOST:PORT` where it speaks of the address.
func (a *app) remoteFlags(flags *pflag.FlagSet, o *remoteOptions, does string) {
	flags.Var(o, "temporal", does+"; by itself that of the settings ["+temporalVariable+" is the address]")
	flags.Lookup("temporal").NoOptDefVal = fromSettings
	flags.StringVar(&o.namespace, "namespace", "", "the namespace on the Temporal server (default "+jobs.DefaultNamespace+") ["+namespaceVariable+"]")
}

// temporalOver gives the server with what flags and variables say of it.
func (a *app) temporalOver(t jobs.Temporal, o remoteOptions) (jobs.Temporal, error) {
	address, namespace := a.getenv(temporalVariable), a.getenv(namespaceVariable)
	if err := jobs.CheckServer(address); address != "" && err != nil {
		return t, usageError("", "%s: %w", temporalVariable, err)
	}
	for _, name := range []string{o.namespace, namespace} {
		if err := jobs.CheckNamespace(name); name != "" && err != nil {
			return t, usageError("", "%w", err)
		}
	}
	t.Address = cmp.Or(o.address, address, t.Address)
	t.Namespace = cmp.Or(o.namespace, namespace, t.Namespace)
	return t, nil
}

// temporalServer gives the server that a command was told to use; an error where nothing names one.
func (a *app) temporalServer(s jobs.Settings, o remoteOptions) (jobs.Temporal, error) {
	t, err := a.temporalOver(s.Temporal, o)
	if err == nil && t.Address == "" {
		err = usageError("name it with --temporal HOST:PORT or "+temporalVariable+", or in snrun.yaml: temporal: {address: \"HOST:PORT\"}", "no Temporal server is named")
	}
	return t, err
}

// temporalKey gives what reads the API key that the server asks for, nil where it asks for none. A key never shows once it was read.
func (a *app) temporalKey(t jobs.Temporal, secrets func() *auth.Secrets) func(context.Context) (string, error) {
	if len(t.Secrets()) == 0 {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		from, names := secrets(), map[string]any{}
		for _, name := range t.Secrets() {
			secret, err := from.Lookup(ctx, name)
			if err != nil {
				return "", &exitError{exitInvalid, fmt.Errorf("the API key of the Temporal server: %w", err), jobs.SecretHint(err)}
			}
			names[name] = secret.Reveal()
		}
		scope := map[string]any{"env": a.environment(), "secret": names}
		derived, err := t.Derived(scope)
		if err != nil {
			return "", err
		}
		for _, text := range derived {
			a.redactor.AddDerived(text)
		}
		key, err := t.APIKey(scope)
		if err != nil {
			return "", invalid("the Temporal server cannot be asked", err)
		}
		a.redactor.Add(key)
		return key, nil
	}
}

// joinServer puts the address behind --temporal into one argument with it, where it stands in an argument of its own.
func (a *app) joinServer(args []string) []string {
	end := len(args)
	if i := slices.Index(args, "--"); i >= 0 {
		end = i
	}
	at := slices.Index(args[:end], "--temporal")
	if at < 0 || at+1 >= end || strings.HasPrefix(args[at+1], "-") {
		return args
	}
	joined := slices.Concat(args[:at], []string{"--temporal=" + args[at+1]}, args[at+2:])
	if jobs.CheckServer(args[at+1]) == nil || a.takes(joined) && !a.takes(args) {
		return joined
	}
	return args
}

// takes says whether a command takes as many arguments as stand in a line.
func (a *app) takes(args []string) bool {
	try := *a
	cmd, rest, err := try.rootCommand().Find(args)
	if err != nil {
		return false
	}
	if err := cmd.ParseFlags(rest); err != nil && !strings.Contains(err.Error(), "--temporal") { // whose value is told of later
		return false
	}
	return cmd.ValidateArgs(cmd.Flags().Args()) == nil
}
