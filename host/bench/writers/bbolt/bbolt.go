// Package bbolt writes into a bbolt file with a bucket for the records by number and one for each index: id, entity,
// scope, kind.
package bbolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/thawlog/thaw/host/bench/writers"
)

// Engine is bbolt.
var Engine = writers.Engine{
	Name:  "bbolt",
	What:  "NoFreelistSync, hashmap freelist; batches by Update, concurrent singles by Batch with MaxBatchSize 64; unsynced is NoSync",
	Open:  open,
	Count: count,
}

var (
	bucketEvents = []byte("events")
	bucketIDs    = []byte("ids")
	bucketNames  = []byte("entities")
	bucketScopes = []byte("scopes")
	bucketKinds  = []byte("kinds")
	buckets      = [][]byte{bucketEvents, bucketIDs, bucketNames, bucketScopes, bucketKinds}
)

type store struct {
	db     *bolt.DB
	synced bool
}

func open(dir string, synced bool) (writers.Writer, error) {
	db, err := bolt.Open(path(dir), 0o644, &bolt.Options{
		Timeout: time.Second, NoSync: !synced,
		// What its documentation says is faster to write, at the price of a slower open.
		NoFreelistSync: true, FreelistType: bolt.FreelistMapType,
	})
	if err != nil {
		return nil, err
	}
	// By default Batch waits 10 ms for 1,000 callers; there are never more than 64.
	db.MaxBatchSize = 64
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &store{db, synced}, nil
}

func path(dir string) string { return filepath.Join(dir, "events.db") }

// Batch implements writers.Writer.
func (s *store) Batch(_ context.Context, events []writers.Event) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		for i := range events {
			if err := put(tx, &events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// One implements writers.Writer. Without syncs there is one goroutine, which Batch would keep waiting.
func (s *store) One(_ context.Context, e *writers.Event) error {
	f := func(tx *bolt.Tx) error { return put(tx, e) }
	if s.synced {
		return s.db.Batch(f)
	}
	return s.db.Update(f)
}

func put(tx *bolt.Tx, e *writers.Event) error {
	events := tx.Bucket(bucketEvents)
	events.FillPercent = 1 // keys only ever rise
	n, err := events.NextSequence()
	if err != nil {
		return err
	}
	number := binary.BigEndian.AppendUint64(nil, n)
	return errors.Join(
		events.Put(number, writers.AppendRecord(nil, e)),
		tx.Bucket(bucketIDs).Put(e.ID[:], number),
		tx.Bucket(bucketNames).Put(writers.AppendNamed(nil, e.Entity, n), nil),
		tx.Bucket(bucketScopes).Put(writers.AppendNamed(nil, e.Scope, n), nil),
		tx.Bucket(bucketKinds).Put(writers.AppendKind(nil, e.Kind, n), nil),
	)
}

// Close implements writers.Writer. Without syncs the file is synced first, as the other engines do in their close.
func (s *store) Close() error {
	var err error
	if !s.synced {
		err = s.db.Sync()
	}
	return errors.Join(err, s.db.Close())
}

func count(dir string) (n int, err error) {
	db, err := bolt.Open(path(dir), 0o644, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return 0, err
	}
	err = db.View(func(tx *bolt.Tx) error {
		n = tx.Bucket(bucketEvents).Stats().KeyN
		for _, name := range buckets {
			if k := tx.Bucket(name).Stats().KeyN; k != n {
				return fmt.Errorf("bbolt: %d events, %d in %s", n, k, name)
			}
		}
		return nil
	})
	return n, errors.Join(err, db.Close())
}
