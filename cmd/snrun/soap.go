package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"snrun/auth"
	"snrun/history/words"
	"snrun/steps"
	"snrun/steps/soap/wsdl"
	"snrun/steps/soap/xsd"
)

func (a *app) soapCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "soap",
		Short: "See what a WSDL offers, and copy it into the project",
		Long: `See what a WSDL offers, get a step that calls one of its operations, and copy it into the project.

  snrun soap operations orders.wsdl            what can be called
  snrun soap example orders.wsdl PlaceOrder    a step that calls it, to fill in
  snrun soap import https://erp.example.com/orders?wsdl

A WSDL is a file, an address, or, with --profile, a path below the profile's base_url. With --profile snrun signs in to
read it. What it imports is read from its own folder, or from its own server, only.`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(a.soapOperationsCommand(), a.soapExampleCommand(), a.soapImportCommand())
	return cmd
}

// wsdlArgument is how a command line names a WSDL.
type wsdlArgument struct {
	name    string // a file, an address, or a path below the base_url of the profile
	profile string // --profile
	within  string // --within: the folder that a file may import from; "" for its own
}

// flag adds --profile to a command.
func (w *wsdlArgument) flag(a *app, cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.profile, "profile", "", "sign in as this profile to read the WSDL")
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
}

// isRemote says whether the WSDL is asked of a server.
func (w wsdlArgument) isRemote() bool {
	return strings.HasPrefix(w.name, "http://") || strings.HasPrefix(w.name, "https://") || w.profile != "" && strings.HasPrefix(w.name, "/") && !isFound(w.name)
}

// openedWSDL is a WSDL that was read.
type openedWSDL struct {
	*wsdl.Definitions
	src xsd.Source
}

// withWSDL reads a WSDL and carries out a command over it, which a signal ends.
func (a *app) withWSDL(ctx context.Context, w wsdlArgument, command func(context.Context, *openedWSDL) error) error {
	switch {
	case !w.isRemote():
		ctx, stop := withSignals(ctx)
		defer stop()
		return a.withFile(ctx, w, command)
	case w.profile == "":
		ctx, stop := withSignals(ctx)
		defer stop()
		keys, err := auth.NewKeyring(nil, auth.Options{Redactor: a.redactor, Program: a.name, UserAgent: userAgent})
		if err != nil {
			return err
		}
		defer keys.Close()
		return a.withRemote(ctx, w, &opened{keys: keys}, command)
	}
	return a.with(ctx, w.profile, func(ctx context.Context, p *opened) error {
		return a.withRemote(ctx, w, p, command)
	})
}

// withFile reads a WSDL in a file. Mistakes in it name the file as the command line does, where that leads down from here.
func (a *app) withFile(ctx context.Context, w wsdlArgument, command func(context.Context, *openedWSDL) error) error {
	root, location := filepath.Dir(w.name), filepath.Base(w.name)
	src := wsdl.Folder(root)
	if filepath.IsLocal(w.name) {
		src, location = wsdl.Folder("."), filepath.ToSlash(filepath.Clean(w.name))
	}
	if w.within != "" {
		below, err := filepath.Rel(absolute(w.within), absolute(w.name))
		if err != nil || !filepath.IsLocal(below) {
			return usageError("name a folder that the WSDL is in, directly or further down", "--within %s: %s is not in there", words.Argument(w.within), words.Argument(w.name))
		}
		src, location = wsdl.Tree(w.within), filepath.ToSlash(below)
	}
	defs, err := wsdl.Load(ctx, src, location)
	if err != nil {
		return stopped(ctx, a.wsdlFailure(w, err))
	}
	return command(ctx, &openedWSDL{defs, src})
}

// withRemote reads a WSDL from a server. The profile has no name where nobody signs in.
func (a *app) withRemote(ctx context.Context, w wsdlArgument, p *opened, command func(context.Context, *openedWSDL) error) error {
	address, err := a.wsdlAddress(w, p)
	if err != nil {
		return err
	}
	client, err := p.keys.Client(ctx, p.Name)
	if err != nil {
		return err
	}
	src := wsdl.Web(client, address)
	defs, err := wsdl.Load(ctx, src, address.String())
	if err != nil {
		return stopped(ctx, a.wsdlFailure(w, err))
	}
	return command(ctx, &openedWSDL{defs, src})
}

func (a *app) wsdlAddress(w wsdlArgument, p *opened) (*url.URL, error) {
	if strings.HasPrefix(w.name, "/") {
		if p.BaseURL == nil {
			return nil, usageError("write the whole address, or add base_url to the profile", "profile %s has no base_url that %s could stand below", p.Name, w.name)
		}
		address, err := p.below(w.name)
		if err != nil {
			return nil, usageError("write it as in /orders?wsdl", "%s is no path", w.name)
		}
		return address, nil
	}
	address, err := url.Parse(w.name)
	switch {
	case err != nil || address.Host == "":
		return nil, usageError("write it as in https://erp.example.com/orders?wsdl", "this is no address of a WSDL")
	case address.User != nil:
		return nil, usageError("keep them in a profile, and name it with --profile", "an address with a name and a password in it would stay in the shell's history")
	}
	address.Fragment = ""
	return address, nil
}

// wsdlFailure ends the program because of a WSDL that cannot be used, with all its mistakes.
func (a *app) wsdlFailure(w wsdlArgument, err error) error {
	mistakes := eachMistake(err)
	if len(mistakes) == 1 {
		e := mistakes[0]
		code, hint := a.wsdlCode(w, e)
		return &exitError{code, e, hint}
	}
	texts := make([]string, len(mistakes))
	for i, e := range mistakes {
		texts[i] = words.Clean(e.Error())
		if wrong, ok := errors.AsType[*xsd.Error](e); ok && wrong.Hint != "" {
			texts[i] += "\n  " + words.Clean(wrong.Hint)
		}
	}
	code, _ := a.wsdlCode(w, mistakes[0])
	return &exitError{code: code, err: fmt.Errorf("the WSDL has %s:\n\n%s", words.Plural(len(mistakes), "mistake"), strings.Join(texts, "\n"))}
}

// eachMistake gives the errors that are joined in one.
func eachMistake(err error) (list []error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, one := range joined.Unwrap() {
		list = append(list, eachMistake(one)...)
	}
	return list
}

// wsdlCode gives the exit code for a WSDL that cannot be used, and what to do.
func (a *app) wsdlCode(w wsdlArgument, err error) (code int, hint string) {
	if wrong, ok := errors.AsType[*xsd.Error](err); ok {
		hint = wrong.Hint
	}
	var signIn steps.SignInError
	var network net.Error
	status, answered := errors.AsType[*wsdl.StatusError](err)
	switch {
	case errors.As(err, &signIn):
		if signIn.Temporary() {
			return exitTransient, signIn.Help()
		}
		return exitSignIn, signIn.Help()
	case answered && (status.Status == http.StatusUnauthorized || status.Status == http.StatusForbidden):
		if w.profile == "" {
			return exitSignIn, "name a profile that may read it with --profile"
		}
		return exitSignIn, "see what the profile can do: " + a.name + " auth test " + words.Argument(w.profile)
	case answered && (status.Status == http.StatusTooManyRequests || status.Status >= 500):
		return exitTransient, "try again later"
	case answered:
		return exitFailed, "check the address; that of a WSDL often ends with ?wsdl"
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, context.DeadlineExceeded):
		return exitTransient, "check the address, and that the server can be reached from here"
	case errors.Is(err, fs.ErrNotExist) && hint == "" && w.profile == "" && path.IsAbs(w.name):
		return exitFailed, "a path below the base_url of a profile needs --profile"
	case errors.Is(err, fs.ErrNotExist) && hint == "":
		return exitFailed, "name a file, or an address that begins with https://"
	}
	return exitInvalid, hint
}
