package cli

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/host"
)

func (a *app) verify() *cobra.Command {
	var noMapping, asJSON bool
	c := &cobra.Command{
		Use:   "verify",
		Short: "Check every byte of a store",
		Long: `Read every byte of a store and compare everything that is in two places: frames and
their checksums, payloads and their hashes, the chain of each entity, footers against
frames, index.fbati and index.ckpt against the segments, the hidden ranges, and the
look-up tables. Nothing is repaired.

Each damage is a line with its file, offset, reason and the events it touches. A note
is worth knowing and no damage: the torn end of a log that was not closed, say.
Exit code 0: sound. 1: damage was found. 2: the check could not be made.

With --json one object: sound, damages (file, offset, length, reason, detail, events,
unnamed, first_seq, end_seq), notes (topic, file, offset, event, first, end, detail),
omitted (findings beyond the listed ones), bytes, segments, frames, events, hidden,
batches and opened_from.`,
		Example: lines(
			`thaw verify orders && cp -r orders backup/`,
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

func (a *app) runVerify(ctx context.Context, dir string, noMapping, asJSON bool) error {
	p := a.progress(dir)
	r, err := host.Verify(ctx, dir, host.ReaderOptions{
		FS: a.env.FS, NoMapping: noMapping, Logger: slog.New(slog.DiscardHandler),
	}, p.report)
	p.clear()
	if err != nil {
		return &storeError{dir, err}
	}
	if r.Segments == 0 && r.OpenedFrom == store.FromSegments && r.Sound() {
		return &storeError{dir, errNoStore}
	}
	a.damages = len(r.Damages)
	if asJSON {
		return a.out.object(verifyObject(r))
	}
	return a.verifyText(dir, r)
}

func (a *app) verifyText(dir string, r *verify.Result) error {
	for _, d := range r.Damages {
		fmt.Fprintf(&a.out, "damage: %s\n", damageText(d))
		if err := a.out.line(); err != nil {
			return err
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&a.out, "note: %s\n", n)
		if err := a.out.line(); err != nil {
			return err
		}
	}
	if r.Omitted > 0 {
		fmt.Fprintf(&a.out, "%s of the same reasons not listed\n", counted(r.Omitted, "more finding"))
	}
	verdict := "sound"
	if !r.Sound() {
		verdict = counted(len(r.Damages), "damage")
	}
	fmt.Fprintf(&a.out, "%s: %s: %s in %s (%d hidden), %s, %s\n", dir, verdict,
		counted(r.Events, "event"), counted(r.Segments, "segment"), r.Hidden,
		counted(r.Batches, "batch"), counted(r.Bytes, "byte"))
	return a.out.line()
}

type verifyJSON struct {
	Sound      bool         `json:"sound"`
	Damages    []damageJSON `json:"damages"`
	Notes      []noteJSON   `json:"notes"`
	Omitted    uint64       `json:"omitted"`
	Bytes      uint64       `json:"bytes"`
	Segments   uint64       `json:"segments"`
	Frames     uint64       `json:"frames"`
	Events     uint64       `json:"events"`
	Hidden     uint64       `json:"hidden"`
	Batches    uint64       `json:"batches"`
	OpenedFrom store.Way    `json:"opened_from"`
}

type noteJSON struct {
	Topic  verify.Topic `json:"topic"`
	File   string       `json:"file"`
	Offset uint64       `json:"offset"`
	// Event is null when the note is about none.
	Event *touchedJSON `json:"event"`
	// First and End bound sequences, End exclusive; both are null without any.
	First  *uint64 `json:"first"`
	End    *uint64 `json:"end"`
	Detail string  `json:"detail"`
}

func noteObject(n verify.Note) noteJSON {
	o := noteJSON{Topic: n.Topic, File: n.File, Offset: n.Offset, Detail: n.Detail}
	if n.Named {
		t := touchedObject(n.Event)
		o.Event = &t
	}
	if n.End > n.First {
		o.First = &n.First
		if n.End != damage.UnknownEnd {
			o.End = &n.End
		}
	}
	return o
}

func verifyObject(r *verify.Result) verifyJSON {
	return verifyJSON{
		Sound: r.Sound(), Damages: list(r.Damages, damageObject), Notes: list(r.Notes, noteObject),
		Omitted: r.Omitted, Bytes: r.Bytes, Segments: r.Segments, Frames: r.Frames, Events: r.Events,
		Hidden: r.Hidden, Batches: r.Batches, OpenedFrom: r.OpenedFrom,
	}
}
