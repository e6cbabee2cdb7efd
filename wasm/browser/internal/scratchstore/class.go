package scratchstore

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/payload"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// Class returns the name of the class of an error, as packages host and payload call it, such as
// ExpectError. It is what a program can tell errors apart by.
func Class(err error) string {
	for _, c := range []struct {
		name string
		is   func(error) bool
	}{
		{"InputError", as[*InputError]},
		{"TooLarge", is(ErrTooLarge)},
		{"Full", is(memfs.ErrFull)},
		{"ExpectError", as[*host.ExpectError]},
		{"ConditionError", as[*host.ConditionError]},
		{"KeyError", as[*host.KeyError]},
		{"KindError", as[*host.KindError]},
		{"NameError", as[*host.NameError]},
		{"LimitError", as[*host.LimitError]},
		{"MetaError", as[*host.MetaError]},
		{"FailedError", as[*host.FailedError]},
		{"WriteError", as[*host.WriteError]},
		{"LockedError", as[*host.LockedError]},
		{"ReadError", as[*host.ReadError]},
		{"Damage", as[*damage.Damage]},
		{"PayloadError", as[*payload.Error]},
		{"Closed", is(host.ErrClosed)},
		{"ItemError", as[*host.ItemError]},
	} {
		if c.is(err) {
			return c.name
		}
	}
	return "Error"
}

func as[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

func is(class error) func(error) bool { return func(err error) bool { return errors.Is(err, class) } }
