package temporal

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// entry comes in with an API key. One that the server refuses is read again, as it may have been replaced: then the call is made anew, and
// whoever made it hears nothing of that.
type entry struct {
	read func(context.Context) (string, error)
	log  *slog.Logger

	mu    sync.Mutex // held while the key is read
	there bool       // there is a key
	key   string
	again time.Time // when it was read again last
	told  string    // what was said last of a key that cannot be read
}

// readAgain is how long a key that was read again is believed to be the only one there is: many calls are refused at once.
const readAgain = time.Second

// interceptor makes calls with the key.
func (e *entry) interceptor() grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, c *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return e.enter(ctx, func(ctx context.Context) error { return call(ctx, method, req, reply, c, opts...) })
	}
}

// enter makes a call with the key.
func (e *entry) enter(ctx context.Context, call func(context.Context) error) error {
	key, err := e.current(ctx)
	if err != nil {
		return err
	}
	err = call(with(ctx, key))
	if code := status.Code(err); code != codes.PermissionDenied && code != codes.Unauthenticated {
		return err
	}
	next := e.after(ctx, key)
	if next == key {
		return err
	}
	return call(with(ctx, next))
}

func with(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
}

// current gives the key, and reads it the first time.
func (e *entry) current(ctx context.Context) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.there {
		return e.key, nil
	}
	key, err := e.read(ctx)
	if err == nil {
		e.key, e.there = key, true
	}
	return key, err
}

// after gives the key that there is now, where one was refused. One that cannot be read is that which there was.
func (e *entry) after(ctx context.Context, refused string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.key != refused || time.Since(e.again) < readAgain {
		return e.key
	}
	key, err := e.read(ctx)
	e.again = time.Now()
	switch {
	case err != nil:
		if text := err.Error(); text != e.told {
			e.told = text
			e.log.Error("the API key of the Temporal server was refused, and cannot be read again", "error", err)
		}
	case key != e.key:
		e.key, e.told = key, ""
		e.log.Warn("the API key of the Temporal server was refused, and is another one now")
	}
	return e.key
}
