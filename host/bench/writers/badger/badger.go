// Package badger writes into Badger v4 with the indexes that thaw's queries need, as keys of five sorts:
//
//	n, number              the record with its payload
//	i, id                  the number
//	e, entity, 0, number   nothing
//	s, scope, 0, number    nothing
//	k, kind, number        nothing
package badger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"github.com/thawlog/thaw/host/bench/writers"
)

// Engine is Badger.
var Engine = writers.Engine{
	Name:  "badger",
	What:  "default options without conflict detection and metrics; SyncWrites; batches by WriteBatch, singles by Update",
	Open:  open,
	Count: count,
}

type store struct {
	db   *badger.DB
	last atomic.Uint64 // number given out
}

// options are Badger's defaults and what its documentation offers for more speed where it costs nothing here: no key is
// ever written twice, so no two transactions can conflict. Values stay in the LSM tree, as by default below 1 MB.
func options(dir string, synced bool) badger.Options {
	return badger.DefaultOptions(dir).WithSyncWrites(synced).WithDetectConflicts(false).WithMetricsEnabled(false).WithLogger(nil)
}

func open(dir string, synced bool) (writers.Writer, error) {
	db, err := badger.Open(options(dir, synced))
	if err != nil {
		return nil, err
	}
	return &store{db: db}, nil
}

// Batch implements writers.Writer. The 5,000 keys of a thousand events are far below what a transaction may hold, so the
// WriteBatch is one transaction.
func (s *store) Batch(_ context.Context, events []writers.Event) error {
	b := s.db.NewWriteBatch()
	defer b.Cancel()
	for i := range events {
		if err := put(b.Set, &events[i], s.last.Add(1)); err != nil {
			return err
		}
	}
	return b.Flush()
}

// One implements writers.Writer.
func (s *store) One(_ context.Context, e *writers.Event) error {
	n := s.last.Add(1)
	return s.db.Update(func(tx *badger.Txn) error { return put(tx.Set, e, n) })
}

// put sets the five keys. They share one allocation, since Badger keeps them until the commit.
func put(set func(key, value []byte) error, e *writers.Event, n uint64) error {
	b := make([]byte, 0, 160+2*len(e.Entity)+2*len(e.Scope)+len(e.Payload))
	part := func(add func([]byte) []byte) []byte {
		at := len(b)
		b = add(b)
		return b[at:len(b):len(b)]
	}
	number := part(func(b []byte) []byte { return binary.BigEndian.AppendUint64(append(b, 'n'), n) })
	return errors.Join(
		set(number, part(func(b []byte) []byte { return writers.AppendRecord(b, e) })),
		set(part(func(b []byte) []byte { return append(append(b, 'i'), e.ID[:]...) }), number[1:]),
		set(part(func(b []byte) []byte { return writers.AppendNamed(append(b, 'e'), e.Entity, n) }), nil),
		set(part(func(b []byte) []byte { return writers.AppendNamed(append(b, 's'), e.Scope, n) }), nil),
		set(part(func(b []byte) []byte { return writers.AppendKind(append(b, 'k'), e.Kind, n) }), nil),
	)
}

// Close implements writers.Writer.
func (s *store) Close() error { return s.db.Close() }

func count(dir string) (int, error) {
	db, err := badger.Open(options(dir, false))
	if err != nil {
		return 0, err
	}
	counts := map[byte]int{}
	err = db.View(func(tx *badger.Txn) error {
		o := badger.DefaultIteratorOptions
		o.PrefetchValues = false
		it := tx.NewIterator(o)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			counts[it.Item().Key()[0]]++
		}
		return nil
	})
	for _, sort := range "iesk" {
		if counts[byte(sort)] != counts['n'] {
			err = errors.Join(err, fmt.Errorf("badger: %d events, %d keys of sort %c", counts['n'], counts[byte(sort)], sort))
		}
	}
	return counts['n'], errors.Join(err, db.Close())
}
