package crash_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// The ways in which workloads flush. All but the last do it in the rotations, so that
// their operations come in one order.
var (
	// defaultFlushes is the default policy for small segments.
	defaultFlushes = &tuning.Flushes{Policy: withOpenWeight(flush.DefaultPolicy(), 1), InRotation: true}
	// often writes an index at each rotation and each close. A part is merged with
	// the input after it when it is no longer, and index.fbati when all of that is.
	often = &tuning.Flushes{
		Policy:     flush.Policy{CloseWeight: 1, OpenWeight: 1, CloseShare: 1, OpenShare: 1, PartShare: 1},
		InRotation: true,
	}
	// seldom leaves a tail now and then.
	seldom = &tuning.Flushes{
		Policy:     flush.Policy{CloseWeight: 40, OpenWeight: 40, CloseShare: 1, OpenShare: 1, PartShare: 2},
		InRotation: true,
	}
	// merging leaves what is above a small limit to merges, which use scratch space.
	merging = &tuning.Flushes{
		Policy: flush.Policy{
			CloseWeight: 1, OpenWeight: 1, CloseShare: 1, OpenShare: 1, PartShare: 1, Limit: 6, Fan: 2, BaseShare: 1, MostParts: 3,
		},
		InRotation: true,
	}
	// background is often on a goroutine of its own, as for users.
	background = &tuning.Flushes{Policy: often.Policy}
)

func withOpenWeight(r flush.Policy, n uint64) flush.Policy {
	r.OpenWeight = n
	return r
}

// withFlushes returns o for a store that flushes in the given way, nil for defaultFlushes.
func withFlushes(way *tuning.Flushes, o host.Options) host.Options {
	if way == nil {
		way = defaultFlushes
	}
	tuning.Set(&o, *way)
	if way == merging {
		o.IndexMemory = 1
	}
	return o
}

// flushWorkloads are those in which indexes are written over and over.
var flushWorkloads = []workload{
	{name: "flushes", prepared: true, flushes: often, do: func(s *session) error {
		return repeat(26, func(int) error { return s.single() })
	}},
	{name: "flushes of batches", prepared: true, flushes: seldom, durability: host.LoseUnsynced, do: func(s *session) error {
		return repeat(6, func(i int) error {
			return errors.Join(s.batch(1+2*i), s.single(), s.fence(2, i%2 == 0), s.sync())
		})
	}},
	{name: "sessions", prepared: true, flushes: often, sessions: 5, do: func(s *session) error {
		return repeat([]int{3, 1, 0, 9, 4}[s.number%5], func(int) error { return s.single() })
	}},
	{name: "rebuilt", prepared: true, flushes: often, sessions: 3, rebuilt: true, do: func(s *session) error {
		return repeat(11, func(int) error { return s.single() })
	}},
	{name: "merges", prepared: true, flushes: merging, sessions: 2, do: func(s *session) error {
		return repeat(16, func(int) error { return s.single() })
	}},
	{name: "after batpak", from: "rotated", flushes: often, sessions: 2, do: func(s *session) error {
		return repeat(12, func(int) error { return s.single() })
	}},
	{name: "in the background", prepared: true, flushes: background, concurrent: true, do: func(s *session) error {
		return together(2, s, func(s *session, _ int) error {
			return repeat(14, func(int) error { return s.single() })
		})
	}},
}

// plain is the number of other workloads.
var plain = len(workloads)

func init() { workloads = append(workloads, flushWorkloads...) }

// sparse reports whether an operation is skipped: its kind is tried often enough, here or in other
// workloads, and it is not one of the sample.
func (w *workload) sparse(op crashfs.Op, seed uint64) bool {
	often := op.Kind != crashfs.SyncDir && !ofIndex(op.Name) && w.flushes != nil
	return (often || ofIndex(op.Name) && op.Kind == crashfs.WriteAt) && (uint64(op.N)+seed)%5 != 0
}

// TestFlushWorkloads requires that they write whole indexes, parts and merged parts.
func TestFlushWorkloads(t *testing.T) {
	for i := range flushWorkloads {
		w := &flushWorkloads[i]
		known := &world{}
		fs, err := w.start(known, 1)
		require.NoError(t, err)
		var whole, parts, merged int
		fs.OnOp(func(op crashfs.Op) {
			switch {
			case op.Kind == crashfs.Rename && isPart(op.NewName):
				parts++
			case op.Kind == crashfs.Rename && filepath.Base(op.NewName) == artifact.FileName:
				whole++
			case op.Kind == crashfs.Remove && isPart(op.Name):
				merged++
			}
		})
		require.NoError(t, w.run(fs, known, 1))
		t.Logf("%s: index.fbati %d times, %d part files, %d of them merged", w.name, whole, parts, merged)
		require.Positive(t, whole+merged, w.name)
		require.Positive(t, parts, w.name)
	}
}
