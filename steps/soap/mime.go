package soap

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"os"
	"strings"

	"snrun/steps/exchange"
	"snrun/steps/soap/values"
	"snrun/steps/xml"
)

// xopSpace is the namespace of xop:Include (XOP 1.0 section 2.1).
const xopSpace = "http://www.w3.org/2004/08/xop/include"

const (
	maxParts    = 1000     // of a multipart message
	maxIncluded = 64 << 20 // bytes that a message may grow by when it includes a part several times
)

// multipartMessage is a message in the form of MTOM: an envelope, and binary values beside it.
type multipartMessage struct {
	root        []byte
	contentType string            // of the root part
	parts       map[string][]byte // by Content-ID, without angle brackets
	texts       map[string]string // in base64, of those that were included
	room        int               // bytes that may still be included
}

// openMultipart takes a multipart/related body apart (RFC 2387).
func openMultipart(contentType string, data []byte) (*multipartMessage, error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return nil, errors.New("the Content-Type of the multipart message names no boundary")
	}
	m := &multipartMessage{parts: map[string][]byte{}, texts: map[string]string{}, room: 2*len(data) + maxIncluded}
	start := contentID(params["start"])
	found := false
	reader := multipart.NewReader(bytes.NewReader(data), params["boundary"])
	for i := 0; ; i++ {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("the multipart message is broken: %w", err)
		}
		if i == maxParts {
			return nil, fmt.Errorf("the message has more than %d parts", maxParts)
		}
		content, err := partContent(part)
		if err != nil {
			return nil, err
		}
		id := contentID(part.Header.Get("Content-ID"))
		if isRoot := start == "" && i == 0 || start != "" && id == start; isRoot && !found {
			m.root, m.contentType, found = content, part.Header.Get("Content-Type"), true
			continue
		}
		if _, twice := m.parts[id]; twice && id != "" {
			return nil, fmt.Errorf("two parts of the message have the Content-ID %q", brief(id))
		}
		m.parts[id] = content
	}
	if !found {
		return nil, errors.New("the multipart message has no root part")
	}
	return m, nil
}

func partContent(part *multipart.Part) ([]byte, error) {
	data, err := io.ReadAll(part)
	if err != nil {
		return nil, fmt.Errorf("the multipart message is broken: %w", err)
	}
	switch encoding := strings.ToLower(part.Header.Get("Content-Transfer-Encoding")); encoding {
	case "", "7bit", "8bit", "binary":
		return data, nil
	case "base64":
		decoded, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields(data), nil)))
		if err != nil {
			return nil, errors.New("a part of the message is not base64, as it says")
		}
		return decoded, nil
	default:
		return nil, fmt.Errorf("a part of the message has the transfer encoding %q; binary and base64 can be read", brief(encoding))
	}
}

func contentID(text string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "<"), ">")
}

// include puts the binary values of a message in the places where xop:Include names them, as base64 text. Only parts of the message
// are named so (cid:); nothing else is fetched.
func (m *multipartMessage) include(e *xml.Element) error {
	for _, child := range e.Children {
		if (child.Name != xml.Name{Space: xopSpace, Local: "Include"}) {
			if err := m.include(child); err != nil {
				return err
			}
			continue
		}
		if len(e.Children) > 1 || strings.TrimSpace(e.Text) != "" {
			return fmt.Errorf("<%s> has something beside its xop:Include", e.Name.Local)
		}
		href, _ := child.Attr("", "href")
		text, err := m.part(href)
		if err != nil {
			return fmt.Errorf("<%s>: %w", e.Name.Local, err)
		}
		e.Text, e.Children = text, nil
	}
	return nil
}

// part gives the part that a cid: address names (RFC 2392), in base64.
func (m *multipartMessage) part(href string) (string, error) {
	id, isCID := strings.CutPrefix(href, "cid:")
	if !isCID {
		return "", fmt.Errorf("xop:Include names %q; only parts of the message (cid:) may stand there", brief(href))
	}
	if plain, err := url.PathUnescape(id); err == nil {
		if _, there := m.parts[plain]; there {
			id = plain
		}
	}
	content, there := m.parts[id]
	if !there {
		return "", fmt.Errorf("xop:Include names the part %q, which the message does not have", brief(id))
	}
	text, known := m.texts[id]
	if !known {
		text = base64.StdEncoding.EncodeToString(content)
		m.texts[id] = text
	}
	if m.room -= len(text); m.room < 0 {
		return "", fmt.Errorf("the message includes its parts so often that it grows by more than %d MB", maxIncluded>>20)
	}
	return text, nil
}

// attachments are the binary values of a message that is written, in the order of their references.
type attachments struct{ parts []attachment }

type attachment struct {
	mediaType string
	content   []byte
}

// binary takes the value of an element, and puts the xop:Include that stands for it into the element.
func (a *attachments) binary(node *xml.Element, b values.Binary) (bool, error) {
	content, err := contentOf(b)
	if err != nil {
		return false, err
	}
	a.parts = append(a.parts, attachment{mediaTypeOf(node), content})
	node.Children = []*xml.Element{{Name: xml.Name{Space: xopSpace, Local: "Include"}, Prefix: "xop",
		Attrs: []xml.Attr{{Name: xml.Name{Local: "href"}, Value: "cid:" + a.id(len(a.parts))}}}}
	return true, nil
}

// mediaTypeOf gives the media type that an element says its content has, which its part has too (Describing Media Content of Binary Data
// in XML, section 3.1).
func mediaTypeOf(node *xml.Element) string {
	for _, a := range node.Attrs {
		if a.Name.Local != "contentType" || a.Name.Space != "http://www.w3.org/2005/05/xmlmime" && a.Name.Space != "http://www.w3.org/2004/11/xmlmime" {
			continue
		}
		if media, params, err := mime.ParseMediaType(a.Value); err == nil && strings.Contains(media, "/") {
			return mime.FormatMediaType(media, params)
		}
	}
	return "application/octet-stream"
}

func contentOf(b values.Binary) ([]byte, error) {
	if b.File == "" {
		return base64.StdEncoding.DecodeString(b.Text)
	}
	data, err := os.ReadFile(b.File)
	if err != nil {
		return nil, exchange.FileError(err)
	}
	return data, nil
}

// id is the Content-ID of the n-th part, from 1; that of the envelope is the one of 0.
func (a *attachments) id(n int) string { return fmt.Sprintf("part%d@snrun.example.com", n) }

// write gives the whole body of a message and its Content-Type (SOAP MTOM section 3.2, RFC 2387). envelopeType is the media type that
// the envelope would have by itself, and action, in SOAP 1.2, its action.
func (a *attachments) write(envelope []byte, envelopeType, action string) (body []byte, contentType string, err error) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	root := textproto.MIMEHeader{}
	root.Set("Content-Type", mime.FormatMediaType("application/xop+xml", map[string]string{"charset": "UTF-8", "type": envelopeType}))
	if err := writePart(w, root, a.id(0), envelope); err != nil {
		return nil, "", err
	}
	for i, part := range a.parts {
		header := textproto.MIMEHeader{}
		header.Set("Content-Type", part.mediaType)
		if err := writePart(w, header, a.id(i+1), part.content); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	params := map[string]string{"type": "application/xop+xml", "start": "<" + a.id(0) + ">", "start-info": envelopeType, "boundary": w.Boundary()}
	if action != "" {
		params["action"] = action
	}
	return out.Bytes(), mime.FormatMediaType("multipart/related", params), nil
}

func writePart(w *multipart.Writer, header textproto.MIMEHeader, id string, content []byte) error {
	header.Set("Content-ID", "<"+id+">")
	header.Set("Content-Transfer-Encoding", "binary")
	part, err := w.CreatePart(header)
	if err != nil {
		return err
	}
	_, err = part.Write(content)
	return err
}
