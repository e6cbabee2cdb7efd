// Package bbolt keeps the prepared store's events in a go.etcd.io/bbolt file, the way a Go program would that needs the
// same three questions answered: by sequence, by id, by entity.
//
//	bucket    key                              value
//	events    sequence, 8 bytes big-endian     the 162-byte record, then the payload
//	ids       event id, 16 bytes               sequence, 8 bytes big-endian
//	entities  name, 0x00, sequence big-endian  nothing
//	strings   index, 4 bytes big-endian        entity or scope name
//	meta      "count"                          number of events, 8 bytes big-endian
package bbolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	bolt "go.etcd.io/bbolt"

	"github.com/thawlog/thaw/host/bench/source"
	"github.com/thawlog/thaw/host/bench/workload"
)

var (
	bucketEvents   = []byte("events")
	bucketIDs      = []byte("ids")
	bucketEntities = []byte("entities")
	bucketStrings  = []byte("strings")
	bucketMeta     = []byte("meta")
	keyCount       = []byte("count")
)

// eventsPerTx bounds a writing transaction: bbolt holds its dirty pages in memory.
const eventsPerTx = 50_000

// Write fills a new file at path with src's events and checks each against the workload. It syncs once, at the end.
func Write(path string, src *source.Store) error {
	db, err := bolt.Open(path, 0o644, &bolt.Options{NoSync: true, Timeout: time.Second})
	if err != nil {
		return err
	}
	if err := write(db, src); err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(db.Sync(), db.Close())
}

func write(db *bolt.DB, src *source.Store) error {
	err := db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketEvents, bucketIDs, bucketEntities, bucketStrings, bucketMeta} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		for i, s := range src.Strings() {
			if err := tx.Bucket(bucketStrings).Put(binary.BigEndian.AppendUint32(nil, uint32(i)), []byte(s)); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put(keyCount, binary.BigEndian.AppendUint64(nil, src.Len()))
	})
	if err != nil {
		return err
	}
	var pending []source.Record
	for r, err := range src.Events() {
		if err != nil {
			return err
		}
		pending = append(pending, *r)
		if len(pending) == eventsPerTx {
			if err := put(db, src, pending); err != nil {
				return err
			}
			pending = pending[:0]
		}
	}
	return put(db, src, pending)
}

func put(db *bolt.DB, src *source.Store, records []source.Record) error {
	return db.Update(func(tx *bolt.Tx) error {
		events, ids, entities := tx.Bucket(bucketEvents), tx.Bucket(bucketIDs), tx.Bucket(bucketEntities)
		events.FillPercent = 1 // keys only ever rise
		for i := range records {
			r := &records[i]
			payload := workload.AppendPayload(nil, r.Sequence())
			if err := src.Check(r, payload); err != nil {
				return err
			}
			name, err := src.Entity(r)
			if err != nil {
				return err
			}
			sequence, id := binary.BigEndian.AppendUint64(nil, r.Sequence()), r.ID()
			err = errors.Join(
				events.Put(sequence, append(slices.Clone(r[:]), payload...)),
				ids.Put(id[:], sequence),
				entities.Put(append(entityPrefix(name), sequence...), nil),
			)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func entityPrefix(name string) []byte { return append([]byte(name), 0) }

// DB is an open file.
type DB struct{ bolt *bolt.DB }

// Open opens the file at path; writable also loads the list of free pages and takes the file's lock for itself alone.
func Open(path string, writable bool) (*DB, error) {
	db, err := bolt.Open(path, 0o644, &bolt.Options{ReadOnly: !writable, Timeout: time.Second})
	if err != nil {
		return nil, err
	}
	return &DB{db}, nil
}

// Close closes the file.
func (d *DB) Close() error { return d.bolt.Close() }

// Len is the number of events that Write recorded.
func (d *DB) Len() (n uint64, err error) {
	err = d.bolt.View(func(tx *bolt.Tx) error {
		n = binary.BigEndian.Uint64(tx.Bucket(bucketMeta).Get(keyCount))
		return nil
	})
	return n, err
}

// Get returns the record and the decoded payload of the event with this id, spelled as in the record.
func (d *DB) Get(id [16]byte) (r source.Record, payload map[string]any, err error) {
	err = d.bolt.View(func(tx *bolt.Tx) error {
		sequence := tx.Bucket(bucketIDs).Get(id[:])
		if sequence == nil {
			return fmt.Errorf("bbolt: no event %x", id)
		}
		value := tx.Bucket(bucketEvents).Get(sequence)
		if len(value) < source.RecordSize {
			return fmt.Errorf("bbolt: event %x has %d bytes", sequence, len(value))
		}
		r = source.Record(value[:source.RecordSize])
		return msgpack.Unmarshal(value[source.RecordSize:], &payload)
	})
	return r, payload, err
}

// Entity returns the records of one entity's events in sequence order.
func (d *DB) Entity(name string) (records []source.Record, err error) {
	prefix := entityPrefix(name)
	err = d.bolt.View(func(tx *bolt.Tx) error {
		events := tx.Bucket(bucketEvents)
		c := tx.Bucket(bucketEntities).Cursor()
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			value := events.Get(k[len(prefix):])
			if len(value) < source.RecordSize {
				return fmt.Errorf("bbolt: event %x has %d bytes", k[len(prefix):], len(value))
			}
			records = append(records, source.Record(value[:source.RecordSize]))
		}
		return nil
	})
	return records, err
}
