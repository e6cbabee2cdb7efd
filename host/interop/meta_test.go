package interop_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
)

// metaOf is the metadata of the i-th event of these tests: none, the keys that tools know,
// and as much as there may be.
func metaOf(i int) event.Meta {
	entries := map[string]string{}
	switch i % 3 {
	case 1:
		entries[event.MetaActor], entries[event.MetaRequest], entries[event.MetaTrace] = "größe", fmt.Sprint(i), ""
	case 2:
		for k := range event.MaxMetaEntries {
			entries[fmt.Sprint("key ", k)] = string(make([]byte, event.MaxMetaValue*(k/31)))
		}
	}
	return event.NewMeta(entries)
}

// requireMeta checks that every event of thaw's, whose entities begin with thaw, has the
// metadata with which it was appended, and that both see n events.
func (g *together) requireMeta(n int) {
	g.requireEvents(n)
	r, err := host.OpenReader(g.t.Context(), g.dir, host.ReaderOptions{CheckFrames: true, Strict: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(g.t, err)
	defer r.Close()
	seen := 0
	for e, err := range r.Query(g.t.Context(), host.Region{EntityPrefix: "thaw:"}, host.Page{}) {
		require.NoError(g.t, err)
		full, err := r.Read(g.t.Context(), e)
		require.NoError(g.t, err)
		if string(full.Payload) != "\xa4thaw" {
			continue
		}
		var i int
		_, err = fmt.Sscanf(e.Entity, "thaw:%d", &i)
		require.NoError(g.t, err)
		require.True(g.t, metaOf(i) == full.Meta, "%s has %s", e.Entity, full.Meta)
		seen++
	}
	require.NotZero(g.t, seen)
}

func (g *together) removeIndex() {
	for _, name := range []string{"index.fbati", "index.ckpt", "index.thaw"} {
		if err := os.Remove(filepath.Join(g.dir, name)); err != nil {
			require.ErrorIs(g.t, err, os.ErrNotExist)
		}
	}
}

// appendMeta appends single events, a batch, and a fence, each event with its metadata.
func appendMeta(s *thawSession, first, n int) {
	ctx := s.t.Context()
	at := func(i int) event.Coordinate { return event.At(fmt.Sprint("thaw:", i), "scope") }
	var items []host.Item
	f := s.Fence()
	for i := first; i < first+n; i++ {
		option := host.WithMeta(metaOf(i))
		switch i % 4 {
		case 0:
			_, err := s.Append(ctx, at(i), event.Data, "thaw", option, host.WithKey(host.KeyOf(fmt.Sprint(i))))
			require.NoError(s.t, err)
		case 1:
			_, err := f.Append(at(i), event.Data, "thaw", option)
			require.NoError(s.t, err)
		default:
			items = append(items, host.Item{At: at(i), Kind: event.Data, Payload: "thaw", Options: []host.AppendOption{option}})
		}
	}
	_, err := s.AppendBatch(ctx, items)
	require.NoError(s.t, err)
	_, err = f.Commit(ctx)
	require.NoError(s.t, err)
}

// TestMetadata: batpak reads the events of a store whose frames have metadata, as it does
// others: by index and from the segments, with their payloads, checksums and chains. It
// appends after them and finds their keys. Its compaction keeps the metadata of the
// frames that it copies.
func TestMetadata(t *testing.T) {
	g := newTogether(t)
	n := 0
	for round := range 3 {
		g.thaw(func(s *thawSession) { appendMeta(s, 100*round, 24) })
		n += 24
		g.requireMeta(n)
		g.removeIndex()
		g.requireMeta(n)

		// batpak continues the chain of an event with metadata, and of one without.
		for i := range 2 {
			g.one(ask(fmt.Sprint("thaw:", 100*round+4+i)))
		}
		key := host.KeyOf(fmt.Sprint(100 * round)).String()
		again := ask(fmt.Sprint("thaw:", 100*round))
		again.Key = &key
		require.Equal(t, key, g.one(again).EventID)
		// A batch of batpak's after frames with metadata.
		answers := g.batpak(interop.Step{Items: []interop.Asked{ask("batpak:1"), ask("batpak:2")}})
		require.Empty(t, answers[0].Error)
		n += 2 + 2
		g.requireEvents(n)
		g.removeIndex()
		g.requireEvents(n)
	}

	before := metasOf(t, g.dir)
	require.NoError(t, g.p.Compact(t.Context(), g.dir, interop.Merge))
	g.requireEvents(n)
	require.Equal(t, before, metasOf(t, g.dir))
	g.removeIndex()
	g.requireEvents(n)
	require.Equal(t, before, metasOf(t, g.dir))
	// thaw opens the compacted store for writing and appends after it.
	g.thaw(func(s *thawSession) { appendMeta(s, 900, 8) })
	g.requireEvents(n + 8)
}

// metasOf returns the metadata of every event by its id.
func metasOf(t *testing.T, dir string) map[event.ID]event.Meta {
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer r.Close()
	all := map[event.ID]event.Meta{}
	for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		full, err := r.Read(t.Context(), e)
		require.NoError(t, err)
		all[e.ID] = full.Meta
	}
	return all
}

// TestMetadataAndRetention: where batpak's compaction rewrites frames, from what it
// decoded, they have no metadata; it cannot read their payloads either.
func TestMetadataAndRetention(t *testing.T) {
	for _, how := range []interop.Compaction{interop.Retain, interop.Tombstone} {
		t.Run(string(how), func(t *testing.T) {
			g := newTogether(t)
			g.thaw(func(s *thawSession) { appendMeta(s, 0, 8) })
			require.NoError(t, g.p.Compact(t.Context(), g.dir, how))
			for id, meta := range metasOf(t, g.dir) {
				require.Zero(t, meta.Len(), id)
			}
			for _, line := range lines(t, g.p, g.dir) {
				require.NotEmpty(t, line.PayloadError)
			}
		})
	}
}
