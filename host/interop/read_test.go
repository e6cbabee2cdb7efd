package interop_test

import (
	"cmp"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
	"github.com/thawlog/thaw/host/payload"
)

// ends are the ways a session of batpak ends.
var ends = []struct {
	name string
	o    interop.WriteOptions
}{
	{"clean", interop.WriteOptions{}},
	{"unclean", interop.WriteOptions{Unclean: true}},
	{"no-index", interop.WriteOptions{NoIndex: true}},
}

// TestThawReadsBatpak holds thaw's reader against what batpak acknowledged, all
// of it, and then against what batpak itself reads from its store, which is the
// same but for batpak's defects.
func TestThawReadsBatpak(t *testing.T) {
	p := peer(t)
	for _, end := range ends {
		for _, segmentMax := range []uint64{2000, 64 << 20} {
			for seed := range seeds(t, 20) {
				t.Run(fmt.Sprintf("%s/%d/seed %d", end.name, segmentMax, seed), func(t *testing.T) {
					t.Parallel()
					dir := filepath.Join(t.TempDir(), "store")
					o := end.o
					o.Seed, o.Steps, o.SegmentMax, o.ClockUS = seed, 40, segmentMax, clockUS
					requireAgreement(t, p, dir, write(t, p, dir, o), nil)
				})
			}
		}
	}
}

// TestThawReadsTwoSessions does the same for stores that were opened a second
// time. Unclean stops come second, or first in a store of one segment: batpak
// itself goes wrong after others (D1, D19), and acknowledges numbers twice.
func TestThawReadsTwoSessions(t *testing.T) {
	p := peer(t)
	for _, first := range ends {
		for _, second := range ends {
			for seed := range seeds(t, 10) {
				for _, segmentMax := range []uint64{2000, 64 << 20} {
					if first.o.Unclean && segmentMax == 2000 {
						continue
					}
					t.Run(fmt.Sprintf("%s, %s/%d/seed %d", first.name, second.name, segmentMax, seed), func(t *testing.T) {
						t.Parallel()
						dir := filepath.Join(t.TempDir(), "store")
						o := first.o
						o.Seed, o.Steps, o.SegmentMax, o.ClockUS = seed, 20, segmentMax, clockUS
						receipts := write(t, p, dir, o)
						before := requireAgreement(t, p, dir, receipts, nil)
						o = second.o
						o.Seed, o.Steps, o.SegmentMax, o.ClockUS = seed+100, 20, segmentMax, clockUS+1_000_000_000
						receipts = append(receipts, write(t, p, dir, o)...)
						if o.NoIndex || o.Unclean {
							before = nil // the index, if any, is that of the first session
						}
						requireAgreement(t, p, dir, receipts, before)
					})
				}
			}
		}
	}
}

func write(t *testing.T, p *interop.Program, dir string, o interop.WriteOptions) []interop.Receipt {
	receipts, err := p.Write(t.Context(), dir, o)
	require.NoError(t, err)
	return receipts
}

// truth is an event as thaw reads it.
type truth struct {
	id       event.ID
	sequence uint64
	facts    interop.Facts
}

// requireAgreement checks that thaw reads exactly the acknowledged events, with
// nothing to complain of but footers and indexes that are wrong, and batpak what
// it must. It returns the latter; before is that of the session before, if this
// one wrote an index.
func requireAgreement(t *testing.T, p *interop.Program, dir string, receipts []interop.Receipt, before map[event.ID]seen) map[event.ID]seen {
	silent := slog.New(slog.DiscardHandler)
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{CheckFrames: true, Logger: silent})
	require.NoError(t, err)
	defer r.Close()
	requireReceipts(t, receipts, events(t, r))

	f := walk(t, dir)
	report := r.Report()
	require.Empty(t, report.Damages)
	require.Empty(t, report.Unfinished)
	require.Empty(t, report.Gaps)
	require.Nil(t, report.Torn)
	w := f.watermark(t)
	var expected []string
	from := w
	if misplaced(before) { // D19
		expected, from = []string{"index.fbati", "index.ckpt"}, watermark{}
	}
	require.Equal(t, from != watermark{}, report.OpenedFrom == store.FromIndex)
	expected = append(expected, f.wrongFooters(from)...)
	var rejected []string
	for _, refusal := range report.Rejected {
		rejected = append(rejected, refusal.File)
	}
	require.Equal(t, expected, rejected)

	// batpak's defects move hidden events as they do others.
	all, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{ShowHidden: true, Logger: silent})
	require.NoError(t, err)
	defer all.Close()
	batpak := f.asBatpak(w, events(t, all), before)
	requireDump(t, batpak, report.HiddenRanges, lines(t, p, dir))
	return batpak
}

// events returns everything a reader shows, read in the two ways there are.
func events(t *testing.T, r *host.DirReader) (all []truth) {
	for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		full, err := r.Read(t.Context(), e)
		require.NoError(t, err)
		require.Equal(t, e.EventHash, full.ContentHash)
		if !r.Report().DuplicateIDs {
			byID, err := r.Get(t.Context(), e.ID)
			require.NoError(t, err)
			require.Equal(t, full, byID)
		}
		all = append(all, truth{e.ID, e.Sequence, facts(t, &full)})
	}
	return all
}

func requireReceipts(t *testing.T, receipts []interop.Receipt, got []truth) {
	want := slices.SortedFunc(slices.Values(receipts), func(a, b interop.Receipt) int {
		return cmp.Compare(a.Sequence, b.Sequence)
	})
	require.Len(t, got, len(want), "an acknowledged event is missing, or one is there that was not acknowledged")
	for i, r := range want {
		require.Empty(t, r.ReadError)
		require.Equal(t, r.Sequence, got[i].sequence)
		requireFacts(t, r.Facts, got[i].facts)
	}
}

// facts spells thaw's event as batpak-peer does.
func facts(t *testing.T, e *event.Full) interop.Facts {
	text, err := payload.AppendJSON(nil, e.Payload)
	require.NoError(t, err)
	f := interop.Facts{
		EventID: e.ID.String(), CorrelationID: e.Correlation.String(), Entity: e.Entity, Scope: e.Scope,
		Kind: "0x" + strings.ToUpper(fmt.Sprintf("%04x", uint16(e.Kind))), Clock: e.Clock, WallMS: e.WallMS,
		PrevHash: e.PrevHash.String(), EventHash: e.EventHash.String(),
		Segment: e.Position.Segment, Offset: e.Position.Offset, Length: e.Position.Length,
		Flags: e.Flags, TimestampUS: e.TimestampUS, Payload: text,
	}
	if !e.Causation.IsZero() {
		f.CausationID = e.Causation.String()
	}
	return f
}

// requireFacts compares everything, payloads by value.
func requireFacts(t *testing.T, want, got interop.Facts) {
	if !same(t, want.Payload, got.Payload) {
		require.JSONEq(t, string(want.Payload), string(got.Payload))
	}
	want.Payload, got.Payload = nil, nil
	require.Equal(t, want, got)
}
