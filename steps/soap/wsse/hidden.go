package wsse

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strings"
)

// mask stands in place of what is hidden.
const mask = "***"

// Hidden gives an envelope as history may show it: the passwords, digests and nonces of its UsernameTokens are ***, all else stays
// byte for byte. The envelope may have been cut anywhere.
func Hidden(envelope []byte) []byte {
	if !bytes.Contains(envelope, []byte("UsernameToken")) {
		return envelope
	}
	h := &hiding{in: envelope, decoder: xml.NewDecoder(bytes.NewReader(envelope))}
	h.decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for h.next() {
	}
	return h.out.Bytes()
}

// hiding copies an envelope, and leaves out what is hidden.
type hiding struct {
	in      []byte
	out     bytes.Buffer
	decoder *xml.Decoder
	open    []string // local names of the elements around
	masked  bool     // in the element that is read
}

// next copies one token; false after the last.
func (h *hiding) next() bool {
	start := h.decoder.InputOffset()
	token, err := h.decoder.RawToken()
	if err != nil {
		h.rest(start)
		return false
	}
	raw := h.in[start:h.decoder.InputOffset()]
	switch token := token.(type) {
	case xml.StartElement:
		h.open = append(h.open, token.Name.Local)
		h.masked = false
	case xml.EndElement:
		if len(h.open) > 0 {
			h.open = h.open[:len(h.open)-1]
		}
	default:
		if h.secret() {
			if !h.masked {
				h.out.WriteString(mask)
			}
			h.masked = true
			return true
		}
	}
	h.out.Write(raw)
	return true
}

// secret says whether what stands here is hidden.
func (h *hiding) secret() bool {
	return slices.Contains(h.open, "UsernameToken") && slices.ContainsFunc(h.open, func(name string) bool { return name == "Password" || name == "Nonce" })
}

// rest copies what cannot be read as XML, unless it may be the rest of what is hidden.
func (h *hiding) rest(start int64) {
	rest := h.in[start:]
	if slices.Contains(h.open, "UsernameToken") && strings.TrimSpace(string(rest)) != "" {
		rest = []byte(mask)
	}
	h.out.Write(rest)
}
