package cli

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/host"
)

// readFlags are the flags of every command that opens a store.
type readFlags struct {
	noMapping, showHidden, strict bool
}

func (f *readFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.noMapping, "no-mapping", false, "read files without mapping them: slower, with less memory")
	c.Flags().BoolVar(&f.showHidden, "show-hidden", false,
		"for salvage: also show the events of cancelled fences,\nand open a store whose visibility_ranges.fbv is damaged")
	c.Flags().BoolVar(&f.strict, "strict", false, "fail if the open finds damage")
}

func (f *readFlags) options(a *app) host.ReaderOptions {
	return host.ReaderOptions{
		FS:         a.env.FS,
		NoMapping:  f.noMapping,
		ShowHidden: f.showHidden,
		Strict:     f.strict,
		Encrypted:  true,                          // without keys a payload is printed as it is
		Logger:     slog.New(slog.DiscardHandler), // the command prints the report itself
	}
}

// openQuietly opens a store and leaves the report to the caller.
func (a *app) openQuietly(ctx context.Context, dir string, o host.ReaderOptions) (*host.DirReader, error) {
	r, err := host.OpenReader(ctx, dir, o)
	if err != nil {
		return nil, &storeError{dir, err}
	}
	return r, nil
}

// open opens a store and lists its refused files and damage on stderr.
func (a *app) open(ctx context.Context, dir string, o host.ReaderOptions) (*host.DirReader, error) {
	r, err := a.openQuietly(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	report := r.Report()
	a.listRefused(&report)
	for _, d := range report.Damages {
		a.listDamage(d)
	}
	a.noteEmpty(dir, &report)
	a.readNames(dir)
	return r, nil
}

// listRefused lists the refused files.
func (a *app) listRefused(report *host.Report) {
	for _, f := range report.Rejected {
		a.warn("note: %s%s", refusalText(f), instead(f, report))
	}
}

// noteEmpty prints a note if the directory may not be a store.
func (a *app) noteEmpty(dir string, report *host.Report) {
	if report.Segments == 0 && report.Events == 0 {
		a.warn("note: %s has no *.fbat file: it is an empty store, or not a store", dir)
	}
}

// instead returns a text that names the files read instead of a refused one and, unless the
// report lists damage, says that no event is missing.
func instead(f *damage.Refusal, report *host.Report) string {
	nothing := "; no event is missing: "
	if len(report.Damages) > 0 {
		nothing = "; "
	}
	switch {
	case f.File == visibility.FileName:
		return "; cancelled events are shown"
	case isSegment(f.File):
		return nothing + "its events were read one by one"
	}
	return nothing + "the store was opened from " + wayText(report.OpenedFrom)
}

func wayText(w host.Way) string {
	switch w {
	case host.FromIndex:
		return "index.fbati"
	case host.FromCheckpoint:
		return "index.ckpt"
	}
	return "its segments"
}

// listedAtMost bounds the damages that one command lists.
const listedAtMost = 1000

// listDamage writes a damage to stderr.
func (a *app) listDamage(d *damage.Damage) {
	if a.damages++; a.damages > listedAtMost {
		a.unlisted++
		return
	}
	a.warn("%s", damageText(d))
}
