package react

import (
	"runtime/debug"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/host/typed"
)

// call calls a handler. A panic becomes a *PanicError.
func call(f func() error) (err error) {
	returned := false
	defer func() {
		if !returned {
			if value := recover(); value != nil { // nil after runtime.Goexit
				err = &PanicError{Value: value, Stack: debug.Stack()}
			}
		}
	}()
	err = f()
	returned = true
	return err
}

// decode is typed.Types.Decode. An upcast that panics is an error too.
func decode(types *typed.Types, full event.Full, erased error) (e typed.Envelope, err error) {
	e.Full = full
	if erased != nil {
		e.Name = types.Name(full.Kind)
		return e, erased
	}
	err = call(func() (err error) {
		e, err = types.Decode(full)
		return err
	})
	return e, err
}

func checkName(name string) error {
	if kindnames.Check(name) != nil { // the same rule
		return ErrName
	}
	return nil
}
