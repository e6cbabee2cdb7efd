package host

import (
	"context"
	"log/slog"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/store"
)

// loggedAtMost bounds the log lines of one open about one kind of problem.
const loggedAtMost = 10

// logOpen logs the result of an open or refresh, except problems that the report before
// already lists.
func logOpen(ctx context.Context, logger *slog.Logger, path, message string, c *contents, before *store.Report) {
	report := c.snapshot.Report()
	if len(report.Damages) == 0 && len(report.Rejected) == 0 && !logger.Enabled(ctx, slog.LevelDebug) {
		return // the common case, kept fast
	}
	if before == nil {
		before = &store.Report{}
	}
	l := logger.With(slog.String("store", escape.Text(path)))
	l.DebugContext(ctx, message,
		slog.String("from", string(report.OpenedFrom)), slog.Uint64("events", report.Events),
		slog.Uint64("tail", report.TailEvents), slog.Duration("took", c.took))
	logTrouble(ctx, l, &report, before)
}

// logTrouble logs the problems in report that are not in before.
func logTrouble(ctx context.Context, l *slog.Logger, report, before *store.Report) {
	damages := news(report.Damages, before.Damages, func(d *damage.Damage) trouble {
		return trouble{d.File, d.Offset, d.Reason}
	})
	for i, d := range damages {
		if i == loggedAtMost {
			l.ErrorContext(ctx, "thaw: more damages", slog.Int("count", len(damages)-i))
			break
		}
		l.ErrorContext(ctx, "thaw: damaged", slog.String("file", escape.Text(d.File)), slog.Uint64("offset", d.Offset),
			slog.String("reason", string(d.Reason)), slog.Any("error", d))
	}
	rejected := news(report.Rejected, before.Rejected, func(f *damage.Refusal) trouble {
		return trouble{f.File, uint64(f.Offset), f.Reason}
	})
	for i, f := range rejected {
		if i == loggedAtMost {
			l.WarnContext(ctx, "thaw: more files refused", slog.Int("count", len(rejected)-i))
			break
		}
		l.WarnContext(ctx, "thaw: file refused", slog.String("file", escape.Text(f.File)),
			slog.String("reason", string(f.Reason)), slog.Any("error", f))
	}
}

// trouble identifies an entry, to compare two reports.
type trouble struct {
	file   string
	offset uint64
	reason damage.Reason
}

// news returns the elements of is whose key no element of was has.
func news[T any](is, was []T, key func(T) trouble) []T {
	known := map[trouble]bool{}
	for _, t := range was {
		known[key(t)] = true
	}
	return slices.DeleteFunc(slices.Clone(is), func(t T) bool { return known[key(t)] })
}
