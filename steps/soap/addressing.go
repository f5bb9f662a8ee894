package soap

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"

	"snrun/steps/xml"
)

const (
	addressingSpace = "http://www.w3.org/2005/08/addressing"
	anonymous       = addressingSpace + "/anonymous"
)

// addressing gives the headers of WS-Addressing 1.0 (SOAP Binding, section 3; Core, section 3.4). A message that is sent again has the
// same id where the step names an idempotency key, so that a server can tell.
func addressing(action, to, idempotencyKey string) (blocks []*xml.Element, id string) {
	id = messageID(idempotencyKey)
	block := func(name, text string) *xml.Element {
		return &xml.Element{Name: xml.Name{Space: addressingSpace, Local: name}, Prefix: "wsa", Text: text}
	}
	replyTo := block("ReplyTo", "")
	replyTo.Children = []*xml.Element{block("Address", anonymous)}
	return []*xml.Element{block("Action", action), block("MessageID", id), replyTo, block("To", to)}, id
}

// messageID is a random UUID, or one that is always the same for a key (RFC 9562 sections 5.4 and 5.8).
func messageID(key string) string {
	var b [16]byte
	version := byte(0x40)
	if key == "" {
		_, _ = rand.Read(b[:])
	} else {
		sum := sha256.Sum256([]byte(key))
		copy(b[:], sum[:])
		version = 0x80
	}
	b[6] = b[6]&0x0f | version
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// answers says whether an answer's headers name the message that was sent; one that names none does.
func answers(headers []*xml.Element, id string) error {
	for _, h := range headers {
		if (h.Name != xml.Name{Space: addressingSpace, Local: "RelatesTo"}) {
			continue
		}
		if kind, given := h.Attr("", "RelationshipType"); given && kind != addressingSpace+"/reply" {
			continue
		}
		if to := strings.TrimSpace(h.Text); to != id {
			return fmt.Errorf("the answer is to the message %s, and this one was %s", to, id)
		}
	}
	return nil
}
