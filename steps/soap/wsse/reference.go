package wsse

import (
	"crypto"
	"slices"
	"strings"

	"snrun/steps/xml"
)

// target finds the one element that a reference names. Only the same document can be named, and only by an id: wsu:Id, or the Id of
// an element of XML Signature itself. An element that any other id of the same text stands on makes it unclear, and is refused.
func (c *checking) target(reference *node) (*node, error) {
	uri, ok := reference.Attr("", "URI")
	id, local := strings.CutPrefix(uri, "#")
	if !ok || !local || id == "" || strings.ContainsAny(id, "()") {
		return nil, notTrusted("", "its signature refers to %q, which is no id in the answer", shortened(uri))
	}
	var found []*node
	certain := false
	c.root.each(func(n *node) {
		for _, a := range n.Attrs {
			if strings.EqualFold(a.Name.Local, "id") && a.Value == id {
				found = append(found, n)
				certain = a.Name == utility("Id") || a.Name == xml.Name{Local: "Id"} && n.Name.Space == dsigSpace
			}
		}
	})
	switch {
	case len(found) > 1:
		return nil, notTrusted(tampered, "its signature refers to %q, an id that stands in it %d times", shortened(id), len(found))
	case len(found) == 0 || !certain:
		return nil, notTrusted("", "its signature refers to %q, which is no wsu:Id in the answer", shortened(id))
	}
	return found[0], nil
}

// digest checks that an element is as it was signed.
func (c *checking) digest(reference, target *node) error {
	prefixes, err := transform(reference)
	if err != nil {
		return err
	}
	hash, err := digestHash(reference.only(dsig("DigestMethod")))
	if err != nil {
		return err
	}
	value := reference.only(dsig("DigestValue"))
	if value == nil {
		return notTrusted("", "a reference of its signature has no DigestValue")
	}
	digest, err := unbase64(value.Text)
	if err != nil {
		return notTrusted("", "a DigestValue of its signature is not base64")
	}
	form, err := canonical(target.tree, prefixes)
	if err != nil {
		return notTrusted("", "%w", err)
	}
	if !sameDigest(hash, form, digest) {
		return notTrusted(tampered, "its %s is not as it was signed", target.Name.Local)
	}
	return nil
}

// transform gives the inclusive prefixes of a reference's one transform, which is exclusive canonicalisation: others, such as XSLT
// and XPath, could make anything of what is signed.
func transform(reference *node) ([]string, error) {
	all := reference.only(dsig("Transforms"))
	if all == nil || len(all.children) != 1 || all.children[0].Name != dsig("Transform") {
		return nil, notTrusted("have the server use exclusive canonicalisation and nothing else", "a reference of its signature has not exactly one transform")
	}
	return exclusiveForm(all.children[0])
}

// exclusiveForm gives the inclusive prefixes of an exclusive canonicalisation without comments.
func exclusiveForm(method *node) ([]string, error) {
	if method == nil {
		return nil, notTrusted("", "its signature does not say how it is made canonical")
	}
	if uri, _ := method.Attr("", "Algorithm"); uri != exclusive {
		return nil, notTrusted("have the server use exclusive canonicalisation without comments ("+exclusive+")", "its signature is made with %q", shortened(uri))
	}
	if len(method.children) == 0 {
		return nil, nil
	}
	list := method.only(xml.Name{Space: exclusive, Local: "InclusiveNamespaces"})
	if list == nil || len(method.children) > 1 {
		return nil, notTrusted("", "its signature has an unknown parameter of exclusive canonicalisation")
	}
	text, _ := list.Attr("", "PrefixList")
	prefixes := strings.Fields(text)
	slices.Sort(prefixes)
	if prefixes = slices.Compact(prefixes); len(prefixes) > maxReferences {
		return nil, notTrusted("", "its signature lists %d inclusive prefixes; the limit is %d", len(prefixes), maxReferences)
	}
	for i, prefix := range prefixes {
		if prefix == "#default" {
			prefixes[i] = ""
		}
	}
	return prefixes, nil
}

// signatureHash gives the hash of an RSA signature. A MAC is none: its key would be the certificate, which everybody knows.
func signatureHash(method *node) (crypto.Hash, error) {
	return hashOf(method, "is signed", map[string]crypto.Hash{rsaSHA256: crypto.SHA256, rsaSHA384: crypto.SHA384, rsaSHA512: crypto.SHA512})
}

func digestHash(method *node) (crypto.Hash, error) {
	return hashOf(method, "is digested", map[string]crypto.Hash{sha256URI: crypto.SHA256, sha384URI: crypto.SHA384, sha512URI: crypto.SHA512})
}

func hashOf(method *node, done string, accepted map[string]crypto.Hash) (crypto.Hash, error) {
	uri := ""
	if method != nil {
		uri, _ = method.Attr("", "Algorithm")
	}
	if hash := accepted[uri]; hash != 0 && len(method.children) == 0 {
		return hash, nil
	}
	hint := "have the server sign with RSA and SHA-256"
	if strings.HasSuffix(uri, "sha1") {
		hint += ": SHA-1 can be forged"
	}
	return 0, notTrusted(hint, "it %s with %q", done, shortened(uri))
}
