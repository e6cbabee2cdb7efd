// Package pebble keeps the events in a Pebble store, with keys of six sorts
// distinguished by their first byte:
//
//	n, sequence                the record
//	p, sequence                the payload
//	i, id                      sequence
//	e, entity, 0x00, sequence  nothing
//	s, scope, 0x00, sequence   nothing
//	k, kind, sequence          nothing
//
// Payloads have separate keys so that a block of records holds twice as many: queries
// without payload read and decompress half the blocks, and the one with payload needs
// one more get.
//
// Options are the defaults except for a block cache of 64 MiB, bloom filters of 10 bits
// per key on every level, which the documentation recommends for gets, and the newest
// table format instead of the oldest.
//
// Writing: each batch, and each append, is a Batch committed with Sync; Pebble's commit
// pipeline gathers the syncs of concurrent commits. Close flushes and compacts
// everything once, so that a reader finds one level; otherwise the reader, which is
// read-only, would need compactions that it cannot do.
//
// Reading: opened read-only. Ids are read with Get, which uses the filters. Records
// of a list are read with an iterator that stays open and only moves forward, so it
// finds the next one from its current position.
package pebble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/engine/record"
)

// Engine is the Pebble engine.
type Engine struct{}

// Name implements engine.Engine.
func (Engine) Name() string { return "pebble" }

// Version implements engine.Engine.
func (Engine) Version() string { return engine.ModuleVersion("github.com/cockroachdb/pebble/v2") }

func options(readOnly bool) *pebble.Options {
	o := &pebble.Options{
		ReadOnly: readOnly, CacheSize: 64 << 20, FormatMajorVersion: pebble.FormatNewest, Logger: quiet{},
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return o
}

// quiet drops Pebble's messages about flushes and compactions.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(format string, arguments ...any) {
	panic(fmt.Sprintf("pebble: "+format, arguments...))
}

// Create implements engine.Engine.
func (Engine) Create(dir string) (engine.Writer, error) {
	db, err := pebble.Open(dir, options(false))
	if err != nil {
		return nil, err
	}
	return &writer{db: db}, nil
}

type writer struct {
	db   *pebble.DB
	next atomic.Uint64 // sequence of the next event
}

// AppendBatch implements engine.Writer.
func (w *writer) AppendBatch(events []engine.Event) error {
	b := w.db.NewBatch()
	for i := range events {
		if err := put(b, &events[i]); err != nil {
			return err
		}
		w.next.Store(events[i].Sequence + 1)
	}
	return errors.Join(b.Commit(pebble.Sync), b.Close())
}

// Append implements engine.Writer.
func (w *writer) Append(e *engine.Event) error {
	e.Sequence = w.next.Add(1) - 1
	b := w.db.NewBatch()
	if err := put(b, e); err != nil {
		return err
	}
	return errors.Join(b.Commit(pebble.Sync), b.Close())
}

// put adds the event's six keys. The batch copies them.
func put(b *pebble.Batch, e *engine.Event) error {
	var arrays struct {
		sequence [8]byte
		key      [128]byte
		value    [256]byte
	}
	key, sequence := arrays.key[:0], record.AppendSequence(arrays.sequence[:0], e.Sequence)
	return errors.Join(
		b.Set(append(append(key, 'n'), sequence...), record.Append(arrays.value[:0], e), nil),
		b.Set(append(append(key, 'p'), sequence...), e.Payload, nil),
		b.Set(append(append(key, 'i'), e.ID[:]...), sequence, nil),
		b.Set(append(record.AppendName(append(key, 'e'), e.Entity), sequence...), nil, nil),
		b.Set(append(record.AppendName(append(key, 's'), e.Scope), sequence...), nil, nil),
		b.Set(append(record.AppendKind(append(key, 'k'), e.Kind), sequence...), nil, nil),
	)
}

// Close implements engine.Writer.
func (w *writer) Close() error {
	err := w.db.Flush()
	if err == nil {
		err = w.db.Compact(context.Background(), []byte{0}, []byte{0xFF}, false)
	}
	return errors.Join(err, w.db.Close())
}

// Open implements engine.Engine.
func (Engine) Open(dir string) (engine.Reader, error) {
	db, err := pebble.Open(dir, options(true))
	if err != nil {
		return nil, err
	}
	r := &reader{db: db}
	if r.records, err = db.NewIter(&pebble.IterOptions{LowerBound: []byte{'n'}, UpperBound: []byte{'n' + 1}}); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if r.index, err = db.NewIter(nil); err != nil {
		return nil, errors.Join(err, r.records.Close(), db.Close())
	}
	return r, nil
}

type reader struct {
	db             *pebble.DB
	records, index *pebble.Iterator // of the keys n, and of those of the query
	decoder        record.Decoder
	prefix, limit  []byte
}

// BySequence implements engine.Reader.
func (r *reader) BySequence(sequence uint64) (e engine.Event, err error) {
	var key [9]byte
	err = r.get(record.AppendSequence(append(key[:0], 'n'), sequence), func(value []byte) error {
		e, err = r.decoder.Decode(sequence, value)
		return err
	})
	return e, err
}

// ByID implements engine.Reader.
func (r *reader) ByID(id engine.ID) (e engine.Event, err error) {
	var key [1 + len(id)]byte
	var sequence uint64
	err = r.get(append(append(key[:0], 'i'), id[:]...), func(value []byte) (err error) {
		sequence, err = record.Sequence(value)
		return err
	})
	if err != nil {
		return e, err
	}
	if e, err = r.BySequence(sequence); err != nil {
		return e, err
	}
	err = r.get(record.AppendSequence(append(key[:0], 'p'), sequence), func(value []byte) error {
		e.Payload = slices.Clone(value)
		return nil
	})
	return e, err
}

// get calls f with the value of a key; f must not keep it.
func (r *reader) get(key []byte, f func(value []byte) error) error {
	value, closer, err := r.db.Get(key)
	if err != nil {
		return fmt.Errorf("pebble: key %x: %w", key, err)
	}
	return errors.Join(f(value), closer.Close())
}

// Stream implements engine.Reader. The payloads are read like the records, with an iterator
// that only moves forward.
func (r *reader) Stream(name string, f func(engine.Event)) error {
	payloads, err := r.db.NewIter(payloadKeys)
	if err != nil {
		return err
	}
	var key [9]byte
	err = r.Entity(name, func(e engine.Event) {
		if err != nil {
			return
		}
		if !payloads.SeekGE(record.AppendSequence(append(key[:0], 'p'), e.Sequence)) {
			err = errors.Join(fmt.Errorf("pebble: no payload %d", e.Sequence), payloads.Error())
			return
		}
		if e.Payload, err = payloads.ValueAndErr(); err == nil {
			f(e)
		}
	})
	return errors.Join(err, payloads.Close())
}

var payloadKeys = &pebble.IterOptions{LowerBound: []byte{'p'}, UpperBound: []byte{'p' + 1}}

// All implements engine.Reader. It walks records and payloads side by side.
func (r *reader) All(f func(engine.Event)) error {
	payloads, err := r.db.NewIter(payloadKeys)
	if err != nil {
		return err
	}
	return errors.Join(r.all(payloads, f), payloads.Close())
}

func (r *reader) all(payloads *pebble.Iterator, f func(engine.Event)) error {
	same := payloads.First()
	for ok := r.records.First(); ok; ok = r.records.Next() {
		key := r.records.Key()[1:]
		if !same || !bytes.Equal(payloads.Key()[1:], key) {
			return fmt.Errorf("pebble: no payload %x", key)
		}
		sequence, err := record.Sequence(key)
		if err != nil {
			return err
		}
		value, err := r.records.ValueAndErr()
		if err != nil {
			return err
		}
		e, err := r.decoder.Decode(sequence, value)
		if err != nil {
			return err
		}
		if e.Payload, err = payloads.ValueAndErr(); err != nil {
			return err
		}
		f(e)
		same = payloads.Next()
	}
	return errors.Join(r.records.Error(), payloads.Error())
}

// Entity implements engine.Reader.
func (r *reader) Entity(name string, f func(engine.Event)) error {
	r.prefix = record.AppendName(append(r.prefix[:0], 'e'), name)
	return r.list(f)
}

// Scope implements engine.Reader.
func (r *reader) Scope(name string, f func(engine.Event)) error {
	r.prefix = record.AppendName(append(r.prefix[:0], 's'), name)
	return r.list(f)
}

// Kind implements engine.Reader.
func (r *reader) Kind(kind uint16, f func(engine.Event)) error {
	r.prefix = record.AppendKind(append(r.prefix[:0], 'k'), kind)
	return r.list(f)
}

// list reads the records of the keys with the prefix.
func (r *reader) list(f func(engine.Event)) error {
	// No sequence reaches 1<<63.
	r.limit = append(append(r.limit[:0], r.prefix...), 0x80)
	r.index.SetBounds(r.prefix, r.limit)
	var array [9]byte
	for ok := r.index.First(); ok; ok = r.index.Next() {
		sequence, ok := record.Hit(r.index.Key(), r.prefix)
		if !ok {
			continue
		}
		key := record.AppendSequence(append(array[:0], 'n'), sequence)
		if !r.records.SeekGE(key) || !bytes.Equal(r.records.Key(), key) {
			return errors.Join(fmt.Errorf("pebble: no event %d", sequence), r.records.Error())
		}
		value, err := r.records.ValueAndErr()
		if err != nil {
			return err
		}
		e, err := r.decoder.Decode(sequence, value)
		if err != nil {
			return err
		}
		f(e)
	}
	return r.index.Error()
}

// Close implements engine.Reader.
func (r *reader) Close() error {
	return errors.Join(r.records.Close(), r.index.Close(), r.db.Close())
}
