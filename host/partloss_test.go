package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/host"
)

// TestPartsTestify loses segments that part files cover: every event that is gone is
// told, as index.fbati tells of those that it covers, and no number is given out
// again, also not by the second writer.
func TestPartsTestify(t *testing.T) {
	fs, _, n := withParts(t)
	files := fs.Files(storeDir)
	parts := partNames(files)
	first, _, _ := index.ParsePartName(parts[0])
	_, last, _ := index.ParsePartName(parts[len(parts)-1])
	tried := 0
	for id := first; id <= last; id++ {
		for _, how := range []string{"removed", "cut"} {
			fs, p, _ := withParts(t)
			if how == "removed" {
				require.NoError(t, fs.Remove(p.path(segment.Name(id))))
			} else {
				p.truncate(t, segment.Name(id), 100)
			}
			r := p.open(t, host.ReaderOptions{})
			left := len(all(t, r))
			if how == "cut" && left == n {
				continue // in the middle of a part: reading an event tells
			}
			require.Less(t, left, n)
			tried++
			lost(t, r.Report(), n-left)
			require.EqualValues(t, n, r.Report().NextSequence, "segment %d %s", id, how)
			for range 2 {
				s := p.openStore(t, host.Options{SegmentSize: 3000})
				lost(t, s.Report(), n-left)
				require.NoError(t, s.Close())
				require.NotEmpty(t, partNames(fs.Files(storeDir)))
			}
			s := p.openStore(t, host.Options{SegmentSize: 3000})
			require.EqualValues(t, n, appendSome(t, s, "e", 1)[0].Sequence)
			require.NoError(t, s.Close())
			require.ErrorIs(t, s.CloseReport().IndexError, host.ErrDamaged)
		}
	}
	require.Greater(t, tried, len(parts)+int(last-first))
}

// lost requires that a report tells of at least n events that are gone.
func lost(t *testing.T, r host.Report, n int) {
	told := map[uint64]bool{}
	for _, d := range r.Damages {
		if d.EndSequence == damage.UnknownEnd {
			continue
		}
		for s := d.FirstSequence; s < d.EndSequence; s++ {
			told[s] = true
		}
	}
	require.GreaterOrEqual(t, len(told), n, "%v\n%v", r.Damages, r.Rejected)
}
