package cli

import (
	"errors"
	"iter"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	jsonl "github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/source"
)

// aboutTimes is in the help of every command that prints events.
const aboutTimes = `

timestamp_us is the event's own time, in microseconds since 1970. wall_ms is that time
in milliseconds, or the wall_ms of the entity's previous event if that is later: it never
decreases within an entity, and can be far from the event's own time.`

// events is an iteration of a store's events.
type events = iter.Seq2[event.Event, error]

// lineFlags are the options for printing events.
type lineFlags struct {
	payloads bool
	limit    limit

	// These have no flags of their own.
	times    times // which events are printed
	exported bool  // print the lines of thaw export
	counted  bool  // print nothing
}

func (f *lineFlags) add(c *cobra.Command) {
	alwaysJSON(c)
	c.Flags().BoolVar(&f.payloads, "payloads", false, "print the payload, metadata and flags, not the positions\nand the hashes of the chain")
}

// alwaysJSON makes a command that prints nothing but JSON accept --json, which others need.
func alwaysJSON(c *cobra.Command) {
	c.Flags().Bool("json", true, "")
	_ = c.Flags().MarkHidden("json") // fails only for an unknown flag
}

func (f *lineFlags) addLimit(c *cobra.Command) {
	c.Flags().Var(&f.limit, "limit", "print at most `N` events, 0 for all")
	plainFlag(c, "limit")
}

// wholeFrame reports whether a line needs more of an event's frame than its time.
func (f *lineFlags) wholeFrame() bool { return f.payloads || f.exported }

// append returns the function that appends an event as a line, with the name of its kind.
func (f *lineFlags) append(names naming) func(dst []byte, e *event.Full) []byte {
	switch {
	case f.counted:
		return func(dst []byte, _ *event.Full) []byte { return dst }
	case f.exported:
		return func(dst []byte, e *event.Full) []byte { return append(appendExported(dst, e), '\n') }
	}
	shape := jsonl.Plain
	if f.payloads {
		shape = jsonl.Payloads
	}
	return func(dst []byte, e *event.Full) []byte { return jsonl.AppendNamedEvent(dst, shape, e, names[e.Kind]) }
}

// ended returns the error of a failed iteration. A segment removed since the open is not
// damage: another process compacts the store.
func (a *app) ended(dir string, err error) error {
	var d *damage.Damage
	if errors.As(err, &d) && !errors.Is(err, source.ErrGone) {
		a.listDamage(d)
		return errIncomplete
	}
	return &storeError{dir, err}
}
