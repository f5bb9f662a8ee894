package temporal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
)

// What keys are derived for (RFC 5869): Purpose is that of the key that encrypts payloads, naming of the name that says which key it was.
const (
	Purpose = "snrun temporal"
	naming  = "snrun temporal: name of the key"
)

// What stands in the metadata of a payload, which nobody encrypts.
const (
	encodingField = "encoding"
	encrypted     = "binary/encrypted"
	keyField      = "snrun-key"
)

// KeySize is how many bytes a key has.
const KeySize = 32

// ErrNoKey is the error of whoever connects without a key: what a run is about would lie on the server in plain text.
var ErrNoKey = errors.New("there is no key to encrypt with what goes to the Temporal server")

// codec encrypts every payload with the first of its keys, and opens what any of them encrypted.
type codec struct {
	name string
	aead map[string]cipher.AEAD // by the key's name
}

// newCodec makes a codec of keys, each of KeySize bytes: the one in use first, then older ones.
func newCodec(keys [][]byte) (*codec, error) {
	if len(keys) == 0 {
		return nil, ErrNoKey
	}
	c := &codec{aead: map[string]cipher.AEAD{}}
	for i, key := range keys {
		if len(key) != KeySize {
			return nil, fmt.Errorf("a key has %d bytes, not %d", KeySize, len(key))
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		name := KeyName(key)
		if c.aead[name], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, err
		}
		if i == 0 {
			c.name = name
		}
	}
	return c, nil
}

// KeyName tells keys apart that encrypt payloads. Nothing of the key can be learned from it.
func KeyName(key []byte) string {
	name, err := hkdf.Key(sha256.New, key, nil, naming, 8)
	if err != nil {
		panic(err) // all sizes are constants, and small
	}
	return hex.EncodeToString(name)
}

// SealedUnder gives the name of the key that a payload was encrypted with, "" for none.
func SealedUnder(p *commonpb.Payload) string { return string(p.GetMetadata()[keyField]) }

// Encode encrypts payloads, with their metadata.
func (c *codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	sealed := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		sealed[i] = &commonpb.Payload{
			Metadata: map[string][]byte{encodingField: []byte(encrypted), keyField: []byte(c.name)},
			Data:     c.aead[c.name].Seal(nil, nil, plain, []byte(Purpose)),
		}
	}
	return sealed, nil
}

// Decode opens payloads. One that nobody encrypted is refused: it is not ours.
func (c *codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	opened := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[encodingField]) != encrypted {
			return nil, closed("a payload is not encrypted: something other than snrun started or answered this workflow")
		}
		aead := c.aead[string(p.GetMetadata()[keyField])]
		if aead == nil {
			return nil, closed("a payload was encrypted with another key: give this process the key that the others have, or have had, as SNRUN_KEY or SNRUN_KEY_FILE")
		}
		plain, err := aead.Open(nil, nil, p.GetData(), []byte(Purpose))
		if err != nil {
			return nil, closed("a payload was changed after it was encrypted")
		}
		opened[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, opened[i]); err != nil {
			return nil, fmt.Errorf("a payload cannot be read: %w", err)
		}
	}
	return opened, nil
}

// closed is why a payload cannot be opened here. Another worker may have the key.
type closed string

func (c closed) Error() string { return string(c) }

// dataConverter encrypts all that travels.
func (c *codec) dataConverter() converter.DataConverter {
	return sealed{converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), c)}
}

// sealed is a converter of encrypted payloads outside of workflows.
type sealed struct{ converter.DataConverter }

// WithContext gives the converter of an activity.
func (s sealed) WithContext(context.Context) converter.DataConverter { return s }

// WithWorkflowContext gives the converter of a workflow.
func (s sealed) WithWorkflowContext(workflow.Context) converter.DataConverter {
	return opener{s.DataConverter}
}

// opener is a converter inside a workflow. There it panics at what is closed: an error would end the workflow, or its run, because one worker
// has another key. So it waits for a worker that can walk it.
type opener struct{ converter.DataConverter }

// FromPayload opens a payload.
func (w opener) FromPayload(p *commonpb.Payload, to any) error {
	return orWait(w.DataConverter.FromPayload(p, to))
}

// FromPayloads opens payloads.
func (w opener) FromPayloads(p *commonpb.Payloads, to ...any) error {
	return orWait(w.DataConverter.FromPayloads(p, to...))
}

func orWait(err error) error {
	var why closed
	if errors.As(err, &why) {
		panic(string(why))
	}
	return err
}

var _ workflow.ContextAware = sealed{}
