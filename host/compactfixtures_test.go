package host_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/compact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// TestCompactFixtures compacts the stores of batpak 0.4.0, after one append and without: what is
// kept reads as before, verify finds no damage that was not there, and another session goes on.
func TestCompactFixtures(t *testing.T) {
	for _, name := range fixtureNames(t) {
		for _, appended := range []bool{false, true} {
			for verdict, judge := range judges {
				label := name + "/" + verdict
				if appended {
					label += " after an append"
				}
				t.Run(label, func(t *testing.T) { compactFixture(t, name, judge, appended) })
			}
		}
	}
}

func compactFixture(t *testing.T, name string, judge func(event.Event) host.Verdict, appended bool) {
	ctx := t.Context()
	dir := t.TempDir()
	for file, b := range fixture(t, name) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), b, 0o600))
	}
	s, err := host.Open(ctx, dir, redactOptions())
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	if appended {
		_, err = s.Append(ctx, event.At("thaw", "shop"), 0x1001, "x")
		require.NoError(t, err)
	}
	var want []event.Full
	for _, e := range readable(t, s) {
		if judge == nil || judge(e.Event) != host.DropEvent {
			want = append(want, e)
		}
	}
	_, err = s.Compact(ctx, host.Compaction{Judge: judge})
	require.NoError(t, err)
	same := func(s *host.Store) {
		got := readable(t, s)
		require.Len(t, got, len(want))
		for i := range want {
			require.Equal(t, want[i].Sequence, got[i].Sequence)
			require.Equal(t, want[i].ID, got[i].ID)
			if judge == nil || judge(want[i].Event) == host.KeepEvent {
				require.Equal(t, withoutPosition(want[i:i+1]), withoutPosition(got[i:i+1]))
			}
		}
	}
	same(s)
	require.NoError(t, s.Close())
	require.NoError(t, s.CloseReport().IndexError)
	found, err := host.Verify(ctx, dir, host.ReaderOptions{Logger: quiet}, nil)
	require.NoError(t, err)
	require.Empty(t, found.Damages)
	for _, file := range []string{"index.fbati", "index.thaw"} {
		_ = os.Remove(filepath.Join(dir, file))
	}
	for range 2 { // from segments, and from the index that this writes
		s, err = host.Open(ctx, dir, redactOptions())
		require.NoError(t, err)
		require.Empty(t, s.Report().Damages)
		same(s)
		require.NoError(t, s.Close())
	}
}

// TestMergeFixtures: the stores of batpak 0.4.0, whose batches may cross segments, are merged by
// an eager policy over some sessions, and answer as before.
func TestMergeFixtures(t *testing.T) {
	for _, name := range fixtureNames(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			dir := t.TempDir()
			for file, b := range fixture(t, name) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), b, 0o600))
			}
			var want []event.Full
			var log bytes.Buffer
			for session := range 8 {
				o := redactOptions()
				o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
				tuning.Set(&o, tuning.Flushes{Policy: flush.DefaultPolicy(), InRotation: true, Segments: compact.Policy{Together: 2 + session%2}})
				s, err := host.Open(ctx, dir, o)
				require.NoError(t, err)
				got := readable(t, s)
				if session > 0 {
					require.Equal(t, withoutPosition(want), withoutPosition(got))
				}
				_, err = s.Append(ctx, event.At("thaw", "shop"), 0x1001, session)
				require.NoError(t, err)
				want = readable(t, s)
				require.NoError(t, s.Close())
				require.NoError(t, s.CloseReport().IndexError)
			}
			require.NotContains(t, log.String(), "merged", log.String())
			found, err := host.Verify(ctx, dir, host.ReaderOptions{Logger: quiet}, nil)
			require.NoError(t, err)
			require.Empty(t, found.Damages)
		})
	}
}
