package interop_test

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
)

// seeds returns how many seeds a test tries: n, or THAW_INTEROP_SEEDS.
func seeds(t *testing.T, n uint64) uint64 {
	if text := os.Getenv("THAW_INTEROP_SEEDS"); text != "" {
		var err error
		n, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	return n
}

// thawSession is one session of thaw's writer over the store in dir.
type thawSession struct {
	*host.Store
	t      *testing.T
	random *rand.Rand
	known  []event.ID // to be caused by, and to correlate with
	tails  map[string]tail
}

// tail is the end of an entity's chain, which the next event must continue, and
// the clock that readers see, if they see the entity at all.
type tail struct {
	clock   uint32
	wallMS  uint64
	hash    event.Hash
	shown   bool
	visible uint32
}

// add moves the end of a chain to an event. batpak may give a clock out twice
// (D31), so the last one need not be the highest.
func (c tail) add(e *event.Event, visible bool) tail {
	c.clock, c.wallMS, c.hash = max(c.clock, e.Clock), e.WallMS, e.EventHash
	if visible {
		c.shown, c.visible = true, max(c.visible, e.Clock)
	}
	return c
}

// tailsOf finds the ends of all chains in a store, events of cancelled fences
// included.
func tailsOf(t *testing.T, dir string) map[string]tail {
	tails := map[string]tail{}
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return tails
	}
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer r.Close()
	hidden := r.Report().HiddenRanges
	for _, e := range records(t, dir) {
		tails[e.Entity] = tails[e.Entity].add(&e, !hidden.Hides(e.Sequence))
	}
	return tails
}

// openThaw opens the store for writing with everything that is random decided by
// the seed, and a clock that starts at us and moves by 1 ms.
func openThaw(t *testing.T, dir string, seed uint64, segmentMax uint64, us int64) *thawSession {
	tails := tailsOf(t, dir)
	var tick int64
	st, err := host.Open(t.Context(), dir, host.Options{
		SegmentSize: int64(segmentMax), Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { tick++; return time.UnixMicro(us + 1000*tick) },
	})
	require.NoError(t, err)
	require.Empty(t, st.Report().Damages)
	return &thawSession{Store: st, t: t, random: rand.New(rand.NewPCG(seed, 9)), tails: tails}
}

// steps makes n random steps and returns what was acknowledged, as it can be read
// at once. Each event continues its entity's chain, regardless of who wrote it.
func (s *thawSession) steps(n int) (all []truth) {
	for range n {
		all = append(all, s.acknowledge(s.step())...)
	}
	return all
}

// acknowledge reads the events of consecutive receipts.
func (s *thawSession) acknowledge(receipts []host.Receipt) (all []truth) {
	for _, r := range receipts {
		s.known = append(s.known, r.ID)
		full, err := s.Get(s.t.Context(), r.ID)
		require.NoError(s.t, err)
		require.Equal(s.t, r.Sequence, full.Sequence)
		require.Equal(s.t, r.Position, full.Position)
		before, continued := s.tails[full.Entity]
		if continued {
			require.Equal(s.t, before.clock+1, full.Clock)
		} else {
			require.Zero(s.t, full.Clock)
		}
		require.Equal(s.t, full.Clock, r.Clock)
		require.Equal(s.t, before.hash, full.PrevHash)
		require.Equal(s.t, max(before.wallMS, uint64(full.TimestampUS/1000)), full.WallMS)
		s.tails[full.Entity] = before.add(&full.Event, true)
		all = append(all, truth{r.ID, r.Sequence, facts(s.t, &full)})
	}
	return all
}

func (s *thawSession) step() []host.Receipt {
	ctx := s.t.Context()
	switch s.random.IntN(12) {
	case 0:
		rs, err := s.AppendBatch(ctx, s.items(1+s.random.IntN(8)))
		require.NoError(s.t, err)
		return rs
	case 1:
		return s.keyedBatch()
	case 2:
		f := s.Fence()
		for _, it := range s.items(1 + s.random.IntN(4)) {
			_, err := f.Append(it.At, it.Kind, it.Payload, it.Options...)
			require.NoError(s.t, err)
		}
		if s.random.IntN(2) == 0 {
			require.NoError(s.t, f.Cancel())
			return nil
		}
		rs, err := f.Commit(ctx)
		require.NoError(s.t, err)
		return rs
	case 3:
		var items []host.Item // each alone, so none is caused by another
		for range s.random.IntN(4) {
			items = append(items, s.items(1)...)
		}
		rs, err := s.AppendEach(ctx, items)
		require.NoError(s.t, err)
		return rs
	case 4, 5:
		return s.repeated()
	case 6, 7:
		return s.expecting()
	case 8: // a time of its own, now and then one that has passed
		it := s.items(1)[0]
		us := clockUS + s.random.Int64N(10_000_000_000) - 2_000_000_000
		return s.single(it, host.WithTime(time.UnixMicro(us)))
	}
	return s.single(s.items(1)[0])
}

func (s *thawSession) single(it host.Item, more ...host.AppendOption) []host.Receipt {
	r, err := s.Append(s.t.Context(), it.At, it.Kind, it.Payload, append(slices.Clone(it.Options), more...)...)
	require.NoError(s.t, err)
	require.False(s.t, r.Repeated)
	return []host.Receipt{r}
}

// key returns an unused key.
func (s *thawSession) key() (key event.ID) {
	binary.BigEndian.PutUint64(key[:], s.random.Uint64())
	binary.BigEndian.PutUint64(key[8:], s.random.Uint64()|1)
	return key
}

// repeated appends under a key, and again, and then another payload.
func (s *thawSession) repeated() []host.Receipt {
	it, key := s.items(1)[0], s.key()
	rs := s.single(it, host.WithKey(key))
	again, err := s.Append(s.t.Context(), it.At, it.Kind, it.Payload, host.WithKey(key), host.Expect(host.NoEvents), host.AllowReservedKind())
	require.NoError(s.t, err)
	require.True(s.t, again.Repeated)
	again.Repeated = false
	require.Equal(s.t, rs[0], again)
	_, err = s.Append(s.t.Context(), it.At, it.Kind, "another payload", host.WithKey(key), host.AllowReservedKind())
	require.ErrorIs(s.t, err, host.ErrKey)
	return rs
}

// keyedBatch is repeated for a batch.
func (s *thawSession) keyedBatch() []host.Receipt {
	items := s.items(1 + s.random.IntN(5))
	for i := range items {
		items[i].Options = append(items[i].Options, host.WithKey(s.key()))
	}
	rs, err := s.AppendBatch(s.t.Context(), items)
	require.NoError(s.t, err)
	again, err := s.AppendBatch(s.t.Context(), items)
	require.NoError(s.t, err)
	for i := range again {
		require.True(s.t, again[i].Repeated)
		again[i].Repeated = false
	}
	require.Equal(s.t, rs, again)
	return rs
}

// expecting appends with a correct expectation, after a wrong one was refused.
func (s *thawSession) expecting() []host.Receipt {
	it := s.items(1)[0]
	right, wrong := host.NoEvents, host.AtClock(0)
	if c := s.tails[it.At.Entity]; c.shown {
		right, wrong = host.AtClock(c.visible), host.AtClock(c.visible+1)
		if s.random.IntN(2) == 0 {
			wrong = host.NoEvents
		}
	}
	_, err := s.Append(s.t.Context(), it.At, it.Kind, it.Payload, host.Expect(wrong), host.AllowReservedKind())
	require.ErrorIs(s.t, err, host.ErrConflict)
	return s.single(it, host.Expect(right))
}

// places are batpak-peer's, so that streams are shared, and some of thaw's own.
var places = []event.Coordinate{
	event.At("entity:000", "tenant:a"), event.At("entity:001", "tenant:b"), event.At("entity:002", "tenant:a"),
	event.At("entity:002", "mandant:ü"), event.At("größe/漢字🧊 3", "tenant:a"), event.At("entity:004", "tenant:b"),
	event.At("entity:002", "thaw"), event.At("thaw:0", "tenant:a"), event.At("thaw:1", "thaw"),
}

func (s *thawSession) items(n int) []host.Item {
	items := make([]host.Item, n)
	for i := range items {
		items[i] = host.Item{
			At:      places[s.random.IntN(len(places))],
			Kind:    []event.Kind{0x1000, 0x1ABC, 0xE001, 0xFFFF, event.EffectAck, event.Tombstone}[s.random.IntN(6)],
			Payload: s.payload(),
			Options: []host.AppendOption{host.AllowReservedKind()},
		}
		if i > 0 && s.random.IntN(2) == 0 {
			items[i].Options = append(items[i].Options, host.CausedByItem(s.random.IntN(i)))
		} else if len(s.known) > 0 && s.random.IntN(2) == 0 {
			items[i].Options = append(items[i].Options, host.CausedBy(s.known[s.random.IntN(len(s.known))]))
		}
		if s.random.IntN(3) == 0 {
			items[i].Options = append(items[i].Options, host.WithFlags([]uint8{1, 2, 8, 11}[s.random.IntN(4)]))
		}
		if s.random.IntN(3) == 0 { // batpak passes over it
			items[i].Options = append(items[i].Options, host.WithMeta(event.NewMeta(map[string]string{
				event.MetaActor: "größe", event.MetaTrace: strings.Repeat("t", s.random.IntN(400)),
			})))
		}
		if len(s.known) > 0 && s.random.IntN(3) == 0 {
			items[i].Options = append(items[i].Options, host.Correlated(s.known[s.random.IntN(len(s.known))]))
		}
	}
	return items
}

// payload returns a value that JSON can represent, since batpak decodes payloads as JSON.
func (s *thawSession) payload() any {
	switch s.random.IntN(6) {
	case 0:
		return nil
	case 1:
		return []any{int64(-1 << 40), uint64(1 << 63), true, 1.5, "übung\x00\n"}
	case 2:
		return map[string]any{"n": s.random.IntN(1 << 20), "list": []int{1, 2, 3}, "empty": map[string]any{}}
	case 3:
		return string(make([]byte, s.random.IntN(3000)))
	}
	return map[string]int{"n": s.random.IntN(300)}
}

// requireBoth checks that thaw and batpak read exactly these events, every field,
// and that verify has nothing to say.
func requireBoth(t *testing.T, p *interop.Program, dir string, want []truth) {
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{CheckFrames: true, Strict: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer r.Close()
	got := events(t, r)
	require.Len(t, got, len(want))
	dump := lines(t, p, dir)
	require.Len(t, dump, len(want))
	for i, line := range dump {
		require.Equal(t, want[i].sequence, got[i].sequence)
		requireFacts(t, want[i].facts, got[i].facts)
		require.Empty(t, line.PayloadError)
		require.Equal(t, want[i].sequence, line.Sequence)
		requireFacts(t, want[i].facts, line.Facts)
	}
}

// TestBatpakReadsThaw makes batpak read stores of thaw: closed properly, without their index, and after an
// unclean stop that thaw has repaired.
func TestBatpakReadsThaw(t *testing.T) {
	p := peer(t)
	for _, segmentMax := range []uint64{2000, 64 << 20} {
		for seed := range seeds(t, 15) {
			t.Run(fmt.Sprintf("%d/seed %d", segmentMax, seed), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "store")
				s := openThaw(t, dir, seed, segmentMax, clockUS)
				all := s.steps(30)
				stopped := copyStore(t, dir)
				require.NoError(t, s.Close())
				require.NoError(t, s.CloseReport().IndexError)
				requireBoth(t, p, dir, all)

				require.NoError(t, os.RemoveAll(filepath.Join(dir, "index.fbati")))
				requireBoth(t, p, dir, all)

				// As it was when the writer was stopped: batpak numbers what is not
				// sealed from where the sealed segments end, which is right here.
				requireBoth(t, p, stopped, all)
				s = openThaw(t, stopped, seed+1000, segmentMax, clockUS+1_000_000_000)
				require.NoError(t, s.Close())
				requireBoth(t, p, stopped, all)
			})
		}
	}
}

// copyStore copies a store with its writer active, as a kill leaves it.
func copyStore(t *testing.T, dir string) string {
	to := filepath.Join(t.TempDir(), "stopped")
	require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
	return to
}

// TestRoundTrips lets batpak and thaw write the same store in turns, by random
// ends: batpak in order, without an index, or stopped; thaw in order or stopped,
// its index lost or not. After each session of thaw both read the same.
//
// Where batpak would continue after a stop of its own, thaw comes first and seals
// the segment, which keeps batpak from numbering its tail from 0 (D1). Segments
// are large enough that no batch of batpak's goes over a rotation (D19); see
// TestThawAfterBatpak for those.
func TestRoundTrips(t *testing.T) {
	p := peer(t)
	for seed := range seeds(t, 20) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "store")
			random := rand.New(rand.NewPCG(seed, 10))
			var all []truth
			for session := range int64(4) {
				us := clockUS + session*2_000_000_000
				end := ends[random.IntN(len(ends))].o
				end.Seed, end.Steps, end.SegmentMax, end.ClockUS = seed*10+uint64(session), 12, 1<<20, us
				all = appendReceipts(t, all, write(t, p, dir, end))

				s := openThaw(t, dir, seed+uint64(session), []uint64{2000, 64 << 20}[random.IntN(2)], us+1_000_000_000)
				for i := range all {
					s.known = append(s.known, all[i].id)
				}
				all = append(all, s.steps(12)...)
				if random.IntN(2) == 0 {
					stopped := copyStore(t, dir)
					require.NoError(t, s.Close())
					dir = stopped
					s = openThaw(t, dir, 0, 0, us+1_500_000_000)
				}
				require.NoError(t, s.Close())
				if random.IntN(3) == 0 {
					_, err := host.Rebuild(t.Context(), dir, host.RebuildOptions{Options: host.Options{Logger: slog.New(slog.DiscardHandler)}})
					require.NoError(t, err)
				}
				requireBoth(t, p, dir, all)
			}
		})
	}
}

// appendReceipts adds what batpak acknowledged, which must continue the numbers.
func appendReceipts(t *testing.T, all []truth, receipts []interop.Receipt) []truth {
	for _, r := range receipts {
		require.Empty(t, r.ReadError)
		id, err := event.ParseID(r.EventID)
		require.NoError(t, err)
		if len(all) > 0 {
			require.Greater(t, r.Sequence, all[len(all)-1].sequence)
		}
		all = append(all, truth{id, r.Sequence, r.Facts})
	}
	return all
}

// TestThawAfterBatpak lets thaw append to stores of small segments that batpak
// left in every way, batches over rotations included (D19), and closes in order.
// From then on batpak reads everything right too where thaw wrote an index, which
// has the right places; sequences are those of batpak's receipts.
func TestThawAfterBatpak(t *testing.T) {
	p := peer(t)
	for _, end := range ends {
		for seed := range seeds(t, 15) {
			t.Run(fmt.Sprintf("%s/seed %d", end.name, seed), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "store")
				o := end.o
				o.Seed, o.Steps, o.SegmentMax, o.ClockUS = seed, 30, 2000, clockUS
				all := appendReceipts(t, nil, write(t, p, dir, o))
				s := openThaw(t, dir, seed, 2000, clockUS+1_000_000_000)
				all = append(all, s.steps(10)...)
				require.NoError(t, s.Close())
				require.NoError(t, s.CloseReport().IndexError)
				requireBothButD19(t, p, dir, all)
			})
		}
	}
}

// TestSameArtifact compares the index.fbati that thaw writes at its close with the
// one that batpak writes for the same store, byte for byte: for stores of thaw's
// alone, and for those that batpak began, cancelled fences included. batpak begins
// an empty segment when it opens, so the watermark, and with it the checksum, is
// another. Batches of batpak's do not go over a rotation here (D19).
func TestSameArtifact(t *testing.T) {
	p := peer(t)
	for _, segmentMax := range []uint64{2000, 64 << 20} {
		for seed := range seeds(t, 10) {
			t.Run(fmt.Sprintf("%d/seed %d", segmentMax, seed), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "store")
				if seed%2 == 1 {
					write(t, p, dir, interop.WriteOptions{Seed: seed, Steps: 20, ClockUS: clockUS})
				}
				s := openThaw(t, dir, seed, segmentMax, clockUS+1_000_000_000)
				s.steps(30)
				require.NoError(t, s.Close())
				require.True(t, s.CloseReport().IndexWritten)
				path := filepath.Join(dir, artifact.FileName)
				ours, err := os.ReadFile(path)
				require.NoError(t, err)
				removeIndexes(t, dir)
				write(t, p, dir, interop.WriteOptions{})
				theirs, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Equal(t, theirs[:8], ours[:8])
				require.Equal(t, theirs[28:], ours[28:])
			})
		}
	}
}

// TestBatpakReadsLargeBatch: batpak writes batches of at most 4,096 events and reads
// larger ones all the same.
func TestBatpakReadsLargeBatch(t *testing.T) {
	p := peer(t)
	dir := filepath.Join(t.TempDir(), "store")
	s := openThaw(t, dir, 1, 4000, clockUS)
	before := s.steps(3)
	rs, err := s.AppendBatch(t.Context(), s.items(10_000))
	require.NoError(t, err)
	require.Len(t, rs, 10_000)
	s.acknowledge(rs)
	after := s.steps(3)
	require.NoError(t, s.Close())
	for _, lose := range []string{"", "index.fbati"} {
		if lose != "" {
			require.NoError(t, os.Remove(filepath.Join(dir, lose)))
		}
		dump := lines(t, p, dir)
		require.Len(t, dump, len(before)+len(rs)+len(after))
		for i, r := range rs {
			require.Equal(t, r.ID.String(), dump[len(before)+i].EventID)
			require.Equal(t, r.Sequence, dump[len(before)+i].Sequence)
			require.Empty(t, dump[len(before)+i].PayloadError)
		}
	}
}
