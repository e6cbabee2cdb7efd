package cli

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) query() *cobra.Command {
	var read readFlags
	var keys keyFlag
	var line lineFlags
	var q filterFlags
	var count, reverse bool
	var last limit
	var before number[uint64]
	c := &cobra.Command{
		Use:   "query",
		Short: "Print the events that match conditions",
		Long: `Print the visible events that match all given conditions, in order of sequence,
with the keys of thaw dump. Payloads and metadata are shown with --payloads.` + aboutTimes + `

A kind is a number, such as 0x1000 or 4096, or a name: one that thaw kinds shows for this
store, such as order.placed, which may stand for several kinds, or one of DATA, SYSTEM_INIT,
SYSTEM_SHUTDOWN, SYSTEM_HEARTBEAT, SYSTEM_CONFIG_CHANGE, SYSTEM_CHECKPOINT, TOMBSTONE,
EFFECT_ERROR, EFFECT_RETRY, EFFECT_ACK, EFFECT_BACKPRESSURE, EFFECT_CANCEL and
EFFECT_CONFLICT. With several, --kind A --kind B or --kind A,B, an event has one of them.

--since and --until compare an event's own time, timestamp_us, not wall_ms. --since is
included, --until is not. TIME is a day (from 0:00 UTC), a time of RFC 3339, now, a duration
before now, such as 1h30m or 7d, or a number since 1970 with its unit: s, ms or us (a number
of less than a year, such as 90s, is a duration). The times are read from the segments, except for
events with a wall_ms before --since, which are all too early: wall_ms is never less than
the event's own time.

To page through a large store, pass the last line's seq to --after, or to --before with
--reverse, which prints the highest sequence first. --limit counts the events that match
all conditions. --last N prints the last N of them, in order of sequence unless --reverse is
given; it finds them from the end, and keeps their lines in memory.

--count uses only the index and reads no event, unless a time is given: it is fast, and
counts events that can no longer be read.`,
		Example: lines(
			`thaw query orders --entity order:42`,
			`thaw query orders --prefix order: --scope shop:eu --kind DATA --clock 0:0`,
			`thaw query orders --category 0xD --after 48000 --limit 100`,
			`thaw query orders --since 2026-05-01 --until 2026-05-02T12:30:00+02:00`,
			`thaw query orders --since 1h --payloads`,
			`thaw query orders --kind order.placed,order.paid`,
			`thaw query orders --kind DATA --kind 0x1001 --last 20`,
			`thaw query orders --prefix order: --count`),
	}
	arguments(c, "DIR")
	q.add(a, c)
	line.addLimit(c)
	c.Flags().Var(&before, "before", "only events with a lower sequence than this")
	c.Flags().Var(&last, "last", "print the last `N` events that match, 0 for all")
	c.Flags().BoolVar(&reverse, "reverse", false, "print the highest sequence first")
	plainFlag(c, "before", "last")
	c.Flags().BoolVar(&count, "count", false, "print the number of events instead of the events")
	line.add(c)
	read.add(c)
	keys.add(a, c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := q.check(c); err != nil {
			return &usageError{command: c, err: err}
		}
		for _, pair := range [][2]string{
			{"count", "payloads"}, {"count", "reverse"}, {"count", "last"}, {"count", "before"}, {"last", "limit"},
		} {
			if c.Flags().Changed(pair[0]) && c.Flags().Changed(pair[1]) {
				return &usageError{command: c, err: errors.New("--" + pair[0] + " and --" + pair[1] + " exclude each other")}
			}
		}
		line.times = q.times
		ctx := c.Context()
		r, err := a.open(ctx, args[0], keys.keyed(read.options(a)))
		if err != nil {
			return err
		}
		defer r.Close()
		region, from, ok, err := q.region(c, a.names)
		if err != nil {
			return err
		}
		ok = ok && (!before.given || before.value > from)
		page := host.Page{From: from, To: before.value, Reverse: reverse || last > 0}
		switch {
		case !ok && count:
			return a.printCount(0)
		case !ok:
			return nil
		case count && !q.times.given():
			n, err := r.Count(ctx, region, from)
			if err != nil {
				return a.ended(args[0], err)
			}
			if line.limit > 0 {
				n = min(n, uint64(line.limit))
			}
			return a.printCount(n)
		case last > 0 && !reverse:
			return a.printLast(ctx, args[0], r, r.Query(ctx, region, page), &line, int(last))
		}
		line.limit = max(line.limit, last)
		line.counted = count
		n, err := a.print(ctx, args[0], r, r.Query(ctx, region, page), &line)
		if err == nil && count {
			err = a.printCount(uint64(n))
		}
		return err
	}
	return c
}

func (a *app) printCount(n uint64) error {
	a.out.buf = append(strconv.AppendUint(a.out.buf, n, 10), '\n')
	return a.out.line()
}
