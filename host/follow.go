package host

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
)

// FollowOptions are the options of a [Follower]. The zero value is useful.
type FollowOptions struct {
	// WithoutPayloads leaves out what only an event's frame holds: the payload, its size,
	// the flags, the content hash and, unless the reader checks frames, the event's own time.
	// The segments are then not read.
	WithoutPayloads bool
	// MaxPause bounds the pause between two looks at a store that another process writes,
	// which is the longest time in which a new event is not noticed. On the local file
	// systems of Linux the kernel reports changes; without one, the follower looks every second
	// by default. Elsewhere the pause starts at 1 ms after an event and doubles while nothing
	// happens, by default to 15 ms. A follower in the process of the writer does not pause.
	MaxPause time.Duration
	// Checkpoint, if not nil, is called between two events with the position to save, for
	// example in a [CheckpointFile]: before the first event; when every event has been handed
	// out and the position has moved, also over events of other regions; and in between a
	// second after the last call. An error ends the iteration.
	Checkpoint func(Position) error
	// CaughtUp, if not nil, is called between two events, when every event that the last
	// look showed has been handed out and the position has moved since the last call, and
	// when that is so for the first time even if it has not moved. It is not called while
	// there are more. It gets the position. An error ends the iteration.
	CaughtUp func(Position) error
	// StopAtEnd ends an iteration where the store ended when it began.
	StopAtEnd bool
}

const (
	leastPause      = time.Millisecond
	defaultMaxPause = 15 * time.Millisecond
	noticedMaxPause = time.Second
	// checkpointEvery is how often the position of a follower with much to read is saved: so
	// much is read again after a kill.
	checkpointEvery = time.Second
	// followPage is the number of events that a follower reads from one version of the store:
	// enough to cost nothing, and few enough that a slow loop does not keep old files open.
	followPage = 4096
	// goneTries is how often in a row a follower looks again when files went away.
	goneTries = 5
)

// Follower reads the events of a region from a position on, and waits for more, for as long
// as its caller wants. It reads from the position to what is committed, again and again, so
// there is no step from old events to new ones at which one could be lost. It hands out
// every event of the region once and in order of sequence.
//
// A follower has no goroutine, and nothing to close. One goroutine at a time may iterate
// over Events; the other methods may be called from any.
//
// # What is certain
//
// In the process of the writer a follower sees only committed events. Its position never
// becomes wrong: no event below it appears later.
//
// In another process a follower sees what is in the files, perhaps before the writer knows
// that it is on disk. An event whose write or sync then fails, or that a power loss takes,
// was seen and does not exist, and another event may get its sequence. While it runs the
// follower notices that and ends with [ErrRewritten] or [ErrBeyondEnd]. A position saved
// in between can be noticed only if it is beyond the end.
//
// Sequences of a batpak store can change until the segment is sealed, when batpak left out
// numbers. A running follower finds its last event by id and goes on after it; one that
// starts from a position saved before may see events again.
type Follower struct {
	feed    feed
	region  Region
	options FollowOptions

	mu  sync.Mutex
	pos Position
	// last is the last event before the position, as far as it is known, with which a feed
	// that is not certain is checked.
	last event.Event

	// The last call of FollowOptions.Checkpoint; of the goroutine that iterates.
	saved   Position
	savedAt time.Time     // zero before the first call of an iteration
	every   time.Duration // checkpointEvery
}

// feed is a store that grows while it is read.
type feed interface {
	Reader
	// look moves the reader to the store as it is now. The position of every event that the
	// reader then shows is below end; a position up to limit is one of the store.
	look(ctx context.Context) (end, limit Position, err error)
	// events returns the events of a page. The error is errMoved if the store no longer has
	// the last event of the options where it was.
	events(ctx context.Context, region Region, page Page, o feedOptions) iter.Seq2[event.Full, error]
	// wait returns when the store may have changed since look.
	wait(ctx context.Context) error
	// begin comes before the first look of an iteration, and end after it.
	begin()
	end()
	// known returns the highest end that is known.
	known() uint64
	// certain reports whether an event that was seen stays.
	certain() bool
}

// feedOptions are the options of a page of a feed.
type feedOptions struct {
	without bool        // FollowOptions.WithoutPayloads
	last    event.Event // before the page, zero if it is not known
}

// errMoved makes a follower look again.
var errMoved = errors.New("thaw: the store has changed since the look")

func newFollower(feed feed, region Region, from Position, o FollowOptions) *Follower {
	return &Follower{feed: feed, region: region, options: o, pos: from, every: checkpointEvery}
}

// Position returns the position after the last event that was handed out, and after the
// events of other regions that were passed over. Save it once the event has been dealt with,
// and a follower that starts from it misses nothing.
func (f *Follower) Position() Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pos
}

// Behind returns how many sequences lie between the position and the end of the store, as
// far as it is known: in another process, since the last look.
func (f *Follower) Behind() uint64 {
	known := f.feed.known()
	return known - min(known, f.Position().Sequence)
}

// Events iterates over the events from the position on, and waits for more. It ends when ctx
// ends, with its cause, or with another error, which is the last thing it yields; after a
// break it can be called again, and goes on after the last event that was handed out. An
// event's payload is valid until the next step of the loop.
//
// A position of another store, or beyond the end of this one, is a *[PositionError], before
// the first event or when the store is replaced. An event that can no longer be read is a
// *[Damage]; the position stays before it.
func (f *Follower) Events(ctx context.Context) iter.Seq2[event.Full, error] {
	return func(yield func(event.Full, error) bool) {
		err := f.follow(ctx, yield)
		if err == nil {
			return
		}
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			err = context.Cause(ctx)
		}
		yield(event.Full{}, err)
	}
}

// follow returns nil when yield has returned false or the iteration is to stop.
func (f *Follower) follow(ctx context.Context, yield func(event.Full, error) bool) error {
	var until Position
	started, told, gone := false, Position{}, 0
	f.feed.begin()
	defer f.feed.end()
	f.savedAt = time.Time{}
	for {
		end, err := f.look(ctx)
		if err == nil && !started {
			started, until = true, end
			if f.options.CaughtUp != nil && f.Position().Sequence >= end.Sequence {
				if err := f.options.CaughtUp(f.Position()); err != nil {
					return err
				}
			}
			told = f.Position()
		}
		before := f.Position()
		if err == nil && f.savedAt.IsZero() {
			err = f.checkpoint()
		}
		if err == nil {
			var more bool
			if more, err = f.read(ctx, end, yield); err == nil && !more {
				return nil
			}
		}
		if errors.Is(err, errMoved) {
			continue // the look says what happened
		}
		switch pos := f.Position(); {
		case (errors.Is(err, ErrGone) || cutShort(err)) && ctx.Err() == nil && gone < goneTries:
			gone++ // another process removed or cut files: look again
			if pos != before {
				gone = 0
			}
		case err != nil:
			return err
		default:
			gone = 0
			if f.options.CaughtUp != nil && pos != told {
				if err := f.options.CaughtUp(pos); err != nil {
					return err
				}
				told = pos
			}
			if pos != f.saved {
				if err := f.checkpoint(); err != nil {
					return err
				}
			}
			if f.options.StopAtEnd && pos.Sequence >= until.Sequence {
				return nil
			}
		}
		if err := f.feed.wait(ctx); err != nil {
			return err
		}
	}
}

// cutShort reports whether a file that is not a segment is shorter than it was, and the segments
// that could replace it were themselves replaced: a new look reads others.
func cutShort(err error) bool {
	var d *Damage
	return errors.Is(err, source.ErrShort) && !errors.As(err, &d)
}

// checkpoint calls Checkpoint with the position.
func (f *Follower) checkpoint() error {
	if f.options.Checkpoint == nil {
		return nil
	}
	pos := f.Position()
	if err := f.options.Checkpoint(pos); err != nil {
		return err
	}
	f.saved, f.savedAt = pos, time.Now()
	return nil
}

// look looks at the store, and returns its end. It checks that the position is one of the
// store as it is now.
func (f *Follower) look(ctx context.Context) (end Position, err error) {
	end, limit, err := f.feed.look(ctx)
	if err != nil {
		return end, err
	}
	pos := f.Position()
	if err := pos.In(limit); err != nil {
		return end, err
	}
	if f.feed.certain() || f.last.ID.IsZero() {
		return end, nil
	}
	return end, f.find(ctx, limit)
}

// find finds the last event before the position, which a feed that is not certain may have
// replaced or renumbered.
func (f *Follower) find(ctx context.Context, limit Position) error {
	at := f.last.Sequence
	for e, err := range f.feed.Query(ctx, Region{}, Page{From: at, Limit: 1}) {
		if err != nil {
			return err
		}
		if e.Sequence == at && e.ID == f.last.ID {
			return nil
		}
	}
	if f.feed.Report().HiddenRanges.Hides(at) { // its fence was cancelled
		return nil
	}
	e, err := f.feed.Get(ctx, f.last.ID)
	if errors.Is(err, ErrNotFound) {
		l, err := lineageOf(ctx, f.feed)
		if err != nil {
			return err
		}
		if l.removed(at) { // after it was handed out
			f.mu.Lock()
			defer f.mu.Unlock()
			f.last = event.Event{}
			return nil
		}
		return &PositionError{Position: f.Position(), End: limit, Err: ErrRewritten}
	}
	if err != nil && !errors.Is(err, ErrErased) {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last, f.pos.Sequence = e.Event, e.Sequence+1
	return nil
}

// read hands out the events of the region from the position up to end, and moves the
// position there. more is false when yield returned false.
func (f *Follower) read(ctx context.Context, end Position, yield func(event.Full, error) bool) (more bool, err error) {
	for n := followPage; n == followPage; {
		page := Page{From: f.Position().Sequence, To: end.Sequence, Limit: followPage}
		if page.From >= page.To {
			return true, nil
		}
		n = 0
		for e, err := range f.feed.events(ctx, f.region, page, feedOptions{without: f.options.WithoutPayloads, last: f.last}) {
			if errors.Is(err, ErrRemoved) { // since the look; the next one shows what is left
				return true, errMoved
			}
			if err != nil && !errors.Is(err, ErrErased) {
				return false, err
			}
			n++
			f.move(end.Store, e.Event)
			if !yield(e, err) {
				return false, nil
			}
			if f.options.Checkpoint != nil && time.Since(f.savedAt) >= f.every {
				if err := f.checkpoint(); err != nil {
					return false, err
				}
			}
		}
	}
	return true, f.pass(ctx, end)
}

// move moves the position after an event.
func (f *Follower) move(store event.ID, e event.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pos, f.last = Position{Store: store, Sequence: e.Sequence + 1}, e
}

// pass moves the position to end, over events of other regions.
func (f *Follower) pass(ctx context.Context, end Position) error {
	last := f.last
	if !f.feed.certain() && (last.ID.IsZero() || last.Sequence+1 != end.Sequence) {
		last = event.Event{}
		for e, err := range f.feed.Query(ctx, Region{}, Page{From: end.Sequence - 1, Limit: 1}) {
			if err != nil {
				return err
			}
			if e.Sequence == end.Sequence-1 { // it may be hidden
				last = e
			}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pos, f.last = end, last
	return nil
}
