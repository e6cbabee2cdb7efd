// Package badger keeps the events in a Badger v4 store, with keys of six sorts
// distinguished by their first byte:
//
//	n, sequence                the record
//	p, sequence                the payload
//	i, id                      sequence
//	e, entity, 0x00, sequence  nothing
//	s, scope, 0x00, sequence   nothing
//	k, kind, sequence          nothing
//
// Payloads have separate keys, because values are in the tables (below the default
// threshold of 1 MB): with payloads every block that a query reads would hold half as
// many records.
//
// Options are the defaults except for SyncWrites, no conflict detection (no key is
// written twice) and no metrics. Close compacts level 0.
//
// Writing: a batch is a WriteBatch. It is one transaction, unless it exceeds the
// maximum of a transaction (a sixth of the 64 MiB memtable), when Badger splits it; a
// batch of up to 10,000 events of this benchmark does not. Single appends go through
// package gather, which makes one WriteBatch of all waiting ones: Badger itself writes
// waiting transactions in sequence, but with SyncWrites it still syncs the memtable's
// log for each of them. Close flattens the tree first, so that the tables are on one
// level, and writes the last memtable to tables.
//
// Reading: opened read-only, which Badger allows only after an orderly close. One
// transaction and one iterator over keys alone (no prefetching of values, since those of
// the lookups are empty) last for the reader's life; records are read with Get, which
// uses the bloom filters.
package badger

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/dgraph-io/badger/v4"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/engine/gather"
	"github.com/thawlog/thaw/host/bench/engine/record"
)

// Engine is the Badger engine.
type Engine struct{}

// Name implements engine.Engine.
func (Engine) Name() string { return "badger" }

// Version implements engine.Engine.
func (Engine) Version() string { return engine.ModuleVersion("github.com/dgraph-io/badger/v4") }

func options(dir string) badger.Options {
	return badger.DefaultOptions(dir).WithSyncWrites(true).WithDetectConflicts(false).WithMetricsEnabled(false).
		WithCompactL0OnClose(true).WithLogger(nil)
}

// Create implements engine.Engine.
func (Engine) Create(dir string) (engine.Writer, error) {
	db, err := badger.Open(options(dir))
	if err != nil {
		return nil, err
	}
	w := &writer{db: db}
	w.queue = gather.New(w.appendAll)
	return w, nil
}

type writer struct {
	db    *badger.DB
	mu    sync.Mutex // held during a batch
	next  uint64     // sequence of the next event
	queue *gather.Queue
}

// AppendBatch implements engine.Writer.
func (w *writer) AppendBatch(events []engine.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.db.NewWriteBatch()
	defer b.Cancel()
	for i := range events {
		if err := put(b, &events[i]); err != nil {
			return err
		}
		w.next = events[i].Sequence + 1
	}
	return b.Flush()
}

// Append implements engine.Writer.
func (w *writer) Append(e *engine.Event) error { return w.queue.Append(e) }

// appendAll writes single appends that arrived together, and assigns their sequences.
func (w *writer) appendAll(events []*engine.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.db.NewWriteBatch()
	defer b.Cancel()
	for _, e := range events {
		e.Sequence = w.next
		w.next++
		if err := put(b, e); err != nil {
			return err
		}
	}
	return b.Flush()
}

// put sets the event's six keys. Keys and values share one allocation, since Badger keeps
// them until the commit; the payload belongs to the caller, who waits for the commit.
func put(b *badger.WriteBatch, e *engine.Event) error {
	buf := make([]byte, 0, record.Size(e)+len(e.Entity)+len(e.Scope)+len(e.ID)+5*8+10)
	part := func(add func([]byte) []byte) []byte {
		at := len(buf)
		buf = add(buf)
		return buf[at:len(buf):len(buf)]
	}
	number := part(func(b []byte) []byte { return record.AppendSequence(append(b, 'n'), e.Sequence) })
	sequence := number[1:]
	return errors.Join(
		b.Set(number, part(func(b []byte) []byte { return record.Append(b, e) })),
		b.Set(part(func(b []byte) []byte { return append(append(b, 'p'), sequence...) }), e.Payload),
		b.Set(part(func(b []byte) []byte { return append(append(b, 'i'), e.ID[:]...) }), sequence),
		b.Set(part(func(b []byte) []byte { return append(record.AppendName(append(b, 'e'), e.Entity), sequence...) }), nil),
		b.Set(part(func(b []byte) []byte { return append(record.AppendName(append(b, 's'), e.Scope), sequence...) }), nil),
		b.Set(part(func(b []byte) []byte { return append(record.AppendKind(append(b, 'k'), e.Kind), sequence...) }), nil),
	)
}

// Close implements engine.Writer.
func (w *writer) Close() error {
	w.queue.Close()
	return errors.Join(w.db.Flatten(2), w.db.Close())
}

// Open implements engine.Engine.
func (Engine) Open(dir string) (engine.Reader, error) {
	db, err := badger.Open(options(dir).WithReadOnly(true))
	if err != nil {
		return nil, err
	}
	r := &reader{db: db, tx: db.NewTransaction(false)}
	o := badger.DefaultIteratorOptions
	o.PrefetchValues = false
	r.index = r.tx.NewIterator(o)
	return r, nil
}

type reader struct {
	db      *badger.DB
	tx      *badger.Txn
	index   *badger.Iterator
	decoder record.Decoder
	prefix  []byte
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
		e.Payload = append([]byte(nil), value...)
		return nil
	})
	return e, err
}

// get calls f with the value of a key; f must not keep it.
func (r *reader) get(key []byte, f func(value []byte) error) error {
	item, err := r.tx.Get(key)
	if err != nil {
		return fmt.Errorf("badger: key %x: %w", key, err)
	}
	return item.Value(f)
}

// Stream implements engine.Reader.
func (r *reader) Stream(name string, f func(engine.Event)) (err error) {
	var key [9]byte
	failed := r.Entity(name, func(e engine.Event) {
		if err == nil {
			err = r.get(record.AppendSequence(append(key[:0], 'p'), e.Sequence), func(value []byte) error {
				e.Payload = value
				f(e)
				return nil
			})
		}
	})
	return errors.Join(failed, err)
}

// All implements engine.Reader. It walks records and payloads side by side, with values
// prefetched, as the documentation recommends for such a walk.
func (r *reader) All(f func(engine.Event)) error {
	walk := func(prefix byte) *badger.Iterator {
		o := badger.DefaultIteratorOptions
		o.Prefix = []byte{prefix}
		it := r.tx.NewIterator(o)
		it.Rewind()
		return it
	}
	records, payloads := walk('n'), walk('p')
	defer records.Close()
	defer payloads.Close()
	for ; records.Valid(); records.Next() {
		key := records.Item().Key()[1:]
		if !payloads.Valid() || !bytes.Equal(payloads.Item().Key()[1:], key) {
			return fmt.Errorf("badger: no payload %x", key)
		}
		sequence, err := record.Sequence(key)
		if err != nil {
			return err
		}
		var e engine.Event
		err = records.Item().Value(func(value []byte) (err error) {
			e, err = r.decoder.Decode(sequence, value)
			return err
		})
		if err != nil {
			return err
		}
		err = payloads.Item().Value(func(value []byte) error {
			e.Payload = value
			f(e)
			return nil
		})
		if err != nil {
			return err
		}
		payloads.Next()
	}
	return nil
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
	for r.index.Seek(r.prefix); r.index.ValidForPrefix(r.prefix); r.index.Next() {
		sequence, ok := record.Hit(r.index.Item().Key(), r.prefix)
		if !ok {
			continue
		}
		e, err := r.BySequence(sequence)
		if err != nil {
			return err
		}
		f(e)
	}
	return nil
}

// Close implements engine.Reader.
func (r *reader) Close() error {
	r.index.Close()
	r.tx.Discard()
	return r.db.Close()
}
