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
		Long: `Print every visible event in order of sequence, one JSON object per line:

  causation_id    the event that caused this one, or null
  clock           the event's version within its entity, from 0
  correlation_id  the conversation, by default the event's own id
  entity, scope   the stream of the event, and its scope
  event_hash      BLAKE3 of the payload; prev_hash that of the entity's previous event
  event_id
  kind            a category (first digit) and a type
  length, offset, segment   the position of its frame
  seq             its number in the store, from 0; there may be gaps
  timestamp_us    the event's own time
  wall_ms         the entity's clock
` + aboutTimes[1:] + `

With --payloads the keys are causation_id, clock, content_hash, correlation_id, entity,
event_id, flags (1 requires ack, 2 transactional, 8 replay), kind, meta (the event's
metadata, omitted if there is none), payload, payload_size, scope, seq, timestamp_us and
wall_ms. An event whose payload was removed has no payload, and redacted, which is true. A
payload is MessagePack. Values that JSON lacks have a form of their own; any other object is a map:

  {"$bin":"AAEC"}           bytes, in base64
  {"$str":"/w=="}           a string that is not UTF-8
  {"$ext":[5,"AA=="]}       an extension: type and bytes; type -1 is a time, as seconds of
                            4 bytes, or 30 bits of ns and 34 of seconds, or ns of 4 bytes
                            and seconds of 8
  {"$f32":1.5}              a 32-bit float; {"$float":"NaN"} a float that is not a number
  {"$map":[[1,"x"]]}        a map with keys that are not strings, or occur twice, or with
                            a single key that is one of these forms
  {"$raw":"wQ=="}           a payload that is not MessagePack at all

Every event is read from its segment and checked before it is printed. A damaged event
is skipped and listed on stderr.`,
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
