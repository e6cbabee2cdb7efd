package cli

import (
	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) export() *cobra.Command {
	var read readFlags
	var keys keyFlag
	var q filterFlags
	c := &cobra.Command{
		Use:   "export",
		Short: "Print events for thaw import",
		Long: `Print every visible event that matches the given conditions, by default all, in order
of sequence, one JSON object per line, from which thaw import makes the same events in
another store:

  causation_id    omitted if the event has no cause
  correlation_id
  entity, scope
  event_id
  flags           omitted if 0
  kind
  meta            the metadata; omitted if there is none
  payload         JSON as thaw dump prints it, or
  payload_raw     its bytes in base64, if that JSON does not preserve them
  timestamp_us    microseconds since 1970

The imported store differs from the source only as follows: sequences have no gaps,
batches become single events, and segments begin elsewhere. After a cancelled event an
entity's clocks and prev_hash continue its last visible one. wall_ms is computed again
from timestamp_us and the entity's earlier events. If two events have one id, the second
counts as a repetition of the first if it has the same content; otherwise import stops.
It also stops at an event that no append could have written: a payload that is not
MessagePack, a reserved kind without a name, a time before 1970.

The conditions are those of thaw query. If only a part of an entity is exported, it has
other clocks and hashes in the new store.

Every event is read from its segment and checked before it is printed. A damaged event
is skipped and listed on stderr.`,
		Example: lines(
			`thaw export orders > orders.jsonl`,
			`thaw export orders | thaw import copy`,
			`thaw export orders --prefix order: --since 2026-05-01 > may.jsonl`),
	}
	arguments(c, "DIR")
	alwaysJSON(c)
	q.add(a, c)
	read.add(c)
	keys.add(a, c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := q.check(c); err != nil {
			return &usageError{command: c, err: err}
		}
		ctx := c.Context()
		r, err := a.open(ctx, args[0], keys.keyed(read.options(a)))
		if err != nil {
			return err
		}
		defer r.Close()
		region, from, ok, err := q.region(c, a.names)
		if err == nil && ok {
			_, err = a.print(ctx, args[0], r, r.Query(ctx, region, host.Page{From: from}), &lineFlags{exported: true, times: q.times})
		}
		return err
	}
	return c
}
