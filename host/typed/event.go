package typed

import (
	"cmp"
	"reflect"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host/payload"
)

// Type is the definition of one type of events, for [New] and [Registry]. Make it with
// [Event].
type Type struct {
	kind event.Kind
	name string
	of   reflect.Type
	// zero is the zero value, to try whether such values can be encoded.
	zero  any
	read  func(payload []byte) (any, error)
	older []older
}

// older is an older kind of a type, and how a payload of it becomes the type's value.
type older struct {
	kind event.Kind
	read func(payload []byte) (any, error)
	err  error // of its definition
}

// Event defines the events of type T: their kind, and their name, which tools show.
// Payloads are encoded and decoded by package payload. was lists the older kinds of the
// type.
func Event[T any](kind event.Kind, name string, was ...Older[T]) Type {
	var zero T
	t := Type{kind: kind, name: name, of: reflect.TypeFor[T](), zero: zero, read: boxed(decoding[T]())}
	for _, w := range was {
		for _, k := range w.kinds {
			t.older = append(t.older, older{kind: k.kind, read: boxed(k.read), err: k.err})
		}
	}
	return t
}

// Older is one or more older kinds of the events of type T, which [Was] makes.
type Older[T any] struct{ kinds []reader[T] }

type reader[T any] struct {
	kind event.Kind
	read func(payload []byte) (T, error)
	err  error // of its definition
}

// Was defines an older kind of a type: its payloads are decoded into Old, and upcast makes
// of that what the event means today. upcast must be a pure function. was lists the kinds
// before that one, so that each step of a chain is written once:
//
//	typed.Was(0x1003, fromV2, typed.Was(0x1002, fromV1))
func Was[Old, T any](kind event.Kind, upcast func(Old) T, was ...Older[Old]) Older[T] {
	after := func(read func([]byte) (Old, error)) func([]byte) (T, error) {
		return func(payload []byte) (v T, err error) {
			old, err := read(payload)
			if err != nil {
				return v, err
			}
			return upcast(old), nil
		}
	}
	err := payload.CheckType(reflect.TypeFor[Old]())
	if upcast == nil {
		err = ErrNoUpcast
	}
	o := Older[T]{kinds: []reader[T]{{kind: kind, read: after(decoding[Old]()), err: err}}}
	for _, w := range was {
		for _, k := range w.kinds {
			o.kinds = append(o.kinds, reader[T]{kind: k.kind, read: after(k.read), err: cmp.Or(k.err, err)})
		}
	}
	return o
}

func boxed[T any](read func([]byte) (T, error)) func([]byte) (any, error) {
	return func(b []byte) (any, error) {
		v, err := read(b)
		if err != nil {
			return nil, err
		}
		return v, nil
	}
}
