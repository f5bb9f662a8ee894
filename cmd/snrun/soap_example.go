package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"snrun/history/words"
	"snrun/steps"
	"snrun/steps/soap/wsdl"
)

func (a *app) soapExampleCommand() *cobra.Command {
	var w wsdlArgument
	var service, port string
	cmd := &cobra.Command{
		Use:   "example WSDL OPERATION",
		Short: "Print a step that calls an operation, to fill in",
		Long: `Print a step that calls an operation of a WSDL, for the steps of a job. What must be there is filled in with values that the
schema allows, what may be there stands in comments, with what the answer looks like.`,
		Example: `  snrun soap example wsdl/orders.wsdl PlaceOrder --profile erp
  snrun soap example --profile servicenow '/incident.do?WSDL' getRecords`,
		Args: exactly(2, "soap example takes a WSDL and one of its operations"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			return a.completeOperations(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			w.name = args[0]
			return a.withWSDL(cmd.Context(), w, func(_ context.Context, d *openedWSDL) error {
				return a.printExample(w, d.Definitions, wanted{args[1], service, port})
			})
		},
	}
	w.flag(a, cmd)
	cmd.Flags().StringVar(&service, "service", "", "the service, where several have the operation")
	cmd.Flags().StringVar(&port, "port", "", "the port (default: the first that has the operation)")
	return cmd
}

// completeOperations completes an operation of a WSDL that is a file.
func (a *app) completeOperations(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	w := wsdlArgument{name: args[0]}
	var names []string
	if len(args) == 1 && !w.isRemote() {
		_ = a.withFile(cmd.Context(), w, func(_ context.Context, d *openedWSDL) error { // one with mistakes has no names
			for _, name := range operationNames(d.Services) {
				if strings.HasPrefix(name, typed) {
					names = append(names, words.Clean(name))
				}
			}
			return nil
		})
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// wanted is the operation that a command line names.
type wanted struct{ operation, service, port string }

// soapTarget is an operation in its port and service.
type soapTarget struct {
	service    *wsdl.Service
	port       *wsdl.Port
	operations []*wsdl.Operation // several where it is overloaded
	// Whether a step must say which service or port it means.
	nameService, namePort bool
}

// findOperation finds what is wanted. What there is not is a mistake that lists what there is.
func findOperation(d *wsdl.Definitions, want wanted) (*soapTarget, error) {
	services := d.Services
	if want.service != "" {
		s := d.Service(want.service)
		if s == nil {
			return nil, notThere("service", want.service, namesOf(services, func(s *wsdl.Service) string { return s.Name.Local }))
		}
		services = []*wsdl.Service{s}
	}
	var found []*soapTarget
	var ports []string
	for _, s := range services {
		having := 0
		for _, p := range s.Ports {
			ports = append(ports, p.Name)
			operations := p.Named(want.operation)
			if len(operations) > 0 {
				having++
			}
			if len(operations) == 0 || want.port != "" && p.Name != want.port || want.port == "" && having > 1 {
				continue
			}
			found = append(found, &soapTarget{service: s, port: p, operations: operations, namePort: having > 1})
		}
	}
	switch {
	case want.port != "" && !slices.Contains(ports, want.port):
		return nil, notThere("port", want.port, ports)
	case len(found) == 0:
		return nil, notThere("operation", want.operation, operationNames(services))
	case len(found) > 1:
		names := namesOf(found, func(t *soapTarget) string { return t.service.Name.Local })
		return nil, usageError("name one of them with --service", "%s is an operation of several services: %s", words.Clean(want.operation), words.Clean(strings.Join(names, ", ")))
	}
	found[0].nameService = len(d.Services) > 1 && want.service != ""
	return found[0], nil
}

func namesOf[T any](list []T, name func(T) string) []string {
	names := make([]string, len(list))
	for i, one := range list {
		names[i] = name(one)
	}
	return names
}

// operationNames gives the names of all operations, each once.
func operationNames(services []*wsdl.Service) (names []string) {
	for _, s := range services {
		for _, p := range s.Ports {
			for _, o := range p.Operations {
				if !slices.Contains(names, o.Name) {
					names = append(names, o.Name)
				}
			}
		}
	}
	return names
}

// notThere is the mistake of naming what the WSDL does not have.
func notThere(what, name string, names []string) error {
	const most = 30
	list := strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		list += fmt.Sprintf(" and %d more", len(names)-most)
	}
	hint := "it has " + list
	if near := steps.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q? ", near) + hint
	}
	return usageError(words.Clean(hint), "the WSDL has no %s %q", what, name)
}

func (a *app) printExample(w wsdlArgument, d *wsdl.Definitions, want wanted) error {
	t, err := findOperation(d, want)
	if err != nil {
		return err
	}
	place, note := a.placeInProject(w)
	var b strings.Builder
	for i, o := range t.operations {
		if i > 0 {
			b.WriteString("\n")
		}
		e := &soapExample{soapTarget: t, defs: d, operation: o, id: identifier(o.Name), profile: w.profile, place: place, note: note}
		if i > 0 {
			e.id += fmt.Sprint("_", i+1)
		}
		b.WriteString(e.text())
	}
	return a.print(words.Clean(b.String()))
}

// placeInProject gives what `wsdl:` says in a step, and what is to be said of it.
func (a *app) placeInProject(w wsdlArgument) (place, note string) {
	if w.isRemote() {
		return w.name, ""
	}
	dir, _, err := a.settings(".")
	if err == nil {
		if file, ok := below(dir, absolute(w.name)); ok {
			return file, ""
		}
	}
	return "wsdl/" + wsdl.NameFor(w.name), "copy it into the project first: " + a.name + " soap import " + words.Argument(w.name)
}

var (
	wordStart = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)
	notInID   = regexp.MustCompile(`[^a-z0-9]+`)
)

// identifier makes an id for a step of a name: place_order of PlaceOrder.
func identifier(name string) string {
	said := wordStart.ReplaceAllString(name, "${1}${3}_${2}${4}")
	id := strings.Trim(notInID.ReplaceAllString(strings.ToLower(said), "_"), "_")
	if id == "" || !unicode.IsLetter(rune(id[0])) {
		id = strings.TrimSuffix("call_"+id, "_")
	}
	return id
}
