package main

import (
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"snrun/auth"
	"snrun/steps"
)

// logTime is how the time of a line is written: to the millisecond, with its offset.
const logTime = "2006-01-02T15:04:05.000Z07:00"

// newLogger writes lines as text or as JSON, of a level and those above it: debug, info, warn or error. No secret shows in them.
func newLogger(w io.Writer, format, level string, r *auth.Redactor) *slog.Logger {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		least = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: least, ReplaceAttr: withOffset}
	if format == "json" {
		return slog.New(&maskedHandler{slog.NewJSONHandler(w, options), r, true})
	}
	return slog.New(&maskedHandler{slog.NewTextHandler(w, options), r, false})
}

// withOffset writes the time of a line.
func withOffset(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		a.Value = slog.StringValue(a.Value.Time().Format(logTime))
	}
	return a
}

// maskedHandler masks the secrets in all that is logged, and has values written in plain ways only: an error as its message,
// data as JSON. What slog would write with %+v shows the fields of structs that nobody meant to log.
type maskedHandler struct {
	slog.Handler
	redactor *auth.Redactor
	nested   bool // data stands in a line as it is, not as text
}

// Handle writes a line.
func (h *maskedHandler) Handle(ctx context.Context, r slog.Record) error {
	masked := slog.NewRecord(r.Time, r.Level, h.redactor.Text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		masked.AddAttrs(h.attr(a))
		return true
	})
	return h.Handler.Handle(ctx, masked)
}

// WithAttrs gives a handler for lines that have these too.
func (h *maskedHandler) WithAttrs(list []slog.Attr) slog.Handler {
	return &maskedHandler{h.Handler.WithAttrs(h.attrs(list)), h.redactor, h.nested}
}

// WithGroup gives a handler for lines whose further attributes stand in a group.
func (h *maskedHandler) WithGroup(name string) slog.Handler {
	return &maskedHandler{h.Handler.WithGroup(h.redactor.Text(name)), h.redactor, h.nested}
}

func (h *maskedHandler) attrs(list []slog.Attr) []slog.Attr {
	masked := make([]slog.Attr, len(list))
	for i, a := range list {
		masked[i] = h.attr(a)
	}
	return masked
}

func (h *maskedHandler) attr(a slog.Attr) slog.Attr {
	return slog.Attr{Key: h.redactor.Text(a.Key), Value: h.value(a.Value.Resolve())}
}

func (h *maskedHandler) value(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(h.redactor.Text(v.String()))
	case slog.KindGroup:
		return slog.GroupValue(h.attrs(v.Group())...)
	case slog.KindTime:
		return slog.StringValue(v.Time().Format(logTime))
	case slog.KindDuration:
		return slog.StringValue(v.Duration().Round(time.Millisecond).String())
	case slog.KindInt64:
		return slog.AnyValue(h.redactor.Value(v.Int64()))
	case slog.KindFloat64:
		return slog.AnyValue(h.redactor.Value(v.Float64()))
	case slog.KindUint64:
		return slog.AnyValue(h.redactor.Value(json.Number(v.String())))
	case slog.KindAny:
		return h.any(v.Any())
	}
	return v
}

// any writes a value of any type. One that panics when it is asked for its text is told of by its type.
func (h *maskedHandler) any(v any) (masked slog.Value) {
	defer func() {
		if p := recover(); p != nil {
			masked = slog.StringValue(fmt.Sprintf("(a %T that cannot be written)", v))
		}
	}()
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(h.redactor.Text(v.Error()))
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		if err != nil {
			break
		}
		return slog.StringValue(h.redactor.Text(string(text)))
	case fmt.Stringer:
		return slog.StringValue(h.redactor.Text(v.String()))
	}
	return h.data(v)
}

// data writes lists, maps and structs as JSON has them.
func (h *maskedHandler) data(v any) slog.Value {
	text, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue(fmt.Sprintf("(a %T that cannot be written)", v))
	}
	plain, err := steps.DecodeJSON(text)
	if err != nil {
		return slog.StringValue(h.redactor.Text(string(text)))
	}
	plain = h.redactor.Value(plain)
	if h.nested {
		return slog.AnyValue(plain)
	}
	if text, err = steps.EncodeJSON(plain); err != nil {
		return slog.StringValue(fmt.Sprintf("(a %T that cannot be written)", v))
	}
	return slog.StringValue(string(text))
}
