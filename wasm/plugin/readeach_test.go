package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// writeRandom writes a store of several segments with payloads of up to 4000 bytes.
func writeRandom(t testing.TB, rng *rand.Rand) (dir string) {
	dir = t.TempDir()
	st, err := host.Open(t.Context(), dir, host.Options{SegmentSize: 256 << 10, Durability: host.LoseUnsynced})
	require.NoError(t, err)
	var last event.ID
	for range 12 {
		var items []host.Item
		for i := range 50 {
			var options []host.AppendOption
			if i%3 == 1 && !last.IsZero() {
				options = append(options, host.CausedBy(last), host.Correlated(last))
			}
			items = append(items, host.Item{
				At: event.At(fmt.Sprint("order:", rng.IntN(9)), "shop"), Kind: 0x1001,
				Payload: strings.Repeat("text\u00ff", rng.IntN(800)), Options: options,
			})
		}
		receipts, err := st.AppendBatch(t.Context(), items)
		require.NoError(t, err)
		last = receipts[rng.IntN(50)].ID
	}
	require.NoError(t, st.Close())
	return dir
}

// iterations are of every kind.
func iterations(t *testing.T, r host.Reader, e event.Event) map[string]iter.Seq2[event.Event, error] {
	ctx := t.Context()
	return map[string]iter.Seq2[event.Event, error]{
		"query":      r.Query(ctx, host.Region{}, host.Page{}),
		"stream":     r.Stream(ctx, e.Entity, host.StreamPage{}),
		"ancestors":  r.Ancestors(ctx, e.ID, 0),
		"effects":    r.Effects(ctx, e.ID, 0),
		"correlated": r.Correlated(ctx, e.Correlation),
	}
}

// TestReadEachIsRead: the sandbox returns what Read of native code returns for one event
// after the other, up to the same damage.
func TestReadEachIsRead(t *testing.T) {
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 5))
		dir := writeRandom(t, rng)
		native, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{NoMapping: true})
		require.NoError(t, err)
		defer native.Close()
		sandboxed, err := loaded(t).OpenReader(t.Context(), dir, ReaderOptions{Cache: 1})
		require.NoError(t, err)
		defer sandboxed.Close()
		var all []event.Event
		for e, err := range native.Query(t.Context(), host.Region{}, host.Page{}) {
			require.NoError(t, err)
			all = append(all, e)
		}
		for _, damage := range []bool{false, true} {
			if damage {
				flip(t, dir, all[100+rng.IntN(400)].Position, rng)
				// A cached block is not read again, so this sees the damage.
				sandboxed, err = loaded(t).OpenReader(t.Context(), dir, ReaderOptions{})
				require.NoError(t, err)
				defer sandboxed.Close()
			}
			e := all[rng.IntN(len(all))]
			own := iterations(t, native, e)
			for what, events := range iterations(t, sandboxed, e) {
				var want []event.Full
				var wantEnd error
				for e, err := range own[what] {
					full, failed := native.Read(t.Context(), e)
					if wantEnd = errors.Join(err, failed); wantEnd != nil {
						break
					}
					want = append(want, full)
				}
				n := 0
				var end error
				for full, err := range sandboxed.ReadEach(t.Context(), events) {
					if end = err; err != nil {
						break
					}
					require.Less(t, n, len(want), what)
					require.Equal(t, want[n], full, what)
					n++
				}
				require.Len(t, want, n, what)
				require.Equal(t, wantEnd == nil, end == nil, what)
				if wantEnd != nil {
					var a, b *host.Damage
					require.ErrorAs(t, wantEnd, &a)
					require.ErrorAs(t, end, &b)
					require.Equal(t, a.Error(), b.Error())
				}
			}
		}
	}
}

// flip changes one bit of a frame's body.
func flip(t *testing.T, dir string, at event.Position, rng *rand.Rand) {
	path := filepath.Join(dir, fmt.Sprintf("%06d.fbat", at.Segment))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	b[at.Offset+8+rng.Uint64N(uint64(at.Length)-8)] ^= 1 << rng.IntN(8)
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

// TestReadEachNests: a loop in a loop and loops that end early leave the one instance as it
// was, and errors of the iteration come after the events before them.
func TestReadEachNests(t *testing.T) {
	p, err := Load(t.Context(), wasmOf(t), cached(Options{Instances: 1}))
	require.NoError(t, err)
	defer p.Close()
	r, err := p.OpenReader(t.Context(), writeRandom(t, rand.New(rand.NewPCG(1, 1))), ReaderOptions{})
	require.NoError(t, err)
	defer r.Close()
	ctx := t.Context()
	everything := func() iter.Seq2[event.Event, error] { return r.Query(ctx, host.Region{}, host.Page{}) }
	n := 0
	for full, err := range r.ReadEach(ctx, everything()) {
		require.NoError(t, err)
		before := bytes.Clone(full.Payload)
		if n++; n%200 == 0 {
			k := 0
			for _, err := range r.ReadEach(ctx, everything()) {
				require.NoError(t, err)
				if k++; k == n/2 {
					break
				}
			}
		}
		require.Equal(t, before, full.Payload)
	}
	require.Equal(t, 600, n)

	var some []event.Event
	for e := range everything() {
		some = append(some, e)
	}
	ended := errors.New("no more")
	for _, take := range []int{0, 1, 16, 17, 100} {
		n, end := 0, error(nil)
		for _, err := range r.ReadEach(ctx, func(yield func(event.Event, error) bool) {
			for _, e := range slices.Clone(some[:take]) {
				if !yield(e, nil) {
					return
				}
			}
			yield(event.Event{}, ended)
		}) {
			if end = err; err == nil {
				n++
			}
		}
		require.Equal(t, ended, end)
		require.Equal(t, take, n)
	}
}

// BenchmarkReadEach reads 600 events with their payloads, all of them and one by one.
func BenchmarkReadEach(b *testing.B) {
	r, err := loaded(b).OpenReader(b.Context(), writeRandom(b, rand.New(rand.NewPCG(1, 1))), ReaderOptions{})
	require.NoError(b, err)
	defer r.Close()
	b.Run("each", func(b *testing.B) {
		for b.Loop() {
			for _, err := range r.ReadEach(b.Context(), r.Query(b.Context(), host.Region{}, host.Page{})) {
				require.NoError(b, err)
			}
		}
	})
	b.Run("one by one", func(b *testing.B) {
		for b.Loop() {
			for e := range r.Query(b.Context(), host.Region{}, host.Page{}) {
				_, err := r.Read(b.Context(), e)
				require.NoError(b, err)
			}
		}
	})
}
