package crash_test

import (
	"encoding/binary"
	"sync"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// unit is one append or batch: its events exist together or not at all. Its
// number is the correlation id of its events.
type unit struct {
	number int
	events int
	fate   fate
	// receipts are there when the fate is acked.
	receipts []host.Receipt
}

// fate is what the caller was told.
type fate uint8

const (
	maybe fate = iota // the call has not returned, or its outcome is unknown
	acked
	never // cancelled, refused, or taken back: it must not be there
)

// world is what callers know of a store. It is safe for concurrent use.
type world struct {
	mu    sync.Mutex
	units []unit
	store *host.Store // that is being written, when what it shows is durable
	// before is what was in the store when the first workload began.
	before []event.Event
	closed host.CloseReport // of the last session
}

// open says which store is being written.
func (w *world) open(st *host.Store, d host.Durability) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.store = st; d != host.OnDisk {
		w.store = nil
	}
}

// close notes how the store that is being written was closed.
func (w *world) close(report host.CloseReport) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = report
}

// lost settles the fate of units of which nobody knew whether they were written:
// those that are not there when the store is opened again will never be.
func (w *world) lost(found []event.Event) {
	there := map[int]bool{}
	for _, e := range found {
		if n, ok := unitOf(e.Correlation); ok {
			there[n] = true
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for n := range w.units {
		if u := &w.units[n]; u.fate == maybe && !there[n] {
			u.fate = never
		}
	}
}

// begin notes that a unit of so many events is about to be appended.
func (w *world) begin(events int) *attempt {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.units = append(w.units, unit{number: len(w.units), events: events})
	return &attempt{w, len(w.units) - 1}
}

type attempt struct {
	world  *world
	number int
}

// id is the correlation id that the unit's events must have.
func (a *attempt) id() event.ID { return unitID(a.number) }

func unitID(n int) (id event.ID) {
	binary.BigEndian.PutUint64(id[:], 0x7eed)
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func unitOf(id event.ID) (n int, ok bool) {
	return int(binary.BigEndian.Uint64(id[8:])), binary.BigEndian.Uint64(id[:]) == 0x7eed
}

func (a *attempt) end(f fate, receipts ...host.Receipt) {
	a.world.mu.Lock()
	defer a.world.mu.Unlock()
	u := &a.world.units[a.number]
	u.fate, u.receipts = f, receipts
}

// knowledge is what callers know at one moment.
type knowledge struct {
	units []unit
	// shown is how many events queries have shown, which must not go away.
	shown uint64
	// serial says that units were begun one after the other.
	serial bool
	// before is what is in front of the first unit.
	before []event.Event
	// flushes is how the store's indexes are written, nil for defaultFlushes.
	flushes *tuning.Flushes
}

// known is what callers know now.
func (w *world) known(of *workload) knowledge {
	w.mu.Lock()
	defer w.mu.Unlock()
	k := knowledge{
		units: append([]unit(nil), w.units...), serial: !of.concurrent, before: w.before, flushes: of.flushes,
	}
	if w.store != nil {
		k.shown = w.store.Committed()
	}
	return k
}
