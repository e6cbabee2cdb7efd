package store

import (
	"cmp"
	"errors"
	"iter"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
)

// Frame is an event and the bytes of its frame.
type Frame struct {
	event.Event
	// Raw is the whole frame, valid until the loop's next step. It was decoded and agrees
	// with the event, and its payload has the recorded digest where Options.Hash is set.
	Raw []byte
	// Err, when set, says why there are no bytes. It is the error of Snapshot.Read.
	Err error
}

// Frames returns the events of an iteration in its order, each with the bytes of its frame,
// for a caller that copies events as they are. An event whose frame cannot be read comes with
// its error, and the loop goes on; an error of the iteration ends it.
//
// It takes events ahead in batches, and announces the frames of a batch together to a source
// that can use that.
func (s *Snapshot) Frames(events iter.Seq2[event.Event, error]) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		r := rawReader{snapshot: s, most: firstFrames, buffer: borrowFrame()}
		defer r.end()
		for e, err := range events {
			if err != nil {
				if r.flush(yield) {
					yield(Frame{}, err)
				}
				return
			}
			r.events = append(r.events, e)
			r.size += uint64(e.Position.Length)
			if (len(r.events) >= r.most || r.size >= mostFrameBytes) && !r.flush(yield) {
				return
			}
		}
		r.flush(yield)
	}
}

// rawReader is the state of one iteration of Frames.
type rawReader struct {
	snapshot *Snapshot
	buffer   *frameBuffer
	events   []event.Event
	size     uint64 // bytes of their frames
	most     int
	// fresh has the places of the events, once a compaction has moved some: see moved.go.
	fresh   *Snapshot
	release func()
}

func (r *rawReader) end() {
	r.buffer.giveBack()
	if r.release != nil {
		r.release()
	}
}

// flush yields the collected events. It returns false when the iteration is over.
func (r *rawReader) flush(yield func(Frame, error) bool) bool {
	r.announce()
	for _, e := range r.events {
		f := Frame{Event: e}
		f.Raw, f.Err = r.read(e)
		if !yield(f, nil) {
			return false
		}
	}
	clear(r.events)
	r.events, r.size = r.events[:0], 0
	r.most = min(4*r.most, mostFrames)
	return true
}

// announce tells the sources which ranges are read next.
func (r *rawReader) announce() {
	for rest := r.events; len(rest) > 0; {
		id, n := rest[0].Position.Segment, 1
		for n < len(rest) && rest[n].Position.Segment == id {
			n++
		}
		if src, err := r.snapshot.openSegment(id); err == nil && n > 1 {
			if a, ok := src.(source.Prefetcher); ok && a.Prefetches() {
				size := uint64(max(src.Size(), 0))
				var ranges []source.Range
				for _, e := range rest[:n] {
					if p := e.Position; p.Offset <= size && uint64(p.Length) <= size-p.Offset {
						ranges = append(ranges, source.Range{Off: p.Offset, Len: uint64(p.Length)})
					}
				}
				a.Prefetch(ranges)
			}
		}
		rest = rest[n:]
	}
}

// read returns the frame of an event, checked as Read checks it, wherever it is now.
func (r *rawReader) read(e event.Event) ([]byte, error) {
	raw, err := r.readIn(r.snapshot, e)
	var lost *damage.Damage
	if r.snapshot.options.Moved != nil && errors.As(err, &lost) {
		now, moved, removed := r.snapshot.movedHere(&e)
		if removed != nil {
			return nil, removed
		}
		if moved {
			if raw, err := r.readIn(r.snapshot, now); err == nil {
				return raw, nil
			}
		}
	}
	var unknown error // why the last look told nothing
	for try := 0; try < movedTries && r.snapshot.options.Moved != nil && errors.As(err, &lost); try++ {
		if r.fresh != nil {
			now, ok, err := r.fresh.place(&e, r.snapshot.Generation())
			if errors.Is(err, ErrRemoved) {
				return nil, err
			}
			if ok {
				if raw, err := r.readIn(r.fresh, now); err == nil {
					return raw, nil
				}
			}
			unknown = err
		}
		fresh, release, failed := r.snapshot.successor(cmp.Or(r.fresh, r.snapshot).Generation())
		if fresh == nil {
			unknown = cmp.Or(failed, unknown)
			break
		}
		if r.release != nil {
			r.release()
		}
		r.fresh, r.release = fresh, release
	}
	return raw, cmp.Or(unknown, err)
}

// readIn returns the frame of an event of a snapshot.
func (r *rawReader) readIn(s *Snapshot, e event.Event) ([]byte, error) {
	raw, err := r.buffer.read(s, e.Position)
	if err != nil {
		return nil, unreadFrame(e, err)
	}
	full := event.Full{Event: e}
	if why := s.decodeFrame(raw, &r.buffer.body, &full); why != nil {
		return nil, lostEvent(e, why.Reason, why.Err)
	}
	return raw, nil
}
