package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/host"
)

func (a *app) stat() *cobra.Command {
	var read readFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "stat",
		Short: "Say what is in a store and how it was opened",
		Long: `Open a store and say how that went: from index.fbati, from index.ckpt or from the
segments; what was not taken and why; what is damaged; how many events there are.
It does not read the events that an index covers: thaw verify does.

With --json one object: opened_from (index, checkpoint or segments), events, hidden,
allocator (the next sequence), segments, tail_events (read from segments at open),
lookups (saved or built), rejected (list of file, reason, offset, detail),
damages (the same and length, events, unnamed, first_seq, end_seq), unfinished
(batches without a commit), gaps (sequences left out), unsealed (segments without a
footer), torn (the unfinished end of the newest segment, or null), hidden_ranges,
duplicate_ids, table_bytes and open_ns.`,
		Example: lines(
			`thaw stat orders`,
			`thaw stat orders --json | jq '.rejected[].reason'`),
	}
	arguments(c, "DIR")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for programs")
	read.add(c)
	c.RunE = func(c *cobra.Command, args []string) error { return a.runStat(c.Context(), args[0], &read, asJSON) }
	return c
}

func (a *app) runStat(ctx context.Context, dir string, read *readFlags, asJSON bool) error {
	r, err := a.openQuietly(ctx, dir, read.options(a))
	if err != nil {
		return err
	}
	defer r.Close()
	report := r.Report()
	a.noteEmpty(dir, &report)
	a.damages = len(report.Damages)
	if asJSON {
		return a.out.object(statObject(&report))
	}
	return a.statTable(dir, &report)
}

type statJSON struct {
	OpenedFrom   store.Way        `json:"opened_from"`
	Events       uint64           `json:"events"`
	Hidden       uint64           `json:"hidden"`
	Allocator    uint64           `json:"allocator"`
	Segments     int              `json:"segments"`
	TailEvents   uint64           `json:"tail_events"`
	Lookups      string           `json:"lookups"`
	Rejected     []refusalJSON    `json:"rejected"`
	Damages      []damageJSON     `json:"damages"`
	Unfinished   []unfinishedJSON `json:"unfinished"`
	Gaps         []gapJSON        `json:"gaps"`
	Unsealed     []unsealedJSON   `json:"unsealed"`
	Torn         *tornJSON        `json:"torn"`
	HiddenRanges []rangeJSON      `json:"hidden_ranges"`
	DuplicateIDs bool             `json:"duplicate_ids"`
	TableBytes   int64            `json:"table_bytes"`
	OpenNS       int64            `json:"open_ns"`
}

type unfinishedJSON struct {
	File   string `json:"file"`
	Offset uint64 `json:"offset"`
	Items  int    `json:"items"`
}

type gapJSON struct {
	File  string  `json:"file"`
	First uint64  `json:"first"`
	End   *uint64 `json:"end"` // null when not known
}

type unsealedJSON struct {
	File   string `json:"file"`
	Offset uint64 `json:"offset"`
	Next   uint64 `json:"next"`
}

type tornJSON struct {
	File    string    `json:"file"`
	Offset  uint64    `json:"offset"`
	Length  uint64    `json:"length"`
	EventID *event.ID `json:"event_id"`
}

type rangeJSON struct {
	Start uint64 `json:"start"`
	End   uint64 `json:"end"`
}

func statObject(r *host.Report) statJSON {
	o := statJSON{
		OpenedFrom: r.OpenedFrom, Events: r.Events, Hidden: r.Hidden, Allocator: r.Allocator,
		Segments: r.Segments, TailEvents: r.TailEvents, Lookups: string(r.Lookups),
		Rejected: list(r.Rejected, refusalObject),
		Damages:  list(r.Damages, damageObject),
		Unfinished: list(r.Unfinished, func(u replay.Unfinished) unfinishedJSON {
			return unfinishedJSON{File: u.File, Offset: u.Offset, Items: u.Items}
		}),
		Gaps: list(r.Gaps, func(g replay.Gap) gapJSON {
			gap := gapJSON{File: g.File, First: g.First}
			if g.End != damage.UnknownEnd {
				gap.End = &g.End
			}
			return gap
		}),
		Unsealed: list(r.Unsealed, func(u replay.Unsealed) unsealedJSON {
			return unsealedJSON{File: u.File, Offset: u.Offset, Next: u.Next}
		}),
		HiddenRanges: list(r.HiddenRanges, func(v visibility.Range) rangeJSON { return rangeJSON(v) }),
		DuplicateIDs: r.DuplicateIDs, TableBytes: r.TableBytes, OpenNS: r.Took.Nanoseconds(),
	}
	if t := r.Torn; t != nil {
		o.Torn = &tornJSON{File: t.File, Offset: t.Offset, Length: t.Length}
		if t.Named {
			o.Torn.EventID = &t.ID
		}
	}
	return o
}
