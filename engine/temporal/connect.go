package temporal

import (
	"context"
	"crypto/tls"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"
)

// Connection says which cluster, and how it is spoken to.
type Connection struct {
	Address   string      // HOST:PORT
	Namespace string      // "default" when empty
	TLS       *tls.Config // nil: none
	// APIKey reads the key to come in with; nil for none. It is called again when the server refuses the one before.
	APIKey func(context.Context) (string, error)
	// Keys encrypt what goes to the server, each of KeySize bytes: the one in use first, then those that were in use before.
	Keys [][]byte
	Log  *slog.Logger // nil: nothing is logged
}

// Options gives what a client of the connection is made with. The error wraps ErrNoKey where there is no key.
func (c Connection) Options() (client.Options, error) {
	o, _, err := c.options()
	return o, err
}

func (c Connection) options() (client.Options, *entry, error) {
	sealed, err := newCodec(c.Keys)
	if err != nil {
		return client.Options{}, nil, err
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
	if c.APIKey == nil {
		return o, nil, nil
	}
	e := &entry{read: c.APIKey, log: logs} // and not the client's own credentials, which do not hear that a key is refused
	o.ConnectionOptions.DialOptions = []grpc.DialOption{grpc.WithChainUnaryInterceptor(e.interceptor())}
	return o, e, nil
}

// Connect gives a client whose payloads and failures are encrypted. Whoever asked closes it. Why there is no API key is told as it is.
func (c Connection) Connect(ctx context.Context) (client.Client, error) {
	o, e, err := c.options()
	if err != nil {
		return nil, err
	}
	if e != nil {
		if _, err := e.current(ctx); err != nil {
			return nil, err
		}
	}
	return client.DialContext(ctx, o)
}
