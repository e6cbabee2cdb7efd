package cli

import (
	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) dump() *cobra.Command {
	var read readFlags
	var line lineFlags
	c := &cobra.Command{
		Use:   "dump",
		Short: "Print every event in order of sequence",
		Long: `Print every visible event in order of sequence, one JSON object a line:

  causation_id    the event that caused it, or null
  clock           its number within its entity, from 0
  correlation_id  the conversation, by default the event's own id
  entity, scope   who and where
  event_hash      BLAKE3 of the payload; prev_hash that of the entity's event before
  event_id
  kind            a category (first digit) and a type
  length, offset, segment   where it lies
  seq             its number in the store, from 0; there may be holes
  timestamp_us    the event's own time
  wall_ms         the entity's clock
` + aboutTimes[1:] + `

With --payloads the keys are clock, content_hash, entity, event_id, flags (1 requires
ack, 2 transactional, 8 replay), kind, payload, payload_size, scope, seq, timestamp_us
and wall_ms. A payload is MessagePack; what JSON cannot say has a spelling of its own,
and any other object is a map:

  {"$bin":"AAEC"}           bytes, in base64
  {"$str":"/w=="}           a string that is not UTF-8
  {"$ext":[5,"AA=="]}       an extension: type and bytes
  {"$f32":1.5}              a 32-bit float; {"$float":"NaN"} one that is no number
  {"$map":[[1,"x"]]}        a map with keys that are no strings, or occur twice, or with
                            one key that would be a spelling
  {"$raw":"wQ=="}           a payload that is not MessagePack at all

Every event is read from its segment and checked before it is printed. One that
is damaged is left out and told on stderr.`,
		Example: lines(
			`thaw dump orders > events.jsonl`,
			`thaw dump orders --payloads | jq .payload`),
	}
	arguments(c, "DIR")
	read.add(c)
	line.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		ctx := c.Context()
		r, err := a.open(ctx, args[0], read.options(a))
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = a.print(ctx, args[0], r, r.Query(ctx, host.Region{}, host.Page{}), &line)
		return err
	}
	return c
}
