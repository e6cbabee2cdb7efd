package store_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// line formats an event as in expected.jsonl.
func line(e event.Event) string {
	var causation any
	if !e.Causation.IsZero() {
		causation = e.Causation
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(map[string]any{
		"causation_id": causation, "clock": e.Clock, "correlation_id": e.Correlation,
		"entity": e.Entity, "event_hash": e.EventHash, "event_id": e.ID, "kind": e.Kind,
		"length": e.Position.Length, "offset": e.Position.Offset, "prev_hash": e.PrevHash,
		"scope": e.Scope, "segment": e.Position.Segment, "seq": e.Sequence, "wall_ms": e.WallMS,
	})
	return b.String()
}

func dump(t testing.TB, s *store.Snapshot) string {
	var b bytes.Buffer
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		b.WriteString(line(e))
	}
	return b.String()
}

// TestNoSequenceLeft: an index whose next sequence leaves no number for the tail is
// refused, and the store still opens.
func TestNoSequenceLeft(t *testing.T) {
	files := fixture.Store("compacted-tail")
	delete(files, checkpoint.FileName)
	b := files[artifact.FileName]
	binary.LittleEndian.PutUint64(b[28:], artifact.MaxAllocator-2)
	artifact.Seal(b)
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	require.Equal(t, string(fixture.Expected("compacted-tail")), dump(t, s))
	require.Len(t, s.Report().Rejected, 1)
	require.ErrorIs(t, s.Report().Rejected[0], damage.Allocator)
	require.Equal(t, artifact.FileName, s.Report().Rejected[0].File)
}

// TestFixtures opens every fixture on each step of the ladder, with the same answers.
func TestFixtures(t *testing.T) {
	ladder := []struct {
		name   string
		remove []string
	}{
		{"as it is", nil},
		{"without index.fbati", []string{artifact.FileName}},
		{"without both", []string{artifact.FileName, checkpoint.FileName}},
	}
	for _, name := range fixture.Names() {
		for _, step := range ladder {
			t.Run(name+"/"+step.name, func(t *testing.T) {
				files := fixture.Store(name)
				for _, f := range step.remove {
					delete(files, f)
				}
				s, err := store.Open(directory.Memory(files), store.Options{})
				require.NoError(t, err)
				require.Equal(t, string(fixture.Expected(name)), dump(t, s))
				report := s.Report()
				require.Empty(t, report.Damages)
				require.Empty(t, report.Rejected)
				require.Empty(t, report.Gaps)
			})
		}
	}
}
