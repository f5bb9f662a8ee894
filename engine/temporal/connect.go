package temporal

import (
	"context"
	"crypto/tls"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
)

// Connection says which cluster, and how it is spoken to.
type Connection struct {
	Address   string      // HOST:PORT
	Namespace string      // "default" when empty
	TLS       *tls.Config // nil: none
	APIKey    string      // "" for none; it asks for TLS
	// Keys encrypt what goes to the server, each of KeySize bytes: the one in use first, then those that were in use before.
	Keys [][]byte
	Log  *slog.Logger // nil: nothing is logged
}

// Options gives what a client of the connection is made with. The error wraps ErrNoKey where there is no key.
func (c Connection) Options() (client.Options, error) {
	sealed, err := newCodec(c.Keys)
	if err != nil {
		return client.Options{}, err
	}
	logs := c.Log
	if logs == nil {
		logs = slog.New(slog.DiscardHandler)
	}
	data := sealed.dataConverter()
	o := client.Options{
		HostPort: c.Address, Namespace: c.Namespace, Logger: stuckLog{log.NewStructuredLogger(logs)}, DataConverter: data,
		FailureConverter: temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
			DataConverter: data, EncodeCommonAttributes: true,
		}),
		ConnectionOptions: client.ConnectionOptions{TLS: c.TLS},
	}
	if c.APIKey != "" {
		o.Credentials = client.NewAPIKeyStaticCredentials(c.APIKey)
		if o.ConnectionOptions.TLS == nil {
			o.ConnectionOptions.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
	}
	return o, nil
}

// Connect gives a client whose payloads and failures are encrypted. Whoever asked closes it.
func (c Connection) Connect(ctx context.Context) (client.Client, error) {
	o, err := c.Options()
	if err != nil {
		return nil, err
	}
	return client.DialContext(ctx, o)
}
