package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) fork() *cobra.Command {
	var noLinks, asJSON bool
	c := &cobra.Command{
		Use:   "fork",
		Short: "Make a store of its own that ends after one event",
		Long: `Make a new store in the new directory DST that is DIR as it was after the event with
sequence SEQ. It has its own identity: what is appended to one of the two does not concern
the other. If the event is part of a batch, the fork ends after the batch.

DIR is only read, beside its writer or without one. Segments before the event are linked to
those of DIR where the file system can (they are never written again), otherwise they are
copied; so a fork takes milliseconds and little space. With --no-links everything is
copied.

DST must not exist. It appears as a whole at the end; an interrupted fork leaves
DST.unfinished, which the next one to DST uses again. A store is refused if it shows damage when
it is opened, or if a segment is missing or cut off; thaw verify reads every byte.

With --json one object: store (the fork's identity), seq (its next sequence), origin (store
and seq of the last event in common), linked, cloned, copied (files), copied_bytes, replay
(events that its first open reads from segments) and took_ns.`,
		Example: lines(
			`thaw fork orders 120417 what-if`,
			`thaw fork orders $(thaw query orders --last 1 --json | jq .seq) scratch`),
	}
	arguments(c, "DIR", "SEQ", "DST")
	c.Flags().BoolVar(&noLinks, "no-links", false, "copy every segment, so that the two stores share no file")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for programs")
	c.RunE = func(c *cobra.Command, args []string) error {
		sequence, err := strconv.ParseUint(args[1], 10, 64)
		if err != nil {
			return &usageError{command: c, err: errSequence(args[1])}
		}
		return a.runFork(c.Context(), args[0], sequence, args[2], noLinks, asJSON)
	}
	return c
}

type errSequence string

func (e errSequence) Error() string { return "SEQ is a sequence, not " + strconv.Quote(string(e)) }

type forkJSON struct {
	Store       string     `json:"store"`
	Seq         uint64     `json:"seq"`
	Origin      originJSON `json:"origin"`
	Linked      int        `json:"linked"`
	Cloned      int        `json:"cloned"`
	Copied      int        `json:"copied"`
	CopiedBytes uint64     `json:"copied_bytes"`
	Replay      uint64     `json:"replay"`
	TookNS      int64      `json:"took_ns"`
}

type originJSON struct {
	Store string `json:"store"`
	Seq   uint64 `json:"seq"`
}

func (a *app) runFork(ctx context.Context, dir string, sequence uint64, dst string, noLinks, asJSON bool) error {
	o, err := a.writeOptions(0)
	if err != nil {
		return &copyError{dir, dst, err}
	}
	if err := a.hasSegments(dir); err != nil {
		return &copyError{dir, dst, err}
	}
	r, err := host.Fork(ctx, dir, sequence, dst, host.ForkOptions{FS: o.FS, Logger: o.Logger, Now: o.Now, NoLinks: noLinks})
	if err != nil {
		return &copyError{dir, dst, err}
	}
	if asJSON {
		return a.out.object(forkJSON{
			Store: r.Identity.Store.String(), Seq: r.Identity.Sequence, Linked: r.Linked, Cloned: r.Cloned, Copied: r.Copied,
			Origin:      originJSON{r.Origin.Store.String(), r.Origin.Sequence},
			CopiedBytes: r.CopiedBytes, Replay: r.Replay, TookNS: r.Took.Nanoseconds(),
		})
	}
	err = a.say("%s: events up to sequence %d, in %v; %s linked, %s copied (%s)", dst, r.Origin.Sequence,
		r.Took.Round(time.Millisecond), counted(uint64(r.Linked), "file"), counted(uint64(r.Cloned+r.Copied), "file"), counted(r.CopiedBytes, "byte"))
	if err == nil && r.Replay > 0 {
		err = a.say("its first open reads %s from segments", counted(r.Replay, "event"))
	}
	return err
}
