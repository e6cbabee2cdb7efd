package aggregate_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/typed"
)

// cache is a cache that a test can look into and change.
type cache struct {
	mu   sync.Mutex
	kept map[string][]byte
	puts int
	err  error
}

func (c *cache) Get(_ context.Context, name string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b, ok := c.kept[name]; ok {
		return b, c.err
	}
	return nil, errors.Join(fs.ErrNotExist, c.err)
}

func (c *cache) Put(_ context.Context, name string, snapshot []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	if c.kept == nil {
		c.kept = map[string][]byte{}
	}
	c.kept[name] = snapshot
	c.puts++
	return nil
}

// only returns the only snapshot and its name.
func (c *cache) only(t testing.TB) (string, []byte) {
	require.Len(t, c.kept, 1)
	name := slices.Collect(maps.Keys(c.kept))[0]
	return name, c.kept[name]
}

func snapshots(c aggregate.Cache, every int) aggregate.Option {
	return aggregate.Snapshots(aggregate.SnapshotOptions{Cache: c, Every: every})
}

// closed returns aggregates that write no snapshots in the background.
func closed[T any](a *aggregate.Aggregates[T]) *aggregate.Aggregates[T] {
	a.Close()
	return a
}

// filled is a store with an account of 5 events.
func filled(t testing.TB, fs *crashfs.FS) *host.Store {
	st := openStore(t, fs)
	a := accounts(st)
	for i := range 4 {
		do(t, a, "1", deposit(i))
	}
	do(t, a, "1", decided(noted{Text: "rent"}))
	return st
}

var filledState = account{Balance: 6, Events: 5, Notes: map[string]int{"rent": 1}}

// saved returns the snapshot of the account in a store, and its name.
func saved(t testing.TB, st *host.Store, id string) (name string, b []byte) {
	c := &cache{}
	require.NoError(t, accounts(st, snapshots(c, 1)).Snapshot(t.Context(), id))
	return c.only(t)
}

func TestSnapshot(t *testing.T) {
	st := filled(t, crashfs.New())
	c := &cache{}
	a := accounts(st, snapshots(c, 2))
	defer a.Close()
	require.Equal(t, aggregate.SnapshotStatus{}, a.SnapshotStatus())
	require.NoError(t, a.Snapshot(t.Context(), "1"))
	require.Equal(t, aggregate.SnapshotStatus{Written: 1}, a.SnapshotStatus())
	l := load(t, a, "1")
	require.Equal(t, &filledState, l.State)
	require.Zero(t, l.Folded)
	require.Equal(t, host.State{Some: true, Clock: 4}, l.Version)
	do(t, a, "1", deposit(4))
	l = load(t, a, "1")
	require.Equal(t, 10, l.State.Balance)
	require.Equal(t, 1, l.Folded)
	require.Equal(t, aggregate.SnapshotStatus{Used: 3, Written: 1}, a.SnapshotStatus())

	require.NoError(t, a.Snapshot(t.Context(), "1"), "from the one before")
	l = load(t, a, "1")
	require.Equal(t, 10, l.State.Balance)
	require.Zero(t, l.Folded)

	require.NoError(t, a.Snapshot(t.Context(), "without events"))
	require.Len(t, c.kept, 1)
	require.NoError(t, accounts(st).Snapshot(t.Context(), "1"))
	require.Equal(t, aggregate.SnapshotStatus{}, accounts(st).SnapshotStatus())
}

// TestBackground: a load or a Do that folds many events has a snapshot written.
func TestBackground(t *testing.T) {
	for name, use := range map[string]func(*aggregate.Aggregates[account]){
		"load": func(a *aggregate.Aggregates[account]) { load(t, a, "1") },
		"do":   func(a *aggregate.Aggregates[account]) { do(t, a, "1", decided()) },
	} {
		t.Run(name, func(t *testing.T) {
			st := filled(t, crashfs.New())
			c := &cache{}
			a := accounts(st, snapshots(c, 5))
			use(a)
			require.Eventually(t, func() bool { return a.SnapshotStatus().Written == 1 }, 5*time.Second, time.Millisecond)
			use(a)
			a.Close()
			require.Equal(t, aggregate.SnapshotStatus{Used: 1, Written: 1}, a.SnapshotStatus())
			a = accounts(st, snapshots(&cache{}, 6))
			use(a)
			a.Close()
			require.Equal(t, aggregate.SnapshotStatus{}, a.SnapshotStatus(), "too few events")
			a = accounts(st, snapshots(&cache{}, 1))
			a.Close()
			use(a)
			a.Close()
			require.Equal(t, aggregate.SnapshotStatus{}, a.SnapshotStatus(), "closed")
		})
	}
}

// TestSnapshotStops: without Close, the goroutine ends by itself (goleak sees it).
func TestSnapshotStops(t *testing.T) {
	st := filled(t, crashfs.New())
	a := accounts(st, snapshots(&cache{}, 1))
	for range 3 {
		load(t, a, "1")
	}
	require.Eventually(t, func() bool { return a.SnapshotStatus().Written > 0 }, 5*time.Second, time.Millisecond)
}

// slow is a cache whose first Put waits.
type slow struct {
	cache
	once  sync.Once
	begun chan struct{}
	goOn  chan struct{}
}

func (s *slow) Put(ctx context.Context, name string, b []byte) error {
	s.once.Do(func() {
		close(s.begun)
		<-s.goOn
	})
	return s.cache.Put(ctx, name, b)
}

// TestCloseWrites: Close waits for every snapshot that was asked for, also for those that were
// not begun.
func TestCloseWrites(t *testing.T) {
	st := filled(t, crashfs.New())
	for _, id := range []string{"2", "3"} {
		do(t, accounts(st), id, deposit(1))
	}
	c := &slow{begun: make(chan struct{}), goOn: make(chan struct{})}
	a := accounts(st, snapshots(c, 1))
	load(t, a, "1")
	<-c.begun
	for range 2 {
		load(t, a, "2")
		load(t, a, "3")
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		a.Close()
	}()
	select {
	case <-closed:
		t.Error("closed during a write")
	case <-time.After(time.Millisecond):
	}
	close(c.goOn)
	<-closed
	require.EqualValues(t, 3, a.SnapshotStatus().Written)
	require.Len(t, c.kept, 3)
}

// TestDamagedSnapshot: whatever happens to its bytes, the state is right.
func TestDamagedSnapshot(t *testing.T) {
	st := filled(t, crashfs.New())
	name, good := saved(t, st, "1")
	check := func(b []byte, what string, at int) {
		a := closed(accounts(st, snapshots(&cache{kept: map[string][]byte{name: b}}, 5)))
		l := load(t, a, "1")
		require.Equal(t, &filledState, l.State, "%s %d", what, at)
		require.Equal(t, 5, l.Folded)
		s := a.SnapshotStatus()
		require.EqualValues(t, 1, s.Rejected, "%s %d", what, at)
		require.ErrorIs(t, s.Err, aggregate.ErrSnapshotDamaged)
		var why *aggregate.SnapshotError
		require.ErrorAs(t, s.Err, &why)
		require.Equal(t, "account:1", why.Entity)
	}
	for at := range good {
		for bit := range 8 {
			b := slices.Clone(good)
			b[at] ^= 1 << bit
			check(b, "flipped", 8*at+bit)
		}
		check(good[:at], "truncated", at)
	}
	check(append(slices.Clone(good), 0), "longer", 0)
	check(make([]byte, len(good)), "zeros", 0)
	a := accounts(st, snapshots(&cache{kept: map[string][]byte{name: good}}, 5))
	require.Zero(t, load(t, a, "1").Folded, "the good one")
}

type renamed struct {
	Balance, Events int
	Notes           map[string]int
	New             int
}

func (*renamed) Apply(typed.Envelope) error { return nil }

// TestOutdatedSnapshot: one of other types, another version or another entity is not used.
func TestOutdatedSnapshot(t *testing.T) {
	st := filled(t, crashfs.New())
	_, good := saved(t, st, "1")
	check := func(s aggregate.SnapshotStatus) {
		require.EqualValues(t, 1, s.Rejected)
		require.Zero(t, s.Used)
		require.ErrorIs(t, s.Err, aggregate.ErrSnapshotOutdated)
	}
	// The cache has it under any name.
	c := anyName(good)
	a := closed(aggregate.Of[account](st, types, "account:", aggregate.Snapshots(aggregate.SnapshotOptions{Cache: c, Every: 5, Version: "2"})))
	require.Equal(t, &filledState, load(t, a, "1").State)
	check(a.SnapshotStatus())

	more := typed.Registry(
		typed.Event[deposited](0x1001, "account.deposited"), typed.Event[noted](0x1002, "account.noted"),
		typed.Event[lineAdded](0x1003, "order.line-added"))
	a = closed(aggregate.Of[account](st, more, "account:", snapshots(c, 5)))
	require.Equal(t, &filledState, load(t, a, "1").State)
	check(a.SnapshotStatus())

	b := closed(aggregate.Of[renamed](st, types, "account:", snapshots(c, 5)))
	l, err := b.Load(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, &renamed{}, l.State)
	check(b.SnapshotStatus())

	for range 5 {
		do(t, accounts(st), "2", decided(noted{Text: "x"}))
	}
	a = closed(accounts(st, snapshots(c, 5)))
	require.Equal(t, &account{Events: 5, Notes: map[string]int{"x": 5}}, load(t, a, "2").State)
	check(a.SnapshotStatus())
}

// anyName is a cache that mixes everything up.
type anyName []byte

func (a anyName) Get(context.Context, string) ([]byte, error) { return a, nil }
func (anyName) Put(context.Context, string, []byte) error     { return nil }

// TestSnapshotOfOtherEvents: one of another store, of later events than the store has, or of
// an event that is another in this store, is not used.
func TestSnapshotOfOtherEvents(t *testing.T) {
	fs := crashfs.New()
	st := filled(t, fs)
	_, good := saved(t, st, "1")
	check := func(st *host.Store, what string, want error) {
		a := closed(accounts(st, snapshots(anyName(good), 1)))
		l := load(t, a, "1")
		plain := load(t, accounts(st), "1")
		require.Equal(t, plain.State, l.State, what)
		require.Equal(t, plain.Version, l.Version, what)
		require.Equal(t, plain.Folded, l.Folded, what)
		require.EqualValues(t, 1, a.SnapshotStatus().Rejected, what)
		require.ErrorIs(t, a.SnapshotStatus().Err, want, what)
	}
	check(filled(t, crashfs.New()), "another store", aggregate.ErrSnapshotEvents)

	// A backup from when the account had two events, in which others then happened.
	fs = crashfs.New()
	st = openStore(t, fs)
	a := accounts(st)
	for i := range 2 {
		do(t, a, "1", deposit(i))
	}
	require.NoError(t, st.Close())
	backup := fs.Files("store")
	st = openStore(t, fs)
	for i := range 3 {
		do(t, accounts(st), "1", deposit(i))
	}
	_, good = saved(t, st, "1")
	require.NoError(t, st.Close())
	for later := range 6 {
		files := map[string][]byte{}
		for name, b := range backup {
			files["store/"+name] = b
		}
		st := openStore(t, crashfs.FromFiles(files))
		for range later {
			do(t, accounts(st), "1", decided(noted{Text: "later"}))
		}
		check(st, "backup", aggregate.ErrSnapshotEvents)
	}
}

// TestSnapshotOfFewerEvents: the number of events up to the snapshot's last one counts too.
func TestSnapshotOfFewerEvents(t *testing.T) {
	st := filled(t, crashfs.New())
	_, good := saved(t, st, "1")
	a := closed(accounts(&fewer{st}, snapshots(anyName(good), 5)))
	load(t, a, "1")
	require.EqualValues(t, 1, a.SnapshotStatus().Rejected)
	require.ErrorIs(t, a.SnapshotStatus().Err, aggregate.ErrSnapshotEvents)
}

// fewer is a store from which an event was removed.
type fewer struct{ aggregate.Store }

func (f *fewer) Count(ctx context.Context, region host.Region, from uint64) (uint64, error) {
	n, err := f.Store.Count(ctx, region, from)
	return n - 1, err
}

type private struct {
	Events int
	last   string
}

func (p *private) Apply(e typed.Envelope) error {
	p.Events++
	p.last = e.Value.(noted).Text
	return nil
}

type number struct{ N float64 }

func (n *number) Apply(typed.Envelope) error {
	n.N = math.NaN()
	return nil
}

type endless struct{ Next *endless }

func (e *endless) Apply(typed.Envelope) error {
	e.Next = e
	return nil
}

// TestUnsavable: a state that encoding would change gets no snapshot.
func TestUnsavable(t *testing.T) {
	st := openStore(t, crashfs.New())
	do(t, accounts(st), "1", decided(noted{Text: "x"}))
	c := &cache{}
	o := snapshots(c, 1)
	require.ErrorIs(t, aggregate.Of[private](st, types, "account:", o).Snapshot(t.Context(), "1"), aggregate.ErrSnapshotState)
	require.ErrorIs(t, aggregate.Of[number](st, types, "account:", o).Snapshot(t.Context(), "1"), aggregate.ErrSnapshotState)
	a := aggregate.Of[endless](st, types, "account:", o)
	var why *aggregate.SnapshotError
	require.ErrorAs(t, a.Snapshot(t.Context(), "1"), &why)
	require.EqualValues(t, 1, a.SnapshotStatus().Failed)
	require.Equal(t, error(why), a.SnapshotStatus().Err)
	require.Empty(t, c.kept)
}

// TestFailingCache: a cache that fails never fails a load or a Do, and is not asked again at
// once.
func TestFailingCache(t *testing.T) {
	st := filled(t, crashfs.New())
	broken := errors.New("no disk")
	c := &cache{err: broken}
	name, good := saved(t, st, "1")
	c.kept = map[string][]byte{name: good}
	a := accounts(st, snapshots(c, 5))
	require.Equal(t, &filledState, load(t, a, "1").State)
	require.Eventually(t, func() bool { return a.SnapshotStatus().Failed == 1 }, 5*time.Second, time.Millisecond)
	do(t, a, "1", deposit(1))
	require.Equal(t, 7, load(t, a, "1").State.Balance)
	a.Close()
	s := a.SnapshotStatus()
	require.ErrorIs(t, s.Err, broken)
	require.EqualValues(t, 1, s.Failed, "not asked again")
	require.NotZero(t, s.Rejected)
}

// TestSnapshotErrors: an error of the events is one of the load, also with a snapshot.
func TestSnapshotErrors(t *testing.T) {
	st := filled(t, crashfs.New())
	c := &cache{}
	a := accounts(st, snapshots(c, 1))
	require.NoError(t, a.Snapshot(t.Context(), "1"))
	_, err := st.Append(t.Context(), event.At("account:1", "account"), 0x1001, "not a deposit")
	require.NoError(t, err)
	_, err = a.Load(t.Context(), "1")
	var why *typed.DecodeError
	require.ErrorAs(t, err, &why)
	require.ErrorAs(t, a.Snapshot(t.Context(), "1"), &why)
	require.Zero(t, a.SnapshotStatus().Rejected)
}

func TestMemorySnapshots(t *testing.T) {
	ctx := t.Context()
	m := &aggregate.MemorySnapshots{Bytes: 10}
	_, err := m.Get(ctx, "a")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, m.Put(ctx, "a", []byte("12345")))
	require.NoError(t, m.Put(ctx, "a", []byte("1234567890")))
	b, err := m.Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, "1234567890", string(b))
	require.NoError(t, m.Put(ctx, "b", []byte("1")))
	_, err = m.Get(ctx, "a")
	require.ErrorIs(t, err, fs.ErrNotExist, "forgotten")
	require.NoError(t, m.Put(ctx, "b", make([]byte, 11)))
	_, err = m.Get(ctx, "b")
	require.ErrorIs(t, err, fs.ErrNotExist, "too large, and the old one is not the current one")
	for i := range 100 {
		require.NoError(t, m.Put(ctx, string(rune('a'+i)), []byte("1")))
	}
	n := 0
	for i := range 100 {
		if _, err := m.Get(ctx, string(rune('a'+i))); err == nil {
			n++
		}
	}
	require.Equal(t, 10, n)

	st := filled(t, crashfs.New())
	a := accounts(st, snapshots(&aggregate.MemorySnapshots{}, 1))
	require.NoError(t, a.Snapshot(ctx, "1"))
	require.Zero(t, load(t, a, "1").Folded)
}
