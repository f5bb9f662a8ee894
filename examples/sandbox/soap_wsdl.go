package sandbox

import (
	"net/http"
	"strings"
	"text/template"
)

// tableService is what the WSDL of a table says.
type tableService struct {
	Table, Space, Address string
	Operations            []describedOperation
}

type describedOperation struct {
	Name         string
	Takes, Gives []soapField
	Rows         bool
}

// tableWSDL is shaped like the instance's: document/literal wrapped, local elements without a namespace.
const tableWSDL = `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="{{.Space}}" targetNamespace="{{.Space}}">
  <wsdl:types>
    <xsd:schema elementFormDefault="unqualified" targetNamespace="{{.Space}}">
{{- range .Operations}}
      <xsd:element name="{{.Name}}">
        <xsd:complexType>
          <xsd:sequence>
{{- range .Takes}}
            <xsd:element name="{{.Name}}" type="{{.Type}}"{{if not .Required}} minOccurs="0"{{end}}/>
{{- end}}
          </xsd:sequence>
        </xsd:complexType>
      </xsd:element>
      <xsd:element name="{{.Name}}Response">
        <xsd:complexType>
          <xsd:sequence>
{{- if .Rows}}
            <xsd:element name="getRecordsResult" minOccurs="0" maxOccurs="unbounded">
              <xsd:complexType>
                <xsd:sequence>
{{- end}}
{{- range .Gives}}
            <xsd:element name="{{.Name}}" type="{{.Type}}"{{if not .Required}} minOccurs="0"{{end}}/>
{{- end}}
{{- if .Rows}}
                </xsd:sequence>
              </xsd:complexType>
            </xsd:element>
{{- end}}
          </xsd:sequence>
        </xsd:complexType>
      </xsd:element>
{{- end}}
    </xsd:schema>
  </wsdl:types>
{{- range .Operations}}
  <wsdl:message name="{{.Name}}SoapIn">
    <wsdl:part name="{{$.Table}}" element="tns:{{.Name}}"/>
  </wsdl:message>
  <wsdl:message name="{{.Name}}SoapOut">
    <wsdl:part name="{{$.Table}}" element="tns:{{.Name}}Response"/>
  </wsdl:message>
{{- end}}
  <wsdl:portType name="ServiceNowSoap">
{{- range .Operations}}
    <wsdl:operation name="{{.Name}}">
      <wsdl:input message="tns:{{.Name}}SoapIn"/>
      <wsdl:output message="tns:{{.Name}}SoapOut"/>
    </wsdl:operation>
{{- end}}
  </wsdl:portType>
  <wsdl:binding name="ServiceNowSoap" type="tns:ServiceNowSoap">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
{{- range .Operations}}
    <wsdl:operation name="{{.Name}}">
      <soap:operation soapAction="{{$.Space}}/{{.Name}}" style="document"/>
      <wsdl:input>
        <soap:body use="literal"/>
      </wsdl:input>
      <wsdl:output>
        <soap:body use="literal"/>
      </wsdl:output>
    </wsdl:operation>
{{- end}}
  </wsdl:binding>
  <wsdl:service name="ServiceNow_{{.Table}}">
    <wsdl:port name="ServiceNowSoap" binding="tns:ServiceNowSoap">
      <soap:address location="{{.Address}}"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
`

// describeTable answers the WSDL of a table.
func (s *Server) describeTable(w http.ResponseWriter, r *http.Request, table string) {
	page, err := template.New("").Parse(tableWSDL)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	service := tableService{Table: table, Space: tableSpace + table, Address: "http://" + r.Host + "/" + table + ".do?SOAP"}
	columns := s.store.soapColumns(table)
	for _, o := range soapOperations() {
		service.Operations = append(service.Operations, describedOperation{o.name, o.takes(columns), o.gives(columns), o.rows})
	}
	var text strings.Builder
	if err := page.Execute(&text, service); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	_, _ = w.Write([]byte(text.String())) // the client may be gone
}
