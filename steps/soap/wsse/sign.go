package wsse

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/beevik/etree"
)

// addSignature adds the certificate and a signature made with its key: RSA with SHA-256 over exclusive canonical forms (X.509
// Certificate Token Profile 1.1, section 3.3). The certificate comes before the signature that names it, as strict servers want it.
func (w *securing) addSignature() error {
	if end := w.sign.certificate.NotAfter; w.now.After(end) {
		return notSecured("put a new certificate in its place; if this one is the new one, check this machine's clock",
			"the certificate to sign with expired on %s", end.UTC().Format(time.DateOnly))
	}
	token := w.header.CreateElement("wsse:BinarySecurityToken")
	token.CreateAttr("EncodingType", base64Binary)
	token.CreateAttr("ValueType", x509v3)
	token.CreateAttr("wsu:Id", newID("X509"))
	token.SetText(base64.StdEncoding.EncodeToString(w.sign.certificate.Raw))
	w.tokens = append(w.tokens, token)

	signature := w.header.CreateElement("ds:Signature")
	signature.CreateAttr("xmlns:ds", dsigSpace)
	info := signature.CreateElement("ds:SignedInfo")
	algorithm(info, "ds:CanonicalizationMethod", exclusive)
	algorithm(info, "ds:SignatureMethod", rsaSHA256)
	for _, part := range w.signed() {
		if err := w.addReference(info, part); err != nil {
			return err
		}
	}
	value, err := w.value(info)
	if err != nil {
		return err
	}
	signature.CreateElement("ds:SignatureValue").SetText(value)
	reference := signature.CreateElement("ds:KeyInfo").CreateElement("wsse:SecurityTokenReference").CreateElement("wsse:Reference")
	reference.CreateAttr("URI", "#"+token.SelectAttrValue("wsu:Id", ""))
	reference.CreateAttr("ValueType", x509v3)
	return nil
}

// signed are the parts that are signed, as far as they are there.
func (w *securing) signed() []*etree.Element {
	var list []*etree.Element
	has := func(part string) bool { return slices.Contains(w.sign.parts, part) }
	if has(partTimestamp) && w.stamp != nil {
		list = append(list, w.stamp)
	}
	if has(partToken) {
		list = append(list, w.tokens...)
	}
	if has(partHeaders) && w.document.header != nil {
		for _, header := range w.document.header.children {
			list = append(list, header.tree)
		}
	}
	if has(partBody) {
		list = append(list, w.body.tree)
	}
	return list
}

// addReference adds the digest of a part, which gets an id where it has none.
func (w *securing) addReference(info, part *etree.Element) error {
	id := w.id(part)
	form, err := canonical(part, nil)
	if err != nil {
		return notSecured("", "%w", err)
	}
	sum := sha256.Sum256(form)
	reference := info.CreateElement("ds:Reference")
	reference.CreateAttr("URI", "#"+id)
	algorithm(reference.CreateElement("ds:Transforms"), "ds:Transform", exclusive)
	algorithm(reference, "ds:DigestMethod", sha256URI)
	reference.CreateElement("ds:DigestValue").SetText(base64.StdEncoding.EncodeToString(sum[:]))
	return nil
}

// id gives the wsu:Id of a part, a new one under a prefix that means nothing else in it where it has none.
func (w *securing) id(part *etree.Element) string {
	if part.Parent() == w.header {
		return part.SelectAttrValue("wsu:Id", "")
	}
	for _, n := range append([]*node{w.body}, w.blocks()...) {
		if id, ok := n.Attr(utilitySpace, "Id"); ok && n.tree == part {
			return id
		}
	}
	id, prefix := newID("id"), w.free("wsu")
	part.CreateAttr("xmlns:"+prefix, utilitySpace)
	part.CreateAttr(prefix+":Id", id)
	return id
}

func (w *securing) blocks() []*node {
	if w.document.header == nil {
		return nil
	}
	return w.document.header.children
}

func (w *securing) value(info *etree.Element) (string, error) {
	form, err := canonical(info, nil)
	if err != nil {
		return "", notSecured("", "%w", err)
	}
	sum := sha256.Sum256(form)
	value, err := rsa.SignPKCS1v15(nil, w.sign.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", notSecured("use a key of 2048 bits or more", "%w", err)
	}
	return base64.StdEncoding.EncodeToString(value), nil
}

// algorithm adds an element that names an algorithm.
func algorithm(to *etree.Element, tag, uri string) {
	to.CreateElement(tag).CreateAttr("Algorithm", uri)
}
