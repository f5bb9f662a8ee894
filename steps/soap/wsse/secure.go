package wsse

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"snrun/steps"
)

// timeLayout is how times are written: xsd:dateTime in UTC (WS-Security 1.1, section 10).
const timeLayout = "2006-01-02T15:04:05.000Z"

// nonceSize is how many random bytes a nonce has.
const nonceSize = 16

// Secure gives the envelope with its header Security: for SOAP 1.1 or 1.2, as the namespace of the envelope says. What is signed
// must reach the server as it is given here. The envelope must be UTF-8, and must not have such a header yet. Errors are
// *steps.Error.
func (s *Security) Secure(envelope []byte, now time.Time) ([]byte, error) {
	d, err := read(envelope)
	if err != nil {
		return nil, notSecured("", "%w", err)
	}
	if len(d.security()) > 0 {
		return nil, notSecured("leave it out of the envelope, or leave ws_security out of the profile", "the envelope has a Security header already")
	}
	if s.username == "" && s.lifetime == 0 && s.sign == nil {
		return envelope, nil
	}
	if s.sign != nil && d.attached() {
		return nil, notSecured("write mtom: false in the step, which sends the data as text", "what stands in attachments cannot be signed")
	}
	w := &securing{Security: s, document: d, now: now.UTC(), created: now.UTC().Format(timeLayout)}
	w.addHeader()
	w.addTimestamp()
	w.addUsername()
	if s.sign != nil {
		if err := w.addSignature(); err != nil {
			return nil, err
		}
	}
	return d.bytes()
}

// notSecured is the error of an envelope that cannot be secured.
func notSecured(hint, format string, args ...any) error {
	err := fmt.Errorf("securing the envelope: "+format, args...)
	return &steps.Error{Kind: steps.BadInput, Message: err.Error(), Hint: hint, NoEffect: true, Cause: err}
}

// securing is one envelope on its way to be secured.
type securing struct {
	*Security
	*document
	now     time.Time
	created string
	header  *etree.Element // Security
	tokens  []*etree.Element
	stamp   *etree.Element // nil for none
}

// addHeader adds the header that all else goes into.
func (w *securing) addHeader() {
	root := w.root.tree
	var headers *etree.Element
	if w.document.header != nil {
		headers = w.document.header.tree
	} else {
		headers = etree.NewElement(prefixed(root.Space, "Header"))
		root.InsertChildAt(0, headers)
	}
	w.header = etree.NewElement("wsse:Security")
	headers.InsertChildAt(0, w.header)
	w.header.CreateAttr("xmlns:wsse", Namespace)
	w.header.CreateAttr("xmlns:wsu", utilitySpace)
	soap := root.Space
	if !w.mustUnderstand && w.actor == "" {
		return
	}
	if soap == "" || soap == "wsse" || soap == "wsu" { // an attribute is in no namespace without a prefix
		soap = w.free("env")
		w.header.CreateAttr("xmlns:"+soap, w.root.Name.Space)
	}
	yes, actor := "1", "actor"
	if w.root.Name.Space == soap12Space {
		yes, actor = "true", "role"
	}
	if w.mustUnderstand {
		w.header.CreateAttr(soap+":mustUnderstand", yes)
	}
	if w.actor != "" {
		w.header.CreateAttr(soap+":"+actor, w.actor)
	}
}

func prefixed(prefix, local string) string { return strings.TrimPrefix(prefix+":"+local, ":") }

func (w *securing) addTimestamp() {
	if w.lifetime == 0 {
		return
	}
	w.stamp = w.header.CreateElement("wsu:Timestamp")
	w.stamp.CreateAttr("wsu:Id", newID("TS"))
	w.stamp.CreateElement("wsu:Created").SetText(w.created)
	w.stamp.CreateElement("wsu:Expires").SetText(w.now.Add(w.lifetime).Format(timeLayout))
}

// addUsername adds the UsernameToken (UsernameToken Profile 1.1, section 3).
func (w *securing) addUsername() {
	if w.username == "" {
		return
	}
	token := w.header.CreateElement("wsse:UsernameToken")
	token.CreateAttr("wsu:Id", newID("UT"))
	token.CreateElement("wsse:Username").SetText(w.username)
	w.tokens = append(w.tokens, token)
	if w.password == "" {
		return
	}
	password := token.CreateElement("wsse:Password")
	if !w.digest {
		password.CreateAttr("Type", usernameProfile+"PasswordText")
		password.SetText(w.password)
		return
	}
	random := make([]byte, nonceSize)
	_, _ = rand.Read(random) // it never fails
	password.CreateAttr("Type", usernameProfile+"PasswordDigest")
	password.SetText(passwordDigestOf(random, w.created, w.password))
	nonce := token.CreateElement("wsse:Nonce")
	nonce.CreateAttr("EncodingType", base64Binary)
	nonce.SetText(base64.StdEncoding.EncodeToString(random))
	token.CreateElement("wsu:Created").SetText(w.created)
}

// passwordDigestOf is Base64(SHA-1(nonce + created + password)), which is all that the profile knows.
func passwordDigestOf(nonce []byte, created, password string) string {
	sum := sha1.Sum(slices.Concat(nonce, []byte(created), []byte(password)))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// newID makes an id that no document has yet.
func newID(kind string) string {
	random := make([]byte, nonceSize)
	_, _ = rand.Read(random)
	return kind + "-" + hex.EncodeToString(random)
}

// bytes writes the document as UTF-8. What is written is read back as it was signed: line ends that are data are references.
func (d *document) bytes() ([]byte, error) {
	out := etree.NewDocument()
	out.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true}
	out.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
	out.AddChild(d.root.tree)
	return out.WriteToBytes()
}
