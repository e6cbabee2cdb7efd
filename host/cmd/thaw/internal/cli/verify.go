package cli

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) verify() *cobra.Command {
	var noMapping, asJSON bool
	c := &cobra.Command{
		Use:   "verify",
		Short: "Check every byte of a store",
		Long: `Read every byte of a store and compare all redundant data: frames and their checksums,
payloads and their hashes, the chain of each entity, footers against frames, index.fbati
and index.ckpt against the segments, the hidden ranges, and index.thaw. Nothing
is repaired.

Each damage is a line with its file, offset, reason and the events it affects. A note is
not damage, such as the torn end of a log that was not closed. Exit code 0: sound.
1: damage was found. 2: the check could not be completed.

With --json one object: sound, damages (file, offset, length, reason, detail, events,
unnamed, first_seq, end_seq), notes (topic, file, offset, event, first, end, detail),
omitted (findings beyond the listed ones), bytes, segments, frames, events, hidden,
batches and opened_from.`,
		Example: lines(
			`thaw verify orders`,
			`thaw verify backup       # a copy; see thaw --help for copying a live store`,
			`thaw verify orders --json | jq '.damages[] | {file, offset, reason}'`),
	}
	arguments(c, "DIR")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for programs")
	c.Flags().BoolVar(&noMapping, "no-mapping", false, "read files without mapping them")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.runVerify(c.Context(), args[0], noMapping, asJSON)
	}
	return c
}

// verifyGCPercent is the garbage that a check may hold, in percent of its live memory.
const verifyGCPercent = 30

func (a *app) runVerify(ctx context.Context, dir string, noMapping, asJSON bool) error {
	// A check holds little of what it reads; by default the collector would let its memory
	// double before it runs.
	defer debug.SetGCPercent(debug.SetGCPercent(verifyGCPercent))
	p := a.progress(dir)
	r, err := host.Verify(ctx, dir, host.ReaderOptions{
		FS: a.env.FS, NoMapping: noMapping, Logger: slog.New(slog.DiscardHandler),
	}, p.report)
	p.clear()
	if err != nil {
		return &storeError{dir, err}
	}
	if r.Segments == 0 && r.OpenedFrom == host.FromSegments && r.Sound() {
		return &storeError{dir, errNoStore}
	}
	a.damages = len(r.Damages)
	if asJSON {
		return a.out.object(r)
	}
	return a.verifyText(dir, r)
}

func (a *app) verifyText(dir string, r *host.Findings) error {
	for _, d := range r.Damages {
		if err := a.say("damage: %s", damageText(d)); err != nil {
			return err
		}
	}
	for _, n := range r.Notes {
		if err := a.say("note: %s", n); err != nil {
			return err
		}
	}
	if r.Omitted > 0 {
		if err := a.say("%s for the same reasons not listed", counted(r.Omitted, "more finding")); err != nil {
			return err
		}
	}
	verdict := "sound"
	if !r.Sound() {
		verdict = counted(len(r.Damages), "damage")
	}
	return a.say("%s: %s: %s in %s (%d hidden), %s, %s", dir, verdict,
		counted(r.Events, "event"), counted(r.Segments, "segment"), r.Hidden,
		counted(r.Batches, "batch"), counted(r.Bytes, "byte"))
}
