package interop_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
)

// seeds is how many seeds a test tries: n, or THAW_INTEROP_SEEDS.
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
}

// openThaw opens the store for writing with everything that is random decided by
// the seed, and a clock that starts at us and moves by 1 ms.
func openThaw(t *testing.T, dir string, seed uint64, segmentMax uint64, us int64) *thawSession {
	var tick int64
	st, err := host.Open(t.Context(), dir, host.Options{
		SegmentSize: int64(segmentMax), Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { tick++; return time.UnixMicro(us + 1000*tick) },
	})
	require.NoError(t, err)
	require.Empty(t, st.Report().Damages)
	return &thawSession{Store: st, t: t, random: rand.New(rand.NewPCG(seed, 9))}
}

// steps makes n random steps and returns what was acknowledged, as it can be read
// at once.
func (s *thawSession) steps(n int) (all []truth) {
	for range n {
		for _, r := range s.step() {
			s.known = append(s.known, r.ID)
			full, err := s.Get(s.t.Context(), r.ID)
			require.NoError(s.t, err)
			require.Equal(s.t, r.Sequence, full.Sequence)
			require.Equal(s.t, r.Position, full.Position)
			all = append(all, truth{r.ID, r.Sequence, facts(s.t, &full)})
		}
	}
	return all
}

func (s *thawSession) step() []host.Receipt {
	ctx := s.t.Context()
	switch s.random.IntN(8) {
	case 0:
		items := s.items(1 + s.random.IntN(8))
		rs, err := s.AppendBatch(ctx, items)
		require.NoError(s.t, err)
		return rs
	case 1:
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
	case 2:
		var items []host.Item // each for itself, so none is caused by another
		for range s.random.IntN(4) {
			items = append(items, s.items(1)...)
		}
		rs, err := s.AppendEach(ctx, items)
		require.NoError(s.t, err)
		return rs
	case 3:
		it := s.items(1)[0]
		key := event.ID{0xab, 14: byte(s.random.IntN(256)), 15: byte(s.random.IntN(256)), 8: byte(s.random.IntN(256))}
		it.Options = append(it.Options, host.WithKey(key), host.WithFlags(uint8([]int{1, 2, 8, 11}[s.random.IntN(4)])))
		r, err := s.Append(ctx, it.At, it.Kind, it.Payload, it.Options...)
		require.NoError(s.t, err)
		again, err := s.Append(ctx, it.At, it.Kind, nil, host.WithKey(key))
		require.NoError(s.t, err)
		require.True(s.t, again.Repeated)
		again.Repeated = r.Repeated
		require.Equal(s.t, r, again)
		return []host.Receipt{r}
	}
	it := s.items(1)[0]
	r, err := s.Append(ctx, it.At, it.Kind, it.Payload, it.Options...)
	require.NoError(s.t, err)
	return []host.Receipt{r}
}

func (s *thawSession) items(n int) []host.Item {
	items := make([]host.Item, n)
	for i := range items {
		items[i] = host.Item{
			// The names of batpak-peer's events too, so that streams are shared.
			At:      event.At(fmt.Sprintf("entity:%d", s.random.IntN(5)), fmt.Sprintf("scope:%d", s.random.IntN(3))),
			Kind:    []event.Kind{0x1000, 0x1ABC, 0xE001, 0xFFFF, event.EffectAck, event.Tombstone}[s.random.IntN(6)],
			Payload: s.payload(),
		}
		if i > 0 && s.random.IntN(2) == 0 {
			items[i].Options = append(items[i].Options, host.CausedByItem(s.random.IntN(i)))
		} else if len(s.known) > 0 && s.random.IntN(2) == 0 {
			items[i].Options = append(items[i].Options, host.CausedBy(s.known[s.random.IntN(len(s.known))]))
		}
		if len(s.known) > 0 && s.random.IntN(3) == 0 {
			items[i].Options = append(items[i].Options, host.Correlated(s.known[s.random.IntN(len(s.known))]))
		}
	}
	return items
}

// payload is a value that JSON can say, since batpak decodes payloads as such.
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

// TestBatpakReadsThaw lets batpak read what thaw wrote: closed in order, without
// its index, and left by an unclean stop that thaw has put right.
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

// copyStore copies a store as it is, with its writer at work: what a kill leaves.
func copyStore(t *testing.T, dir string) string {
	to := filepath.Join(t.TempDir(), "stopped")
	require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
	return to
}

// TestRoundTrips lets batpak and thaw write the same store in turns, by random
// ends: batpak in order, without an index, or stopped; thaw in order or stopped,
// its index lost or not. Behind each session of thaw both read the same.
//
// Where batpak would go on behind a stop of its own, thaw comes first and seals
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
					_, err := host.Rebuild(t.Context(), dir, host.Options{Logger: slog.New(slog.DiscardHandler)}, false)
					require.NoError(t, err)
				}
				requireBoth(t, p, dir, all)
			}
		})
	}
}

// appendReceipts adds what batpak acknowledged, which must go on in the numbers.
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
// From then on batpak reads everything right too: thaw's index has the right
// places. Sequences are compared with batpak's receipts where batpak had not gone
// on behind a stop of its own.
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
				requireBoth(t, p, dir, all)
			})
		}
	}
}

// TestSameArtifact compares the index.fbati that thaw writes at its close with the
// one that batpak writes for the same store. batpak begins an empty segment when
// it opens, so the watermark, and with it the checksum, is another.
func TestSameArtifact(t *testing.T) {
	p := peer(t)
	for seed := range seeds(t, 10) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "store")
			s := openThaw(t, dir, seed, 3000, clockUS)
			s.steps(30)
			require.NoError(t, s.Close())
			path := filepath.Join(dir, "index.fbati")
			ours, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.Remove(path))
			write(t, p, dir, interop.WriteOptions{})
			theirs, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, theirs[:8], ours[:8])
			require.Equal(t, theirs[28:], ours[28:])
		})
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
