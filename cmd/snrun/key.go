package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"snrun/auth/store"
	"snrun/history/words"
	"snrun/jobs"
)

func (a *app) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make and change the key that tokens and secrets are encrypted with",
		Long: `Tokens and secrets are kept in a file beside the database, or in the database itself where that is a PostgreSQL one,
encrypted. The key is in SNRUN_KEY (32 bytes as base64 or hex), in the file that SNRUN_KEY_FILE names, or else in the
keyring of this system, where the first sign-in puts a new one. SNRUN_KEYRING=off leaves that keyring alone. Several
machines that share a database need the same key.`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(a.keyNewCommand(), a.keyRotateCommand(), a.keyForgetCommand())
	return cmd
}

func (a *app) keyNewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new FILE",
		Short: "Make a key file",
		Long: `Make a file with a new key, which only its owner may read, and write the line that has snrun use it to standard
output, ready for a shell. Keep a copy of the file: what is encrypted is lost with its key. A file that is there
already stays as it is.`,
		Example: `  snrun key new ~/.config/snrun/key`,
		Args:    exactly(1, "key new takes one file: the one to make"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.newKey(args[0]) },
	}
}

func (a *app) keyRotateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rotate [FILE]",
		Short: "Encrypt tokens and secrets under another key",
		Long: `Encrypt all tokens and secrets anew, under the key in a file, and write the line that has snrun use that file to
standard output, ready for a shell. The file is made where it is not there. Without a file the key must be in the
keyring of this system, where a new one takes its place.

It happens as a whole or not at all. Programs that are running with the old key must be started again. What was encrypted
elsewhere under the old key, in runs that go on, still opens: the old key stays in the store, encrypted under the new one, until
snrun key forget.`,
		Example: `  snrun key rotate ~/.config/snrun/key-2`,
		Args:    between(0, 1, "key rotate takes one file at most: the one with the new key"),
		RunE: func(_ *cobra.Command, args []string) error {
			_, settings, err := a.settings(".")
			if err != nil {
				return invalid("the settings have mistakes", err)
			}
			return a.rotateKey(settings, args)
		},
	}
}

func (a *app) keyForgetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "forget",
		Short: "Forget the keys that tokens and secrets were encrypted with before",
		Long: `Remove the keys that the store had before snrun key rotate. Do it when no run goes on that began under one of them, and, on a
Temporal cluster, after snrun apply: what is encrypted under them can be opened no more.`,
		Example: `  snrun key forget`,
		Args:    exactly(0, "key forget takes no argument"),
		RunE: func(*cobra.Command, []string) error {
			_, settings, err := a.settings(".")
			if err != nil {
				return invalid("the settings have mistakes", err)
			}
			return a.forgetKeys(settings)
		},
	}
}

func (a *app) forgetKeys(s jobs.Settings) error {
	place, err := a.storePlace(s)
	if err != nil {
		return err
	}
	defer place.Close()
	n, err := place.ForgetOlder()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return helped(err)
	}
	if n == 0 {
		io.WriteString(a.err, "there is no older key to forget in "+place.Name()+"\n")
		return nil
	}
	io.WriteString(a.err, "the store "+place.Name()+" has forgotten "+words.Plural(n, "older key")+"\n")
	return nil
}

func (a *app) newKey(file string) error {
	if _, err := store.WriteKeyFile(file); errors.Is(err, fs.ErrExist) {
		return &exitError{exitFailed, fmt.Errorf("%s is there already", words.Argument(file)), "choose another name: a key that is written over is lost"}
	} else if err != nil {
		return fmt.Errorf("making a key file: %w", err)
	}
	io.WriteString(a.err, "made "+words.Argument(file)+"; keep a copy of it: what is encrypted is lost with its key\n")
	return a.print(a.useKey(file))
}

// useKey is what a shell must do for snrun to use the key in a file.
func (a *app) useKey(file string) string {
	line := "export " + store.KeyFileVariable + "=" + words.Argument(absolute(file)) + "\n"
	if a.getenv(store.KeyVariable) != "" { // it would go first
		line = "unset " + store.KeyVariable + "\n" + line
	}
	return line
}

// rotateKey changes the key of the store to that in a file, or to a new one in the keyring.
func (a *app) rotateKey(s jobs.Settings, files []string) error {
	place, err := a.storePlace(s)
	if err != nil {
		return err
	}
	defer place.Close()
	// What is wrong with the store or its key is told before a file is made.
	if _, err := place.OpenExisting(); errors.Is(err, fs.ErrNotExist) {
		return &exitError{exitFailed, fmt.Errorf("there is nothing to encrypt anew: no store in %s", place.Name()), "a store that is yet to come uses the key of: " + a.name + " key new FILE"}
	} else if err != nil {
		return helped(err)
	}
	if len(files) == 0 {
		if err := place.RotateInKeyring(); err != nil {
			return helped(err)
		}
		io.WriteString(a.err, "the store "+place.Name()+" has a new key, which is in the keyring of this system\n")
		return nil
	}
	key, err := store.WriteKeyFile(files[0])
	if errors.Is(err, fs.ErrExist) {
		key, err = place.ReadKeyFile(files[0])
	}
	if err == nil {
		err = place.Rotate(key)
	}
	if err != nil {
		return helped(err)
	}
	io.WriteString(a.err, "the store "+place.Name()+" has the key in "+words.Argument(files[0])+"; keep a copy of that\n")
	return a.print(a.useKey(files[0]))
}

// helped has what an error advises told below it.
func helped(err error) error {
	var advice interface {
		error
		Help() string
	}
	if errors.As(err, &advice) {
		return &exitError{exitFailed, err, advice.Help()}
	}
	return err
}
