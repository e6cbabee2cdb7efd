package host_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"

	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// positionOf returns the end of a store.
func positionOf(t require.TestingT, s *host.Store) host.Position {
	p, err := s.Position(background)
	require.NoError(t, err)
	return p
}

// doors are the calls that append one event.
var doors = map[string]func(s *host.Store, it host.Item) (host.Receipt, error){
	"append": func(s *host.Store, it host.Item) (host.Receipt, error) {
		return s.Append(background, it.At, it.Kind, it.Payload, it.Options...)
	},
	"batch": func(s *host.Store, it host.Item) (host.Receipt, error) {
		return only(s.AppendBatch(background, []host.Item{{At: event.At("other", "other"), Kind: 0x4444, Payload: 1}, it}))
	},
	"each": func(s *host.Store, it host.Item) (host.Receipt, error) {
		return only(s.AppendEach(background, []host.Item{it}))
	},
	"fence": func(s *host.Store, it host.Item) (host.Receipt, error) {
		f := s.Fence()
		if _, err := f.Append(it.At, it.Kind, it.Payload, it.Options...); err != nil {
			return host.Receipt{}, err
		}
		return only(f.Commit(background))
	},
}

// only returns the last receipt.
func only(rs []host.Receipt, err error) (host.Receipt, error) {
	if err != nil {
		return host.Receipt{}, err
	}
	return rs[len(rs)-1], nil
}

// TestUnless appends through every call with conditions that hold and conditions that do
// not.
func TestUnless(t *testing.T) {
	for name, door := range doors {
		t.Run(name, func(t *testing.T) {
			s := newGate().place().openStore(t, host.Options{})
			appendSome(t, s, "order:1", 2)
			position := positionOf(t, s)
			since := appendSome(t, s, "order:2", 2)
			item := func(options ...host.AppendOption) host.Item {
				return host.Item{At: event.At("order:3", "scope"), Kind: event.Data, Payload: 1, Options: options}
			}
			refused := func(o ...host.AppendOption) *host.ConditionError {
				before := s.Committed()
				_, err := door(s, item(o...))
				require.ErrorIs(t, err, host.ErrConflict)
				var conflict *host.ConditionError
				require.ErrorAs(t, err, &conflict)
				require.Equal(t, before, s.Committed())
				return conflict
			}
			first := host.ConditionError{From: 2, ID: since[0].ID, Sequence: 2, At: event.At("order:2", "scope"), Kind: event.Data}
			require.Equal(t, first, *refused(host.Unless(position, host.Region{Entity: "order:2"})))
			require.Equal(t, first, *refused(host.Unless(position, host.Region{})))
			first.Region = 1
			require.Equal(t, first, *refused(host.Unless(position, host.Region{Entity: "order:1"}, host.Region{EntityPrefix: "order:"})))
			first.Region, first.Sequence, first.ID = 0, 3, since[1].ID
			require.Equal(t, first, *refused(host.Unless(position, host.Region{Entity: "order:2", Clocks: host.ClocksBetween(1, 1)})))
			// All of several conditions must hold, and the expectation too.
			holds := host.Unless(position, host.Region{Entity: "order:1"})
			refused(holds, host.Unless(position, host.Region{Scope: "scope", Kinds: event.InCategory(1)}))
			refused(host.Unless(position, host.Region{Scope: "scope", Kinds: event.InCategory(1)}), holds)
			_, err := door(s, item(holds, host.Expect(host.AtClock(5))))
			var expected *host.ExpectError
			require.ErrorAs(t, err, &expected)

			_, err = door(s, item(host.Unless(position)))
			require.ErrorIs(t, err, host.ErrNoRegion)
			_, err = door(s, item(host.Unless(position, make([]host.Region, 65)...)))
			require.ErrorIs(t, err, host.ErrLimit)
			_, err = door(s, item(host.Unless(position, host.Region{Entity: "e"}, host.Region{Since: time.Unix(1, 0)})))
			require.ErrorIs(t, err, host.ErrRegion)
			for want, p := range map[error]host.Position{
				host.ErrOtherStore: {Store: event.ID{1}, Sequence: position.Sequence},
				host.ErrBeyondEnd:  {Store: position.Store, Sequence: position.Sequence + 3},
			} {
				_, err = door(s, item(host.Unless(p, host.Region{Entity: "none"})))
				require.ErrorIs(t, err, want)
				require.NotErrorIs(t, err, host.ErrConflict)
				var why *host.PositionError
				require.ErrorAs(t, err, &why)
				require.Equal(t, host.PositionError{Position: p, End: positionOf(t, s), Err: want}, *why)
			}
			require.EqualValues(t, 4, s.Committed())

			key := host.WithKey(host.KeyOf("once"))
			again := item(key, holds, host.Unless(position, host.Region{Entity: "order:3"}), host.Expect(host.NoEvents))
			r, err := door(s, again)
			require.NoError(t, err)
			if name != "batch" { // its other item has no key
				repeated, err := door(s, again)
				require.NoError(t, err)
				require.True(t, repeated.Repeated)
				require.Equal(t, r.Sequence, repeated.Sequence)
			}
		})
	}
}

// TestUnlessInBatch: the earlier items of a batch count, so the condition of the batch is
// its first item's.
func TestUnlessInBatch(t *testing.T) {
	s := newGate().place().openStore(t, host.Options{})
	position := positionOf(t, s)
	unless := host.Unless(position, host.Region{Scope: "course:1"})
	items := func(conditional int) []host.Item {
		list := make([]host.Item, 3)
		for i := range list {
			list[i] = host.Item{At: event.At(fmt.Sprint("e", i), "course:1"), Kind: event.Data, Payload: i}
		}
		list[conditional].Options = []host.AppendOption{unless}
		return list
	}
	var item *host.ItemError
	_, err := s.AppendBatch(background, items(2))
	require.ErrorIs(t, err, host.ErrBatchCondition)
	require.NotErrorIs(t, err, host.ErrConflict, "a repetition fails too")
	require.ErrorAs(t, err, &item)
	require.Equal(t, 2, item.Item)
	require.Zero(t, s.Committed())
	_, err = s.AppendBatch(background, items(0))
	require.NoError(t, err)
	_, err = s.AppendBatch(background, items(0))
	require.ErrorIs(t, err, host.ErrConflict)
	require.ErrorAs(t, err, &item)
	require.Zero(t, item.Item)
	_, err = s.AppendBatch(background, items(2))
	require.ErrorIs(t, err, host.ErrConflict, "the committed event comes first")

	// One by one, those before the first that fails stay.
	rs, err := s.AppendEach(background, items(1))
	require.Len(t, rs, 1)
	require.ErrorIs(t, err, host.ErrConflict)
}

// TestUnlessReused: an option may be given to many appends, and does not see later changes
// of the caller's regions.
func TestUnlessReused(t *testing.T) {
	s := newGate().place().openStore(t, host.Options{})
	regions := []host.Region{{Entity: "a"}, {Entity: "b"}, {Entity: "c"}}
	o := host.Unless(positionOf(t, s), regions...)
	clear(regions)
	for _, entity := range []string{"x", "y", "b"} {
		require.NoError(t, appendOne(s, entity, o))
	}
	require.ErrorIs(t, appendOne(s, "z", o), host.ErrConflict)
}

// TestUnlessOfLostGroup: a condition that an event of the same group breaks reports the
// group's error if the group does not reach the disk, and what is lost breaks no later one.
func TestUnlessOfLostGroup(t *testing.T) {
	g := newGate()
	c := noteCalls(g)
	s := c.open(t, host.Options{})
	unless := host.Unless(positionOf(t, s), host.Region{Entity: "seat:1"})
	release, first := g.stuck(t, s)
	errs := make(chan error, 2)
	for i := range 2 {
		go func() { errs <- appendOne(s, "seat:1", unless) }()
		awaitQueued(s, i+1)
	}
	fault := c.Fail(failfs.Rule{Kinds: failfs.WriteAt, Pattern: "000001.fbat"})
	release()
	require.NoError(t, <-first)
	for range 2 {
		err := <-errs
		require.ErrorIs(t, err, failfs.ErrInjected)
		require.NotErrorIs(t, err, host.ErrConflict)
	}
	fault.Remove()
	require.NoError(t, appendOne(s, "seat:1", unless))
	require.ErrorIs(t, appendOne(s, "seat:1", unless), host.ErrConflict)
}

// TestUnlessCancelled: a fence that is cancelled and an append withdrawn from the queue
// break no condition.
func TestUnlessCancelled(t *testing.T) {
	g := newGate()
	s := g.place().openStore(t, host.Options{})
	unless := host.Unless(positionOf(t, s), host.Region{Scope: "s"})
	f := s.Fence()
	_, err := f.Append(event.At("seat:1", "s"), event.Data, 1, unless)
	require.NoError(t, err)
	require.NoError(t, f.Cancel())
	release, first := g.stuck(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	withdrawn := make(chan error)
	go func() {
		_, err := s.Append(ctx, event.At("seat:1", "s"), event.Data, 1, unless)
		withdrawn <- err
	}()
	awaitQueued(s, 1)
	cancel()
	require.ErrorIs(t, <-withdrawn, context.Canceled)
	release()
	require.NoError(t, <-first)
	require.NoError(t, appendOne(s, "seat:1", unless))
}

// agrees appends with random conditions and compares each outcome with the query for the
// same events: the append is refused if there is one, and the error names it.
func agrees(t *testing.T, s *host.Store, rng *rand.Rand, rounds int) {
	a := &inquirer{t: t, rng: rng, q: s, all: all(t, s)}
	identity := positionOf(t, s).Store
	refusals := 0
	for i := range rounds {
		region, _ := a.region()
		position := host.Position{Store: identity, Sequence: rng.Uint64N(s.Committed() + 1)}
		if rng.IntN(2) == 0 {
			position.Sequence = s.Committed() - rng.Uint64N(min(s.Committed(), 20)+1)
		}
		var first []event.Event
		for e, err := range s.Query(background, region, host.Page{From: position.Sequence, Limit: 1}) {
			require.NoError(t, err)
			first = append(first, e)
		}
		_, err := s.Append(background, event.At(a.pick().Entity, a.pick().Scope), 0x1000, i, host.Unless(position, region))
		if len(first) == 0 {
			require.NoError(t, err)
			continue
		}
		refusals++
		var conflict *host.ConditionError
		require.ErrorAs(t, err, &conflict, "%+v from %d", region, position.Sequence)
		require.Equal(t, host.ConditionError{
			From: position.Sequence, ID: first[0].ID, Sequence: first[0].Sequence, At: first[0].Coordinate, Kind: first[0].Kind,
		}, *conflict, "%+v", region)
	}
	require.NotZero(t, refusals)
	require.Less(t, refusals, rounds)
}

// TestUnlessAgreesWithQuery runs agrees on stores with index files, memtables and cancelled
// events, open since before and opened again.
func TestUnlessAgreesWithQuery(t *testing.T) {
	t.Run("varied", func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 1))
		p := inMemory(t)
		s := writeVaried(t, p, 3000, false)
		agrees(t, s, rng, 500)
		require.NoError(t, s.Close())
		s = p.openStore(t, host.Options{})
		agrees(t, s, rng, 500)
		require.NoError(t, s.Close())
	})
	for name, p := range map[string]place{"misnumbered": misnumbered(t), "fences": inMemory(t)} {
		t.Run(name, func(t *testing.T) {
			if name == "fences" {
				p.put(t, fixture(t, name))
			}
			s := p.openStore(t, host.Options{})
			require.NotZero(t, s.Report().Hidden)
			agrees(t, s, rand.New(rand.NewPCG(2, 2)), 100)
		})
	}
}

// TestUnlessBehindIndex breaks and keeps conditions on kinds and prefixes, which have no
// list in memory, when the index lacks more events than the writer looks at one by one.
func TestUnlessBehindIndex(t *testing.T) {
	s := newGate().place().openStore(t, host.Options{Durability: host.LoseUnsynced})
	start := positionOf(t, s)
	items := make([]host.Item, 1000)
	for i := range items {
		items[i] = host.Item{At: event.At(fmt.Sprint("e:", i), "s"), Kind: 0x2000, Payload: i}
	}
	for range 12 {
		_, err := s.AppendBatch(background, items)
		require.NoError(t, err)
	}
	r, err := s.Append(background, event.At("rare", "s"), 0x3333, 1)
	require.NoError(t, err)
	require.NoError(t, appendOne(s, "x", host.Unless(start, host.Region{Entity: "new"}, host.Region{Scope: "new"})))
	require.Greater(t, host.Unindexed(s), 12_000, "these need no index")
	for _, region := range []host.Region{{Kinds: event.Only(0x3333)}, {EntityPrefix: "rar"}, {Scope: "s", Kinds: event.Only(0x3333)}} {
		err := appendOne(s, "x", host.Unless(start, region))
		var conflict *host.ConditionError
		require.ErrorAs(t, err, &conflict, "%+v", region)
		require.Equal(t, r.ID, conflict.ID)
		require.Less(t, host.Unindexed(s), 5000)
	}
	require.NoError(t, appendOne(s, "x", host.Unless(start, host.Region{EntityPrefix: "never"}, host.Region{Kinds: event.Only(0x4000)})))
	require.ErrorIs(t, appendOne(s, "x", host.Unless(start, host.Region{Kinds: event.Only(event.Data)})), host.ErrConflict)
}

// decision is the payload of an event of TestUnlessLinearizable: the condition under which
// it was appended.
type decision struct {
	From    uint64
	Regions []string // entities, and scopes after a "#"
}

func (d decision) regions() (rs []host.Region) {
	for _, text := range d.Regions {
		if text[0] == '#' {
			rs = append(rs, host.Region{Scope: text[1:]})
		} else {
			rs = append(rs, host.Region{Entity: text})
		}
	}
	return rs
}

// breaks returns the first event in a log, without those from sequence end on, that breaks
// the decision.
func (d decision) breaks(log []event.Event, end uint64) *event.Event {
	for i, e := range log {
		if e.Sequence >= end {
			break
		}
		if e.Sequence < d.From {
			continue
		}
		for _, r := range d.regions() {
			if r.Entity == e.Entity || r.Scope == e.Scope {
				return &log[i]
			}
		}
	}
	return nil
}

// answer is what one conditional append of TestUnlessLinearizable returned.
type answer struct {
	decision
	id       event.ID // of the event, or of the one that the error names
	sequence uint64
	refused  bool
}

// TestUnlessLinearizable appends conditional events from 64 goroutines, singly and in
// batches, while the process dies and the power is cut. In the log of the running store and
// in each log that remains, no event follows one that breaks its condition; what was
// acknowledged, and what a refusal names, is there.
func TestUnlessLinearizable(t *testing.T) {
	const goroutines, rounds = 64, 30
	for _, c := range []struct {
		name       string
		durability host.Durability
		survive    []int // percent of what was not synced
	}{
		{"on disk", host.OnDisk, []int{0, 50, 100}},
		{"unsynced", host.LoseUnsynced, []int{100}},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := crashfs.New()
			p := place{mem, storeDir}
			o := p.small()
			o.Durability, o.SegmentSize = c.durability, 20_000
			s := p.openFlushing(t, false, o)
			seed := appendSome(t, s, "seed", 1)[0]
			var mu sync.Mutex
			var answers []answer
			type remains struct {
				fs       *crashfs.FS
				answered int
			}
			var crashes []remains
			var working atomic.Int64
			working.Store(goroutines)
			var wg sync.WaitGroup
			for g := range goroutines {
				wg.Go(func() {
					defer working.Add(-1)
					rng := rand.New(rand.NewPCG(uint64(g), 9))
					for range rounds {
						position := host.Position{Store: seed.ID, Sequence: s.Committed()}
						if rng.IntN(4) == 0 { // an older view
							position.Sequence -= rng.Uint64N(min(position.Sequence, 5))
						}
						d := decision{From: position.Sequence}
						at := event.At(fmt.Sprint("e", rng.IntN(6)), fmt.Sprint("s", rng.IntN(4)))
						d.Regions = []string{at.Entity, fmt.Sprint("e", rng.IntN(40)), fmt.Sprint("#s", rng.IntN(20))}
						value, err := payload.Marshal(d)
						if !assert.NoError(t, err) {
							return
						}
						first := host.Item{At: at, Kind: event.Data, Payload: host.Raw(value), Options: []host.AppendOption{host.Unless(position, d.regions()...)}}
						r, err := host.Receipt{}, error(nil)
						if rng.IntN(3) > 0 {
							r, err = s.Append(background, first.At, first.Kind, first.Payload, first.Options...)
						} else {
							var rs []host.Receipt
							rs, err = s.AppendBatch(background, []host.Item{first, {At: event.At("free", "free"), Kind: 0x1001, Payload: 1}})
							if err == nil {
								r = rs[0]
							}
						}
						a := answer{decision: d, id: r.ID, sequence: r.Sequence}
						if err != nil {
							var conflict *host.ConditionError
							if !assert.ErrorAs(t, err, &conflict) {
								return
							}
							a.id, a.sequence, a.refused = conflict.ID, conflict.Sequence, true
						}
						mu.Lock()
						answers = append(answers, a)
						mu.Unlock()
					}
				})
			}
			for i := 0; working.Load() > 0; i++ {
				mu.Lock()
				answered := len(answers)
				mu.Unlock()
				if len(crashes) < 12 && answered > len(crashes)*goroutines*rounds/13 {
					crashes = append(crashes, remains{mem.Crash(crashfs.Cut{Seed: uint64(i), Survive: c.survive[len(crashes)%len(c.survive)]}), answered})
				}
				runtime.Gosched()
			}
			wg.Wait()
			require.Len(t, answers, goroutines*rounds)
			log := all(t, s)
			succeeded := 0
			for _, a := range answers {
				first := a.breaks(log, uint64(len(log)))
				if !a.refused {
					succeeded++
					require.Equal(t, a.id, log[a.sequence].ID)
					continue
				}
				require.NotNil(t, first)
				require.Equal(t, first.ID, a.id, "the first that breaks it")
			}
			require.Greater(t, succeeded, goroutines, "progress")
			require.Less(t, succeeded, len(answers))
			requireDecided(t, s, log)
			require.NoError(t, s.Close())
			for _, left := range crashes {
				crashed := place{left.fs, storeDir}
				s := crashed.openStore(t, host.Options{})
				log := all(t, s)
				requireDecided(t, s, log)
				for _, a := range answers[:left.answered] {
					require.Less(t, a.sequence, uint64(len(log)))
					require.Equal(t, a.id, log[a.sequence].ID)
				}
				require.NoError(t, s.Close())
			}
		})
	}
}

// requireDecided requires that no event follows one that breaks its condition.
func requireDecided(t *testing.T, s *host.Store, log []event.Event) {
	for i, e := range log {
		require.EqualValues(t, i, e.Sequence)
		if e.Kind != event.Data || e.Entity == "seed" {
			continue
		}
		full, err := s.Read(background, e)
		require.NoError(t, err)
		var d decision
		require.NoError(t, payload.Unmarshal(full.Payload, &d))
		require.Nil(t, d.breaks(log, e.Sequence), "event %d, decided at %d", e.Sequence, d.From)
	}
}

// TestUnlessOfEmptyStore: the position of an empty store stays valid.
func TestUnlessOfEmptyStore(t *testing.T) {
	s := newGate().place().openStore(t, host.Options{})
	position := positionOf(t, s)
	require.Zero(t, position)
	unless := host.Unless(position, host.Region{})
	var wg sync.WaitGroup
	var won atomic.Int64
	for range 16 {
		wg.Go(func() {
			if err := appendOne(s, "e", unless); err == nil {
				won.Add(1)
			} else {
				assert.ErrorIs(t, err, host.ErrConflict)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, won.Load())
}

// TestUnlessAllocations: of what an append allocates, a condition adds the option and
// little else.
func TestUnlessAllocations(t *testing.T) {
	s := newGate().place().openStore(t, host.Options{Durability: host.LoseUnsynced})
	appendSome(t, s, "e", 100)
	position := positionOf(t, s)
	at := event.At("e", "s")
	run := func(options func() []host.AppendOption) float64 {
		return testing.AllocsPerRun(200, func() {
			_, err := s.Append(background, at, event.Data, host.Raw{1}, options()...)
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	without := run(func() []host.AppendOption { return nil })
	with := run(func() []host.AppendOption {
		return []host.AppendOption{host.Unless(position, host.Region{Entity: "other"}, host.Region{Scope: "none"})}
	})
	require.LessOrEqual(t, with-without, 4.0)
	t.Logf("allocations: %v, with a condition %v", without, with)
}
