package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	jsonl "github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/host"
)

func (a *app) get() *cobra.Command {
	var read readFlags
	c := &cobra.Command{
		Use:   "get",
		Short: "Print one event with its payload",
		Long: `Print the visible event with the given id as one JSON object with the keys of thaw dump
and of thaw dump --payloads. An id is 32 hexadecimal digits, with or without the dashes
of a UUID. If two events have the same id, the first is printed.` + aboutTimes,
		Example: lines(
			`thaw get orders 01a2046944b6768dadb2f522b5437a79`,
			`thaw get orders 01a20469-44b6-768d-adb2-f522b5437a79 | jq .payload`),
	}
	arguments(c, "DIR", "ID")
	alwaysJSON(c)
	read.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		id, err := parseID(c, args[1])
		if err != nil {
			return err
		}
		ctx := c.Context()
		r, err := a.open(ctx, args[0], read.options(a))
		if err != nil {
			return err
		}
		defer r.Close()
		e, err := unredacted(r.Get(ctx, id))
		if errors.Is(err, host.ErrNotFound) {
			return unknownID(r, id)
		}
		if err != nil {
			return a.ended(args[0], err)
		}
		a.out.buf = jsonl.AppendNamedEvent(a.out.buf, jsonl.Full, &e, a.names[e.Kind])
		return a.out.line()
	}
	return c
}

func parseID(c *cobra.Command, s string) (event.ID, error) {
	id, err := event.ParseID(s)
	if err != nil {
		return id, &usageError{command: c, err: fmt.Errorf("%q is not an id: an id is 32 hexadecimal digits, with or without the dashes of a UUID", s)}
	}
	if err := commit.CheckID(id); err != nil {
		return id, &usageError{command: c, err: errors.New("ID: " + bare(err))}
	}
	return id, nil
}

// unknownID returns the error for an id that no visible event has.
func unknownID(r *host.DirReader, id event.ID) error {
	return &notFoundError{what: "no visible event has the id " + id.String(), hint: hiddenHint(r)}
}

// hiddenHint returns a hint if events are hidden, since the wanted one may be among them.
func hiddenHint(r *host.DirReader) string {
	n := r.Report().Hidden
	if n == 0 {
		return ""
	}
	return wereCounted(n, "event", "is", "are") + " hidden by cancelled fences and not searched; use --show-hidden to include them."
}
