package wsse

import "snrun/steps/xml"

// The namespaces.
const (
	// Namespace is that of the header Security. Who has a Security understands that header.
	Namespace = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

	soap11Space  = "http://schemas.xmlsoap.org/soap/envelope/"
	soap12Space  = "http://www.w3.org/2003/05/soap-envelope"
	utilitySpace = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	dsigSpace    = "http://www.w3.org/2000/09/xmldsig#"
	xopSpace     = "http://www.w3.org/2004/08/xop/include"
)

// The types of tokens (UsernameToken Profile 1.1, section 3.1; X.509 Certificate Token Profile 1.1, section 3.1).
const (
	usernameProfile = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#"
	x509v3          = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
	base64Binary    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

// The algorithms that are used, and those of their kind that are accepted (RFC 9231).
const (
	exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
	rsaSHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	rsaSHA384 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"
	rsaSHA512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
	sha256URI = "http://www.w3.org/2001/04/xmlenc#sha256"
	sha384URI = "http://www.w3.org/2001/04/xmldsig-more#sha384"
	sha512URI = "http://www.w3.org/2001/04/xmlenc#sha512"
)

func secext(local string) xml.Name  { return xml.Name{Space: Namespace, Local: local} }
func utility(local string) xml.Name { return xml.Name{Space: utilitySpace, Local: local} }
func dsig(local string) xml.Name    { return xml.Name{Space: dsigSpace, Local: local} }
