package host_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

func meta(pairs ...string) event.Meta {
	var m event.Meta
	for i := 0; i < len(pairs); i += 2 {
		m = m.With(pairs[i], pairs[i+1])
	}
	return m
}

// TestMetadata appends events with metadata in each way there is. Every reader returns it,
// also after a reopen and from segments alone.
func TestMetadata(t *testing.T) {
	p := newGate().place()
	ctx, at := t.Context(), event.At("order:1", "shop")
	want := []event.Meta{
		meta(event.MetaActor, "user:7", event.MetaRequest, "r-1", event.MetaTrace, strings.Repeat("f", 55)),
		{},
		meta("a", ""),
		meta("b", "ü", "c", strings.Repeat("v", event.MaxMetaValue)),
		meta("a", ""),
		meta("n", "5"),
		meta("n", "6"),
		meta("of", "the cause"),
	}
	item := func(i int) host.Item {
		return host.Item{At: at, Kind: event.Data, Payload: i, Options: []host.AppendOption{host.WithMeta(want[i])}}
	}
	s := p.openStore(t, host.Options{SegmentSize: 2000})
	_, err := s.Append(ctx, at, event.Data, 0, host.WithMeta(want[0]))
	require.NoError(t, err)
	_, err = s.Append(ctx, at, event.Data, 1)
	require.NoError(t, err)
	_, err = s.AppendBatch(ctx, []host.Item{item(2), item(3)})
	require.NoError(t, err)
	_, err = s.AppendEach(ctx, []host.Item{item(4)})
	require.NoError(t, err)
	f := s.Fence()
	for _, i := range []int{5, 6} {
		_, err = f.Append(at, event.Data, i, host.WithMeta(meta("n", "0")), host.WithMeta(want[i]))
		require.NoError(t, err)
	}
	_, err = f.Commit(ctx)
	require.NoError(t, err)

	// A retry may have other metadata; the event keeps the first.
	key := host.KeyOf("once")
	first, err := s.Append(ctx, at, event.Data, 7, host.WithKey(key), host.WithMeta(want[7]))
	require.NoError(t, err)
	again, err := s.Append(ctx, at, event.Data, 7, host.WithKey(key), host.WithMeta(meta("of", "a retry")))
	require.NoError(t, err)
	require.True(t, again.Repeated)
	require.Equal(t, first.Sequence, again.Sequence)

	check := func(r host.Reader) {
		n := 0
		for e, err := range r.Query(ctx, host.Region{}, host.Page{}) {
			require.NoError(t, err)
			full, err := r.Read(ctx, e)
			require.NoError(t, err)
			require.Equal(t, maps.Collect(want[n].All()), maps.Collect(full.Meta.All()), n)
			require.True(t, want[n] == full.Meta)
			byID, err := r.Get(ctx, e.ID)
			require.NoError(t, err)
			require.Equal(t, full, byID)
			n++
		}
		require.Len(t, want, n)
	}
	check(s)
	snapshot, err := s.Snapshot()
	require.NoError(t, err)
	check(snapshot)
	require.NoError(t, snapshot.Close())
	require.NoError(t, s.Close())
	for _, index := range []bool{true, false} {
		if !index {
			require.NoError(t, p.fs.Remove(p.dir+"/index.fbati"))
		}
		r, err := host.OpenReader(ctx, p.dir, host.ReaderOptions{FS: p.fs, CheckFrames: true, Strict: true})
		require.NoError(t, err)
		check(r)
		require.NoError(t, r.Close())
	}

	// What a reaction does: the metadata of its trigger, and its own.
	s = p.openStore(t, host.Options{})
	cause, err := s.Get(ctx, key)
	require.NoError(t, err)
	r, err := s.Append(ctx, at, event.Data, 8, host.CausedBy(key), host.WithMeta(cause.Meta.With("by", "a reaction")))
	require.NoError(t, err)
	effect, err := s.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, `by="a reaction" of="the cause"`, effect.Meta.String())
	require.NoError(t, s.Close())
}

// BenchmarkMeta appends, looks up and reads events of 200 bytes without metadata, with three
// entries, and with the same three as the event before.
func BenchmarkMeta(b *testing.B) {
	const n = 1000
	value := strings.Repeat("x", 200)
	for _, c := range []struct {
		name string
		meta func(i int) event.Meta
	}{
		{"none", func(int) event.Meta { return event.Meta{} }},
		{"three", func(i int) event.Meta {
			return event.NewMeta(map[string]string{
				event.MetaActor: "user:1234567", event.MetaRequest: "01a2046944b87c6aa4f23dc0f706b544", event.MetaTrace: strconv.Itoa(1e15 + i),
			})
		}},
		{"same", func(i int) event.Meta {
			return event.NewMeta(map[string]string{
				event.MetaActor: "user:1234567", event.MetaRequest: "01a2046944b87c6aa4f23dc0f706b544", event.MetaTrace: "1000000000000000",
			})
		}},
	} {
		s, err := host.Open(b.Context(), b.TempDir(), host.Options{Durability: host.LoseUnsynced})
		require.NoError(b, err)
		defer s.Close()
		items := make([]host.Item, n)
		b.Run(c.name+"/append", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i += n {
				for k := range items {
					items[k] = host.Item{At: event.At("e", "s"), Kind: event.Data, Payload: value, Options: []host.AppendOption{host.WithMeta(c.meta(i + k))}}
				}
				_, err := s.AppendBatch(b.Context(), items)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
		})
		var events []event.Event
		for e, err := range s.Query(b.Context(), host.Region{}, host.Page{Limit: n}) {
			require.NoError(b, err)
			events = append(events, e)
		}
		b.Run(c.name+"/get", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_, err := s.Get(b.Context(), events[i%n].ID)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(events[1].Position.Length), "frame-bytes")
		})
		b.Run(c.name+"/readeach", func(b *testing.B) {
			b.ReportAllocs()
			bytes := 0
			for b.Loop() {
				for full, err := range s.ReadEach(b.Context(), s.Query(b.Context(), host.Region{}, host.Page{Limit: n})) {
					require.NoError(b, err)
					bytes += full.Meta.Len()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
		})
	}
}
