package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/host"
)

// oracle is what was acknowledged. It is safe for concurrent use.
type oracle struct {
	// lossy says that retention drops events of one kind.
	lossy bool

	mu sync.Mutex
	// acked are packed places by sequence, 0 where nothing was acknowledged: such an event
	// may exist, if its writer was killed before it could say so.
	acked []uint64
	count int
	// followed is what the follower has seen, in the same form.
	followed []uint64
}

// ack notes the acknowledgement of a unit whose first event has a sequence.
func (o *oracle) ack(first, unit uint64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range size(unit) {
		if err := put(&o.acked, first+uint64(i), place{unit, i}.packed()); err != nil {
			return fmt.Errorf("acknowledged twice: %w", err)
		}
		o.count++
	}
	return nil
}

// follow notes an event that the follower saw. After it was killed, it sees some again.
func (o *oracle) follow(sequence, packed uint64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for n := uint64(len(o.followed)); n < sequence; n++ {
		if !o.mayMiss(o.acked, n) {
			return fmt.Errorf("the follower sees %d after %d: a hole", sequence, n)
		}
	}
	return put(&o.followed, sequence, packed)
}

// mayMiss reports whether a sequence may be missing: what it was is not known, or retention
// drops that.
func (o *oracle) mayMiss(acked []uint64, n uint64) bool {
	return o.lossy && (n >= uint64(len(acked)) || acked[n] == 0 || unpack(acked[n]).passes())
}

// put sets an element that must be unset or the same.
func put(list *[]uint64, at, packed uint64) error {
	for uint64(len(*list)) <= at {
		*list = append(*list, 0)
	}
	if was := (*list)[at]; was != 0 && was != packed {
		return fmt.Errorf("sequence %d was event %v, and now is %v", at, unpack(was), unpack(packed))
	}
	(*list)[at] = packed
	return nil
}

// numbers returns how many events were acknowledged, and how many were followed.
func (o *oracle) numbers() (acked, followed int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.count, len(o.followed)
}

// copied returns the acknowledgements so far.
func (o *oracle) copied() []uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]uint64(nil), o.acked...)
}

// compare requires that a store has everything that was acknowledged before now, and nothing
// that nobody appended.
func (o *oracle) compare(ctx context.Context, dir string) error {
	return o.compareWith(ctx, o.copied(), dir)
}

// compareWith is compare with what was acknowledged at some moment. It looks again when the index
// was cut off under the reader and a compaction took the segments to rebuild it from.
func (o *oracle) compareWith(ctx context.Context, acked []uint64, dir string) (err error) {
	for range 5 {
		if err = o.compareOnce(ctx, acked, dir); !errors.Is(err, source.ErrShort) {
			return err
		}
	}
	return err
}

func (o *oracle) compareOnce(ctx context.Context, acked []uint64, dir string) (err error) {
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{Logger: quiet, OpenSegments: openSegments})
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if d := r.Report().Damages; len(d) > 0 {
		return fmt.Errorf("damage: %w", d[0])
	}
	in := order{lossy: o.lossy}
	for e, err := range r.Query(ctx, host.Region{}, host.Page{}) {
		if err != nil {
			return err
		}
		p, err := known(&e)
		for n := in.next; err == nil && n < e.Sequence; n++ {
			if !o.mayMiss(acked, n) {
				err = fmt.Errorf("sequence %d is missing, and was not to be dropped", n)
			}
		}
		if err == nil {
			err = in.see(e.Sequence, p)
		}
		if err != nil {
			return err
		}
		if e.Sequence < uint64(len(acked)) && acked[e.Sequence] != 0 && acked[e.Sequence] != p.packed() {
			return fmt.Errorf("sequence %d was acknowledged as %v, and is %v", e.Sequence, unpack(acked[e.Sequence]), p)
		}
	}
	for n := in.next; n < uint64(len(acked)); n++ {
		if !o.mayMiss(acked, n) {
			return fmt.Errorf("acknowledged up to sequence %d, and the store ends at %d", len(acked), in.next)
		}
	}
	return in.end()
}
