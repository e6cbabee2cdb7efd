package store

import (
	"cmp"
	"errors"
	"iter"
	"slices"

	"github.com/thawlog/thaw/core/event"
)

// Batches begin small, so that the first event comes soon, and grow, so that many come
// fast.
const (
	firstFrames = 16
	mostFrames  = 1024
	// mostFrameBytes bounds the bytes of a batch's frames, unless it has only one.
	mostFrameBytes = 1 << 20
)

// ReadEach returns the events of an iteration in its order, each as Read returns it, with
// its payload and its own time. The first error, of the iteration or of a frame, ends it
// after the events before it; but an event whose payload is erased comes with its error, of
// class [ErrErased], and a loop that goes on gets the events after it.
//
// It reads frames in batches of up to 1024, those that lie close together at once, so it
// takes events from the iteration before it returns those before them. With Options.Ahead
// it decodes one batch while the caller uses the one before. A frame that it has checked before
// and whose checksum is the same is checked by that alone: see knownFrames.
//
// A payload is valid until the loop's next step, and not after the loop: clone it to keep
// it. Nothing else of an event is reused.
func (s *Snapshot) ReadEach(events iter.Seq2[event.Event, error]) iter.Seq2[event.Full, error] {
	return readEach(func() (*Snapshot, error) { return s, nil }, s.goesOn, events)
}

// ReadEach is [Snapshot.ReadEach] of the snapshot that pin returns. It calls pin once, when
// it has the first events: so a snapshot that is newer than the iteration's can be pinned.
// An error of pin ends the iteration.
func ReadEach(pin func() (*Snapshot, error), events iter.Seq2[event.Event, error]) iter.Seq2[event.Full, error] {
	return readEach(pin, false, events)
}

func readEach(pin func() (*Snapshot, error), goesOn bool, events iter.Seq2[event.Event, error]) iter.Seq2[event.Full, error] {
	return func(yield func(event.Full, error) bool) {
		r := eachReader{pin: pin, goesOn: goesOn, most: firstFrames}
		r.yield = func(full *event.Full, d Decoded) bool { return yield(*full, d.Err) }
		r.read(events)
	}
}

// Decoded is what [DecodeEach] made of an event, or the error that ends the iteration.
type Decoded struct {
	Value any
	Err   error
}

// DecodeEach is [ReadEach], and calls decode for every event. With Options.Ahead several
// goroutines do, in no order and for events that the iteration may not reach. decode must not
// keep the event. Its error ends the iteration, and comes with the event. It is not called
// for a redacted event, which ReadEach describes. A decode that
// panics is called again by the iteration, where it may panic.
func DecodeEach(pin func() (*Snapshot, error), events iter.Seq2[event.Event, error], decode func(*event.Full) (any, error)) iter.Seq2[event.Full, Decoded] {
	return func(yield func(event.Full, Decoded) bool) {
		r := eachReader{pin: pin, most: firstFrames, decode: decode}
		r.yield = func(full *event.Full, d Decoded) bool { return yield(*full, d) }
		r.read(events)
	}
}

// eachReader is the state of one ReadEach.
type eachReader struct {
	pin      func() (*Snapshot, error)
	snapshot *Snapshot
	goesOn   bool // see Snapshot.GoingOn
	yield    func(*event.Full, Decoded) bool
	decode   func(*event.Full) (any, error) // nil for none
	most     int                            // events of the batch being filled
	begun    int                            // events of the batches that were filled
	// A batch is filled, then read, perhaps while the one before is yielded. Each is nil
	// when there is none.
	filling, reading, spare *frameBatch
	// fresh has the places of the events, once a compaction has moved some: see moved.go.
	fresh   *Snapshot
	release func()
}

// read yields the events of an iteration.
func (r *eachReader) read(events iter.Seq2[event.Event, error]) {
	defer r.end()
	for e, err := range events {
		if err != nil && !(r.goesOn && e != (event.Event{})) {
			if r.flush() {
				r.fail(err)
			}
			return
		}
		// An event that came with an error is read again in its turn.
		if !r.add(e) {
			return
		}
	}
	r.flush()
}

// fail yields an error without an event.
func (r *eachReader) fail(err error) { r.yield(&event.Full{}, Decoded{Err: err}) }

// add adds an event to the batch being filled. It returns false when the iteration is over.
func (r *eachReader) add(e event.Event) bool {
	if r.filling != nil && r.filling.size+uint64(e.Position.Length) > mostFrameBytes && !r.turn() {
		return false
	}
	if r.filling == nil {
		if r.filling, r.spare = r.spare, nil; r.filling == nil {
			r.filling = borrowBatch()
		}
	}
	r.filling.add(e)
	return len(r.filling.events) < r.most || r.turn()
}

// turn begins to read the filled batch, and yields the one before. It returns false when
// the iteration is over.
func (r *eachReader) turn() bool {
	if r.snapshot == nil {
		var err error
		if r.snapshot, err = r.pin(); err != nil {
			r.fail(err)
			return false
		}
	}
	before := r.reading
	r.reading, r.filling = r.filling, nil
	r.most = min(4*r.most, mostFrames)
	// A longer iteration would replace what it remembers before it could be of use.
	r.begun += len(r.reading.events)
	ahead := r.begin(r.reading)
	if before != nil {
		before.wait() // not earlier, so that no goroutine runs out of work
		if !r.give(before) {
			return false
		}
	}
	if ahead {
		return true
	}
	return r.finish()
}

// begin begins to read a batch.
func (r *eachReader) begin(b *frameBatch) (ahead bool) {
	s := r.snapshot
	if r.fresh != nil {
		b.move(r.fresh, r.snapshot.Generation())
		s = r.fresh
	}
	return b.begin(s, r.begun <= knownSlots, r.decode)
}

// move reads a batch again, of which some events were not where the snapshot has them, from
// where they are now. It does nothing when they did not move.
func (r *eachReader) move(b *frameBatch) {
	if r.snapshot.options.Moved == nil || !slices.Contains(b.sound, false) {
		return
	}
	fresh, release, _ := r.snapshot.successor(cmp.Or(r.fresh, r.snapshot).Generation())
	if fresh == nil && r.fresh == nil {
		// The events may be of an older snapshot than this one.
		first := &b.events[slices.Index(b.sound, false)].Event
		if _, moved, _ := r.snapshot.movedHere(first); moved {
			fresh = r.snapshot
		}
	}
	if fresh == nil {
		return
	}
	if r.release != nil {
		r.release()
	}
	r.fresh, r.release = fresh, release
	b.back()
	r.begin(b)
	b.wait()
}

// flush yields every event that was added. It returns false when the iteration is over.
func (r *eachReader) flush() bool {
	return (r.filling == nil || r.turn()) && (r.reading == nil || r.finish())
}

// finish yields the batch being read.
func (r *eachReader) finish() bool {
	b := r.reading
	b.wait()
	r.reading = nil
	return r.give(b)
}

// give yields the events of a batch that was read.
func (r *eachReader) give(b *frameBatch) bool {
	if r.spare != nil {
		r.spare.giveBack()
	}
	r.spare = b
	r.move(b)
	b.back()
	for i := range b.events {
		if b.sound[i] {
			var d Decoded
			if why := Redaction(&b.events[i]); why != nil {
				if !r.yield(&b.events[i], Decoded{Err: why}) {
					return false
				}
				continue
			}
			if r.decode != nil {
				d = b.decoded[i]
			}
			if !r.yield(&b.events[i], d) || d.Err != nil {
				return false
			}
			continue
		}
		if !r.again(b.events[i].Event) {
			return false
		}
	}
	b.reset()
	return true
}

// again yields an event that could not be read, or decoded: it says what is wrong. It returns
// false when the iteration is over.
func (r *eachReader) again(e event.Event) bool {
	full, err := r.snapshot.Read(e)
	if errors.Is(err, ErrErased) {
		return r.yield(&full, Decoded{Err: err})
	}
	if err != nil && r.goesOn && passable(err) {
		return r.yield(&event.Full{Event: e}, Decoded{Err: err})
	}
	d := Decoded{Err: err}
	if err == nil && r.decode != nil {
		d.Value, d.Err = r.decode(&full)
	}
	return r.yield(&full, d) && d.Err == nil
}

// end waits for what still runs and returns the buffers.
func (r *eachReader) end() {
	for _, b := range [...]*frameBatch{r.reading, r.filling, r.spare} {
		if b != nil {
			b.giveBack()
		}
	}
	if r.release != nil {
		r.release()
	}
}
