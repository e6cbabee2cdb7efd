package typed

import (
	"context"
	"errors"
	"iter"
	"reflect"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/host"
)

// Envelope is an event with the value of its payload.
type Envelope struct {
	event.Full
	// Name is the name of the event's type, "" for an unknown kind.
	Name string
	// Value is of the Go type of the event's kind. For an unknown kind it is a host.Raw,
	// the payload, valid as long as that.
	Value any
}

// Folder is a state that events change, one after the other: an aggregate, a read model.
// The state after some events is the same whenever they are folded. An error says that the
// event cannot follow the earlier ones; the state may then be half changed. The event's payload,
// and so the host.Raw of an unknown kind, is valid until Apply returns: clone it to keep it.
type Folder interface {
	Apply(e Envelope) error
}

// ErasedFolder is a state that goes on after events whose payload was erased. One that is only
// a [Folder] cannot be folded beyond such an event: the fold ends with its error.
type ErasedFolder interface {
	Folder
	// ApplyErased is called in place of Apply for an event whose payload was erased: it was
	// redacted, or its key destroyed. The envelope has no payload and no value, and of a
	// redacted event no metadata.
	ApplyErased(e Envelope) error
}

// Apply gives an event to a state. err is the error with which the event came, or nil. If that
// is of class host.ErrErased, an [ErasedFolder] gets the event. Otherwise it is the result.
func Apply(state Folder, e Envelope, err error) error {
	if err == nil {
		return state.Apply(e)
	}
	if to, ok := state.(ErasedFolder); ok && errors.Is(err, host.ErrErased) {
		return to.ApplyErased(e)
	}
	return err
}

// Decode returns an event with the value of its payload. A payload that is not a value of
// its type is a *[DecodeError], and a redacted event a *host.RedactedError; the envelope then
// has everything but the value.
func (r *Types) Decode(e event.Full) (out Envelope, err error) {
	out.Full, out.Name = e, r.Name(e.Kind)
	if err := store.Redaction(&e); err != nil {
		return out, err
	}
	out.Value, err = r.value(&e)
	return out, err
}

// value returns the value of an event's payload.
func (r *Types) value(e *event.Full) (any, error) {
	if r == nil {
		return host.Raw(e.Payload), nil
	}
	k, ok := r.byKind[e.Kind]
	if !ok {
		return host.Raw(e.Payload), nil
	}
	value, err := k.read(e.Payload)
	if err != nil {
		return nil, &DecodeError{ID: e.ID, Sequence: e.Sequence, Kind: e.Kind, Name: k.name, Err: err}
	}
	return value, nil
}

// eachDecoder is a reader that decodes events on several processors, as those of package host
// do.
type eachDecoder interface {
	DecodeEach(ctx context.Context, events iter.Seq2[event.Event, error], decode func(*event.Full) (any, error)) iter.Seq2[event.Full, host.Decoded]
}

// Read reads and decodes the events of an iteration of a reader: as Each does of what
// ReadEach returns, and faster, since it decodes on several processors if the reader can. So
// upcasts may be called for events that the loop does not reach.
func (r *Types) Read(ctx context.Context, reader host.Reader, events iter.Seq2[event.Event, error]) iter.Seq2[Envelope, error] {
	d, ok := reader.(eachDecoder)
	if !ok {
		return r.Each(reader.ReadEach(ctx, events))
	}
	return func(yield func(Envelope, error) bool) {
		d.DecodeEach(ctx, events, r.value)(func(e event.Full, v host.Decoded) bool {
			return yield(Envelope{Full: e, Name: r.Name(e.Kind), Value: v.Value}, v.Err) && goesOn(v.Err)
		})
	}
}

// Each decodes the events of an iteration, such as that of [host.Reader].ReadEach or of a
// [host.Follower]. The first error ends it; that of an event comes with its envelope. Only an
// error of class host.ErrErased does not end it, if the loop goes on.
func (r *Types) Each(events iter.Seq2[event.Full, error]) iter.Seq2[Envelope, error] {
	return func(yield func(Envelope, error) bool) {
		for e, err := range events {
			if !goesOn(err) {
				yield(Envelope{}, err)
				return
			}
			envelope := Envelope{Full: e, Name: r.Name(e.Kind)}
			if err == nil {
				envelope, err = r.Decode(e)
			}
			if !yield(envelope, err) || !goesOn(err) {
				return
			}
		}
	}
}

// goesOn reports whether an iteration goes on after an error.
func goesOn(err error) bool { return err == nil || errors.Is(err, host.ErrErased) }

// Item returns the item of an append, with the kind of the value's type. A value of
// another type is an *[UnknownTypeError].
func (r *Types) Item(at event.Coordinate, value any, options ...host.AppendOption) (host.Item, error) {
	t, of := r.typeOf(value)
	if t == nil {
		return host.Item{}, &UnknownTypeError{Type: typeName(value)}
	}
	return host.Item{At: at, Kind: t.kind, Payload: of, Options: options}, nil
}

func typeName(value any) string {
	if of := reflect.TypeOf(value); of != nil {
		return of.String()
	}
	return "nil"
}

// Appender appends one event. A *[host.Store] is one.
type Appender interface {
	Append(ctx context.Context, at event.Coordinate, kind event.Kind, value any, options ...host.AppendOption) (host.Receipt, error)
}

// Append appends one event with the kind of the value's type.
func (r *Types) Append(ctx context.Context, to Appender, at event.Coordinate, value any, options ...host.AppendOption) (host.Receipt, error) {
	item, err := r.Item(at, value, options...)
	if err != nil {
		return host.Receipt{}, err
	}
	return to.Append(ctx, item.At, item.Kind, item.Payload, item.Options...)
}

// Check returns the kinds of a store that the registry does not know, with the numbers of
// their events. Kinds of batpak's system and effects are left out.
func (r *Types) Check(ctx context.Context, reader host.Reader) (unknown []host.KindSummary, err error) {
	for kind, err := range reader.Kinds(ctx) {
		if err != nil {
			return nil, err
		}
		if c := kind.Kind.Category(); r.Name(kind.Kind) == "" && c != 0x0 && c != 0xD {
			unknown = append(unknown, kind)
		}
	}
	return unknown, nil
}
