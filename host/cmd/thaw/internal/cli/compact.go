package cli

import (
	"context"
	"errors"
	"math"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// compactFlags say which events a compaction removes, and how.
type compactFlags struct {
	keepKinds, dropKinds kinds
	before               moment
	entities, scopes     []string
	tombstone            bool
	size                 number[uint64]
	dryRun, asJSON       bool
	wait                 patience
}

func (a *app) compact() *cobra.Command {
	var f compactFlags
	c := &cobra.Command{
		Use:   "compact",
		Short: "Merge segments, and remove events for good",
		Long: `Merge small segments into large ones. With one of the flags --keep-kind and --drop-...,
also remove the events that any of them names: for good, with everything that the store has
of them. With --tombstone they keep their place, with kind TOMBSTONE and without a payload.
Try it with --dry-run, which says how many events and bytes would go, and removes nothing.

Events that stay keep their sequences, clocks, ids and payloads. The store is replaced in
one step: if the command is stopped, all of it is as before, or all of it compacted.
Programs that read the store meanwhile go on. A damaged store is refused.

The command takes the store's lock and repairs an unclean stop, also with --dry-run. With
--json one object: events (that stay), dropped, tombstoned, replaced and segments (how many
segments were replaced, and by how many), bytes_before, bytes_after and reclaimed (of these
segments), generation and dry_run.`,
		Example: lines(
			`thaw compact orders`,
			`thaw compact orders --drop-before 90d --dry-run`,
			`thaw compact orders --drop-entity cart:7 --drop-entity cart:8`,
			`thaw compact orders --keep-kind order.placed,order.paid --tombstone --json`),
	}
	arguments(c, "DIR")
	flags := c.Flags()
	flags.Var(&f.keepKinds, "keep-kind", "remove the events of all other kinds; may be repeated")
	flags.Var(&f.dropKinds, "drop-kind", "remove the events of these kinds; may be repeated")
	flags.Var(&f.before, "drop-before", "remove the events before this `TIME`, as for query --since")
	flags.StringArrayVar(&f.entities, "drop-entity", nil, "remove the events of this `ENTITY`; may be repeated")
	flags.StringArrayVar(&f.scopes, "drop-scope", nil, "remove the events of this `SCOPE`; may be repeated")
	flags.BoolVar(&f.tombstone, "tombstone", false, "leave tombstones in the place of the removed events")
	flags.Var(&f.size, "segment-size", "the length of a new segment in bytes, at most; by default 64 MiB")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only say what would be removed")
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON object for programs")
	waitFlag(c, &f.wait)
	plainFlag(c, "drop-before", "drop-entity", "drop-scope", "segment-size")
	for _, name := range []string{"keep-kind", "drop-kind"} {
		_ = c.RegisterFlagCompletionFunc(name, a.completeKind)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if f.tombstone && !f.removes() {
			return &usageError{command: c, err: errors.New("--tombstone needs --keep-kind or a flag such as --drop-kind")}
		}
		for name, values := range map[string][]string{"drop-entity": f.entities, "drop-scope": f.scopes} {
			if slices.Contains(values, "") { // from an unset variable in a script
				return &usageError{command: c, err: errors.New("--" + name + " is empty")}
			}
		}
		return a.runCompact(c.Context(), c, args[0], &f)
	}
	return c
}

// removes reports whether a flag names events.
func (f *compactFlags) removes() bool {
	return len(f.keepKinds.texts)+len(f.dropKinds.texts)+len(f.entities)+len(f.scopes) > 0 || f.before.given
}

// judge returns what becomes of an event, nil if all stay.
func (f *compactFlags) judge(names naming) (func(event.Event) host.Verdict, error) {
	if !f.removes() {
		return nil, nil
	}
	keep, err := f.keepKinds.resolve("keep-kind", names)
	if err != nil {
		return nil, err
	}
	drop, err := f.dropKinds.resolve("drop-kind", names)
	if err != nil {
		return nil, err
	}
	verdict := host.DropEvent
	if f.tombstone {
		verdict = host.TombstoneEvent
	}
	return func(e event.Event) host.Verdict {
		switch {
		case len(f.keepKinds.texts) > 0 && !keep.Has(e.Kind),
			len(f.dropKinds.texts) > 0 && drop.Has(e.Kind),
			f.before.given && f.before.us > 0 && e.WallMS < uint64(f.before.us+999)/1000,
			slices.Contains(f.entities, e.Entity), slices.Contains(f.scopes, e.Scope):
			return verdict
		}
		return host.KeepEvent
	}, nil
}

func (a *app) runCompact(ctx context.Context, c *cobra.Command, dir string, f *compactFlags) error {
	if err := a.hasSegments(dir); err != nil { // opening it for writing would make a store
		return &writeError{dir, err}
	}
	a.readNames(dir)
	judge, err := f.judge(a.names)
	if err != nil {
		return &usageError{command: c, err: err}
	}
	s, err := a.openToTry(ctx, dir, f.wait, f.dryRun)
	if err != nil {
		return err
	}
	r, err := s.Compact(ctx, host.Compaction{Judge: judge, SegmentSize: int64(min(f.size.value, math.MaxInt64)), DryRun: f.dryRun})
	if err = errors.Join(err, s.Close()); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &writeError{dir, err}
	}
	if f.asJSON {
		return a.out.object(compactJSON{
			Events: r.Events, Dropped: r.Dropped, Tombstoned: r.Tombstoned, Replaced: r.Replaced, Segments: r.Segments,
			BytesBefore: r.Before, BytesAfter: r.After, Reclaimed: r.Reclaimed(), Generation: r.Generation, DryRun: f.dryRun,
		})
	}
	return a.compactTable(&r, f.dryRun)
}

// compactJSON is the result for programs.
type compactJSON struct {
	Events      uint64 `json:"events"`
	Dropped     uint64 `json:"dropped"`
	Tombstoned  uint64 `json:"tombstoned"`
	Replaced    int    `json:"replaced"`
	Segments    int    `json:"segments"`
	BytesBefore uint64 `json:"bytes_before"`
	BytesAfter  uint64 `json:"bytes_after"`
	Reclaimed   uint64 `json:"reclaimed"`
	Generation  uint64 `json:"generation"`
	DryRun      bool   `json:"dry_run"`
}

func (a *app) compactTable(r *host.CompactResult, dryRun bool) error {
	t := table{tabwriter.NewWriter(&a.out, 0, 8, 2, ' ', 0)}
	about := ""
	if dryRun {
		about = "about "
		t.row("dry run", "nothing was removed or merged")
	}
	t.row("events", "%d stay, %d dropped, %d tombstoned", r.Events, r.Dropped, r.Tombstoned)
	if r.Replaced == 0 {
		t.row("segments", "nothing to do")
	} else {
		t.row("segments", "%d replaced by %d", r.Replaced, r.Segments)
		t.row("bytes", "%d before, %s%d after, %s%d reclaimed", r.Before, about, r.After, about, r.Reclaimed())
	}
	t.row("generation", "%d", r.Generation)
	if err := t.w.Flush(); err != nil {
		return err
	}
	return a.out.line()
}
