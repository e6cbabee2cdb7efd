package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// follow says every event as it comes, from its checkpoint on, until the process is killed.
func follow(ctx context.Context) error {
	r, err := host.OpenReader(ctx, os.Getenv(dirEnv), host.ReaderOptions{Logger: quiet, OpenSegments: openSegments})
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	checkpoint := host.CheckpointFile{Path: filepath.Join(os.Getenv(ownEnv), "checkpoint")}
	from, err := checkpoint.Load(host.Region{})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f := r.Follow(host.Region{}, from, host.FollowOptions{
		Checkpoint: func(p host.Position) error { return checkpoint.Save(host.Region{}, p) },
	})
	say("from %d", from.Sequence)
	for e, err := range f.Events(ctx) {
		if err != nil {
			return err
		}
		p, err := whole(&e)
		if err != nil {
			return err
		}
		say("saw %d %d", e.Sequence, p.packed())
	}
	return nil
}

// totals is a read model: how many events there are of each kind that stays, and a sum that
// depends on every one.
type totals struct {
	Count map[string]uint64
	Sum   uint64
	Order order
}

func (t *totals) Apply(e typed.Envelope) error {
	p, err := whole(&e.Full)
	if err == nil {
		err = t.Order.see(e.Sequence, p)
	}
	if err != nil {
		return err
	}
	if p.passes() {
		return nil // retention may drop it later
	}
	t.Count[e.Name]++
	t.Sum += mix(e.Sequence ^ p.packed())
	return nil
}

// fold keeps a projection and compares it with what a query returns, until the process is
// killed.
func fold(ctx context.Context) error {
	r, err := host.OpenReader(ctx, os.Getenv(dirEnv), host.ReaderOptions{Logger: quiet, OpenSegments: openSegments})
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	projection := project.Memory("totals", host.Region{}, &totals{Count: map[string]uint64{}, Order: order{lossy: lossy()}})
	ended := make(chan error, 1)
	go func() { ended <- project.Run(ctx, r, types, projection) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-time.After(2 * time.Second):
		}
		if err := compareTotals(ctx, projection); err != nil {
			return err
		}
	}
}

func compareTotals(ctx context.Context, projection *project.MemoryProjection[*totals]) error {
	var at, events, sum uint64
	err := projection.Read(func(t *totals, p host.Position) {
		at, sum = p.Sequence, t.Sum
		for _, n := range t.Count {
			events += n
		}
	})
	if err != nil || at == 0 {
		return err
	}
	r, err := host.OpenReader(ctx, os.Getenv(dirEnv), host.ReaderOptions{Logger: quiet, OpenSegments: openSegments})
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer r.Close()
	var want, wantSum uint64
	for e, err := range r.Query(ctx, host.Region{}, host.Page{To: at}) {
		if errors.Is(err, source.ErrShort) {
			return nil // its index was cut, and a compaction took the segments to rebuild it from
		}
		if err != nil {
			return err
		}
		if e.Kind == passingKind {
			continue
		}
		want++
		wantSum += mix(e.Sequence ^ packedOf(&e))
	}
	if want != events || wantSum != sum {
		return fmt.Errorf("up to %d the projection has %d events, sum %x; a query %d, sum %x", at, events, sum, want, wantSum)
	}
	say("at %d", at)
	return nil
}
