package project

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Bounds of a chunk, whichever comes first.
const (
	chunkEvents = 256
	chunkBytes  = 1 << 20 // of payloads
	// mostPassed is the number of events that no projection wants after which a chunk says
	// how far the scan is.
	mostPassed = 4096
	// chunksAhead is the number of chunks that are read ahead of the one being handled: more
	// would only use memory.
	chunksAhead = 2
)

// chunk is successive events of a scan, decoded.
type chunk struct {
	events   []typed.Envelope
	refused  []error       // of the decoding, one for each event
	payloads []byte        // of the events
	at       host.Position // after them, and after events of other regions
	caughtUp bool          // at is the end of the store as it was looked at last
}

// feed reads and decodes the events of a scan in a goroutine of its own.
type feed struct {
	types    *typed.Types
	follower *host.Follower
	wanted   func(*event.Event) bool

	ready chan *chunk // closed at the end
	spare chan *chunk
	ended error // once ready is closed

	// Of the feed's goroutine.
	filling *chunk
	passed  int // events that no projection wants, since the last chunk
	ctx     context.Context
}

func newFeed(store host.FollowReader, types *typed.Types, region host.Region, from host.Position,
	wanted func(*event.Event) bool, once bool) *feed {
	f := &feed{
		types: types, wanted: wanted, ended: errPanicked,
		ready: make(chan *chunk, chunksAhead), spare: make(chan *chunk, chunksAhead+2),
	}
	f.follower = store.Follow(region, from, host.FollowOptions{StopAtEnd: once, CaughtUp: f.caughtUp})
	return f
}

// start starts the goroutine, which ends with ctx. The caller must call wait.
func (f *feed) start(ctx context.Context) {
	f.ctx = ctx
	go func() {
		defer close(f.ready)
		f.ended = f.read()
	}()
}

// wait waits for the goroutine to end.
func (f *feed) wait() {
	for range f.ready { // what is ready is not handled any more
	}
}

// more reports whether there is a chunk that is ready.
func (f *feed) more() bool { return len(f.ready) > 0 }

// known returns the end of the store, as far as it is known.
func (f *feed) known() uint64 {
	at := f.follower.Position()
	return at.Sequence + f.follower.Behind()
}

// giveBack takes a chunk that is no longer used.
func (f *feed) giveBack(c *chunk) {
	if cap(c.payloads) > 2*chunkBytes {
		return // one payload was large
	}
	select {
	case f.spare <- c:
	default:
	}
}

func (f *feed) read() (err error) {
	defer catch(&err)
	for e, err := range f.follower.Events(f.ctx) {
		if err != nil && !errors.Is(err, host.ErrErased) {
			return err
		}
		if erased := err; !f.wants(&e) {
			f.passed++
			if f.passed == mostPassed {
				err = f.send(f.follower.Position(), false)
			}
		} else {
			err = f.add(erased)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wants copies an event to the end of the chunk if a projection wants it.
func (f *feed) wants(e *event.Full) bool {
	c := f.fill()
	n := len(c.events)
	c.events = append(c.events, typed.Envelope{Full: *e})
	if f.wanted(&c.events[n].Full.Event) {
		return true
	}
	c.events = c.events[:n]
	return false
}

// add decodes the last event of the chunk, unless its payload is erased, and sends a full chunk.
func (f *feed) add(erased error) error {
	c := f.filling
	e := &c.events[len(c.events)-1]
	if n := len(c.payloads) + len(e.Payload); n > cap(c.payloads) {
		// The payloads before stay where they are.
		c.payloads = make([]byte, 0, max(len(e.Payload), 2*cap(c.payloads), 16<<10))
	}
	at := len(c.payloads)
	c.payloads = append(c.payloads, e.Payload...)
	e.Payload = c.payloads[at:len(c.payloads):len(c.payloads)]
	var refused error
	*e, refused = decode(f.types, e.Full, erased)
	c.refused = append(c.refused, refused)
	if len(c.events) == chunkEvents || len(c.payloads) >= chunkBytes {
		return f.send(f.follower.Position(), false)
	}
	return nil
}

// decode decodes an event, unless it came with an error, which it returns. An upcast that
// panics is an error of the event.
func decode(types *typed.Types, e event.Full, erased error) (out typed.Envelope, err error) {
	if erased != nil {
		return typed.Envelope{Full: e, Name: types.Name(e.Kind)}, erased
	}
	defer func() {
		if v := recover(); v != nil {
			out, err = typed.Envelope{Full: e, Name: types.Name(e.Kind)}, &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return types.Decode(e)
}

func (f *feed) fill() *chunk {
	if f.filling == nil {
		select {
		case f.filling = <-f.spare:
			clear(f.filling.events)
			clear(f.filling.refused)
			*f.filling = chunk{
				events: f.filling.events[:0], refused: f.filling.refused[:0], payloads: f.filling.payloads[:0],
			}
		default:
			f.filling = &chunk{}
		}
	}
	return f.filling
}

func (f *feed) caughtUp(at host.Position) error { return f.send(at, true) }

func (f *feed) send(at host.Position, caughtUp bool) error {
	c := f.fill()
	c.at, c.caughtUp = at, caughtUp
	f.filling, f.passed = nil, 0
	select {
	case f.ready <- c:
		return nil
	case <-f.ctx.Done():
		return context.Cause(f.ctx)
	}
}
