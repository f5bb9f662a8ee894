package soap

import (
	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/soap/wsse"
)

// manner is how a SOAP step makes its request. A redirect would have a POST become a GET, or send it twice: only those that say
// otherwise are followed, and only where the step allows it (RFC 9110 section 15.4).
func manner() exchange.Manner {
	return exchange.Manner{MaxBody: maxEnvelope, KeepMethod: true, Total: exchange.DefaultTotal, TooLarge: "raise max_body, or ask for less at once"}
}

// maxEnvelope is how large an answer may be once it is decompressed, where the step says nothing.
const maxEnvelope = 16 << 20

func fields() []steps.Field {
	all := targetFields()
	all = append(all, messageFields()...)
	all = append(all, answerFields()...)
	all = append(all, sendingFields()...)
	all = append(all, exchange.SettingFields()...)
	return append(all, wsse.Field(),
		steps.Field{Name: "origins", Type: steps.ListOf(steps.Of(steps.Text)), FromProfile: true, Doc: "The profile's further origins: an address in a WSDL may be at one of them."},
		steps.Field{Name: "signs_in", Type: steps.Of(steps.Bool), FromProfile: true, Doc: "Whether the profile signs in: else an address in a WSDL may be anywhere."})
}

func targetFields() []steps.Field {
	text := steps.Of(steps.Text)
	return []steps.Field{
		exchange.ProfileField(),
		{Name: "wsdl", Type: text, Static: true, Example: "wsdl/orders.wsdl",
			Doc: "The WSDL that describes the service: a file in the project, or an address, or a path below the profile's base URL that begins with `/`, fetched as the profile when the step first runs. `snrun soap import` copies one into the project. `validate` checks the step against a file."},
		{Name: "operation", Type: text, Static: true, Example: "PlaceOrder", Doc: "The operation of the WSDL to call."},
		{Name: "service", Type: text, Static: true, Example: "OrderService", Doc: "The service of the WSDL, where several have the operation."},
		{Name: "port", Type: text, Static: true, Example: "OrderPort", Doc: "The port of the WSDL. Default: the first that has the operation."},
		{Name: "endpoint", Type: text, Group: "target", Example: "https://erp.example.com/orders",
			Doc: "The whole address to send to. With a WSDL the one in it is the default."},
		{Name: "path", Type: text, Group: "target", Example: "/incident.do?SOAP", Doc: "The address as a path below the profile's base URL, joined with exactly one slash."},
		{Name: "url", Type: text, Group: "target", Example: "https://erp.example.com/orders", Doc: "The same as `endpoint`."},
		{Name: "version", Type: steps.OneOf("1.1", "1.2"), Static: true, Example: `"1.2"`, Doc: "The version of SOAP. With a WSDL that of the port; else 1.1."},
		{Name: "action", Type: text, Example: "http://www.service-now.com/incident/getRecords",
			Doc: "The action: the header SOAPAction, in SOAP 1.2 a parameter of the Content-Type. With a WSDL the one in it is the default."},
	}
}

func messageFields() []steps.Field {
	tree := steps.Of(steps.Tree)
	return []steps.Field{
		{Name: "params", Type: tree, Example: `{order: {version: "1", line: [{no: 1}]}}`,
			Doc: "With a WSDL: what stands in the operation's element, or the parts of an rpc message. The schema decides about order, forms and namespaces, and each mistake is found before anything is sent. With `envelope`: the values of its placeholders."},
		{Name: "headers", Type: tree, Example: "{SessionHeader: {sessionId: S-1}}",
			Doc: "Header blocks of the envelope: with a WSDL those that it declares, by their names; others as `prefix:name`. `_mustUnderstand`, `_actor` and `_role` are the envelope's attributes."},
		{Name: "body", Type: tree, Group: "body", Example: "{inc:getRecords: {__encoded_query: active=true}}",
			Doc: "Without a WSDL: the elements of the envelope's body, in the order written. A name without a prefix is in no namespace; `_name` is an attribute, `__name` an element of that name."},
		{Name: "envelope", Type: steps.Of(steps.Text), Group: "body", Example: "req.xml",
			Doc: "Without a WSDL: a file in the project with the whole envelope. `${name}` in it is replaced by the value of that name in `params`, escaped as XML wants it."},
		{Name: "namespaces", Type: steps.MapOf(steps.Of(steps.Text)), Example: "{inc: http://www.service-now.com/incident}",
			Doc: "Prefixes for names in `body`, `headers` and `params`, and the namespaces they stand for."},
		{Name: "mtom", Type: steps.Of(steps.Bool), Doc: "Sends base64Binary values as parts of a multipart message (MTOM) instead of text. Default: where a policy in the WSDL wants it. Answers of that form are always read."},
		{Name: "addressing", Type: steps.Of(steps.Bool), Doc: "Sends the headers of WS-Addressing. Default: where the WSDL wants them."},
	}
}

func answerFields() []steps.Field {
	names := steps.ListOf(steps.Of(steps.Text))
	return []steps.Field{
		{Name: "lists", Type: names, Static: true, Example: "[getRecordsResult]", Doc: "Without a WSDL: elements that are a list even when there is only one."},
		{Name: "strict", Type: steps.Of(steps.Bool), Default: "false", Doc: "Makes an answer that is not as its schema says an error of kind `content`. Else what is missing, out of order, unknown or of another form is in `warnings`."},
		{Name: "expect_fault", Type: steps.Of(steps.Bool), Default: "false", Doc: "Lets a fault pass: it is the step's output then, and `steps.ID.fault`, which is null where there was none."},
		{Name: "understands", Type: names, Static: true, Example: "[Session]", Doc: "Header blocks of the answer, by their local names, that the job knows the meaning of. One that must be understood and is neither known here nor to the WSDL is an error of kind `content`."},
		exchange.ExpectField("a status of 2xx, and no fault"),
		exchange.SizeField("How large an answer may be once it is decompressed, attachments included; 16MB by default."),
	}
}

func sendingFields() []steps.Field {
	return []steps.Field{
		exchange.HeadersField("http_headers"),
		exchange.KeyField("Makes the call safe to repeat."),
		exchange.AuthField(),
		exchange.TimeoutField("5m by default"),
		exchange.RedirectsField(manner(), "How many redirects are followed: only 307 and 308, and only within the origin. With 0 a redirect is an error."),
	}
}
