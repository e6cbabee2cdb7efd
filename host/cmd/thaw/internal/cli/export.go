package cli

import (
	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) export() *cobra.Command {
	var read readFlags
	c := &cobra.Command{
		Use:   "export",
		Short: "Print every event for thaw import",
		Long: `Print every visible event in order of sequence, one JSON object a line, with what
thaw import needs to make the same events in another store:

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

Every event is read from its segment and checked before it is printed. One that
is damaged is left out and told on stderr.`,
		Example: lines(
			`thaw export orders > orders.jsonl`,
			`thaw export orders | thaw import copy`),
	}
	arguments(c, "DIR")
	read.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		ctx := c.Context()
		r, err := a.open(ctx, args[0], read.options(a))
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = a.print(ctx, args[0], r, r.Query(ctx, host.Region{}, host.Page{}), &lineFlags{exported: true})
		return err
	}
	return c
}
