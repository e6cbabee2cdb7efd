package interop_test

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
)

// record is what must survive of an event.
type record struct {
	sequence uint64
	clock    uint32
	entity   string
	kind     event.Kind
	payload  string
}

// recordsOf returns the readable events of a store by id, hidden ones too.
func recordsOf(t *testing.T, dir string) map[event.ID]record {
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{ShowHidden: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer r.Close()
	out := map[event.ID]record{}
	for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		full, err := r.Read(t.Context(), e)
		if err == nil {
			out[e.ID] = record{e.Sequence, e.Clock, e.Entity, e.Kind, string(full.Payload)}
		}
	}
	return out
}

// copied returns a copy of a directory.
func copied(t *testing.T, dir string) string {
	to := filepath.Join(t.TempDir(), "store")
	require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
	return to
}

// salvaged salvages a store, and requires of the result that it is sound, that batpak sees what
// thaw sees, and that both append to it.
func salvaged(t *testing.T, p *interop.Program, dir string) (host.SalvageReport, map[event.ID]record) {
	before := snapshotOf(t, dir)
	to := filepath.Join(t.TempDir(), "rescued")
	report, err := host.Salvage(t.Context(), dir, to, host.SalvageOptions{SegmentSize: 4000})
	require.NoError(t, err)
	require.Equal(t, before, snapshotOf(t, dir), "the damaged store was changed")
	got := recordsOf(t, to)
	require.Len(t, got, int(report.Events))
	found, err := host.Verify(t.Context(), to, host.ReaderOptions{}, nil)
	require.NoError(t, err)
	require.Empty(t, found.Damages)
	require.Len(t, lines(t, p, to), int(report.Events-report.Hidden))
	for _, line := range lines(t, p, to) {
		require.Empty(t, line.PayloadError)
		id, err := event.ParseID(line.EventID)
		require.NoError(t, err)
		require.Equal(t, got[id].sequence, line.Sequence)
	}

	st, err := host.Open(t.Context(), to, host.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	receipt, err := st.Append(t.Context(), event.At("entity:000", "on"), event.Data, 1)
	require.NoError(t, err)
	require.GreaterOrEqual(t, receipt.Sequence, report.NextSequence)
	require.NoError(t, st.Close())
	_, err = p.Append(t.Context(), to, interop.Step{Single: true, Items: []interop.Asked{{Entity: "entity:000", Scope: "on", Kind: 0x1000, Payload: 2}}})
	require.NoError(t, err)
	require.Len(t, recordsOf(t, to), len(got)+2)
	again, err := host.Salvage(t.Context(), to, "", host.SalvageOptions{})
	require.NoError(t, err)
	require.Empty(t, again.Findings, "the salvage of a salvage")
	return report, got
}

// snapshotOf returns the names and contents of a directory.
func snapshotOf(t *testing.T, dir string) map[string]string {
	out := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, err := os.ReadFile(filepath.Join(dir, name))
			out[name] = string(b)
			return err
		}
		return err
	}))
	return out
}

// segmentsOf returns the names of a store's segments.
func segmentsOf(t *testing.T, dir string) []string {
	names, err := filepath.Glob(filepath.Join(dir, "*.fbat"))
	require.NoError(t, err)
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return slices.Sorted(slices.Values(names))
}

// TestSalvageOfCompaction stops batpak's own compaction at its steps (D4, D5, D12), and salvages
// what that leaves: every event is in the result, once.
func TestSalvageOfCompaction(t *testing.T) {
	p := peer(t)
	for seed := range seeds(t, 4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "store")
			_, err := p.Write(t.Context(), dir, interop.WriteOptions{Seed: seed, Steps: 25, SegmentMax: 3000})
			require.NoError(t, err)
			want := recordsOf(t, dir)
			merged := copied(t, dir)
			require.NoError(t, p.Compact(t.Context(), merged, interop.Merge))
			names := segmentsOf(t, dir)
			require.Greater(t, len(names), 2)
			whole, err := os.ReadFile(filepath.Join(merged, names[0]))
			require.NoError(t, err)

			stop := func(step string, change func(at func(string) string)) {
				t.Run(step, func(t *testing.T) {
					left := copied(t, dir)
					change(func(name string) string { return filepath.Join(left, name) })
					report, got := salvaged(t, p, left)
					require.Equal(t, want, got)
					require.Empty(t, report.Findings)
					for _, name := range []string{"index.fbati", "index.ckpt"} {
						require.NoError(t, os.RemoveAll(filepath.Join(left, name)))
					}
					_, got = salvaged(t, p, left)
					require.Equal(t, want, got, "without indexes")
				})
			}
			renamed := names[0] + ".compact-src"
			rename := func(at func(string) string) { require.NoError(t, os.Rename(at(names[0]), at(renamed))) }
			write := func(at func(string) string, b []byte) {
				require.NoError(t, os.WriteFile(at(names[0]), b, 0o600))
			}
			stop("renamed", rename)
			stop("header written", func(at func(string) string) { rename(at); write(at, whole[:57]) })
			for _, part := range []int{3, 2} {
				stop(fmt.Sprint("one in ", part, " merged"), func(at func(string) string) { rename(at); write(at, whole[:len(whole)/part]) })
			}
			stop("merged", func(at func(string) string) { rename(at); write(at, whole) })
			stop("a source removed", func(at func(string) string) { write(at, whole) })
			stop("some sources removed", func(at func(string) string) {
				write(at, whole)
				for _, name := range names[1 : len(names)/2] {
					require.NoError(t, os.Remove(at(name)))
				}
			})
			stop("the compaction of another day", func(at func(string) string) { // a leftover beside what replaced it (D5)
				rename(at)
				write(at, whole)
				for _, name := range names[1:] {
					require.NoError(t, os.Remove(at(name)))
				}
			})
		})
	}
}

// TestSalvageOfRetention: batpak's retention and tombstone write payloads that it cannot read (D7).
// Those whose bytes have the recorded hash are intact, the others are listed.
func TestSalvageOfRetention(t *testing.T) {
	p := peer(t)
	for _, how := range []interop.Compaction{interop.Retain, interop.Tombstone} {
		for seed := range seeds(t, 3) {
			t.Run(fmt.Sprint(how, " seed ", seed), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "store")
				_, err := p.Write(t.Context(), dir, interop.WriteOptions{Seed: seed, Steps: 25, SegmentMax: 3000})
				require.NoError(t, err)
				want := recordsOf(t, dir)
				require.NoError(t, p.Compact(t.Context(), dir, how))
				report, got := salvaged(t, p, dir)
				require.NotZero(t, report.Reencoded+report.LeftOut)
				t.Logf("%d of %d events: %d written anew, %d lost, %d left out, %d kept in doubt",
					report.Events, len(want), report.Reencoded, report.Lost, report.LeftOut, report.Kept)
				for id, e := range got {
					was, ok := want[id]
					require.True(t, ok, "an aborted batch's item came back, or an event was invented")
					was.sequence = e.sequence // compaction numbers anew (D10)
					require.Equal(t, was, e)
				}
				if len(got) < len(want) {
					require.NotEmpty(t, report.Findings)
				}
			})
		}
	}
}
