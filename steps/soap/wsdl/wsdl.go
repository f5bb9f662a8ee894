// Package wsdl reads WSDL 1.1 with its SOAP 1.1 and 1.2 bindings at run time, and all that a WSDL imports.
//
// The files:
//
//	wsdl                          what is in a WSDL
//	load, documents, record       reading a WSDL and what it imports, each document once
//	folder, watch, web            where documents come from, and which may be read
//	service, operation, message   compiling the ports, and what goes each way
//	copy                          the documents of a WSDL as files of a folder
//	policy                        what policies say of WS-Addressing and MTOM
//	reference                     names, and what was meant by those that mean nothing
package wsdl

import (
	"snrun/steps/soap/values"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// Definitions are a WSDL and what it imports, compiled. They are not changed any more, so they may be used by many goroutines.
type Definitions struct {
	Location string // of the WSDL itself
	Services []*Service
	Schema   *values.Schema
	Files    []File // all that was read, the WSDL first
}

// File is one document that was read.
type File struct {
	Location string
	Data     []byte
}

// Service is a wsdl:service: its ports with a SOAP binding.
type Service struct {
	Name  xml.Name
	Doc   string // of its documentation, in one line; "" for none
	Ports []*Port
}

// Port is an address at which the operations of one binding are.
type Port struct {
	Name       string
	Address    string // as it stands in the WSDL; may be ""
	Version    string // of SOAP: 1.1 or 1.2
	Operations []*Operation
}

// Operation is an operation of a port.
type Operation struct {
	Name   string
	Doc    string
	Action string // soapAction; may be ""
	RPC    bool   // the style is rpc, else document
	Input  *Message
	Output *Message // nil where the operation is one-way
	Faults []*Fault
	// Addressing says that the WSDL wants WS-Addressing headers, or at least allows them (wsaw:UsingAddressing, wsam:Addressing).
	Addressing Addressing
}

// Addressing is what a WSDL says of WS-Addressing.
type Addressing int

// A WSDL says nothing of WS-Addressing, allows it or wants it.
const (
	NoAddressing Addressing = iota
	OptionalAddressing
	RequiredAddressing
)

// Message is what goes one way.
type Message struct {
	Name    string // of the wsdl:message
	Encoded bool   // use="encoded" with SOAP encoding, else literal
	// Wrapper is the element around the parts of an rpc message: the operation's name, with "Response" behind it in an answer, in
	// the namespace of soap:body. The zero Name for a document message.
	Wrapper xml.Name
	Parts   []*Part // of the body, in their order
	Headers []*Part // those that the binding declares
	Action  string  // of WS-Addressing: what the WSDL gives, or its default (WS-Addressing 1.0 Metadata, section 4.4)
	MTOM    bool    // a policy wants optimised MIME serialisation
}

// Part is a part of a message: an element, or, in an rpc message, a type.
type Part struct {
	Name    string
	Element *xsd.Element // nil for a part of an rpc body that has a type
	Type    *xsd.Type
	Encoded bool // of a header
}

// Fault is a declared fault: what may stand in the detail.
type Fault struct {
	Name string
	Part *Part
}

// Service gives a service by its name.
func (d *Definitions) Service(name string) *Service {
	for _, s := range d.Services {
		if s.Name.Local == name {
			return s
		}
	}
	return nil
}

// Port gives a port by its name.
func (s *Service) Port(name string) *Port {
	for _, p := range s.Ports {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Named gives the operations of a name: several where it is overloaded.
func (p *Port) Named(name string) []*Operation {
	var named []*Operation
	for _, o := range p.Operations {
		if o.Name == name {
			named = append(named, o)
		}
	}
	return named
}
