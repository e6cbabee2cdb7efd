package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) redact() *cobra.Command {
	var q filterFlags
	var dry, asJSON bool
	var wait patience
	c := &cobra.Command{
		Use:   "redact",
		Short: "Remove the payloads of some events for good",
		Long: `Remove payload and metadata of the selected events from every file of the store, those
of cancelled fences included. Sequence, clock, id, kind, times, names and hash of an event
stay, so chains of hashes can still be checked; thaw dump prints it with redacted: true
and without payload. The selection needs at least one flag, and cannot have times.

It takes the store's lock, and repairs an unclean stop, also with --dry-run. Only the
segments with selected events are written again, in one step: after a crash the payloads
are still there, or gone, and the command can be repeated; events that are redacted already
cost nothing. It also removes NNNNNN.fbat.cut-OFFSET, bytes that recovery cut off a segment,
which may hold payloads. It cannot reach copies, backups, forks and the disk's free
blocks; it prints what else. To make payloads unreadable in backups too, encrypt them
with a key for each subject: see ERASURE.md of package host.

With --json one object: dir, dry_run, redacted (events), segments (written again), removed
(files), strange (names in the directory that are no files of a store) and unreachable.`,
		Example: lines(
			`thaw redact orders --entity customer:7 --dry-run`,
			`thaw redact orders --entity customer:7`),
	}
	arguments(c, "DIR")
	f := c.Flags()
	f.StringVar(&q.entity, "entity", "", "events of this entity")
	f.StringVar(&q.prefix, "prefix", "", "events of entities with this prefix")
	f.StringVar(&q.scope, "scope", "", "events in this scope")
	f.Var(&q.kind, "kind", "events of this kind: a number such as 0x1000, or a name;\nmay be given several times, or as A,B")
	f.Var(&q.clock, "clock", "events with these versions within their entity, both\nends included")
	f.BoolVar(&dry, "dry-run", false, "only print what would be done")
	f.BoolVar(&asJSON, "json", false, "print one JSON object for programs")
	plainFlag(c, "entity", "prefix", "scope", "clock")
	_ = c.RegisterFlagCompletionFunc("kind", a.completeKind)
	waitFlag(c, &wait)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := q.check(c); err != nil {
			return &usageError{command: c, err: err}
		}
		return a.runRedact(c, args[0], &q, dry, asJSON, wait)
	}
	return c
}

func (a *app) runRedact(c *cobra.Command, dir string, q *filterFlags, dry, asJSON bool, wait patience) error {
	ctx := c.Context()
	if err := a.hasSegments(dir); err != nil {
		return &writeError{dir, err}
	}
	a.readNames(dir)
	region, _, ok, err := q.region(c, a.names)
	if err != nil {
		return err
	}
	if ok && region == (host.Region{}) {
		return &usageError{command: c, err: errors.New("select events with --entity, --prefix, --scope, --kind or --clock")}
	}
	s, err := a.openToTry(ctx, dir, wait, dry)
	if err != nil {
		return err
	}
	var done host.RedactResult
	if ok {
		done, err = s.Redact(ctx, region, host.RedactOptions{DryRun: dry})
	}
	if err != nil {
		err = &writeError{dir, err}
	}
	if err = a.closeWritten(dir, s, err); err != nil {
		return err
	}
	return a.redacted(dir, &done, dry, asJSON)
}

// redactJSON is what --json prints.
type redactJSON struct {
	Dir         string   `json:"dir"`
	DryRun      bool     `json:"dry_run"`
	Redacted    uint64   `json:"redacted"`
	Segments    int      `json:"segments"`
	Removed     []string `json:"removed"`
	Strange     []string `json:"strange"`
	Unreachable []string `json:"unreachable"`
}

func (a *app) redacted(dir string, r *host.RedactResult, dry, asJSON bool) error {
	if asJSON {
		o := redactJSON{
			Dir: dir, DryRun: dry, Redacted: r.Redacted, Segments: r.Segments,
			Removed: append([]string{}, r.Removed...), Strange: append([]string{}, r.Strange...), Unreachable: r.Unreachable(),
		}
		if err := a.out.gather(o); err != nil {
			return err
		}
		return a.out.line()
	}
	did, removed := "redacted", "removed "
	if dry {
		did, removed = "would redact", "would remove "
	}
	text := did + " " + counted(r.Redacted, "event") + " in " + counted(uint64(r.Segments), "segment")
	if r.Redacted > 0 && r.Segments == 0 {
		text = counted(r.Redacted, "event") + ", redacted already"
	}
	a.out.buf = append(a.out.buf, text...)
	for _, name := range r.Removed {
		a.out.buf = append(a.out.buf, "\n"+removed+name...)
	}
	for _, name := range r.Strange {
		a.warn("note: %s is no file of a store and was not looked at", name)
	}
	a.out.buf = append(a.out.buf, "\nnot reached:"...)
	for _, what := range r.Unreachable() {
		a.out.buf = append(a.out.buf, "\n  "+what...)
	}
	a.out.buf = append(a.out.buf, '\n')
	return a.out.line()
}
