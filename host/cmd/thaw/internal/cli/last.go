package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/host"
)

// printLast prints the first n events of an iteration from the end in order of sequence. Like
// print it reads each event, skips those outside the times of f, and lists those that cannot
// be read.
func (a *app) printLast(ctx context.Context, dir string, r *host.DirReader, all events, f *lineFlags, n int) error {
	p := &printer{app: a, ctx: ctx, dir: dir, reader: r, flags: f, line: f.append(a.names)}
	var texts [][]byte // of the lines, the last one first
	var damages []*damage.Damage
	var failed error
	for e, err := range all {
		if err != nil {
			failed = err
			break
		}
		if f.times.skips(e.WallMS) {
			continue
		}
		full, err := p.full(&e)
		var d *damage.Damage
		if errors.As(err, &d) && !errors.Is(err, source.ErrGone) {
			damages = append(damages, d)
			continue
		}
		if err != nil {
			failed = err
			break
		}
		if !f.times.has(full.TimestampUS) {
			continue
		}
		if texts = append(texts, p.line(nil, &full)); len(texts) == n {
			break
		}
	}
	for _, d := range slices.Backward(damages) {
		a.listDamage(d)
	}
	for _, text := range slices.Backward(texts) {
		a.out.buf = append(a.out.buf, text...)
		if err := a.out.line(); err != nil {
			return err
		}
	}
	if failed != nil {
		return a.ended(dir, failed)
	}
	return nil
}
