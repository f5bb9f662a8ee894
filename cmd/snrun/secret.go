package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/steps"
)

func (a *app) secretCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "secret",
		Short: "Keep secrets, and see where they come from",
		Long: `Keep secrets in the encrypted store, and see where those that jobs and profiles read come from.

secret.NAME comes from, first found: the variable SNRUN_SECRET_NAME, a file NAME in $CREDENTIALS_DIRECTORY or in the folder
of secrets.dir, the command under secrets.exec, the encrypted store.`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(a.secretSetCommand(), a.secretListCommand(), a.secretRemoveCommand())
	return cmd
}

func (a *app) secretSetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "set NAME",
		Short: "Keep a secret in the encrypted store",
		Long: `Keep a secret in the encrypted store beside the history, in place of the one that is there.

The value is read from standard input to its end, without the newline there; on a terminal it is asked for, and does not
show. It is never an argument, which would stay in the shell's history.`,
		Example: `  snrun secret set SN_CLIENT_SECRET
  snrun secret set SN_PRIVATE_KEY < key.pem`,
		Args:              secretName,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.setSecret(args[0])
		},
	}
}

func (a *app) secretRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "rm NAME",
		Short:             "Remove a secret from the encrypted store",
		Args:              secretName,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.removeSecret(args[0])
		},
	}
}

// secretName checks that the only argument is a name. What else stands there may be a secret, so no error repeats it.
func secretName(cmd *cobra.Command, args []string) error {
	see := "see: " + cmd.CommandPath() + " --help"
	if len(args) == 0 {
		return usageError(see, "secret %s takes the name of a secret", cmd.Name())
	}
	name, _, assigned := strings.Cut(args[0], "=")
	err := auth.CheckSecretName(name)
	switch {
	case cmd.Name() == "set" && (assigned || len(args) > 1):
		if err != nil {
			name = "NAME"
		}
		return usageError(fmt.Sprintf("give it on standard input: %s %s < file; without a file it is asked for", cmd.CommandPath(), name),
			"the value of a secret is no argument: it would stay in the shell's history, and show in the list of processes")
	case assigned || len(args) > 1:
		return usageError(see, "secret %s takes one name", cmd.Name())
	case err != nil:
		return usageError(see, "this cannot be the name of a secret: %w", err)
	}
	return nil
}

// secretStore gives the secrets of the project around, and the store that keeps them. Whoever has it closes it.
func (a *app) secretStore() (*auth.Secrets, *store.Place, error) {
	dir, settings, err := a.settings(".")
	if err != nil {
		return nil, nil, invalid("the settings have mistakes", err)
	}
	place, err := a.storePlace(settings)
	if err != nil {
		return nil, nil, err
	}
	return a.secretsOf(dir, settings, place), place, nil
}

func (a *app) setSecret(name string) error {
	secrets, place, err := a.secretStore()
	if err != nil {
		return err
	}
	defer place.Close()
	value, err := a.secretValue(name, place)
	if err != nil {
		return err
	}
	if err := secrets.Set(name, value); err != nil {
		return storeFailure(err)
	}
	text := fmt.Sprintf("%s is kept in %s: %s\n", name, place.Name(), words.Plural(utf8.RuneCountInString(value), "character"))
	switch origin, err := secrets.Origin(name); {
	case err != nil:
		text += "  " + indented(words.Clean(err.Error())) + "\n"
	case origin.Source != auth.FromStore:
		text += "  a run takes it from " + origin.Place + ", which goes first\n"
	}
	io.WriteString(a.err, text)
	return nil
}

// secretValue reads a secret. A person is asked only once it is sure that there is a store to keep it in.
func (a *app) secretValue(name string, place *store.Place) (value string, err error) {
	terminal, ok := a.in.(*os.File)
	if ok && term.IsTerminal(int(terminal.Fd())) {
		if _, err := place.Open(); err != nil {
			return "", storeFailure(err)
		}
		value, err = a.ask(terminal, "the value of "+name+", which does not show: ")
	} else {
		value, err = auth.ReadSecret(a.in)
	}
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		return "", err
	case err != nil:
		return "", usageError("", "the value of %s: %w", name, err)
	case value == "":
		return "", usageError(a.name+" secret rm "+name+" removes a secret", "the value of %s is empty", name)
	}
	return value, nil
}

func (a *app) removeSecret(name string) error {
	secrets, place, err := a.secretStore()
	if err != nil {
		return err
	}
	defer place.Close()
	if err := secrets.Remove(name); errors.Is(err, fs.ErrNotExist) {
		return &exitError{exitFailed, fmt.Errorf("%s is not in the store %s", name, place.Name()), a.elsewhere(secrets, name)}
	} else if err != nil {
		return storeFailure(err)
	}
	text := name + " is removed from " + place.Name() + "\n"
	if origin, err := secrets.Origin(name); err == nil {
		text += "  a run takes it from " + origin.Place + "\n"
	}
	io.WriteString(a.err, text)
	return nil
}

// elsewhere says where a secret is that is not in the store.
func (a *app) elsewhere(secrets *auth.Secrets, name string) string {
	if origin, err := secrets.Origin(name); err == nil {
		return "it comes from " + origin.Place
	}
	stored, _ := secrets.Stored() // that it can be opened is known already
	if near := steps.Nearest(name, stored); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "see: " + a.name + " secret list"
}

// storeFailure ends the program because of the store, with what to do about it.
func storeFailure(err error) error { return &exitError{exitFailed, err, jobs.SecretHint(err)} }
