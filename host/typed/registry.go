package typed

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"slices"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// Types is a registry: the types of an application's events. It does not change. All
// methods are safe for concurrent use. A nil *Types knows no type.
type Types struct {
	byKind map[event.Kind]known
	byType map[reflect.Type]*Type
	byName map[string]*Type
}

// known is a kind of a registry, perhaps an older one of its type.
type known struct {
	*Type
	read func(payload []byte) (any, error)
}

// MaxName is the length of the longest name, in bytes.
const MaxName = kindnames.MaxName

// New returns the registry of some types. It fails with one *[DefinitionError] for each
// wrong definition, joined: kinds, names and Go types must be different, and the kinds,
// older ones included, those of applications.
func New(types ...Type) (*Types, error) {
	r := &Types{byKind: map[event.Kind]known{}, byType: map[reflect.Type]*Type{}, byName: map[string]*Type{}}
	var errs []error
	for i := range types {
		t := &types[i]
		fail := func(kind event.Kind, err error) {
			if err != nil {
				errs = append(errs, &DefinitionError{Kind: kind, Name: t.name, Err: err})
			}
		}
		fail(t.kind, r.add(t))
		for _, o := range append([]older{{kind: t.kind, read: t.read}}, t.older...) {
			fail(o.kind, r.addKind(t, o))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return r, nil
}

// Registry is [New] for a package variable: it panics if New fails.
func Registry(types ...Type) *Types {
	r, err := New(types...)
	if err != nil {
		panic(err)
	}
	return r
}

func (r *Types) add(t *Type) error {
	switch {
	case t.of == nil || t.of.Kind() == reflect.Interface || t.of.Kind() == reflect.Pointer || t.of == reflect.TypeFor[host.Raw]():
		return ErrNoType
	case !validName(t.name):
		return ErrName
	case r.byName[t.name] != nil:
		return ErrNameTwice
	case r.byType[t.of] != nil:
		return ErrTypeTwice
	}
	r.byName[t.name], r.byType[t.of] = t, t
	if _, err := payload.Marshal(t.zero); err != nil {
		return err
	}
	return payload.CheckType(t.of)
}

func (r *Types) addKind(t *Type, o older) error {
	if err := commit.CheckKind(o.kind); err != nil {
		return err
	}
	if _, twice := r.byKind[o.kind]; twice {
		return ErrKindTwice
	}
	if o.err != nil {
		return o.err
	}
	r.byKind[o.kind] = known{Type: t, read: o.read}
	return nil
}

func validName(name string) bool {
	return kindnames.Check(name) == nil // the names are kept there
}

// Kind returns the kind of events with such a value: of a type of the registry, or a
// pointer to one.
func (r *Types) Kind(value any) (event.Kind, bool) {
	t, _ := r.typeOf(value)
	if t == nil {
		return 0, false
	}
	return t.kind, true
}

// typeOf returns the type of a value, and the value that a pointer points to.
func (r *Types) typeOf(value any) (*Type, any) {
	of := reflect.TypeOf(value)
	if r == nil || of == nil {
		return nil, nil
	}
	if t := r.byType[of]; t != nil {
		return t, value
	}
	if of.Kind() != reflect.Pointer || reflect.ValueOf(value).IsNil() {
		return nil, nil
	}
	if t := r.byType[of.Elem()]; t != nil {
		return t, reflect.ValueOf(value).Elem().Interface()
	}
	return nil, nil
}

// Name returns the name of a kind's type, "" for an unknown kind. An older kind has the
// name of its type.
func (r *Types) Name(kind event.Kind) string {
	if r == nil {
		return ""
	}
	if k, ok := r.byKind[kind]; ok {
		return k.name
	}
	return ""
}

// Names returns the names of all kinds, older ones included, each with the name of its
// type.
func (r *Types) Names() map[event.Kind]string {
	names := map[event.Kind]string{}
	if r != nil {
		for kind, k := range r.byKind {
			names[kind] = k.name
		}
	}
	return names
}

// Kinds returns all kinds of the types with these names, older ones included, for a
// [host.Region]; without names, all kinds of the registry. ok is false if a name is
// unknown.
func (r *Types) Kinds(names ...string) (kinds event.Kinds, ok bool) {
	if r == nil {
		return event.AnyOf(), len(names) == 0
	}
	for _, name := range names {
		if r.byName[name] == nil {
			return event.AnyOf(), false
		}
	}
	var list []event.Kind
	for kind, k := range r.byKind {
		if len(names) == 0 || slices.Contains(names, k.name) {
			list = append(list, kind)
		}
	}
	return event.AnyOf(list...), true
}

// sorted returns the kinds in order.
func (r *Types) sorted() []event.Kind {
	return slices.SortedFunc(maps.Keys(r.byKind), cmp.Compare[event.Kind])
}
