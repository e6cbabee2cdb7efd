package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/host"
)

// read reads all events over and over, until the process is killed: new ones with their
// payloads, old ones again to see that nothing changed.
func read(ctx context.Context) error {
	r := rand.New(rand.NewPCG(number(turnEnv), uint64(os.Getpid())))
	var seen []uint64 // packed places by sequence, 0 for what retention dropped before
	for round := 0; ; round++ {
		reader, err := host.OpenReader(ctx, os.Getenv(dirEnv), host.ReaderOptions{
			Logger: quiet, OpenSegments: openSegments, NoMapping: round%3 == 0, CheckFrames: round%4 == 1,
		})
		if err != nil {
			return fmt.Errorf("open: %w", err)
		}
		for range 10 + r.IntN(30) {
			if seen, err = readOn(ctx, reader, seen); err == nil {
				err = readAgain(ctx, reader, seen, r)
			}
			if errors.Is(err, source.ErrShort) {
				break // its index was cut, and a compaction took the segments to rebuild it from
			}
			if err != nil {
				return err
			}
			say("at %d", len(seen))
			time.Sleep(time.Duration(r.IntN(200)) * time.Millisecond)
			if _, err := reader.Refresh(ctx); err != nil {
				return fmt.Errorf("refresh: %w", err)
			}
		}
		if err := reader.Close(); err != nil {
			return err
		}
	}
}

// readOn reads the events that were not seen, and adds them.
func readOn(ctx context.Context, q host.Reader, seen []uint64) ([]uint64, error) {
	if d := q.Report().Damages; len(d) > 0 {
		return seen, fmt.Errorf("a reader finds damage: %w", d[0])
	}
	o := order{lossy: lossy(), next: uint64(len(seen))}
	if len(seen) > 0 {
		o.last, o.some = unpack(seen[len(seen)-1]), true
	}
	all := q.Query(ctx, host.Region{}, host.Page{From: uint64(len(seen))})
	for f, err := range q.ReadEach(ctx, all) {
		if errors.Is(err, host.ErrRemoved) && lossy() {
			return seen, nil // during the iteration; the next one does not see it
		}
		if err != nil {
			return seen, err
		}
		p, err := whole(&f)
		if err == nil {
			err = o.see(f.Sequence, p)
		}
		if err != nil {
			return seen, err
		}
		for uint64(len(seen)) < f.Sequence {
			seen = append(seen, 0)
		}
		seen = append(seen, p.packed())
	}
	return seen, o.end()
}

// readAgain asks for events that were seen before.
func readAgain(ctx context.Context, q host.Reader, seen []uint64, r *rand.Rand) error {
	if len(seen) == 0 {
		return nil
	}
	from := r.Uint64N(uint64(len(seen)))
	to := min(from+1000, uint64(len(seen)))
	next := from
	// gone requires that the events up to a sequence may be missing.
	gone := func(end uint64) error {
		for ; next < end; next++ {
			if was := seen[next]; was != 0 && !(lossy() && unpack(was).passes()) {
				return fmt.Errorf("sequence %d was event %v, and now is missing", next, unpack(was))
			}
		}
		return nil
	}
	for e, err := range q.Query(ctx, host.Region{}, host.Page{From: from, To: to}) {
		if errors.Is(err, host.ErrRemoved) && lossy() {
			return nil // since the last refresh, and CheckFrames reads its frame
		}
		if err == nil {
			err = gone(e.Sequence)
		}
		if err != nil {
			return err
		}
		if seen[e.Sequence] != packedOf(&e) {
			return fmt.Errorf("sequence %d was event %v, and now is %v", e.Sequence, unpack(seen[e.Sequence]), unpack(packedOf(&e)))
		}
		next++
	}
	if err := gone(to); err != nil {
		return err
	}
	if seen[from] == 0 || lossy() && unpack(seen[from]).passes() {
		return nil
	}
	p := unpack(seen[from])
	f, err := q.Get(ctx, p.id())
	if err != nil {
		return fmt.Errorf("get of sequence %d, event %v: %w", from, p, err)
	}
	if _, err := whole(&f); err != nil || f.Sequence != from {
		return fmt.Errorf("get of sequence %d returns %d: %v", from, f.Sequence, err)
	}
	clock := uint32(0)
	for e, err := range q.Stream(ctx, p.at().Entity, host.StreamPage{}) {
		if errors.Is(err, host.ErrRemoved) && lossy() {
			return nil
		}
		if err != nil {
			return err
		}
		if e.Clock < clock || e.Clock > clock && !lossy() {
			return fmt.Errorf("the stream of %s has clock %d where %d comes", p.at().Entity, e.Clock, clock)
		}
		clock = e.Clock + 1
	}
	return nil
}

func packedOf(e *event.Event) uint64 {
	p, ok := placeOf(e.ID)
	if !ok {
		return 0
	}
	return p.packed()
}
