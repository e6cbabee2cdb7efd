package host_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// modelled is one event of the model.
type modelled struct {
	at          event.Coordinate
	kind        event.Kind
	id          event.ID
	correlation event.ID
	causation   event.ID
	clock       uint32
	payload     []byte
}

// machine drives a store and a slice side by side.
type machine struct {
	fs  fsabstraction.FS
	dir string
	// copied is another place with the files as they are now: what a kill leaves.
	copied  func(m *machine) (fsabstraction.FS, string)
	store   *host.Store
	options host.Options
	log     []modelled
	clocks  map[string]uint32 // next clock by entity
	made    int
}

func (m *machine) open(t *rapid.T) {
	o := m.options
	o.FS, o.Logger = m.fs, quiet
	o.NoMapping = rapid.Bool().Draw(t, "no mapping")
	st, err := host.Open(context.Background(), m.dir, o)
	require.NoError(t, err)
	require.Empty(t, st.Report().Damages)
	m.store = st
}

// item draws an event and what it should become.
func (m *machine) item(t *rapid.T, inBatch int) (host.Item, modelled) {
	e := modelled{
		at: event.At(
			rapid.SampledFrom([]string{"order:1", "order:2", "cart:1", "übung"}).Draw(t, "entity"),
			rapid.SampledFrom([]string{"shop:eu", "shop:us"}).Draw(t, "scope")),
		kind: rapid.SampledFrom([]event.Kind{0x1000, 0x1001, 0xE001, event.EffectRetry}).Draw(t, "kind"),
	}
	value := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload")
	e.payload, _ = payload.Marshal(value)
	it := host.Item{At: e.at, Kind: e.kind, Payload: value, Options: []host.AppendOption{host.AllowReservedKind()}}
	if rapid.Bool().Draw(t, "raw") {
		it.Payload = host.Raw(e.payload)
	}
	if rapid.IntRange(0, 2).Draw(t, "keyed") == 0 {
		m.made++
		e.id = event.ID{0: 0xee, 14: byte(m.made >> 8), 15: byte(m.made)}
		it.Options = append(it.Options, host.WithKey(e.id))
	}
	if len(m.log) > 0 && rapid.Bool().Draw(t, "caused") {
		e.causation = rapid.SampledFrom(m.log).Draw(t, "cause").id
		it.Options = append(it.Options, host.CausedBy(e.causation))
	}
	if len(m.log) > 0 && rapid.Bool().Draw(t, "correlated") {
		e.correlation = rapid.SampledFrom(m.log).Draw(t, "conversation").correlation
		it.Options = append(it.Options, host.Correlated(e.correlation))
	}
	if inBatch == 0 && rapid.Bool().Draw(t, "expected") {
		it.Options = append(it.Options, host.Expect(m.state(e.at.Entity)))
	}
	return it, e
}

func (m *machine) state(entity string) host.Expected {
	next, ok := m.clocks[entity]
	if !ok {
		return host.NoEvents
	}
	return host.AtClock(next - 1)
}

// added compares a receipt with the model and adds the event.
func (m *machine) added(t *rapid.T, e modelled, r host.Receipt) {
	e.clock = m.clocks[e.at.Entity]
	require.Equal(t, uint64(len(m.log)), r.Sequence)
	require.Equal(t, e.clock, r.Clock)
	require.False(t, r.Repeated)
	if !e.id.IsZero() {
		require.Equal(t, e.id, r.ID)
	}
	if e.id = r.ID; e.correlation.IsZero() {
		e.correlation = r.ID
	}
	m.clocks[e.at.Entity] = e.clock + 1
	m.log = append(m.log, e)
}

func (m *machine) single(t *rapid.T) {
	it, e := m.item(t, 0)
	r, err := m.store.Append(context.Background(), it.At, it.Kind, it.Payload, it.Options...)
	require.NoError(t, err)
	m.added(t, e, r)
}

// items draws several items, some of them caused by earlier ones.
func (m *machine) items(t *rapid.T) (items []host.Item, want []modelled, causes []int) {
	for i := range rapid.IntRange(1, 6).Draw(t, "items") {
		it, e := m.item(t, i)
		cause := -1
		if i > 0 && rapid.Bool().Draw(t, "within") {
			cause = rapid.IntRange(0, i-1).Draw(t, "item")
			it.Options = append(it.Options, host.CausedByItem(cause))
		}
		items, want, causes = append(items, it), append(want, e), append(causes, cause)
	}
	return items, want, causes
}

func (m *machine) addedAll(t *rapid.T, want []modelled, causes []int, rs []host.Receipt) {
	require.Len(t, rs, len(want))
	for i := range want {
		if causes[i] >= 0 {
			want[i].causation = rs[causes[i]].ID
		}
		m.added(t, want[i], rs[i])
	}
}

func (m *machine) batch(t *rapid.T) {
	items, want, causes := m.items(t)
	rs, err := m.store.AppendBatch(context.Background(), items)
	require.NoError(t, err)
	m.addedAll(t, want, causes, rs)
}

func (m *machine) each(t *rapid.T) {
	var items []host.Item
	var want []modelled
	for range rapid.IntRange(0, 5).Draw(t, "items") {
		it, e := m.item(t, 1)
		items, want = append(items, it), append(want, e)
	}
	rs, err := m.store.AppendEach(context.Background(), items)
	require.NoError(t, err)
	m.addedAll(t, want, slices.Repeat([]int{-1}, len(want)), rs)
}

func (m *machine) fence(t *rapid.T) {
	items, want, causes := m.items(t)
	f := m.store.Fence()
	for _, it := range items {
		_, err := f.Append(it.At, it.Kind, it.Payload, it.Options...)
		require.NoError(t, err)
	}
	if rapid.Bool().Draw(t, "cancel") {
		require.NoError(t, f.Cancel())
		return
	}
	rs, err := f.Commit(context.Background())
	require.NoError(t, err)
	m.addedAll(t, want, causes, rs)
	_, err = f.Commit(context.Background())
	require.ErrorIs(t, err, host.ErrFenceDone)
}

// refused appends an invalid item, alone or as the last of a batch.
func (m *machine) refused(t *rapid.T) {
	it, _ := m.item(t, 1)
	it.Kind = 0x1000 // since some replace the options, and with them the allowance
	var want error
	switch rapid.IntRange(0, 3).Draw(t, "why") {
	case 0:
		it.Options, want = []host.AppendOption{host.Expect(host.AtClock(m.clocks[it.At.Entity] + 1))}, host.ErrConflict
	case 1:
		it.Kind, want = event.SystemBatchBegin, host.ErrKind
	case 2:
		it.At.Scope, want = "", event.ErrNameEmpty
	case 3:
		it.Options, want = []host.AppendOption{host.WithTime(time.UnixMilli(-1))}, host.ErrTime
	}
	if rapid.Bool().Draw(t, "alone") {
		_, err := m.store.Append(context.Background(), it.At, it.Kind, it.Payload, it.Options...)
		require.ErrorIs(t, err, want)
		return
	}
	items, _, _ := m.items(t)
	if errors.Is(want, host.ErrConflict) { // regardless of the batch's effect on the entity
		it.Options = []host.AppendOption{host.Expect(host.AtClock(1 << 30))}
	}
	_, err := m.store.AppendBatch(context.Background(), append(items, it))
	require.Error(t, err)
	var at *host.ItemError
	require.ErrorAs(t, err, &at)
	if at.Item != len(items) { // of items with other times, the first is reported
		require.ErrorIs(t, want, host.ErrTime)
	}
}

// repeated appends an event again under its key.
func (m *machine) repeated(t *rapid.T) {
	if len(m.log) == 0 {
		return
	}
	n := rapid.IntRange(0, len(m.log)-1).Draw(t, "again")
	e := m.log[n]
	append := func(at event.Coordinate, value any, more ...host.AppendOption) (host.Receipt, error) {
		options := slices.Concat([]host.AppendOption{host.WithKey(e.id), host.AllowReservedKind()}, more)
		return m.store.Append(context.Background(), at, e.kind, value, options...)
	}
	r, err := append(e.at, host.Raw(e.payload), host.Expect(host.NoEvents))
	require.NoError(t, err)
	require.True(t, r.Repeated)
	require.Equal(t, uint64(n), r.Sequence)
	require.Equal(t, e.clock, r.Clock)
	var other *host.KeyError
	_, err = append(event.At("other", "scope"), host.Raw(e.payload))
	require.ErrorAs(t, err, &other)
	require.Equal(t, host.KeyError{ID: e.id, Sequence: uint64(n), Differs: other.Differs}, *other)
	_, err = append(e.at, "another payload")
	require.ErrorAs(t, err, &other)
	require.Equal(t, host.KeyError{ID: e.id, Sequence: uint64(n), Differs: []string{"payload"}}, *other)
}

// region draws a region, and returns whether an event is in it.
func (m *machine) region(t *rapid.T) (r host.Region, holds func(e modelled) bool) {
	r.Entity = rapid.SampledFrom([]string{"", "order:1", "order:2", "nobody"}).Draw(t, "in entity")
	r.EntityPrefix = rapid.SampledFrom([]string{"", "", "order:", "c"}).Draw(t, "prefix")
	r.Scope = rapid.SampledFrom([]string{"", "shop:eu", "shop:us", "none"}).Draw(t, "in scope")
	r.Kinds = rapid.SampledFrom([]event.Kinds{{}, event.Only(0x1001), event.InCategory(0xE)}).Draw(t, "kinds")
	return r, func(e modelled) bool {
		return (r.Entity == "" || r.Entity == e.at.Entity) && strings.HasPrefix(e.at.Entity, r.EntityPrefix) &&
			(r.Scope == "" || r.Scope == e.at.Scope) && r.Kinds.Has(e.kind)
	}
}

// conditional appends a batch, a fence or one event with a condition, often one that does
// not hold.
func (m *machine) conditional(t *rapid.T) {
	items, want, causes := m.items(t)
	door := rapid.SampledFrom([]string{"append", "batch", "fence"}).Draw(t, "door")
	if door == "append" {
		items, want, causes = items[:1], want[:1], causes[:1]
	}
	position := host.Position{Sequence: uint64(rapid.IntRange(0, len(m.log)).Draw(t, "position"))}
	if len(m.log) > 0 {
		position.Store = m.log[0].id
	}
	region, holds := m.region(t)
	on := rapid.IntRange(0, len(items)-1).Draw(t, "item")
	items[on].Options = append(items[on].Options, host.Unless(position, region))
	broken := -1
	for i, e := range slices.Concat(m.log, want[:on]) {
		if broken < 0 && uint64(i) >= position.Sequence && holds(e) {
			broken = i
		}
	}
	var rs []host.Receipt
	var err error
	switch door {
	case "append":
		var r host.Receipt
		r, err = m.store.Append(context.Background(), items[0].At, items[0].Kind, items[0].Payload, items[0].Options...)
		rs = []host.Receipt{r}
	case "batch":
		rs, err = m.store.AppendBatch(context.Background(), items)
	case "fence":
		f := m.store.Fence()
		for _, it := range items {
			_, err := f.Append(it.At, it.Kind, it.Payload, it.Options...)
			require.NoError(t, err)
		}
		rs, err = f.Commit(context.Background())
	}
	if broken < 0 {
		require.NoError(t, err)
		m.addedAll(t, want, causes, rs)
		return
	}
	var conflict *host.ConditionError
	require.ErrorAs(t, err, &conflict)
	require.EqualValues(t, broken, conflict.Sequence)
}

// reopen closes the store or stops without a close, loses dispensable files, and opens it again.
func (m *machine) reopen(t *rapid.T) {
	if rapid.Bool().Draw(t, "unclean") {
		fs, dir := m.copied(m)
		require.NoError(t, m.store.Close())
		m.fs, m.dir = fs, dir
	} else {
		require.NoError(t, m.store.Close())
		require.NoError(t, m.store.CloseReport().IndexError)
	}
	for _, name := range []string{indexName, "synced.thaw", host.LockName} {
		if rapid.IntRange(0, 3).Draw(t, "lose "+name) == 0 {
			_ = m.fs.Remove(filepath.Join(m.dir, name))
		}
	}
	if rapid.IntRange(0, 4).Draw(t, "rebuild") == 0 {
		_, err := host.Rebuild(context.Background(), m.dir, host.RebuildOptions{Options: host.Options{FS: m.fs, Logger: quiet}})
		require.NoError(t, err)
	}
	m.open(t)
}

// check runs all queries on the writer and on a reader of the directory.
func (m *machine) check(t *rapid.T) {
	m.answers(t, m.store)
	require.Equal(t, uint64(len(m.log)), m.store.Committed())
	r, err := host.OpenReader(context.Background(), m.dir, host.ReaderOptions{FS: fsabstraction.ReadFS(m.fs), Logger: quiet, Strict: true})
	require.NoError(t, err)
	m.answers(t, r)
	require.NoError(t, r.Close())
	result, err := host.Verify(context.Background(), m.dir, host.ReaderOptions{FS: m.fs, Logger: quiet}, nil)
	require.NoError(t, err)
	require.Empty(t, result.Damages)
}

// which returns the sequences for which f holds.
func (m *machine) which(f func(e modelled) bool) (sequences []uint64) {
	for i, e := range m.log {
		if f(e) {
			sequences = append(sequences, uint64(i))
		}
	}
	return sequences
}

func sequences(events []event.Event) (out []uint64) {
	for _, e := range events {
		out = append(out, e.Sequence)
	}
	return out
}

func (m *machine) answers(t *rapid.T, q host.Reader) {
	ctx := context.Background()
	found := collect(t, q.Query(ctx, host.Region{}, host.Page{}))
	require.Len(t, found, len(m.log))
	for i, e := range m.log {
		got := found[i]
		require.Equal(t, modelled{e.at, e.kind, e.id, e.correlation, e.causation, e.clock, nil},
			modelled{got.Coordinate, got.Kind, got.ID, got.Correlation, got.Causation, got.Clock, nil})
	}
	for _, entity := range []string{"order:1", "übung", "nobody"} {
		want := m.which(func(e modelled) bool { return e.at.Entity == entity })
		require.Equal(t, want, sequences(collect(t, q.Stream(ctx, entity, host.StreamPage{}))))
		state, err := q.State(ctx, entity)
		require.NoError(t, err)
		next, some := m.clocks[entity]
		require.Equal(t, host.State{Some: some, Clock: max(next, 1) - 1}, state)
	}
	for _, c := range []struct {
		region host.Region
		holds  func(e modelled) bool
	}{
		{host.Region{EntityPrefix: "order:"}, func(e modelled) bool { return strings.HasPrefix(e.at.Entity, "order:") }},
		{host.Region{Scope: "shop:eu", Kinds: event.Only(0x1001)}, func(e modelled) bool { return e.at.Scope == "shop:eu" && e.kind == 0x1001 }},
		{host.Region{Kinds: event.InCategory(1)}, func(e modelled) bool { return e.kind.Category() == 1 }},
	} {
		want := m.which(c.holds)
		require.Equal(t, want, sequences(collect(t, q.Query(ctx, c.region, host.Page{}))))
		n, err := q.Count(ctx, c.region, 0)
		require.NoError(t, err)
		require.EqualValues(t, len(want), n)
	}
	if len(m.log) == 0 {
		return
	}
	e := rapid.SampledFrom(m.log).Draw(t, "asked for")
	full, err := q.Get(ctx, e.id)
	require.NoError(t, err)
	require.Equal(t, e.payload, full.Payload)
	require.Equal(t, m.which(func(o modelled) bool { return o.correlation == e.correlation }),
		sequences(collect(t, q.Correlated(ctx, e.correlation))))
	require.ElementsMatch(t, m.which(func(o modelled) bool { return o.causation == e.id }),
		sequences(collect(t, q.Effects(ctx, e.id, 1))))
}

// TestModel compares a store with a slice, through random operations, stops and losses of
// dispensable files.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runModel(t, &machine{fs: crashfs.New(), dir: "/data/model", copied: func(m *machine) (fsabstraction.FS, string) {
			return m.fs.(*crashfs.FS).Crash(crashfs.Cut{Survive: 100}), m.dir
		}})
	})
}

// TestModelOnDisk does the same on the operating system's files, which can be
// mapped and are locked.
func TestModelOnDisk(t *testing.T) {
	base := t.TempDir()
	made := 0
	fresh := func() string { made++; return filepath.Join(base, strconv.Itoa(made)) }
	rapid.Check(t, func(t *rapid.T) {
		runModel(t, &machine{fs: osfs.FS{}, dir: fresh(), copied: func(m *machine) (fsabstraction.FS, string) {
			for {
				to := fresh()
				err := os.CopyFS(to, os.DirFS(m.dir))
				if errors.Is(err, fs.ErrNotExist) {
					continue // an index is being written in the background
				}
				require.NoError(t, err)
				return m.fs, to
			}
		}})
	})
}

func runModel(t *rapid.T, m *machine) {
	m.clocks = map[string]uint32{}
	m.options = host.Options{
		SegmentSize: rapid.SampledFrom([]int64{1, 1500, 8000, 0}).Draw(t, "segment size"),
		TailLimit:   rapid.SampledFrom([]uint64{1, 300, 0}).Draw(t, "tail limit"),
		Durability:  rapid.SampledFrom([]host.Durability{host.OnDisk, host.LoseUnsynced}).Draw(t, "durability"),
	}
	m.open(t)
	defer func() { _ = m.store.Close() }()
	t.Repeat(map[string]func(*rapid.T){
		"append": m.single, "batch": m.batch, "each": m.each, "fence": m.fence,
		"conditional": m.conditional, "refused": m.refused, "repeated": m.repeated, "reopen": m.reopen,
		"sync": func(t *rapid.T) { require.NoError(t, m.store.Sync(context.Background())) },
		"": func(t *rapid.T) {
			if rapid.IntRange(0, 3).Draw(t, "look") == 0 {
				m.check(t)
			}
		},
	})
	m.check(t)
}
