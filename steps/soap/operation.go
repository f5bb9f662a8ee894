package soap

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"snrun/steps"
	"snrun/steps/soap/wsdl"
)

// target is the operation that a step calls, in the WSDL that it names.
type target struct {
	defs *wsdl.Definitions
	port *wsdl.Port
	op   *wsdl.Operation
}

// candidate is a port that has what the step asks for so far.
type candidate struct {
	service *wsdl.Service
	port    *wsdl.Port
}

// choose finds the operation that a step means. Several ports of one service are the same operation over another version of SOAP or
// at another address: the first is taken, unless the step says more.
func choose(defs *wsdl.Definitions, in steps.Input) (*target, *steps.Problem) {
	services, problem := chooseServices(defs, in.Text("service"))
	if problem != nil {
		return nil, problem
	}
	ports, problem := choosePorts(services, in.Text("port"), in.Text("version"))
	if problem != nil {
		return nil, problem
	}
	name := in.Text("operation")
	var found []candidate
	for _, c := range ports {
		if len(c.port.Named(name)) > 0 {
			found = append(found, c)
		}
	}
	switch {
	case len(found) == 0:
		return nil, noOperation(defs, in, ports)
	case found[len(found)-1].service != found[0].service:
		return nil, &steps.Problem{Path: "operation", Message: fmt.Sprintf("%s is an operation of several services: %s", name, servicesOf(found)), Hint: "name one of them as service:"}
	}
	named := found[0].port.Named(name)
	return &target{defs, found[0].port, overload(named, in)}, nil
}

func chooseServices(defs *wsdl.Definitions, name string) ([]*wsdl.Service, *steps.Problem) {
	if name == "" {
		return defs.Services, nil
	}
	if s := defs.Service(name); s != nil {
		return []*wsdl.Service{s}, nil
	}
	var names []string
	for _, s := range defs.Services {
		names = append(names, s.Name.Local)
	}
	return nil, &steps.Problem{Path: "service", Message: fmt.Sprintf("the WSDL has no service %q", name), Hint: steps.Hint(name, names)}
}

func choosePorts(services []*wsdl.Service, name, version string) ([]candidate, *steps.Problem) {
	var all, named, fitting []candidate
	var names []string
	for _, s := range services {
		for _, p := range s.Ports {
			all = append(all, candidate{s, p})
			names = append(names, p.Name)
			if name != "" && p.Name != name {
				continue
			}
			named = append(named, candidate{s, p})
			if version == "" || p.Version == version {
				fitting = append(fitting, candidate{s, p})
			}
		}
	}
	switch {
	case len(all) == 0:
		return nil, &steps.Problem{Path: "wsdl", Message: "the WSDL has no port with a SOAP binding"}
	case len(named) == 0:
		return nil, &steps.Problem{Path: "port", Message: fmt.Sprintf("the WSDL has no port %q", name), Hint: steps.Hint(name, names)}
	case len(fitting) == 0:
		return nil, &steps.Problem{Path: "version", Message: fmt.Sprintf("no port of the WSDL speaks SOAP %s", version), Hint: "leave version out: the WSDL says which one"}
	}
	return fitting, nil
}

// noOperation says that the ports which the step leaves have no such operation. Where another port has it, what the step says of its
// port is what is wrong.
func noOperation(defs *wsdl.Definitions, in steps.Input, ports []candidate) *steps.Problem {
	name := in.Text("operation")
	for _, s := range defs.Services {
		for _, p := range s.Ports {
			if len(p.Named(name)) > 0 {
				return &steps.Problem{Path: "operation", Message: fmt.Sprintf("%s is an operation of the port %s of %s, with SOAP %s, which this step leaves out", name, p.Name, s.Name.Local, p.Version),
					Hint: "look at service:, port: and version:"}
			}
		}
	}
	var names []string
	for _, c := range ports {
		for _, o := range c.port.Operations {
			if !slices.Contains(names, o.Name) {
				names = append(names, o.Name)
			}
		}
	}
	hint := steps.Hint(name, names)
	if hint == "" {
		hint = "`snrun soap operations` lists them"
	}
	return &steps.Problem{Path: "operation", Message: fmt.Sprintf("the WSDL has no operation %q", name), Hint: hint}
}

func servicesOf(found []candidate) string {
	var names []string
	for _, c := range found {
		if !slices.Contains(names, c.service.Name.Local) {
			names = append(names, c.service.Name.Local)
		}
	}
	return strings.Join(names, ", ")
}

// overload picks among operations of one name the one whose message the step's params fit best, so that mistakes are told of the one
// that is meant.
func overload(named []*wsdl.Operation, in steps.Input) *wsdl.Operation {
	params, _ := steps.Entries(in["params"])
	return slices.MinFunc(named, func(a, b *wsdl.Operation) int { return cmp.Compare(unfit(a, params), unfit(b, params)) })
}

// unfit counts the parts of a message that are not given, and what is given beside them.
func unfit(o *wsdl.Operation, params steps.Pairs) int {
	fit := 0
	for _, p := range o.Input.Parts {
		if _, given := params.Get(p.Name); given {
			fit++
		}
	}
	return len(o.Input.Parts) + len(params) - 2*fit
}
