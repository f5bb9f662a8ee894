package wsse

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/steps"
)

// answer is signed by the server: its Body and its Timestamp.
func answer(t *testing.T, dir string) string {
	t.Helper()
	return secured(t, opened(t, dir, steps.Input{"timestamp": 5 * time.Minute, "sign": signing("server", "body", "timestamp")}), envelope)
}

// refuses checks an answer, which must be refused with a message.
func refuses(t *testing.T, s *Security, text string, at time.Time, want string) {
	t.Helper()
	err := s.Check([]byte(text), at)
	var e *steps.Error
	if !errors.As(err, &e) || e.Kind != steps.Content || !strings.HasPrefix(e.Message, "the answer is not trusted: "+want) {
		t.Errorf("got %v, want %s\nof %s", err, want, text)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	good := answer(t, dir)
	strict := checkerOf(t, dir, "server", steps.Input{"parts": []any{"body", "timestamp"}})
	for name, text := range map[string]string{
		"as it is":               good,
		"comments":               strings.Replace(good, "<o:item>", "<!-- <soap:Body/> --><o:item>", 1),
		"comments in a text":     strings.Replace(good, "1</o:item>", "<!-- split -->1</o:item>", 1),
		"another prefix outside": strings.Replace(good, "<soap:Envelope ", `<soap:Envelope xmlns:more="urn:more" `, 1),
		"cdata":                  strings.Replace(good, "&lt; 1", "<![CDATA[<]]> 1", 1),
		"other quotes":           strings.Replace(good, `kind="new &amp; old"`, "kind = 'new&#32;&#38;\nold'", 1),
	} {
		if err := strict.Check([]byte(text), now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (*Security)(nil).Check([]byte("x"), now); err != nil {
		t.Errorf("without a ws_security: %v", err)
	}
	if err := opened(t, dir, steps.Input{"username": "ann"}).Check([]byte("x"), now); err != nil {
		t.Errorf("without verify: %v", err)
	}
}

func TestCheckCertificates(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	good := answer(t, dir)
	refuses(t, checkerOf(t, dir, "client", nil), good, now, "it is signed with another certificate than the profile's: CN=server, from 2025-03-04 on")
	before, rest, _ := strings.Cut(good, "<wsse:BinarySecurityToken")
	_, after, _ := strings.Cut(rest, "</wsse:BinarySecurityToken>")
	nameless := before + after
	refuses(t, checkerOf(t, dir, "client", nil), nameless, now, "its signature was not made with the profile's certificate")
	if err := checkerOf(t, dir, "server", nil).Check([]byte(nameless), now); err != nil {
		t.Errorf("without a certificate in it: %v", err)
	}
	both := append(readFile(t, dir, "client.pem"), readFile(t, dir, "server.pem")...)
	write(t, dir, "both.pem", both)
	if err := checkerOf(t, dir, "both", nil).Check([]byte(good), now); err != nil {
		t.Errorf("with two certificates in the profile: %v", err)
	}
	own := base64.StdEncoding.EncodeToString(identities()["server"].certificate.Raw)
	other := base64.StdEncoding.EncodeToString(identities()["stranger"].certificate.Raw)
	// Signed by a stranger, who names the profile's certificate.
	forged := secured(t, opened(t, dir, steps.Input{"sign": signing("stranger")}), envelope)
	refuses(t, checkerOf(t, dir, "server", nil), forged, now, "it is signed with another certificate")
	refuses(t, checkerOf(t, dir, "server", nil), strings.Replace(forged, other, own, 1), now, "its signature was not made with the profile's certificate")
	refuses(t, checkerOf(t, dir, "server", nil), strings.Replace(good, own, "AAAA", 1), now, "the certificate in it is damaged")
}

func TestCheckUnsigned(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	stamped := secured(t, opened(t, dir, steps.Input{"timestamp": 5 * time.Minute}), envelope)
	for _, text := range []string{envelope, stamped} {
		refuses(t, checkerOf(t, dir, "server", nil), text, now, "it is not signed")
		if err := checkerOf(t, dir, "server", steps.Input{"required": false}).Check([]byte(text), now); err != nil {
			t.Errorf("where no signature is required: %v", err)
		}
	}
	for space, fault := range map[string]string{
		soap11Space: "<S:Fault><faultcode>S:Server</faultcode><faultstring> out of\n order </faultstring></S:Fault>",
		soap12Space: `<S:Fault><S:Reason><S:Text xml:lang="en">out of order</S:Text></S:Reason></S:Fault>`,
	} {
		refuses(t, checkerOf(t, dir, "server", nil), soapDocument(space, "", "", fault), now, "it is not signed; it is a fault: out of order")
	}
	refuses(t, checkerOf(t, dir, "server", steps.Input{"required": false}), strings.Replace(answer(t, dir), "1</o:item>", "2</o:item>", 1), now, "its Body is not as it was signed")
	refuses(t, checkerOf(t, dir, "server", steps.Input{"parts": []any{"timestamp"}}), envelope, now, "it has no Timestamp")
}

func TestCheckAge(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	good, check := answer(t, dir), checkerOf(t, dir, "server", nil)
	for offset, want := range map[time.Duration]string{
		9 * time.Minute:                   "",
		10 * time.Minute:                  "it held until 2026-03-04T05:11:07Z",
		-5 * time.Minute:                  "",
		-5*time.Minute - time.Millisecond: "it was made at 2026-03-04T05:06:07Z, which is yet to come",
		10*time.Minute - time.Millisecond: "",
	} {
		if want != "" {
			refuses(t, check, good, now.Add(offset), want)
		} else if err := check.Check([]byte(good), now.Add(offset)); err != nil {
			t.Errorf("at %s: %v", offset, err)
		}
	}
	body := secured(t, opened(t, dir, steps.Input{"timestamp": 5 * time.Minute, "sign": signing("server", "body")}), envelope)
	expires := "<wsu:Expires>2026-03-04T05:11:07.089Z</wsu:Expires>"
	created := "<wsu:Created>2026-03-04T05:06:07.089Z</wsu:Created>"
	stamp := "<wsu:Timestamp"
	for name, test := range map[string]struct{ old, new, want string }{
		"no end":      {expires, "", ""},
		"old, no end": {created + expires, "<wsu:Created>2026-03-04T04:00:00Z</wsu:Created>", "it held until 2026-03-04T04:05:00Z"},
		"no zone":     {expires, "<wsu:Expires> 2026-03-04T05:11:07 </wsu:Expires>", ""},
		"other zone":  {expires, "<wsu:Expires>2026-03-04T05:11:07+09:00</wsu:Expires>", "it held until 2026-03-03T20:11:07Z"},
		"no time":     {expires, "<wsu:Expires>tomorrow</wsu:Expires>", "its Timestamp has no Expires that can be read"},
		"two ends":    {expires, expires + expires, "its Timestamp has no Expires that can be read"},
		"two of them": {stamp, "<wsu:Timestamp/>" + stamp, "it has 2 Timestamps"},
		"two headers": {"<soap:Header>", `<soap:Header><s:Security xmlns:s="` + Namespace + `"/>`, "it has 2 Security headers"},
		"not signed":  {"", "", ""},
	} {
		changed := strings.Replace(body, test.old, test.new, 1)
		if test.want != "" {
			refuses(t, check, changed, now, test.want)
		} else if err := check.Check([]byte(changed), now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	stamped := checkerOf(t, dir, "server", steps.Input{"parts": []any{"timestamp"}})
	refuses(t, stamped, body, now, "its Timestamp is not signed")
	refuses(t, stamped, strings.Replace(body, created+expires, "", 1), now, "its Timestamp has no time, so that it holds for ever")
}

// TestCheckWrapping moves signed parts to where they are not read, as in McIntosh and Austel, "XML Signature Element Wrapping
// Attacks and Countermeasures" (2005).
func TestCheckWrapping(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	good, check := answer(t, dir), checkerOf(t, dir, "server", steps.Input{"parts": []any{"body", "timestamp"}})
	start, end := strings.Index(good, "<soap:Body"), strings.Index(good, "</soap:Body>")+len("</soap:Body>")
	signed := good[start:end]
	tag := signed[:strings.Index(signed, ">")+1]
	evil := "<soap:Body><o:place>evil</o:place></soap:Body>"
	withID := tag + "<o:place>evil</o:place></soap:Body>"
	_, id, _ := strings.Cut(tag, `Id="`)
	id, _, _ = strings.Cut(id, `"`)
	plainID := `<soap:Body Id="` + id + `"><o:place>evil</o:place></soap:Body>`
	inHeader := func(body string) string {
		return strings.Replace(good[:start]+body+good[end:], "</wsse:Security>", "</wsse:Security><o:wrapper>"+signed+"</o:wrapper>", 1)
	}
	inSecurity := func(body string) string {
		return strings.Replace(good[:start]+body+good[end:], "</wsse:Security>", signed+"</wsse:Security>", 1)
	}
	inSignature := strings.Replace(good[:start]+evil+good[end:], "</ds:Signature>", "<ds:Object>"+signed+"</ds:Object></ds:Signature>", 1)
	stampStart, stampEnd := strings.Index(good, "<wsu:Timestamp"), strings.Index(good, "</wsu:Timestamp>")+len("</wsu:Timestamp>")
	stamp := good[stampStart:stampEnd]
	fresh := strings.Replace(strings.Replace(stamp, "TS-", "TT-", 1), "05:06:07", "05:06:08", 1)
	for name, test := range map[string]struct{ text, want string }{
		"body in a header":              {inHeader(evil), "its Body is not signed"},
		"body in a header, same id":     {inHeader(withID), "the id "},
		"body in a header, plain id":    {inHeader(plainID), "its signature refers to "},
		"body in the security header":   {inSecurity(evil), "its Body is not signed"},
		"body in the signature":         {inSignature, "its Body is not signed"},
		"second body behind":            {good[:end] + evil + good[end:], "this is no SOAP envelope with one Body"},
		"second body before":            {good[:start] + evil + good[start:], "this is no SOAP envelope with one Body"},
		"body in a body":                {good[:start] + "<soap:Body>" + signed + "</soap:Body>" + good[end:], "its Body is not signed"},
		"body in a body of the same id": {good[:start] + tag + signed + "</soap:Body>" + good[end:], "the id "},
		"envelope in a header":          {strings.Replace(good[:start]+evil+good[end:], "<soap:Header>", "<soap:Header><soap:Envelope>"+signed+"</soap:Envelope>", 1), "its Body is not signed"},
		"second envelope":               {good + good[strings.Index(good, "<soap:Env"):], "line "},
		"content behind the body":       {strings.Replace(good, "</soap:Envelope>", "<o:more wsu:Id='x' xmlns:wsu='"+utilitySpace+"'/></soap:Envelope>", 1), ""},
		"a comment that ends the body":  {strings.Replace(good, "<!-- note -->", "<!-- note --><o:item>evil</o:item>", 1), "its Body is not as it was signed"},
		"another namespace":             {strings.Replace(good, `xmlns:o="urn:orders"`, `xmlns:o="urn:evil"`, 1), "its Body is not as it was signed"},
		"another attribute":             {strings.Replace(good, "new &amp;", "older &amp;", 1), "its Body is not as it was signed"},
		"the Id of another element":     {strings.Replace(good[:start]+evil+good[end:], "<soap:Header>", `<soap:Header><o:x Id="`+id+`"/>`, 1), "its signature refers to "},
		"a second id of another kind":   {strings.Replace(good, "<soap:Header>", `<soap:Header><o:x Id="`+id+`"/>`, 1), "its signature refers to \"" + id + "\", an id that stands in it 2 times"},
		"a timestamp in another header": {strings.Replace(good[:stampStart]+fresh+good[stampEnd:], "</wsse:Security>", `</wsse:Security><o:old xmlns:wsu="`+utilitySpace+`">`+stamp+"</o:old>", 1), "its Timestamp is not signed"},
		"an id that was not signed":     {strings.Replace(good, "<o:item/>", `<o:item xml:id="a"/>`, 1), "its Body is not as"},
		"a repeated id elsewhere":       {strings.Replace(good, "</wsse:Security>", `</wsse:Security><o:a xml:id="a"/><o:b xml:id="a"/>`, 1), "the id \"a\" stands in it twice"},
		"a document type":               {strings.Replace(good, "<soap:Envelope", `<!DOCTYPE a [<!ATTLIST o:wrapper x ID #IMPLIED>]><soap:Envelope`, 1), "line "},
	} {
		if test.want == "" {
			if err := check.Check([]byte(test.text), now); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		t.Run(name, func(t *testing.T) { refuses(t, check, test.text, now, test.want) })
	}
}

// TestCheckSignature rewrites the signature, and signs it again with the server's key where that is needed to come so far.
func TestCheckSignature(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	good, check := answer(t, dir), checkerOf(t, dir, "server", nil)
	transform := `<ds:Transform Algorithm="` + exclusive + `"/>`
	reference := good[strings.Index(good, "<ds:Reference "):strings.LastIndex(good, "<ds:Reference ")]
	tests := map[string]struct{ old, new, want string }{
		"sha-1 digest":           {sha256URI, dsigSpace + "sha1", `it is digested with "` + dsigSpace + `sha1"`},
		"sha-1 signature":        {rsaSHA256, dsigSpace + "rsa-sha1", `it is signed with "` + dsigSpace + `rsa-sha1"`},
		"hmac":                   {rsaSHA256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", `it is signed with "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"`},
		"truncated":              {`<ds:SignatureMethod Algorithm="` + rsaSHA256 + `"/>`, `<ds:SignatureMethod Algorithm="` + rsaSHA256 + `"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>`, "it is signed with "},
		"inclusive":              {`<ds:CanonicalizationMethod Algorithm="` + exclusive, `<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315`, "its signature is made with "},
		"with comments":          {`<ds:Transform Algorithm="` + exclusive, `<ds:Transform Algorithm="` + exclusive + `WithComments`, "its signature is made with "},
		"xslt":                   {transform, `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>`, "its signature is made with "},
		"two transforms":         {transform, transform + `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/>`, "a reference of its signature has not exactly one transform"},
		"no transform":           {"<ds:Transforms>" + transform + "</ds:Transforms>", "", "a reference of its signature has not exactly one transform"},
		"no digest":              {reference, strings.Replace(reference, "DigestValue", "Digest", -1), "a reference of its signature has no DigestValue"},
		"odd digest":             {"<ds:DigestValue>", "<ds:DigestValue>!", "a DigestValue of its signature is not base64"},
		"no method":              {`<ds:SignatureMethod Algorithm="` + rsaSHA256 + `"/>`, "", `it is signed with ""`},
		"no references":          {good[strings.Index(good, "<ds:Reference "):strings.Index(good, "</ds:SignedInfo>")], "", "its Body is not signed"},
		"whole document":         {reference, strings.Replace(reference, `URI="#TS-`, `URI="" X="`, 1), `its signature refers to ""`},
		"no uri":                 {reference, strings.Replace(reference, `URI="#TS-`, `X="`, 1), `its signature refers to ""`},
		"another document":       {reference, strings.Replace(reference, `URI="#TS-`, `URI="http://evil.example.com/#TS-`, 1), `its signature refers to "http://evil.example.com/`},
		"an id without its mark": {reference, strings.Replace(reference, `URI="#TS-`, `URI="TS-`, 1), `its signature refers to "TS-`},
		"an xpointer":            {reference, strings.Replace(reference, `URI="#TS-`, `URI="#xpointer(/)" X="`, 1), `its signature refers to "#xpointer(/)"`},
		"an attachment":          {reference, strings.Replace(reference, `URI="#TS-`, `URI="cid:`, 1), `its signature refers to "cid:`},
		"an unknown id":          {reference, strings.Replace(reference, `URI="#TS-`, `URI="#TX-`, 1), `its signature refers to "TX-`},
		"many references":        {reference, strings.Repeat(reference, maxReferences), "its signature has 65 references"},
		"many prefixes":          {transform, strings.Replace(transform, "/>", `><i:InclusiveNamespaces xmlns:i="`+exclusive+`" PrefixList="`+manyPrefixes()+`"/></ds:Transform>`, 1), "its signature lists 65 inclusive prefixes"},
		"unknown parameter":      {transform, strings.Replace(transform, "/>", `><ds:XPath>/</ds:XPath></ds:Transform>`, 1), "its signature has an unknown parameter"},
		"two infos":              {"<ds:SignedInfo>", "<ds:SignedInfo/><ds:SignedInfo>", "its signature has no SignedInfo with"},
		"no value":               {"ds:SignatureValue>", "ds:Value>", "its signature has no SignedInfo with"},
		"odd value":              {"<ds:SignatureValue>", "<ds:SignatureValue>!", "its SignatureValue is not base64"},
		"changed info":           {`<ds:SignedInfo>`, `<ds:SignedInfo Id="x">`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(good, test.old, test.new, -1)
			if changed == good {
				t.Fatalf("%s is not in %s", test.old, good)
			}
			if test.want == "" {
				refuses(t, check, changed, now, "its signature was not made with the profile's certificate")
				return
			}
			refuses(t, check, resigned(t, changed), now, test.want)
		})
	}
}

func manyPrefixes() string {
	var b strings.Builder
	for i := range maxReferences + 1 {
		b.WriteString(" p" + strings.Repeat("x", i))
	}
	return b.String()
}

// resigned signs the SignedInfo of a text again, as it stands.
func resigned(t *testing.T, text string) string {
	t.Helper()
	d, err := read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	signature := d.security()[0].only(dsig("Signature"))
	info, value := signature.only(dsig("SignedInfo")), signature.only(dsig("SignatureValue"))
	if info == nil || value == nil {
		return text
	}
	form, err := canonical(info.tree, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(form)
	signed, err := rsa.SignPKCS1v15(nil, identities()["server"].key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(value.Text, "!") {
		return text
	}
	return strings.Replace(text, value.Text, base64.StdEncoding.EncodeToString(signed), 1)
}

// TestCheckForgedMAC signs with what everybody knows: the certificate as the key of an HMAC.
func TestCheckForgedMAC(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	forged := strings.Replace(answer(t, dir), rsaSHA256, dsigSpace+"hmac-sha1", 1)
	d, err := read([]byte(forged))
	if err != nil {
		t.Fatal(err)
	}
	signature := d.security()[0].only(dsig("Signature"))
	form, err := canonical(signature.only(dsig("SignedInfo")).tree, nil)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, readFile(t, dir, "server.pem"))
	mac.Write(form)
	forged = strings.Replace(forged, signature.only(dsig("SignatureValue")).Text, base64.StdEncoding.EncodeToString(mac.Sum(nil)), 1)
	refuses(t, checkerOf(t, dir, "server", nil), forged, now, `it is signed with "`+dsigSpace+`hmac-sha1"`)
}

// TestCheckAttachments holds that nothing is trusted which the signature only points to.
func TestCheckAttachments(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	const include = `<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:a"/>`
	good := answer(t, dir)
	refuses(t, checkerOf(t, dir, "server", nil), strings.Replace(good, "<o:item/>", "<o:item>"+include+"</o:item>", 1), now, "a part of it came as an attachment")
}

// TestCheckTwoSignatures holds that a second signature does not stand in for the first.
func TestCheckTwoSignatures(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	good := answer(t, dir)
	start, end := strings.Index(good, "<ds:Signature "), strings.Index(good, "</ds:Signature>")+len("</ds:Signature>")
	refuses(t, checkerOf(t, dir, "server", nil), good[:end]+good[start:], now, "it has 2 signatures")
	// One in the body is data.
	inside := strings.Replace(good[start:end], "<ds:Signature ", `<ds:Signature xmlns:wsse="`+Namespace+`" `, 1)
	moved := good[:start] + strings.Replace(good[end:], "<o:place", inside+"<o:place", 1)
	refuses(t, checkerOf(t, dir, "server", nil), moved, now, "it is not signed")
}

func TestInclusivePrefixes(t *testing.T) {
	t.Parallel()
	text := strings.Replace(envelope, "<o:item/>", `<m Algorithm="`+exclusive+`"><InclusiveNamespaces xmlns="`+exclusive+`" PrefixList=" b #default a b "/></m>`, 1)
	d, err := read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	place := d.body.children[0]
	got, err := exclusiveForm(place.children[len(place.children)-1])
	if want := []string{"", "a", "b"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
