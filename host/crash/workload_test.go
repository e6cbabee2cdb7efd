package crash_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// dir is where every store of these tests lies.
const dir = "/data/store"

// quiet is for stores that are stopped on purpose.
var quiet = slog.New(slog.DiscardHandler)

// options are a writer's choices: small segments, a clock that goes on by itself,
// ids from a seed.
func options(fs fsabstraction.FS, seed uint64) host.Options {
	var tick atomic.Int64
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	return host.Options{
		FS: fs, SegmentSize: 2500, Logger: quiet,
		Now: func() time.Time { return time.UnixMicro(1_700_000_000_000_000 + 250*tick.Add(1)) },
		Random: func() uint64 {
			mu.Lock()
			defer mu.Unlock()
			return random.Uint64()
		},
	}
}

// session is a writer at work in a world.
type session struct {
	*host.Store
	world  *world
	random *rand.Rand
	number int // 0 for a workload's first session
	// relaxed says that a nil error of an append is no promise.
	relaxed bool
	// stubborn says to go on behind errors.
	stubborn bool
	pending  []*attempt
	got      [][]host.Receipt
}

var ctx = context.Background()

// single appends one event.
func (s *session) single(options ...host.AppendOption) error {
	a := s.world.begin(1)
	at, kind, value := s.event()
	r, err := s.Append(ctx, at, kind, value, append(options, host.Correlated(a.id()))...)
	return s.told(a, err, r)
}

// batch appends n events at once.
func (s *session) batch(n int) error {
	a := s.world.begin(n)
	items := s.items(a, n)
	rs, err := s.AppendBatch(ctx, items)
	return s.told(a, err, rs...)
}

func (s *session) items(a *attempt, n int) []host.Item {
	items := make([]host.Item, n)
	for i := range items {
		at, kind, value := s.event()
		items[i] = host.Item{At: at, Kind: kind, Payload: value, Options: []host.AppendOption{host.Correlated(a.id())}}
		if i > 0 {
			items[i].Options = append(items[i].Options, host.CausedByItem(i-1))
		}
	}
	return items
}

// fence appends n events in a fence and commits or cancels it.
func (s *session) fence(n int, commit bool) error {
	a := s.world.begin(n)
	f := s.Fence()
	for _, it := range s.items(a, n) {
		if _, err := f.Append(it.At, it.Kind, it.Payload, it.Options...); err != nil {
			return err
		}
	}
	if !commit {
		err := f.Cancel()
		a.end(never)
		return err
	}
	rs, err := f.Commit(ctx)
	return s.told(a, err, rs...)
}

// told notes what became of an append.
func (s *session) told(a *attempt, err error, rs ...host.Receipt) error {
	switch {
	case err == nil && s.relaxed:
		s.pending, s.got = append(s.pending, a), append(s.got, rs)
	case err == nil:
		a.end(acked, rs...)
	case notWritten(err):
		a.end(never)
	}
	return s.on(err)
}

// notWritten reports whether an error promises that nothing was written.
func notWritten(err error) bool {
	return !errors.Is(err, host.ErrFailed) && !errors.Is(err, host.ErrUnknown)
}

// on is whether to go on behind an error.
func (s *session) on(err error) error {
	if s.stubborn {
		return nil
	}
	return err
}

// sync makes a relaxed session's appends acknowledged.
func (s *session) sync() error {
	pending, got := s.pending, s.got
	s.pending, s.got = nil, nil
	err := s.Sync(ctx)
	if err == nil {
		for i, a := range pending {
			a.end(acked, got[i]...)
		}
	}
	return s.on(err)
}

// event makes up an event. Sizes go over a block now and then.
func (s *session) event() (event.Coordinate, event.Kind, any) {
	size := s.random.IntN(60)
	if s.random.IntN(25) == 0 {
		size = 2000 + s.random.IntN(2000)
	}
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(s.random.Uint32())
	}
	at := event.At(fmt.Sprint("entity-", s.random.IntN(4)), "scope")
	return at, event.Kind(0x1000 + s.random.IntN(3)), data
}

// workload is something a writer does. It returns the first error.
type workload struct {
	name string
	// prepared says to start from a store that has been closed in order.
	prepared   bool
	concurrent bool
	durability host.Durability
	stubborn   bool
	// flushes is how indexes are written, nil for defaultFlushes.
	flushes *tuning.Flushes
	// from names a store of batpak's to begin with.
	from string
	// sessions is how many times the store is opened and closed, 0 for once, and
	// rebuilt says to make its index anew in between.
	sessions int
	rebuilt  bool
	do       func(s *session) error
}

var workloads = []workload{
	{name: "append", do: func(s *session) error {
		return repeat(12, func(int) error { return s.single() })
	}},
	{name: "batch", do: func(s *session) error {
		return repeat(5, func(i int) error { return errors.Join(s.batch(1+2*i), s.single()) })
	}},
	{name: "rotation", prepared: true, do: func(s *session) error {
		return repeat(25, func(int) error { return s.single() })
	}},
	{name: "batch at a rotation", prepared: true, do: func(s *session) error {
		return repeat(8, func(i int) error { return errors.Join(s.batch(9), s.single()) })
	}},
	{name: "fences", prepared: true, do: func(s *session) error {
		return repeat(5, func(i int) error {
			return errors.Join(s.fence(3, i%2 == 0), s.single(), s.fence(2, i%2 == 1))
		})
	}},
	{name: "concurrent", prepared: true, concurrent: true, do: func(s *session) error {
		return together(4, s, func(s *session, _ int) error {
			return repeat(8, func(i int) error {
				if i%4 == 3 {
					return s.batch(3)
				}
				return s.single()
			})
		})
	}},
	{name: "relaxed", prepared: true, durability: host.LoseUnsynced, do: func(s *session) error {
		return repeat(6, func(i int) error {
			err := repeat(4, func(int) error { return s.single() })
			return errors.Join(err, s.batch(2), s.sync())
		})
	}},
	{name: "copied times", prepared: true, do: func(s *session) error {
		return repeat(10, func(i int) error {
			return s.single(host.WithTime(time.UnixMilli(1_600_000_000_000 - int64(i)*1000)))
		})
	}},
	{name: "each", prepared: true, do: func(s *session) error {
		return repeat(4, func(int) error { return s.each(9) })
	}},
}

// each appends n events, each a unit of its own.
func (s *session) each(n int) error {
	var items []host.Item
	var attempts []*attempt
	for range n {
		a := s.world.begin(1)
		attempts = append(attempts, a)
		items = append(items, s.items(a, 1)...)
	}
	rs, err := s.AppendEach(ctx, items)
	for i, r := range rs {
		attempts[i].end(acked, r)
	}
	if err != nil && notWritten(err) {
		for _, a := range attempts[len(rs):] {
			a.end(never)
		}
	}
	return s.on(err)
}

func repeat(n int, f func(i int) error) error {
	for i := range n {
		if err := f(i); err != nil {
			return err
		}
	}
	return nil
}

// together runs f in n goroutines, each with random numbers of its own.
func together(n int, s *session, f func(s *session, i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		own := *s
		own.random = rand.New(rand.NewPCG(s.random.Uint64(), uint64(i)))
		wg.Go(func() { errs[i] = f(&own, i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// run opens the store in fs, does the work and closes it, as many times as the
// workload says. When the file system stops working the error says so, and the
// store is abandoned.
func (w *workload) run(fs fsabstraction.FS, world *world, seed uint64) error {
	var errs []error
	for n := range max(1, w.sessions) {
		err := w.once(fs, world, seed+uint64(n)<<32, n)
		if err == nil && w.rebuilt && n+1 < w.sessions {
			_, err = host.Rebuild(ctx, dir, host.RebuildOptions{Options: options(fs, seed)})
		}
		if errs = append(errs, err); err != nil && !w.stubborn {
			break
		}
	}
	return errors.Join(errs...)
}

// once is one session, of which number counts those before.
func (w *workload) once(fs fsabstraction.FS, world *world, seed uint64, number int) error {
	o := options(fs, seed)
	o.Durability = w.durability
	st, err := host.Open(ctx, dir, withFlushes(w.flushes, o))
	if err != nil {
		return err
	}
	if number > 0 { // what an earlier session left open is decided now
		found, err := events(st)
		if err != nil {
			return errors.Join(err, st.Close())
		}
		world.lost(found)
	}
	world.open(st, w.durability)
	s := &session{
		Store: st, world: world, random: rand.New(rand.NewPCG(seed, 2)), number: number,
		relaxed: w.durability != host.OnDisk, stubborn: w.stubborn,
	}
	err = w.do(s)
	closed := st.Close()
	world.close(st.CloseReport())
	if err == nil && closed == nil {
		for i, a := range s.pending {
			a.end(acked, s.got[i]...)
		}
	}
	return errors.Join(err, closed)
}
