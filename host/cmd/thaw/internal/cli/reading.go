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
	c.Flags().BoolVar(&f.noMapping, "no-mapping", false, "read files without mapping them: slower, and the process stays small")
	c.Flags().BoolVar(&f.showHidden, "show-hidden", false,
		"for salvage: show also what cancelled fences promised to hide,\nand open a store whose visibility_ranges.fbv is damaged")
	c.Flags().BoolVar(&f.strict, "strict", false, "show nothing of a store in which opening meets damage")
}

func (f *readFlags) options(a *app) host.ReaderOptions {
	return host.ReaderOptions{
		FS:         a.env.FS,
		NoMapping:  f.noMapping,
		ShowHidden: f.showHidden,
		Strict:     f.strict,
		Logger:     slog.New(slog.DiscardHandler), // what it would say is told in words
	}
}

// openQuietly opens a store and leaves the telling to the caller.
func (a *app) openQuietly(ctx context.Context, dir string, o host.ReaderOptions) (*host.DirReader, error) {
	r, err := host.OpenReader(ctx, dir, o)
	if err != nil {
		return nil, &storeError{dir, err}
	}
	return r, nil
}

// open opens a store and tells what is wrong with it.
func (a *app) open(ctx context.Context, dir string, o host.ReaderOptions) (*host.DirReader, error) {
	r, err := a.openQuietly(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	report := r.Report()
	a.tellRefused(&report)
	for _, d := range report.Damages {
		a.tell(d)
	}
	a.noteEmpty(dir, &report)
	return r, nil
}

// tellRefused tells which files were not taken.
func (a *app) tellRefused(report *host.Report) {
	for _, f := range report.Rejected {
		a.warn("note: %s%s", refusalText(f), instead(f, report))
	}
}

// noteEmpty says that a directory may be no store at all.
func (a *app) noteEmpty(dir string, report *host.Report) {
	if report.Segments == 0 && report.Events == 0 {
		a.warn("note: %s holds no *.fbat file: a store without events, or no store", dir)
	}
}

// instead says what was read in place of a file that was not taken, and that
// nothing is missing where no damage says otherwise.
func instead(f *damage.Refusal, report *host.Report) string {
	nothing := "; nothing is missing, since "
	if len(report.Damages) > 0 {
		nothing = "; "
	}
	switch {
	case f.File == visibility.FileName:
		return "; events that were cancelled are shown"
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

// toldAtMost is how many damages one command writes out.
const toldAtMost = 1000

// tell writes a damage to stderr.
func (a *app) tell(d *damage.Damage) {
	if a.damages++; a.damages > toldAtMost {
		a.untold++
		return
	}
	a.warn("%s", damageText(d))
}
