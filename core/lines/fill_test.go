package lines

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
)

// filler sets every field of a structure to a value that is neither zero nor
// another field's.
type filler struct {
	n uint64
	// depth bounds the trees of errors.
	depth int
}

// named has a value for each type with a fixed set of values.
var named = map[reflect.Type]string{
	reflect.TypeFor[store.Way]():         string(store.FromCheckpoint),
	reflect.TypeFor[store.IndexOrigin](): string(store.IndexBuilt),
	reflect.TypeFor[damage.Reason]():     string(damage.PayloadHash),
	reflect.TypeFor[verify.Topic]():      string(verify.ChainFork),
}

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch {
	case v.Type() == reflect.TypeFor[error]():
		v.Set(reflect.ValueOf(f.err()))
		return
	case v.Kind() == reflect.String && named[v.Type()] != "":
		v.SetString(named[v.Type()])
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d \"\\\n\u2028é", f.n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(f.n)
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	default:
		panic("a field of a type that filler does not know: " + v.Type().String())
	}
}

// err returns a tree with every kind of error, nested.
func (f *filler) err() error {
	if f.depth == 2 {
		return errors.New("the bottom")
	}
	f.depth++
	defer func() { f.depth-- }()
	d, r := new(damage.Damage), new(damage.Refusal)
	f.fill(reflect.ValueOf(d).Elem())
	f.fill(reflect.ValueOf(r).Elem())
	return &store.EventError{ID: event.ID{byte(f.n)}, Sequence: f.n, Kind: 0xD00F, Err: &caused{text: "more than one", causes: []error{
		&source.ReadError{File: "a", Offset: int64(f.n), Err: source.ErrShort}, damage.Torn, d, r, nil, errors.New(""),
	}}}
}

func filledReport() *store.Report {
	r := new(store.Report)
	new(filler).fill(reflect.ValueOf(r).Elem())
	return r
}

func filledResult() *verify.Result {
	r := new(verify.Result)
	new(filler).fill(reflect.ValueOf(r).Elem())
	return r
}
