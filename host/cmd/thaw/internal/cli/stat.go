package cli

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) stat() *cobra.Command {
	var read readFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "stat",
		Short: "Print the contents of a store and how it was opened",
		Long: `Open a store and print how it was opened (from index.fbati, index.ckpt or the segments),
which files were refused and why, what is damaged, and how many events there are. It
does not read the events that an index covers; thaw verify does.

With --json one object: opened_from (index, checkpoint or segments), events, hidden,
allocator (the next sequence), segments, tail_events (read from segments at open),
lookups (saved or built), parts (part files in use), rejected (list of file, reason,
offset, detail), damages (the same and length, events, unnamed, first_seq, end_seq),
unfinished (batches without a commit), gaps (missing sequences), unsealed (segments
without a footer), torn (the unfinished end of the newest segment, or null), unclosed,
hidden_ranges, duplicate_ids, table_bytes and open_ns. wasm/guest/ABI.md lists the keys
of each object within it. If programs keep names of kinds in names.thaw, kind_names has
them by kind.

unclosed means that the last writer did not close the store, or still has it open; the
files do not show which. All complete appends are visible either way, and the next open
for writing repairs the store.

A store that was forked, or from which events were removed, has its lineage in store.thaw:
its identity, the store that it was forked from, and what was removed. With --json lineage
has store, generation, origin (store and seq, or null) and removals (list of generation,
mode, first, end, events, wall_ms).`,
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
	a.readNames(dir)
	l, err := r.Lineage(ctx)
	if err != nil && a.damages == 0 { // a damaged store.thaw is listed with the rest
		return a.ended(dir, err)
	}
	if asJSON {
		return a.statObject(&report, &l)
	}
	var kinds []host.KindSummary
	if len(a.names) > 0 {
		for kind, err := range r.Kinds(ctx) {
			if err != nil {
				return a.ended(dir, err)
			}
			kinds = append(kinds, kind)
		}
	}
	return a.statTable(dir, &report, &l, kinds)
}

// statObject prints a report for programs, with the lineage and the names of kinds if there are
// any.
func (a *app) statObject(report *host.Report, l *host.Lineage) error {
	if len(a.names) == 0 && !written(l) {
		return a.out.object(report)
	}
	line, err := json.Marshal(report)
	if err != nil {
		return err
	}
	line = bytes.TrimSuffix(line, []byte("}"))
	if written(l) {
		of, err := json.Marshal(lineageOf(l))
		if err != nil {
			return err
		}
		line = append(append(line, `,"lineage":`...), of...)
	}
	if len(a.names) > 0 {
		names, err := json.Marshal(a.names)
		if err != nil {
			return err
		}
		line = append(append(line, `,"kind_names":`...), names...)
	}
	return a.out.object(json.RawMessage(append(line, '}')))
}
