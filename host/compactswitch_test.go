package host_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestSwitchFailures: whichever call fails once the new segments of a compaction count, what is
// appended then with the key of a dropped event is there after the next open, also when the
// compaction returns ErrUnfinished. The exception is an error that leaves open whether the new
// segments count: such an append can then repeat an event that the next open does not find. A
// failure after the end is logged, and the compaction returns no error.
func TestSwitchFailures(t *testing.T) {
	const events = 12
	dropped := func(e event.Event) bool { return e.Sequence%3 == 0 }
	key := func(n int) host.AppendOption { return host.WithKey(host.KeyOf(fmt.Sprint("key", n))) }
	at := func(n int) event.Coordinate { return event.At(fmt.Sprint("e", n%4), "s") }
	for name, rule := range map[string]failfs.Rule{
		"a change":                  {Kinds: failfs.Changes},
		"a change that took effect": {Kinds: failfs.Changes, Applied: true},
		"a read":                    {Kinds: failfs.Reads},
	} {
		t.Run(name, func(t *testing.T) {
			unfinished, logged := 0, 0
			for nth := 1; ; nth++ {
				disk := memfs.New()
				fsys := failfs.New(disk)
				var log bytes.Buffer
				o := host.Options{FS: fsys, SegmentSize: 1, NoMerge: true, NoMapping: true, OpenSegments: 1, Logger: slog.New(slog.NewTextHandler(&log, nil))}
				s, err := host.Open(t.Context(), "store", o)
				require.NoError(t, err)
				for n := range events {
					_, err := s.Append(t.Context(), at(n), event.Data, n, key(n))
					require.NoError(t, err)
				}
				require.NoError(t, s.Close()) // so that the index is asked for their keys
				s, err = host.Open(t.Context(), "store", o)
				require.NoError(t, err)
				begun := false
				kinds := rule.Kinds
				rule := failfs.Rule{Nth: nth, Applied: rule.Applied, Match: func(op failfs.Op) bool {
					if op.Kind == failfs.Rename && filepath.Base(op.NewName) == "swap.thaw" {
						begun = true
						return false
					}
					return begun && op.Kind&kinds != 0
				}}
				fault := fsys.Fail(rule)
				log.Reset()
				_, compacted := s.Compact(t.Context(), host.Compaction{SegmentSize: 1 << 20, Judge: func(e event.Event) host.Verdict {
					if dropped(e) {
						return host.DropEvent
					}
					return host.KeepEvent
				}})
				fired := fault.Fired()
				fault.Remove()
				switch {
				case compacted != nil:
					require.ErrorIs(t, compacted, host.ErrUnfinished, "call %d", nth)
					unfinished++
				case strings.Contains(log.String(), "not opened again"):
					logged++
				default:
					require.Zero(t, fired, "call %d", nth)
				}
				var ids []event.ID
				for n := range events {
					r, err := s.Append(t.Context(), at(n), event.Data, n, key(n))
					require.NoError(t, err, "call %d", nth)
					ids = append(ids, r.ID)
				}
				_, again := s.Compact(t.Context(), host.Compaction{SegmentSize: 1 << 20})
				require.Equal(t, compacted != nil, errors.Is(again, host.ErrUnfinished), "call %d: %v", nth, again)
				require.NoError(t, s.Close())
				s, err = host.Open(t.Context(), "store", host.Options{FS: disk, Logger: quiet, NoMerge: true, Strict: true})
				require.NoError(t, err)
				lost := 0
				for _, id := range ids {
					if _, err := s.Get(t.Context(), id); err != nil {
						require.ErrorIs(t, err, host.ErrNotFound)
						lost++
					}
				}
				if compacted == nil || !strings.Contains(compacted.Error(), "not known") {
					require.Zero(t, lost, "call %d: %v", nth, compacted)
				}
				require.NoError(t, s.Close())
				if fired == 0 {
					break
				}
			}
			t.Logf("unfinished after %d calls, logged after %d", unfinished, logged)
			require.Positive(t, unfinished)
			require.Equal(t, rule.Kinds == failfs.Reads, logged > 0, "only reads are left at the end")
		})
	}
}
