package host

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/scarce"
)

// Follow returns a follower of a region's events from a position on. It notices an append at
// once. The zero Position is the beginning; a [Position] call returns the end.
func (s *Store) Follow(region Region, from Position, o FollowOptions) *Follower {
	return newFollower(&storeFeed{Store: s}, region, from, o)
}

// Follow returns a follower of a region's events from a position on. It refreshes the reader
// with a pause that grows up to FollowOptions.MaxPause, which everything else that uses the
// reader sees. The zero Position is the beginning; a [Position] call returns the end.
func (r *DirReader) Follow(region Region, from Position, o FollowOptions) *Follower {
	return NewFollower(r, region, from, o)
}

// Refresher is a Reader of a store that another process writes: a [DirReader], or the reader
// of package wasm/plugin.
type Refresher interface {
	Reader

	// Refresh moves the reader to the current state of the store, and reports whether
	// anything changed.
	Refresh(ctx context.Context) (changed bool, err error)
}

// NewFollower returns a follower that refreshes r. It is for implementations of Refresher;
// see [DirReader.Follow].
func NewFollower(r Refresher, region Region, from Position, o FollowOptions) *Follower {
	return newFollower(&refreshFeed{Refresher: r, most: max(o.MaxPause, 0)}, region, from, o)
}

// storeFeed is the feed in the process of the writer.
type storeFeed struct {
	*Store
	id   event.ID // zero while the store is empty
	next uint64   // at the last look
}

// look implements feed. Every event that is committed later has a sequence of at least
// visible.
func (f *storeFeed) look(ctx context.Context) (end, limit Position, err error) {
	if f.next = f.versions.visible(); f.id.IsZero() {
		at, err := f.Position(ctx)
		if err != nil || at.Store.IsZero() {
			return Position{}, Position{}, err
		}
		f.id = at.Store
	}
	end = Position{Store: f.id, Sequence: f.next}
	return end, end, ctx.Err()
}

// recentEvents is the length of a page that is read from the memtable, event by event. The
// index of new events is then not built, which takes longer than all the rest.
const recentEvents = 64

func (f *storeFeed) events(ctx context.Context, region Region, page Page, o feedOptions) iter.Seq2[event.Full, error] {
	without := o.without
	all := events(ctx, f.Store, region, page, without)
	if page.To-page.From > recentEvents || !region.Since.IsZero() || !region.Until.IsZero() {
		return all
	}
	return func(yield func(event.Full, error) bool) {
		v, err := f.versions.pin()
		if err != nil {
			yield(event.Full{}, err)
			return
		}
		run, ok := v.log.between(page.From, page.To)
		if !ok || page.From < v.unflushed() {
			_ = v.release()
			all(yield)
			return
		}
		defer v.release()
		v.files.extend(run)
		wanted := region.Core()
		for i := range run.Len() {
			r := run.At(i).Decode()
			e := event.Full{Event: event.Event{
				Facts: r.Facts, Coordinate: event.At(string(run.Names().At(r.Entity)), string(run.Names().At(r.Scope))),
			}}
			if !wanted.Has(&e.Event) {
				continue
			}
			if !without {
				e, err = v.snapshot.Read(e.Event)
			}
			if !yield(e, err) || err != nil && !errors.Is(err, ErrErased) {
				return
			}
		}
	}
}

// events is [feed.events] of any reader.
func events(ctx context.Context, r Reader, region Region, page Page, without bool) iter.Seq2[event.Full, error] {
	all := r.Query(ctx, region, page)
	if !without {
		return r.ReadEach(ctx, all)
	}
	return func(yield func(event.Full, error) bool) {
		for e, err := range all {
			if !yield(event.Full{Event: e}, err) {
				return
			}
		}
	}
}

func (f *storeFeed) wait(ctx context.Context) error {
	_, err := f.versions.wait(ctx, f.next)
	return err
}

func (f *storeFeed) begin() {}
func (f *storeFeed) end()   {}

func (f *storeFeed) known() uint64 { return f.versions.visible() }
func (f *storeFeed) certain() bool { return true }

// refreshFeed is the feed in another process.
type refreshFeed struct {
	Refresher
	most  time.Duration // FollowOptions.MaxPause
	pause time.Duration
	timer *time.Timer
	// notices, unless nil, tell when something happens in the directory.
	notices fsabstraction.Notices
	watched bool      // whether this iteration has tried to get them
	last    time.Time // when wait last returned

	looked       bool
	version      *version // of a DirReader at the last look; only compared
	ended, limit Position
	ends         atomic.Uint64 // ended.Sequence
}

func (f *refreshFeed) begin() { f.watched = false }

// watch watches the directory, if the file system can tell of changes. It is called before
// the first wait, and not at the beginning, since it takes longer than reading an event.
// The caller must look again: there may have been changes before.
func (f *refreshFeed) watch() (watching bool) {
	f.watched = true
	if r, ok := f.Refresher.(*DirReader); ok {
		f.notices = r.notify()
	}
	return f.notices != nil
}

func (f *refreshFeed) end() {
	if f.notices != nil {
		_ = f.notices.Close() // it only read
		f.notices = nil
	}
}

// notify watches the reader's directory. It returns nil where that is not possible.
func (r *DirReader) notify() fsabstraction.Notices {
	n, ok := scarce.Inner(r.options.FS).(fsabstraction.Notifier)
	if !ok {
		return nil
	}
	notices, err := n.Notify(r.path)
	if err != nil {
		return nil
	}
	return notices
}

// look implements feed. Other followers may refresh the same reader, so that nothing has
// changed since then says nothing.
func (f *refreshFeed) look(ctx context.Context) (end, limit Position, err error) {
	changed, err := f.Refresh(ctx)
	if err != nil {
		return end, limit, err
	}
	if r, ok := f.Refresher.(*DirReader); ok {
		version := r.versions.now()
		changed = changed || version != f.version
		f.version = version
		if !changed && f.looked {
			return f.ended, f.limit, nil
		}
	}
	if end, err = f.Position(ctx); err != nil {
		return end, limit, err
	}
	if f.looked && !changed && end == f.ended {
		return f.ended, f.limit, nil
	}
	limit = end
	if !end.Store.IsZero() {
		limit.Sequence = max(end.Sequence, f.Report().NextSequence)
	}
	f.looked, f.ended, f.limit, f.pause = true, end, limit, 0
	f.ends.Store(end.Sequence)
	return end, limit, nil
}

// events implements feed. Since the look, another user of the reader may have refreshed it to
// another store at the same path, or to one in which other events have the same sequences.
func (f *refreshFeed) events(ctx context.Context, region Region, page Page, o feedOptions) iter.Seq2[event.Full, error] {
	without := o.without
	r, ok := f.Refresher.(*DirReader)
	if !ok {
		return events(ctx, f.Refresher, region, page, without)
	}
	return func(yield func(event.Full, error) bool) {
		s, err := r.Snapshot()
		if err != nil {
			yield(event.Full{}, err)
			return
		}
		defer s.Close()
		at, err := s.Position(ctx)
		if err == nil && at.Store != f.ended.Store {
			err = &PositionError{Position: Position{Store: f.ended.Store, Sequence: page.From}, End: at, Err: ErrOtherStore}
		}
		if err == nil && !o.last.ID.IsZero() && !s.Report().HiddenRanges.Hides(o.last.Sequence) {
			last, failed := s.At(ctx, o.last.Sequence)
			if err = failed; errors.Is(err, ErrNotFound) || err == nil && last.ID != o.last.ID {
				err = errMoved
			}
		}
		if err != nil {
			yield(event.Full{}, err)
			return
		}
		events(ctx, s, region, page, without)(yield)
	}
}

// wait implements feed. Where the file system tells of changes, it waits for one, and else
// for a pause that grows. Two looks are at least leastPause apart, so that a writer in a
// hurry costs no look for each event.
func (f *refreshFeed) wait(ctx context.Context) error {
	defer func() { f.last = time.Now() }()
	if !f.watched && f.watch() {
		return nil
	}
	if f.notices != nil {
		err := f.notices.Wait(ctx, cmp.Or(f.most, noticedMaxPause))
		if err == nil {
			return f.sleep(ctx, leastPause-time.Since(f.last))
		}
		f.end()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	f.pause = min(max(2*f.pause, leastPause), cmp.Or(f.most, defaultMaxPause))
	return f.sleep(ctx, f.pause)
}

func (f *refreshFeed) sleep(ctx context.Context, pause time.Duration) error {
	if pause <= 0 {
		return nil
	}
	if f.timer == nil {
		f.timer = time.NewTimer(pause)
	} else {
		f.timer.Reset(pause)
	}
	select {
	case <-f.timer.C:
		return nil
	case <-ctx.Done():
		f.timer.Stop()
		return context.Cause(ctx)
	}
}

func (f *refreshFeed) known() uint64 { return f.ends.Load() }
func (f *refreshFeed) certain() bool { return false }
