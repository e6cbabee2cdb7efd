package crash_test

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// check compares the store after a stop with the knowledge of the callers: the promises P1 to P5 of
// host/GUIDE.md. It reads the store, recovers it, appends, closes it, and reads it again.
func check(fs *crashfs.FS, known knowledge, seed uint64) error {
	if seed%6 == 0 { // it costs as much as the rest
		if err := verify(fs, "before recovery"); err != nil {
			return err
		}
	}
	before, err := readOnly(fs)
	if errors.Is(err, errNoStore) {
		return nothingAcked(known.units)
	}
	if err != nil {
		return fmt.Errorf("read as it is: %w", err)
	}
	if err := compare(before, known); err != nil {
		return fmt.Errorf("read as it is: %w", err)
	}
	if known.flushes != nil {
		if err := asSegments(fs, before, seed%8 == 0); err != nil {
			return fmt.Errorf("read as it is: %w", err)
		}
	}
	after, err := writeOn(fs, before, known.flushes, seed)
	if err != nil {
		return err
	}
	if err := tidy(fs); err != nil {
		return fmt.Errorf("after recovery: %w", err)
	}
	again, err := readOnly(fs)
	if err != nil {
		return fmt.Errorf("read again: %w", err)
	}
	if known.flushes != nil {
		if err := asSegments(fs, again, seed%8 == 1); err != nil {
			return fmt.Errorf("after recovery: %w", err)
		}
	}
	if seed%3 == 0 {
		if err := verify(fs, "after recovery"); err != nil {
			return err
		}
	}
	return same(after, again)
}

var errNoStore = errors.New("no store")

func nothingAcked(units []unit) error {
	for _, u := range units {
		if u.fate == acked {
			return fmt.Errorf("the directory is gone and unit %d was acknowledged", u.number)
		}
	}
	return nil
}

func verify(fs fsabstraction.ReadFS, when string) error {
	if _, err := fs.Lstat(dir); err != nil {
		return nil
	}
	result, err := host.Verify(ctx, dir, host.ReaderOptions{FS: fs, Logger: quiet}, nil)
	if err != nil {
		return fmt.Errorf("verify %s: %w", when, err)
	}
	if len(result.Damages) > 0 {
		return fmt.Errorf("verify %s: %w", when, result.Damages[0])
	}
	return nil
}

// readOnly returns every event as a reader sees it. Nothing may be damaged.
func readOnly(fs fsabstraction.ReadFS) ([]event.Event, error) {
	if _, err := fs.Lstat(dir); err != nil {
		return nil, errNoStore
	}
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{FS: fs, Logger: quiet, Strict: true})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return events(r)
}

func events(q host.Reader) ([]event.Event, error) {
	return gather(q.Query(ctx, host.Region{}, host.Page{}))
}

func gather(seq iter.Seq2[event.Event, error]) (out []event.Event, err error) {
	for e, err := range seq {
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// compare compares events with the units.
func compare(found []event.Event, known knowledge) error {
	units, serial := known.units, known.serial
	if uint64(len(found)) < known.shown {
		return fmt.Errorf("%d events were shown and %d are there", known.shown, len(found))
	}
	seen := make([]int, len(units))
	last, any := -1, false
	if len(found) < len(known.before) {
		return fmt.Errorf("%d of the %d events that were there before", len(found), len(known.before))
	}
	for i, e := range found {
		if e.Sequence != uint64(i) {
			return fmt.Errorf("event %d has sequence %d", i, e.Sequence)
		}
		if i < len(known.before) {
			if e != known.before[i] {
				return fmt.Errorf("event %d was %+v before and is %+v", i, known.before[i], e)
			}
			continue
		}
		n, ok := unitOf(e.Correlation)
		if !ok || n >= len(units) {
			return fmt.Errorf("event %d was never appended", i)
		}
		u := &units[n]
		switch {
		case u.fate == never:
			return fmt.Errorf("event %d is of unit %d, which must not be there", i, n)
		case seen[n] >= u.events:
			return fmt.Errorf("unit %d is there twice", n)
		case any && n != last && seen[last] != units[last].events:
			return fmt.Errorf("unit %d is mixed with others or cut short", last)
		case serial && n < last:
			return fmt.Errorf("unit %d comes after unit %d", n, last)
		}
		if u.fate == acked {
			r := u.receipts[seen[n]]
			if r.ID != e.ID || r.Sequence != e.Sequence || r.Clock != e.Clock || r.Position != e.Position {
				return fmt.Errorf("unit %d: the receipt says %+v, the store %+v", n, r, e)
			}
		}
		seen[n]++
		last, any = n, true
	}
	hole := -1
	for n := range units {
		u := &units[n]
		switch {
		case u.fate == acked && seen[n] != u.events:
			return fmt.Errorf("unit %d was acknowledged and has %d of %d events", n, seen[n], u.events)
		case seen[n] != 0 && seen[n] != u.events:
			return fmt.Errorf("unit %d has %d of %d events", n, seen[n], u.events)
		case serial && u.fate != never && seen[n] == 0 && hole < 0:
			hole = n
		case serial && seen[n] > 0 && hole >= 0:
			return fmt.Errorf("unit %d is there and unit %d before it is not", n, hole)
		}
	}
	return nil
}

// writeOn opens for writing, which must show what a reader saw, appends one event
// and closes. It returns what must be there from now on.
func writeOn(fs *crashfs.FS, before []event.Event, flushes *tuning.Flushes, seed uint64) ([]event.Event, error) {
	o := options(fs, seed^0xabcdef)
	o.Strict = true
	if seed%4 == 3 {
		flushes = nil
	}
	st, err := host.Open(ctx, dir, withFlushes(flushes, o))
	if err != nil {
		return nil, fmt.Errorf("open for writing: %w", err)
	}
	shown, err := events(st)
	if err == nil {
		err = same(before, shown)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("shown by the writer: %w", err), st.Close())
	}
	s := &session{Store: st, world: &world{}, random: rand.New(rand.NewPCG(seed, 3))}
	at, kind, value := s.event()
	r, err := st.Append(ctx, at, kind, value)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("append: %w", err), st.Close())
	}
	if r.Sequence != uint64(len(before)) {
		return nil, errors.Join(fmt.Errorf("the next event has sequence %d, not %d", r.Sequence, len(before)), st.Close())
	}
	after, err := events(st)
	if err := errors.Join(err, st.Close(), st.CloseReport().IndexError); err != nil {
		return nil, fmt.Errorf("close: %w", err)
	}
	if len(after) != len(before)+1 {
		return nil, fmt.Errorf("%d events, and %d after one more", len(before), len(after))
	}
	return after, same(before, after[:len(before)])
}

func same(want, got []event.Event) error {
	if len(want) != len(got) {
		return fmt.Errorf("%d events became %d", len(want), len(got))
	}
	for i := range want {
		if want[i] != got[i] {
			return fmt.Errorf("event %d changed from %+v to %+v", i, want[i], got[i])
		}
	}
	return nil
}
