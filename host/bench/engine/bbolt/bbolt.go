// Package bbolt keeps the events in a go.etcd.io/bbolt file with six buckets:
//
//	bucket    key                     value
//	events    sequence                the record
//	payloads  sequence                the payload
//	ids       id                      sequence
//	entities  entity, 0x00, sequence  nothing
//	scopes    scope, 0x00, sequence   nothing
//	kinds     kind, sequence          nothing
//
// Payloads have a separate bucket so that a page of events holds twice as many records:
// queries without payload read half the pages, and the one with payload descends one more
// tree.
//
// Writing: every transaction syncs the file, the default. The list of free pages is a hash
// map and is not written (NoFreelistSync), which the documentation recommends for writing
// speed; a read-only open does not need it. The two buckets with increasing keys fill their
// pages (FillPercent 1). Appends from many goroutines use DB.Batch, made for that, with
// MaxBatchSize 64 and MaxBatchDelay 0.5 ms: by default it waits up to 10 ms for 1,000
// callers, longer than many syncs. An append that is alone uses DB.Update at once.
//
// Reading: opened read-only, with one transaction for the reader's life. The file's lock
// excludes writers meanwhile, so the transaction delays nothing.
package bbolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/engine/record"
)

// Engine is the bbolt engine.
type Engine struct{}

var (
	bucketEvents   = []byte("events")
	bucketPayloads = []byte("payloads")
	bucketIDs      = []byte("ids")
	bucketEntities = []byte("entities")
	bucketScopes   = []byte("scopes")
	bucketKinds    = []byte("kinds")
	allBuckets     = [][]byte{bucketEvents, bucketPayloads, bucketIDs, bucketEntities, bucketScopes, bucketKinds}
)

// Name implements engine.Engine.
func (Engine) Name() string { return "bbolt" }

// Version implements engine.Engine.
func (Engine) Version() string { return engine.ModuleVersion("go.etcd.io/bbolt") }

func open(dir string, readOnly bool) (*bolt.DB, error) {
	return bolt.Open(filepath.Join(dir, "events.db"), 0o644, &bolt.Options{
		ReadOnly: readOnly, Timeout: time.Second, NoFreelistSync: true, FreelistType: bolt.FreelistMapType,
	})
}

// Create implements engine.Engine.
func (Engine) Create(dir string) (engine.Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	db, err := open(dir, false)
	if err != nil {
		return nil, err
	}
	db.MaxBatchSize, db.MaxBatchDelay = 64, 500*time.Microsecond
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range allBuckets {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &writer{db: db}, nil
}

type writer struct {
	db      *bolt.DB
	waiting atomic.Int32 // appends in progress
}

// AppendBatch implements engine.Writer.
func (w *writer) AppendBatch(events []engine.Event) error {
	return w.db.Update(func(tx *bolt.Tx) error {
		b := bucketsOf(tx)
		for i := range events {
			if err := b.put(&events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Append implements engine.Writer.
func (w *writer) Append(e *engine.Event) error {
	f := func(tx *bolt.Tx) error {
		b := bucketsOf(tx)
		e.Sequence = b.events.Sequence()
		return b.put(e)
	}
	defer w.waiting.Add(-1)
	if w.waiting.Add(1) == 1 {
		return w.db.Update(f)
	}
	return w.db.Batch(f)
}

// Close implements engine.Writer.
func (w *writer) Close() error { return w.db.Close() }

type buckets struct{ events, payloads, ids, entities, scopes, kinds *bolt.Bucket }

func bucketsOf(tx *bolt.Tx) buckets {
	b := buckets{
		tx.Bucket(bucketEvents), tx.Bucket(bucketPayloads), tx.Bucket(bucketIDs),
		tx.Bucket(bucketEntities), tx.Bucket(bucketScopes), tx.Bucket(bucketKinds),
	}
	b.events.FillPercent, b.payloads.FillPercent = 1, 1
	return b
}

// put writes the event's six keys. The sequence of the events bucket numbers the events.
// Keys and values share one allocation: bbolt keeps the values until the transaction ends.
func (b buckets) put(e *engine.Event) error {
	if err := b.events.SetSequence(e.Sequence + 1); err != nil {
		return err
	}
	buf := make([]byte, 0, record.Size(e)+len(e.Entity)+len(e.Scope)+2+4*8+2)
	part := func(add func([]byte) []byte) []byte {
		at := len(buf)
		buf = add(buf)
		return buf[at:len(buf):len(buf)]
	}
	sequence := part(func(b []byte) []byte { return record.AppendSequence(b, e.Sequence) })
	return errors.Join(
		b.events.Put(sequence, part(func(b []byte) []byte { return record.Append(b, e) })),
		b.payloads.Put(sequence, e.Payload),
		b.ids.Put(e.ID[:], sequence),
		b.entities.Put(part(func(b []byte) []byte { return append(record.AppendName(b, e.Entity), sequence...) }), nil),
		b.scopes.Put(part(func(b []byte) []byte { return append(record.AppendName(b, e.Scope), sequence...) }), nil),
		b.kinds.Put(part(func(b []byte) []byte { return append(record.AppendKind(b, e.Kind), sequence...) }), nil),
	)
}

// Open implements engine.Engine.
func (Engine) Open(dir string) (engine.Reader, error) {
	db, err := open(dir, true)
	if err != nil {
		return nil, err
	}
	tx, err := db.Begin(false)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	for _, name := range allBuckets {
		if tx.Bucket(name) == nil {
			return nil, errors.Join(fmt.Errorf("bbolt: no bucket %s", name), tx.Rollback(), db.Close())
		}
	}
	return &reader{db: db, tx: tx, buckets: bucketsOf(tx)}, nil
}

type reader struct {
	db *bolt.DB
	tx *bolt.Tx
	buckets
	decoder record.Decoder
	prefix  []byte
}

func (r *reader) bySequence(key []byte) (engine.Event, error) {
	sequence, err := record.Sequence(key)
	if err != nil {
		return engine.Event{}, err
	}
	value := r.events.Get(key)
	if value == nil {
		return engine.Event{}, fmt.Errorf("bbolt: no event %d", sequence)
	}
	return r.decoder.Decode(sequence, value)
}

// BySequence implements engine.Reader.
func (r *reader) BySequence(sequence uint64) (engine.Event, error) {
	var key [8]byte
	return r.bySequence(record.AppendSequence(key[:0], sequence))
}

// ByID implements engine.Reader.
func (r *reader) ByID(id engine.ID) (engine.Event, error) {
	sequence := r.ids.Get(id[:])
	if sequence == nil {
		return engine.Event{}, fmt.Errorf("bbolt: no event %x", id)
	}
	e, err := r.bySequence(sequence)
	e.Payload = slices.Clone(r.payloads.Get(sequence))
	return e, err
}

// Stream implements engine.Reader.
func (r *reader) Stream(name string, f func(engine.Event)) error {
	r.prefix = record.AppendName(r.prefix[:0], name)
	c := r.entities.Cursor()
	for k, _ := c.Seek(r.prefix); bytes.HasPrefix(k, r.prefix); k, _ = c.Next() {
		if _, ok := record.Hit(k, r.prefix); !ok {
			continue
		}
		sequence := k[len(r.prefix):]
		e, err := r.bySequence(sequence)
		if err != nil {
			return err
		}
		e.Payload = r.payloads.Get(sequence)
		f(e)
	}
	return nil
}

// All implements engine.Reader. It walks records and payloads side by side.
func (r *reader) All(f func(engine.Event)) error {
	records, payloads := r.events.Cursor(), r.payloads.Cursor()
	key, value := records.First()
	same, payload := payloads.First()
	for key != nil {
		if !bytes.Equal(key, same) {
			return fmt.Errorf("bbolt: record %x, payload %x", key, same)
		}
		sequence, err := record.Sequence(key)
		if err != nil {
			return err
		}
		e, err := r.decoder.Decode(sequence, value)
		if err != nil {
			return err
		}
		e.Payload = payload
		f(e)
		key, value = records.Next()
		same, payload = payloads.Next()
	}
	return nil
}

// Entity implements engine.Reader.
func (r *reader) Entity(name string, f func(engine.Event)) error {
	r.prefix = record.AppendName(r.prefix[:0], name)
	return r.list(r.entities, f)
}

// Scope implements engine.Reader.
func (r *reader) Scope(name string, f func(engine.Event)) error {
	r.prefix = record.AppendName(r.prefix[:0], name)
	return r.list(r.scopes, f)
}

// Kind implements engine.Reader.
func (r *reader) Kind(kind uint16, f func(engine.Event)) error {
	r.prefix = record.AppendKind(r.prefix[:0], kind)
	return r.list(r.kinds, f)
}

func (r *reader) list(index *bolt.Bucket, f func(engine.Event)) error {
	c := index.Cursor()
	for k, _ := c.Seek(r.prefix); bytes.HasPrefix(k, r.prefix); k, _ = c.Next() {
		if _, ok := record.Hit(k, r.prefix); !ok {
			continue
		}
		e, err := r.bySequence(k[len(r.prefix):])
		if err != nil {
			return err
		}
		f(e)
	}
	return nil
}

// Close implements engine.Reader.
func (r *reader) Close() error { return errors.Join(r.tx.Rollback(), r.db.Close()) }
