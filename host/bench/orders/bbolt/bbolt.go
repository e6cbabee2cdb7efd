package bbolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	bolt "go.etcd.io/bbolt"

	"github.com/thawlog/thaw/host/bench/orders"
)

var (
	events = []byte("events")
	log    = []byte("log")
	keys   = []byte("keys")
	totals = []byte("totals")
)

// batchSize bounds the events of a transaction of the projection and of a follower's read.
const batchSize = 1000

// Service is the order service.
type Service struct {
	db      *bolt.DB
	writing atomic.Int32                  // appends in progress
	news    atomic.Pointer[chan struct{}] // closed by the next append
}

// Open opens the service in a directory, which it makes.
func Open(dir string) (*Service, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	db, err := bolt.Open(filepath.Join(dir, "orders.db"), 0o644, &bolt.Options{
		Timeout: time.Second, NoFreelistSync: true, FreelistType: bolt.FreelistMapType,
	})
	if err != nil {
		return nil, err
	}
	db.MaxBatchSize, db.MaxBatchDelay = 64, 500*time.Microsecond
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{events, log, keys, totals} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &Service{db: db}
	s.news.Store(new(make(chan struct{})))
	return s, nil
}

// Close implements orders.Service.
func (s *Service) Close() error { return s.db.Close() }

// Do implements orders.Service.
func (s *Service) Do(_ context.Context, order, key string, command orders.Command) (r orders.Receipt, err error) {
	for range orders.Tries {
		if r, err = s.try(order, key, command); !errors.Is(err, orders.ErrConflict) {
			break
		}
	}
	return r, err
}

func (s *Service) try(order, key string, command orders.Command) (r orders.Receipt, err error) {
	var o orders.Order
	err = s.db.View(func(tx *bolt.Tx) error {
		if first := tx.Bucket(keys).Get([]byte(key)); first != nil {
			r.Version, r.Repeated = versionOf(first), true
			if !bytes.HasPrefix(first, prefix(order)) {
				return orders.ErrKey
			}
			return nil
		}
		r.Version, err = load(tx, order, &o)
		return err
	})
	if err != nil || r.Repeated {
		return r, err
	}
	decided, err := command(&o)
	if err != nil || len(decided) == 0 && key == "" {
		return r, err
	}
	err = s.append(order, r.Version, key, decided)
	r.Version += uint64(len(decided))
	return r, err
}

// Append implements orders.Service.
func (s *Service) Append(_ context.Context, order string, version uint64, events ...any) error {
	return s.append(order, version, "", events)
}

// append writes at once if no other append is in progress, else together with others.
func (s *Service) append(order string, version uint64, key string, events []any) error {
	update := s.db.Batch
	if s.writing.Add(1) == 1 {
		update = s.db.Update
	}
	defer s.writing.Add(-1)
	err := update(func(tx *bolt.Tx) error { return put(tx, order, version, key, events) })
	if err == nil {
		close(*s.news.Swap(new(make(chan struct{}))))
	}
	return err
}

// put appends events to an order that has a version.
func put(tx *bolt.Tx, order string, version uint64, key string, values []any) error {
	inOrder, inLog, used := tx.Bucket(events), tx.Bucket(log), tx.Bucket(keys)
	inLog.FillPercent = 1
	if inOrder.Get(eventKey(order, version)) != nil || key != "" && used.Get([]byte(key)) != nil {
		return orders.ErrConflict
	}
	for _, value := range values {
		sequence, err := inLog.NextSequence()
		if err != nil {
			return err
		}
		event, err := encode(sequence, value)
		if err != nil {
			return err
		}
		at := eventKey(order, version)
		if err := errors.Join(inOrder.Put(at, event), inLog.Put(number(sequence), at)); err != nil {
			return err
		}
		version++
	}
	if key == "" {
		return nil
	}
	return used.Put([]byte(key), eventKey(order, version))
}

// Load implements orders.Service.
func (s *Service) Load(_ context.Context, order string) (o orders.Order, version uint64, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		version, err = load(tx, order, &o)
		return err
	})
	return o, version, err
}

func load(tx *bolt.Tx, order string, o *orders.Order) (version uint64, err error) {
	c := tx.Bucket(events).Cursor()
	prefix := prefix(order)
	for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
		_, value, err := decode(v)
		if err == nil {
			err = o.Apply(value)
		}
		if err != nil {
			return 0, err
		}
		version++
	}
	return version, nil
}

// Project implements orders.Service.
func (s *Service) Project(context.Context) error {
	for n := batchSize; n == batchSize; {
		err := s.db.Update(func(tx *bolt.Tx) error {
			rows := tx.Bucket(totals)
			batch, err := read(tx, rows.Sequence())
			for _, e := range batch {
				if customer, change := orders.TotalOf(e.Value); customer != "" {
					err = errors.Join(err, add(rows, []byte(customer), change))
				}
			}
			if n = len(batch); n == 0 || err != nil {
				return err
			}
			return rows.SetSequence(batch[n-1].Sequence + 1)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func add(rows *bolt.Bucket, customer []byte, change orders.Total) error {
	t, err := totalOf(rows, customer)
	if err != nil {
		return err
	}
	t.Add(change)
	b, err := msgpack.Marshal(t)
	return errors.Join(err, rows.Put(customer, b))
}

func totalOf(rows *bolt.Bucket, customer []byte) (orders.Total, error) {
	b := rows.Get(customer)
	if b == nil {
		return orders.Total{}, nil
	}
	return as[orders.Total](b)
}

// Total implements orders.Service.
func (s *Service) Total(_ context.Context, customer string) (t orders.Total, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		t, err = totalOf(tx.Bucket(totals), []byte(customer))
		return err
	})
	return t, err
}

// Follow implements orders.Service.
func (s *Service) Follow(ctx context.Context, from uint64) iter.Seq2[orders.Event, error] {
	return func(yield func(orders.Event, error) bool) {
		for {
			news := *s.news.Load() // before reading, so that no append is missed
			var batch []orders.Event
			err := s.db.View(func(tx *bolt.Tx) (err error) {
				batch, err = read(tx, from)
				return err
			})
			if err = errors.Join(err, ctx.Err()); err != nil {
				yield(orders.Event{}, err)
				return
			}
			for _, e := range batch {
				if !yield(e, nil) {
					return
				}
				from = e.Sequence + 1
			}
			if len(batch) == 0 {
				select {
				case <-news:
				case <-ctx.Done():
				}
			}
		}
	}
}

// read returns the next events, at most batchSize.
func read(tx *bolt.Tx, from uint64) (batch []orders.Event, err error) {
	inOrder, c := tx.Bucket(events), tx.Bucket(log).Cursor()
	for k, at := c.Seek(number(from)); k != nil && len(batch) < batchSize; k, at = c.Next() {
		e := orders.Event{Order: string(at[:len(at)-9])}
		if e.Sequence, e.Value, err = decode(inOrder.Get(at)); err != nil {
			return nil, err
		}
		batch = append(batch, e)
	}
	return batch, nil
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func prefix(order string) []byte { return append([]byte(order), 0) }

func eventKey(order string, version uint64) []byte {
	return binary.BigEndian.AppendUint64(prefix(order), version)
}

func versionOf(eventKey []byte) uint64 { return binary.BigEndian.Uint64(eventKey[len(eventKey)-8:]) }
