package cli

import (
	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) export() *cobra.Command {
	var read readFlags
	var q filterFlags
	c := &cobra.Command{
		Use:   "export",
		Short: "Print events for thaw import",
		Long: `Print every visible event that meets the conditions given, by default all, in order of
sequence, one JSON object a line, with what thaw import needs to make the same events
in another store:

  causation_id    left out when the event has no cause
  correlation_id
  entity, scope
  event_id
  flags           left out when 0
  kind
  payload         spelled as thaw dump does, or
  payload_raw     its bytes in base64, where that spelling would not give them back
  timestamp_us    microseconds since 1970

What import makes of it differs from the source in this alone: sequences have no
holes, batches are single events, segments are cut elsewhere. After a cancelled event
an entity's clocks and prev_hash continue its last visible one. wall_ms is made anew
from timestamp_us and the entity's events in front. Of two events with one id the
second is taken for a repetition of the first when it has the same content, else import
stops. It stops, too, at what no append could have written: a payload that is not
MessagePack, a reserved kind without a name, a time before 1970.

The conditions are those of thaw query. An entity of which a part is exported has other
clocks and hashes in the new store.

Every event is read from its segment and checked before it is printed. One that
is damaged is left out and told on stderr.`,
		Example: lines(
			`thaw export orders > orders.jsonl`,
			`thaw export orders | thaw import copy`,
			`thaw export orders --prefix order: --since 2026-05-01 > may.jsonl`),
	}
	arguments(c, "DIR")
	q.add(c)
	read.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := q.check(c); err != nil {
			return &usageError{c, err}
		}
		ctx := c.Context()
		r, err := a.open(ctx, args[0], read.options(a))
		if err != nil {
			return err
		}
		defer r.Close()
		if region, from, ok := q.region(); ok {
			_, err = a.print(ctx, args[0], r, r.Query(ctx, region, host.Page{From: from}), &lineFlags{exported: true, times: q.times})
		}
		return err
	}
	return c
}
