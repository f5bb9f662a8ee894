package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"snrun/history/words"
	"snrun/steps/soap/wsdl"
)

func (a *app) soapOperationsCommand() *cobra.Command {
	var w wsdlArgument
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "operations WSDL",
		Short: "List what can be called",
		Long: `List the services of a WSDL, their ports and operations: what each takes, and what it gives. A key with ? may be left out,
[] is a list.`,
		Example: `  snrun soap operations wsdl/orders.wsdl
  snrun soap operations --profile servicenow '/incident.do?WSDL'`,
		Args: exactly(1, "soap operations takes one WSDL: a file, an address, or with --profile a path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			w.name = args[0]
			return a.withWSDL(cmd.Context(), w, func(_ context.Context, d *openedWSDL) error {
				if asJSON {
					return a.printJSON(serviceRecords(d.Definitions))
				}
				return a.listOperations(w, d.Definitions)
			})
		},
	}
	w.flag(a, cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of {name, namespace, doc, ports: [{name, address, soap, operations}]}")
	return cmd
}

func (a *app) listOperations(w wsdlArgument, d *wsdl.Definitions) error {
	p := a.page()
	var b strings.Builder
	for i, s := range d.Services {
		if i > 0 {
			b.WriteString("\n")
		}
		p.soapService(&b, s)
	}
	if err := a.print(b.String()); err != nil {
		return err
	}
	if o := d.Services[0].Ports[0].Operations; len(o) > 0 {
		fmt.Fprintf(a.err, "a step that calls one: %s soap example %s%s %s%s\n", a.name, words.Argument(w.name), w.profileFlag(), words.Argument(words.InLine(o[0].Name)), serviceFlag(d, o[0].Name))
	}
	return nil
}

// serviceFlag is the --service that tells which operation of the first service is meant, where another service has one of that name.
func serviceFlag(d *wsdl.Definitions, operation string) string {
	for _, s := range d.Services[1:] {
		for _, p := range s.Ports {
			if len(p.Named(operation)) > 0 {
				return " --service " + words.Argument(words.InLine(d.Services[0].Name.Local))
			}
		}
	}
	return ""
}

// profileFlag is --profile as the command line has it.
func (w wsdlArgument) profileFlag() string {
	if w.profile == "" {
		return ""
	}
	return " --profile " + words.Argument(w.profile)
}

// soapService writes a service: its name, its ports, their operations. Of ports with the same operations, as for SOAP 1.1 and 1.2, the
// first lists them.
func (p page) soapService(b *strings.Builder, s *wsdl.Service) {
	b.WriteString(p.style.bold("service "+words.InLine(s.Name.Local)) + "\n")
	p.soapDoc(b, s.Doc, "  ")
	listed := map[string]string{}
	for _, port := range s.Ports {
		fmt.Fprintf(b, "  port %s, SOAP %s%s\n", words.InLine(port.Name), port.Version, prefixed(", ", words.InLine(port.Address)))
		operations := p.soapOperations(port)
		if first, known := listed[operations]; known {
			b.WriteString(p.style.faint("    the same operations as "+first) + "\n")
			continue
		}
		listed[operations] = words.InLine(port.Name)
		b.WriteString(operations)
	}
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// soapOperations is one line an operation, with what its documentation says below.
func (p page) soapOperations(port *wsdl.Port) string {
	var b strings.Builder
	for _, o := range port.Operations {
		line := signature(o)
		if p.width > 0 {
			line = cut(line, max(20, p.width-4))
		}
		b.WriteString("    " + line + "\n")
		p.soapDoc(&b, o.Doc, "      ")
	}
	return b.String()
}

// soapDoc writes what a WSDL says of something, in a few lines.
func (p page) soapDoc(b *strings.Builder, doc, indent string) {
	const most = 300
	if doc == "" {
		return
	}
	width := 100
	if p.width > 0 {
		width = p.width
	}
	for _, line := range wrap(cut(words.Clean(doc), most), max(20, width-len(indent))) {
		b.WriteString(indent + p.style.faint(line) + "\n")
	}
}

// serviceRecord is a service as `soap operations --json` prints it.
type serviceRecord struct {
	Name      string       `json:"name"`
	Namespace string       `json:"namespace"`
	Doc       string       `json:"doc"`
	Ports     []portRecord `json:"ports"`
}

type portRecord struct {
	Name       string            `json:"name"`
	Address    string            `json:"address"`
	SOAP       string            `json:"soap"` // the version
	Operations []operationRecord `json:"operations"`
}

type operationRecord struct {
	Name    string      `json:"name"`
	Doc     string      `json:"doc"`
	Action  string      `json:"action"`
	Style   string      `json:"style"` // document or rpc
	OneWay  bool        `json:"one_way"`
	Takes   []soapField `json:"takes"`
	Gives   []soapField `json:"gives"`
	Headers []string    `json:"headers"`
	Faults  []string    `json:"faults"`
}

func serviceRecords(d *wsdl.Definitions) []serviceRecord {
	var services []serviceRecord
	for _, s := range d.Services {
		record := serviceRecord{Name: s.Name.Local, Namespace: s.Name.Space, Doc: s.Doc}
		for _, p := range s.Ports {
			port := portRecord{Name: p.Name, Address: p.Address, SOAP: p.Version, Operations: []operationRecord{}}
			for _, o := range p.Operations {
				port.Operations = append(port.Operations, newOperationRecord(o))
			}
			record.Ports = append(record.Ports, port)
		}
		services = append(services, record)
	}
	return services
}

func newOperationRecord(o *wsdl.Operation) operationRecord {
	r := operationRecord{
		Name: o.Name, Doc: o.Doc, Action: o.Action, Style: "document", OneWay: o.Output == nil,
		Takes: messageFields(o.Input), Gives: []soapField{}, Headers: []string{}, Faults: []string{},
	}
	if o.RPC {
		r.Style = "rpc"
	}
	if o.Output != nil {
		r.Gives = asAnswered(messageFields(o.Output))
	}
	for _, h := range o.Input.Headers {
		r.Headers = append(r.Headers, h.Element.Name.Local)
	}
	for _, f := range o.Faults {
		r.Faults = append(r.Faults, f.Name)
	}
	return r
}
