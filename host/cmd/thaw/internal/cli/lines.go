package cli

import (
	"context"
	"errors"
	"iter"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// events is an iteration of a store's events.
type events = iter.Seq2[event.Event, error]

// lineFlags say how events are printed.
type lineFlags struct {
	payloads bool
	limit    limit
}

func (f *lineFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.payloads, "payloads", false, "print what only the event itself holds: payload, flags, time stamp")
}

func (f *lineFlags) addLimit(c *cobra.Command) {
	c.Flags().Var(&f.limit, "limit", "print at most `N` events, 0 for all")
	plainFlag(c, "limit")
}

func (f *lineFlags) shape() shape {
	if f.payloads {
		return payloads
	}
	return plain
}

// print prints a line for each event. Each is read from its segment first and
// compared with what the index said, so that no line says what the log does
// not. One that cannot be read is told and left out, and the next is printed.
func (a *app) print(ctx context.Context, dir string, r *host.Reader, all events, f *lineFlags) (printed int, err error) {
	for e, err := range all {
		if err != nil {
			return printed, a.ended(dir, err)
		}
		full, err := r.Read(ctx, e)
		var d *damage.Damage
		if errors.As(err, &d) {
			a.tell(d)
			continue
		}
		if err != nil {
			return printed, a.ended(dir, err)
		}
		a.out.buf = appendLine(a.out.buf, f.shape(), &full)
		if err := a.out.line(); err != nil {
			return printed, err
		}
		if printed++; printed == int(f.limit) {
			break
		}
	}
	return printed, nil
}

// ended is the error of an iteration that could not go on.
func (a *app) ended(dir string, err error) error {
	var d *damage.Damage
	if errors.As(err, &d) {
		a.tell(d)
		return errIncomplete
	}
	return &storeError{dir, err}
}
