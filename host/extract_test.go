package host_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/extract"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

var ctx = context.Background()

// everyEvent returns the events of a query without their positions, which an extract changes.
func everyEvent(t require.TestingT, r host.Reader, region host.Region) (all []event.Full) {
	for e, err := range r.Query(ctx, region, host.Page{}) {
		require.NoError(t, err)
		full, err := r.Read(ctx, e)
		require.NoError(t, err)
		full.Position = event.Position{}
		all = append(all, full)
	}
	return all
}

// writeExtract writes an extract of the store in dir to another directory.
func writeExtract(t require.TestingT, fsys *memfs.FS, dir, to string, region query.Region, o extract.Options) {
	files := directory.Memory{}
	entries, err := fsys.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		f, err := fsys.Open(dir + "/" + e.Name)
		require.NoError(t, err)
		size, err := f.Size()
		require.NoError(t, err)
		b := make([]byte, size)
		_, err = f.ReadAt(b, 0)
		require.NoError(t, err)
		files[e.Name] = b
	}
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.NoError(t, fsys.MkdirAll(to))
	var out fsabstraction.WriteFile
	at, last := int64(0), uint32(0)
	_, err = extract.Run(files, s, s.Query(region, query.Page{}), o, func(file uint32, b []byte) (err error) {
		if file != last {
			out, err = fsys.Create(to + "/" + segment.Name(uint64(file)))
			require.NoError(t, err)
			at, last = 0, file
		}
		_, err = out.WriteAt(b, at)
		at += int64(len(b))
		return err
	})
	require.NoError(t, err)
}

// TestExtract: a store of random appends, batches and fences; an extract of it opens for
// writing with the same events, verifies, and goes on.
func TestExtract(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const dir, to = "/store", "/extract"
		fsys := memfs.New()
		o := host.Options{FS: fsys, SegmentSize: 3000, Logger: slog.New(slog.DiscardHandler)}
		item := func() host.Item {
			return host.Item{
				At:      event.At(fmt.Sprint("e:", rapid.IntRange(0, 3).Draw(t, "entity")), fmt.Sprint("s:", rapid.IntRange(0, 1).Draw(t, "scope"))),
				Kind:    event.Kind(0x1000 + rapid.IntRange(0, 2).Draw(t, "kind")),
				Payload: rapid.String().Draw(t, "payload"),
			}
		}
		st, err := host.Open(ctx, dir, o)
		require.NoError(t, err)
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				_, err = st.AppendBatch(ctx, []host.Item{item(), item(), item()})
			case 1:
				f := st.Fence()
				it := item()
				_, err = f.Append(it.At, it.Kind, it.Payload)
				require.NoError(t, err)
				if rapid.Bool().Draw(t, "cancel") {
					err = f.Cancel()
				} else {
					_, err = f.Commit(ctx)
				}
			case 2:
				require.NoError(t, st.Close())
				st, err = host.Open(ctx, dir, o)
			default:
				it := item()
				_, err = st.Append(ctx, it.At, it.Kind, it.Payload)
			}
			require.NoError(t, err)
		}
		region := rapid.SampledFrom([]host.Region{
			{}, {Entity: "e:1"}, {EntityPrefix: "e:"}, {Scope: "s:0"}, {Kinds: event.Only(0x1001)},
			{Clocks: host.ClocksBetween(2, 5)}, {Entity: "e:2", Scope: "s:1"}, {Entity: "none"},
		}).Draw(t, "region")
		want := everyEvent(t, st, region)
		require.NoError(t, st.Close())
		writeExtract(t, fsys, dir, to, region.Core(), extract.Options{SegmentSize: rapid.SampledFrom([]uint64{0, 1500}).Draw(t, "size")})

		st, err = host.Open(ctx, to, o)
		require.NoError(t, err)
		require.Equal(t, want, everyEvent(t, st, host.Region{}))
		require.Empty(t, st.Report().Damages)
		require.Nil(t, st.Report().Recovered)
		for range 3 {
			it := item()
			_, err = st.Append(ctx, it.At, it.Kind, it.Payload)
			require.NoError(t, err)
		}
		require.NoError(t, st.Close())
		found, err := host.Verify(ctx, to, host.ReaderOptions{FS: fsys}, nil)
		require.NoError(t, err)
		require.Empty(t, found.Damages)
		for _, note := range found.Notes {
			require.Contains(t, []host.Topic{verify.Extract, verify.NoSnapshot}, note.Topic, note.String())
		}
		require.Equal(t, uint64(len(want)+3), found.Events)
	})
}
