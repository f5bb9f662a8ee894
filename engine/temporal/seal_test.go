package temporal

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

func codecOf(t *testing.T, keys ...byte) *codec {
	t.Helper()
	var all [][]byte
	for _, b := range keys {
		all = append(all, bytes.Repeat([]byte{b}, KeySize))
	}
	c, err := newCodec(all)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSealedPayloads(t *testing.T) {
	t.Parallel()
	const marker = "marker-in-a-payload"
	order := Order{Run: "r1", Job: marker}
	sealed, err := codecOf(t, 1).dataConverter().ToPayload(order)
	if err != nil {
		t.Fatal(err)
	}
	if text := sealed.String(); strings.Contains(text, marker) || strings.Contains(text, "json") {
		t.Errorf("it shows what is in it: %s", text)
	}
	var got Order
	if err := codecOf(t, 2, 1).dataConverter().FromPayload(sealed, &got); err != nil || got.Job != marker {
		t.Errorf("with the key before: %+v, %v", got, err)
	}
	for name, c := range map[string]struct {
		payload *commonpb.Payload
		want    string
	}{
		"another key": {sealed, "a payload was encrypted with another key: give this process the key that the others have, or have had, as SNRUN_KEY or SNRUN_KEY_FILE"},
		"no key":      {plainly(t, order), "a payload is not encrypted: something other than snrun started or answered this workflow"},
	} {
		if err := codecOf(t, 3).dataConverter().FromPayload(c.payload, &got); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	for i := range sealed.Data {
		sealed.Data[i] ^= 1
		if err := codecOf(t, 1).dataConverter().FromPayload(sealed, &got); err == nil {
			t.Fatalf("byte %d was changed, and nobody saw it", i)
		}
		sealed.Data[i] ^= 1
	}
}

func plainly(t *testing.T, v any) *commonpb.Payload {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayload(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSealedFailures holds that what the server keeps of a failure says nothing of what failed.
func TestSealedFailures(t *testing.T) {
	t.Parallel()
	o, err := Connection{Keys: [][]byte{testKey}}.Options()
	if err != nil {
		t.Fatal(err)
	}
	const marker = "marker-in-a-failure"
	failure := o.FailureConverter.ErrorToFailure(temporal.NewApplicationErrorWithCause(marker, "repeat", errors.New("because of "+marker)))
	if text := failure.String(); strings.Contains(text, marker) {
		t.Errorf("it shows what failed: %s", text)
	}
	if got := o.FailureConverter.FailureToError(failure); !strings.Contains(got.Error(), marker) {
		t.Errorf("with the key it is %v", got)
	}
}

func TestNoKeyNoConnection(t *testing.T) {
	t.Parallel()
	if _, err := (Connection{Address: "127.0.0.1:1"}).Connect(t.Context()); !errors.Is(err, ErrNoKey) {
		t.Errorf("without a key: %v", err)
	}
	if _, err := (Connection{Keys: [][]byte{{1, 2}}}).Options(); err == nil || err.Error() != "a key has 32 bytes, not 2" {
		t.Errorf("with a short key: %v", err)
	}
}
