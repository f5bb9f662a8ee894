package wsse

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"snrun/steps"
	"snrun/steps/xml"
)

// skew is how far the clocks of this machine and of a server may be apart.
const skew = 5 * time.Minute

// maxReferences bounds what one signature may cover.
const maxReferences = 64

// Check says what is wrong with an answer's signature and Timestamp; nil where nothing has to be checked. Whoever decodes the answer
// afterwards gives the very same bytes to xml.Parse, without a charset: they are read by that here too, and an answer that could be
// read in another way is refused. Of what the answer holds only the content of its one Body is signed for certain, and its Timestamp where the profile
// wants that. Errors are *steps.Error of kind content.
func (s *Security) Check(envelope []byte, now time.Time) error {
	if s == nil || s.verify == nil {
		return nil
	}
	d, err := read(envelope)
	if err != nil {
		return notTrusted("ask who runs the server what it sends", "%w", err)
	}
	if len(d.security()) > 1 {
		return notTrusted("", "it has %d Security headers; one is expected", len(d.security()))
	}
	c := &checking{verifier: s.verify, document: d}
	if err := c.identify(); err != nil {
		return err
	}
	if err := c.timestamp(now); err != nil {
		return err
	}
	return c.signature()
}

// CheckEmpty says what is wrong with an answer without a body: it cannot be signed, and anybody can make it out of one that was.
func (s *Security) CheckEmpty() error {
	if s == nil || s.verify == nil || !s.verify.required {
		return nil
	}
	return notTrusted("where the operation has no answer, write `required: false` under ws_security.verify", "it is empty, so nothing in it is signed")
}

// notTrusted is the error of an answer that is not what it has to be.
func notTrusted(hint, format string, args ...any) error {
	err := fmt.Errorf("the answer is not trusted: "+format, args...)
	return &steps.Error{Kind: steps.Content, Message: err.Error(), Hint: hint, Cause: err}
}

// checking is one answer that is checked.
type checking struct {
	*verifier
	*document
	stamp *node // nil for none
}

// identify refuses a document in which an id stands twice (wsu:Id, xml:id): what one of them says could be taken for the other's.
func (c *checking) identify() error {
	seen := map[string]bool{}
	twice := ""
	c.root.each(func(n *node) {
		for _, a := range n.Attrs {
			if a.Name != utility("Id") && a.Name != (xml.Name{Space: xml.XMLSpace, Local: "id"}) {
				continue
			}
			if seen[a.Value] && twice == "" {
				twice = a.Value
			}
			seen[a.Value] = true
		}
	})
	if twice != "" {
		return notTrusted(tampered, "the id %q stands in it twice", shortened(twice))
	}
	return nil
}

// tampered is what to do about an answer that nobody makes by mistake.
const tampered = "somebody may have changed the answer on its way: ask who runs the server"

// signature checks the one signature (XML Signature 1.1, section 3.2), with the profile's certificates and no other. What it says
// is believed only once its own value is right.
func (c *checking) signature() error {
	var list []*node
	for _, header := range c.security() {
		list = append(list, header.named(dsig("Signature"))...)
	}
	switch {
	case len(list) == 0 && !c.required:
		return nil
	case len(list) == 0:
		return notTrusted("have the server sign its answers, or write `required: false` under ws_security.verify", "it is not signed%s", c.fault())
	case len(list) > 1:
		return notTrusted("", "it has %d signatures; one is expected", len(list))
	}
	if c.attached() {
		return notTrusted("have the server send its data in the envelope, without MTOM", "a part of it came as an attachment, which no signature covers")
	}
	signature := list[0]
	info, value := signature.only(dsig("SignedInfo")), signature.only(dsig("SignatureValue"))
	if info == nil || value == nil {
		return notTrusted("", "its signature has no SignedInfo with a SignatureValue")
	}
	if err := c.certificateIn(signature); err != nil {
		return err
	}
	if err := c.value(info, value); err != nil {
		return err
	}
	return c.references(info)
}

// fault gives what the Body says where that is a fault: servers that sign their answers often leave faults unsigned.
func (c *checking) fault() string {
	text := ""
	c.body.each(func(n *node) {
		if text == "" && (n.Name == xml.Name{Local: "faultstring"} || n.Name == xml.Name{Space: soap12Space, Local: "Text"}) {
			text = strings.Join(strings.Fields(n.Text), " ")
		}
	})
	if f := c.body.only(xml.Name{Space: c.root.Name.Space, Local: "Fault"}); f == nil || text == "" {
		return ""
	}
	return "; it is a fault: " + shortened(text)
}

// certificateIn refuses a signature that names another certificate than the profile's. Trust comes from the profile alone, but this
// says best what is wrong when a server has got a new one.
func (c *checking) certificateIn(signature *node) error {
	var sent []*x509.Certificate
	var broken error
	add := func(n *node) {
		der, err := unbase64(n.Text)
		if err == nil {
			var parsed *x509.Certificate
			if parsed, err = x509.ParseCertificate(der); err == nil {
				sent = append(sent, parsed)
			}
		}
		if err != nil {
			broken = notTrusted("", "the certificate in it is damaged")
		}
	}
	for _, token := range c.security()[0].named(secext("BinarySecurityToken")) {
		if kind, _ := token.Attr("", "ValueType"); kind == x509v3 {
			add(token)
		}
	}
	signature.each(func(n *node) {
		if n.Name == dsig("X509Certificate") {
			add(n)
		}
	})
	if broken != nil || len(sent) == 0 {
		return broken
	}
	for _, certificate := range sent {
		if slices.ContainsFunc(c.certificates, certificate.Equal) {
			return nil
		}
	}
	return notTrusted("if the server has a new certificate, put it into the file that ws_security.verify.cert_file names",
		"it is signed with another certificate than the profile's: %s, from %s on", shortened(sent[0].Subject.String()), sent[0].NotBefore.UTC().Format(time.DateOnly))
}

// value checks that SignedInfo is what one of the certificates has signed.
func (c *checking) value(info, value *node) error {
	prefixes, err := exclusiveForm(info.only(dsig("CanonicalizationMethod")))
	if err != nil {
		return err
	}
	hash, err := signatureHash(info.only(dsig("SignatureMethod")))
	if err != nil {
		return err
	}
	signed, err := unbase64(value.Text)
	if err != nil {
		return notTrusted("", "its SignatureValue is not base64")
	}
	form, err := canonical(info.tree, prefixes)
	if err != nil {
		return notTrusted("", "%w", err)
	}
	h := hash.New()
	h.Write(form)
	sum := h.Sum(nil)
	for _, certificate := range c.certificates {
		if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok && rsa.VerifyPKCS1v15(key, hash, sum, signed) == nil {
			return nil
		}
	}
	return notTrusted("see that ws_security.verify.cert_file is the certificate of this server; else "+tampered, "its signature was not made with the profile's certificate")
}

// references checks that each part which the signature names is as it was signed, and that the parts which matter are among them.
func (c *checking) references(info *node) error {
	list := info.named(dsig("Reference"))
	if len(list) > maxReferences {
		return notTrusted("", "its signature has %d references; the limit is %d", len(list), maxReferences)
	}
	covered := map[*node]bool{}
	for _, reference := range list {
		target, err := c.target(reference)
		if err != nil {
			return err
		}
		if err := c.digest(reference, target); err != nil {
			return err
		}
		covered[target] = true
	}
	if !covered[c.body] {
		return notTrusted("have the server sign the Body; if it does, "+tampered, "its Body is not signed")
	}
	if slices.Contains(c.parts, partTimestamp) && !covered[c.stamp] {
		return notTrusted("have the server sign its Timestamp, or leave timestamp out of ws_security.verify.parts", "its Timestamp is not signed")
	}
	return nil
}

func unbase64(text string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
}

func sameDigest(hash crypto.Hash, form, digest []byte) bool {
	h := hash.New()
	h.Write(form)
	return bytes.Equal(h.Sum(nil), digest)
}

// shortened gives a text out of an answer as a message may show it.
func shortened(text string) string {
	const longest = 100
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}
