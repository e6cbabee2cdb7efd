package cli

import (
	"errors"
	"math"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

// queryFlags are the conditions of thaw query.
type queryFlags struct {
	entity, prefix, scope string
	kind                  kinds
	category              category
	clock                 clocks
	after                 number[uint64]
	count                 bool
}

func (a *app) query() *cobra.Command {
	var read readFlags
	var line lineFlags
	var q queryFlags
	c := &cobra.Command{
		Use:   "query",
		Short: "Print the events that meet conditions",
		Long: `Print the visible events that meet every condition given, in order of sequence,
with the keys of thaw dump.

A kind is a number, such as 0x1000 or 4096, or one of the names DATA, SYSTEM_INIT,
SYSTEM_SHUTDOWN, SYSTEM_HEARTBEAT, SYSTEM_CONFIG_CHANGE, SYSTEM_CHECKPOINT, TOMBSTONE,
EFFECT_ERROR, EFFECT_RETRY, EFFECT_ACK, EFFECT_BACKPRESSURE, EFFECT_CANCEL and
EFFECT_CONFLICT.

To go through a large store page by page, give the last line's seq to --after.
--count asks the index alone and reads no event: it is quick, and an event that can
no longer be read is counted.`,
		Example: lines(
			`thaw query orders --entity order:42`,
			`thaw query orders --prefix order: --scope shop:eu --kind DATA --clock 0:0`,
			`thaw query orders --category 0xD --after 48000 --limit 100`,
			`thaw query orders --prefix order: --count`),
	}
	arguments(c, "DIR")
	f := c.Flags()
	f.StringVar(&q.entity, "entity", "", "only events of this entity")
	f.StringVar(&q.prefix, "prefix", "", "only events of entities that begin with this")
	f.StringVar(&q.scope, "scope", "", "only events in this scope")
	f.Var(&q.kind, "kind", "only events of this kind, such as 0x1000 or DATA")
	f.Var(&q.category, "category", "only kinds of this category, 0 to 15")
	f.Var(&q.clock, "clock", "only events with these numbers within their entity, both ends included")
	f.Var(&q.after, "after", "only events with a higher sequence than this")
	line.addLimit(c)
	f.BoolVar(&q.count, "count", false, "print how many events there are instead of the events")
	line.add(c)
	read.add(c)
	plainFlag(c, "entity", "prefix", "scope", "category", "clock", "after")
	_ = c.RegisterFlagCompletionFunc("kind", completeKind)
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
		region, from, ok := q.region()
		switch {
		case q.count:
			n := uint64(0)
			if ok {
				n, err = r.Count(ctx, region, from)
			}
			return a.printCount(args[0], n, err, &line)
		case ok:
			_, err = a.print(ctx, args[0], r, r.Query(ctx, region, host.Page{From: from}), &line)
		}
		return err
	}
	return c
}

func completeKind(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, n := range kindNames {
		names = append(names, n.name+"\t"+n.kind.String())
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// check refuses conditions that are there and empty, which an unset variable of
// a script makes and which would otherwise ask for every event.
func (q *queryFlags) check(c *cobra.Command) error {
	for name, value := range map[string]string{"entity": q.entity, "prefix": q.prefix, "scope": q.scope} {
		if value == "" && c.Flags().Changed(name) {
			return errors.New("--" + name + " is empty; leave it out to ask for all")
		}
	}
	if q.count && c.Flags().Changed("payloads") {
		return errors.New("--count and --payloads do not go together")
	}
	return nil
}

// region is what the flags ask for; ok is false when nothing can meet them.
func (q *queryFlags) region() (r host.Region, from uint64, ok bool) {
	r = host.Region{Entity: q.entity, EntityPrefix: q.prefix, Scope: q.scope, Clocks: q.clock.bounds}
	r.Kinds, ok = q.kind.set.Intersect(q.category.set)
	if q.after.given {
		ok = ok && q.after.value != math.MaxUint64
		from = q.after.value + 1
	}
	return r, from, ok
}

func (a *app) printCount(dir string, n uint64, err error, f *lineFlags) error {
	if err != nil {
		return a.ended(dir, err)
	}
	if f.limit > 0 {
		n = min(n, uint64(f.limit))
	}
	a.out.buf = append(strconv.AppendUint(a.out.buf, n, 10), '\n')
	return a.out.line()
}
