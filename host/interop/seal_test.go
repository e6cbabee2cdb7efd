package interop_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/strtab"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
)

// TestBatpakReadsSealed closes what batpak left open in the way a writer of
// thaw's may: with a footer behind the frames, and an index that ends in the
// middle of the segment. batpak must then read it without its defects.
func TestBatpakReadsSealed(t *testing.T) {
	p := peer(t)
	for seed := range seeds(t, 10) {
		for _, c := range []struct {
			name        string
			first       bool // a session before, closed in order
			index, seal bool
		}{
			{"tail sealed", true, false, true},
			{"index inside", false, true, false},
			{"index inside, then sealed", false, true, true},
		} {
			t.Run(fmt.Sprintf("%s/seed %d", c.name, seed), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "store")
				o := interop.WriteOptions{Seed: seed, Steps: 20, ClockUS: clockUS}
				var receipts []interop.Receipt
				if c.first {
					receipts = write(t, p, dir, o)
					o.Seed, o.ClockUS = seed+100, clockUS+1_000_000_000
				}
				o.Unclean = true
				receipts = append(receipts, write(t, p, dir, o)...)

				all := records(t, dir)
				newest := all[len(all)-1].Position.Segment
				if c.index {
					writeIndex(t, dir, all)
				}
				if c.seal {
					seal(t, dir, newest, all)
				}
				batpak := requireAgreement(t, p, dir, receipts, nil)
				for _, e := range all {
					require.True(t, !c.seal || batpak[e.ID].sequence == e.Sequence)
				}
			})
		}
	}
}

// records returns all events of a store, those included that a fence hides.
func records(t *testing.T, dir string) (all []event.Event) {
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{ShowHidden: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer r.Close()
	for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		all = append(all, e)
	}
	return all
}

// writeIndex writes the index.fbati of about half of the events. It ends where no
// batch is under way: neither implementation ends one elsewhere.
func writeIndex(t *testing.T, dir string, all []event.Event) {
	f := walk(t, dir)
	n := len(all) / 2
	for f.batched[all[n].ID] {
		n++
	}
	draft := artifact.NewDraft()
	for _, e := range all[:n] {
		require.NoError(t, draft.Append(&e.Facts, []byte(e.Entity), []byte(e.Scope)))
	}
	end := artifact.Watermark{Segment: all[n].Position.Segment, Offset: all[n].Position.Offset}
	file := draft.AppendFile(nil, end, all[n].Sequence)
	require.NoError(t, os.WriteFile(filepath.Join(dir, artifact.FileName), file, 0o600))
}

// seal adds the footer to a segment.
func seal(t *testing.T, dir string, id uint64, all []event.Event) {
	path := filepath.Join(dir, segment.Name(id))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	names, count, at := new(strtab.Builder), uint32(0), uint64(len(b))
	var entries []byte
	for _, e := range all {
		if e.Position.Segment != id {
			continue
		}
		entity, _ := names.Intern([]byte(e.Entity))
		scope, _ := names.Intern([]byte(e.Scope))
		entries = sidx.AppendEntry(entries, &event.Record{Facts: e.Facts, Entity: entity, Scope: scope})
		count++
	}
	b = append(names.AppendTable(b), entries...)
	b = sidx.AppendTrailer(b, sidx.Trailer{TableOffset: at, Entries: count})
	require.NoError(t, os.WriteFile(path, b, 0o600))
}
