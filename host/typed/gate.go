package typed

import (
	"reflect"

	"github.com/thawlog/thaw/core/gate"
)

// Gate returns a gate for the events of type T. It decodes the payload, and so judges what
// is written, also where an append gives bytes in place of a T. It refuses a payload that
// is not a T with a *[DecodeError], and permits events of other kinds. Older kinds of T are
// judged as what they mean today.
//
// It is for package variables: it panics with an *[UnknownTypeError] if T is not in types. A
// nil judge is refused where the gate becomes part of a policy, as that of [gate.New].
func Gate[T any](types *Types, name string, judge func(p *gate.Proposal, value T) error) gate.Gate {
	of := reflect.TypeFor[T]()
	if types == nil || types.byType[of] == nil {
		panic(&UnknownTypeError{Type: of.String()})
	}
	if judge == nil {
		return gate.New(name, nil)
	}
	return gate.New(name, func(p *gate.Proposal) error {
		k, ok := types.byKind[p.Kind]
		if !ok || k.of != of {
			return nil
		}
		value, err := k.read(p.Payload)
		if err != nil {
			return &DecodeError{ID: p.ID, Kind: p.Kind, Name: k.name, Err: err}
		}
		return judge(p, value.(T))
	})
}
