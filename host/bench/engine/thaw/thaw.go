// Package thaw is thaw with its default options.
//
// Events are appended with Append and AppendBatch, payloads as host.Raw: each must be one
// MessagePack value, and thaw checks that it is. Ids, sequences and clocks are assigned by
// thaw and written into the events. Times, hashes and the hash chain are thaw's too, and
// are visible only by reading. A correlation or causation that is not zero is passed as an
// option of the append.
//
// Reading opens a host.Reader, which takes no lock.
package thaw

import (
	"context"
	"iter"
	"log/slog"
	"sync/atomic"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/bench/engine"
)

// Engine is the thaw engine.
type Engine struct{}

var (
	quiet      = slog.New(slog.DiscardHandler)
	background = context.Background()
)

// Name implements engine.Engine.
func (Engine) Name() string { return "thaw" }

// Version implements engine.Engine.
func (Engine) Version() string { return engine.ModuleVersion("github.com/thawlog/thaw") }

// Create implements engine.Engine.
func (Engine) Create(dir string) (engine.Writer, error) { return create(dir, host.Options{}) }

// CreateUnmerged implements engine.Unmerged.
func (Engine) CreateUnmerged(dir string) (engine.Writer, error) {
	return create(dir, host.Options{NoMerge: true})
}

func create(dir string, o host.Options) (engine.Writer, error) {
	w := &writer{}
	var err error
	o.Logger, o.FS = quiet, watchingFS{open: &w.merges}
	w.store, err = host.Open(background, dir, o)
	if err != nil {
		return nil, err
	}
	return w, nil
}

// Open implements engine.Engine.
func (Engine) Open(dir string) (engine.Reader, error) {
	r, err := host.OpenReader(background, dir, host.ReaderOptions{Logger: quiet})
	if err != nil {
		return nil, err
	}
	return reader{r}, nil
}

type writer struct {
	store  *host.Store
	items  []host.Item // of the last batch, reused
	merges atomic.Int32
}

// Merging implements engine.Merger.
func (w *writer) Merging() bool { return w.merges.Load() > 0 }

func (w *writer) AppendBatch(events []engine.Event) error {
	w.items = w.items[:0]
	for i := range events {
		e := &events[i]
		w.items = append(w.items, host.Item{
			At: event.At(e.Entity, e.Scope), Kind: event.Kind(e.Kind), Payload: host.Raw(e.Payload), Options: options(e),
		})
	}
	receipts, err := w.store.AppendBatch(background, w.items)
	if err != nil {
		return err
	}
	for i, r := range receipts {
		accept(&events[i], r)
	}
	return nil
}

func (w *writer) Append(e *engine.Event) error {
	r, err := w.store.Append(background, event.At(e.Entity, e.Scope), event.Kind(e.Kind), host.Raw(e.Payload), options(e)...)
	if err != nil {
		return err
	}
	accept(e, r)
	return nil
}

func options(e *engine.Event) (o []host.AppendOption) {
	if e.Correlation != (engine.ID{}) {
		o = append(o, host.Correlated(event.ID(e.Correlation)))
	}
	if e.Causation != (engine.ID{}) {
		o = append(o, host.CausedBy(event.ID(e.Causation)))
	}
	return o
}

func accept(e *engine.Event, r host.Receipt) {
	e.ID, e.Sequence, e.Clock = engine.ID(r.ID), r.Sequence, r.Clock
}

func (w *writer) Close() error { return w.store.Close() }

type reader struct{ host *host.DirReader }

func (r reader) BySequence(sequence uint64) (engine.Event, error) {
	e, err := r.host.At(background, sequence)
	return facts(e), err
}

func (r reader) ByID(id engine.ID) (engine.Event, error) {
	full, err := r.host.Get(background, event.ID(id))
	if err != nil {
		return engine.Event{}, err
	}
	e := facts(full.Event)
	e.Payload = full.Payload
	return e, nil
}

func (r reader) Entity(name string, f func(engine.Event)) error {
	return r.query(host.Region{Entity: name}, f)
}

func (r reader) Scope(name string, f func(engine.Event)) error {
	return r.query(host.Region{Scope: name}, f)
}

func (r reader) Kind(kind uint16, f func(engine.Event)) error {
	return r.query(host.Region{Kinds: event.Only(event.Kind(kind))}, f)
}

func (r reader) query(region host.Region, f func(engine.Event)) error {
	for e, err := range r.host.Query(background, region, host.Page{}) {
		if err != nil {
			return err
		}
		f(facts(e))
	}
	return nil
}

// Stream implements engine.Reader.
func (r reader) Stream(name string, f func(engine.Event)) error {
	return r.full(r.host.Stream(background, name, host.StreamPage{}), f)
}

// All implements engine.Reader.
func (r reader) All(f func(engine.Event)) error {
	return r.full(r.host.Query(background, host.Region{}, host.Page{}), f)
}

func (r reader) full(events iter.Seq2[event.Event, error], f func(engine.Event)) error {
	for full, err := range r.host.ReadEach(background, events) {
		if err != nil {
			return err
		}
		e := facts(full.Event)
		e.Payload = full.Payload
		f(e)
	}
	return nil
}

func facts(e event.Event) engine.Event {
	return engine.Event{
		Sequence: e.Sequence, ID: engine.ID(e.ID), Entity: e.Entity, Scope: e.Scope, Kind: uint16(e.Kind),
		WallMS: e.WallMS, Clock: e.Clock, PrevHash: e.PrevHash, Hash: e.EventHash,
		Correlation: engine.ID(e.Correlation), Causation: engine.ID(e.Causation),
	}
}

func (r reader) Close() error { return r.host.Close() }
