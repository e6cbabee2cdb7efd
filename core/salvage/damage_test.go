package salvage_test

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/salvage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// oracle knows a store before it was damaged.
type oracle struct {
	files  directory.Memory
	events map[event.ID]content
	places map[event.ID]event.Position
	hidden visibility.Ranges
}

func newOracle(t testing.TB, files directory.Memory) *oracle {
	o := &oracle{files: files, events: contents(t, files), places: map[event.ID]event.Position{}}
	s, err := store.Open(files, store.Options{Hash: hash})
	require.NoError(t, err)
	o.hidden = s.Report().HiddenRanges
	s, err = store.Open(files, store.Options{Hash: hash, ShowHidden: true})
	require.NoError(t, err)
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		o.places[e.ID] = e.Position
	}
	return o
}

// intact reports whether a damaged store still has an event's frame in its place.
func (o *oracle) intact(files directory.Memory, id event.ID) bool {
	p := o.places[id]
	frame := func(b []byte) []byte {
		if uint64(len(b)) < p.End() {
			return nil
		}
		return b[p.Offset:p.End()]
	}
	name := segment.Name(p.Segment)
	return bytes.Equal(frame(files[name]), frame(o.files[name]))
}

// check salvages a damaged store. Every intact event must be in the result or in a finding
// that says why not; nothing else may be; what is lost must be in a finding; and the result
// must be sound.
func (o *oracle) check(t testing.TB, files directory.Memory, what string) {
	s, err := salvage.Examine(files, salvage.Options{Hash: hash})
	var d *damage.Damage
	if err != nil {
		require.ErrorAs(t, err, &d, what)
		require.Equal(t, visibility.FileName, d.File, what)
		return
	}
	got := written(t, s)
	r := s.Report()
	requireSound(t, got)
	events := contents(t, got)
	require.Len(t, events, int(r.Events), what)
	shown := visible(t, got)
	for id, e := range events {
		was, ok := o.events[id]
		require.True(t, ok, "%s: %v was invented", what, e)
		sequence := e.Sequence
		e.Sequence = was.Sequence
		require.Equal(t, was, e, what)
		if sequence != was.Sequence { // a footer has no checksum
			require.NotEmpty(t, len(r.Findings)+len(r.Rejected)+len(r.Gaps), what)
		}
		if o.hidden.Hides(was.Sequence) {
			require.NotContains(t, shown, sequence, what)
		}
	}
	for id, e := range o.events {
		if _, ok := events[id]; ok {
			continue
		}
		// Nothing but an index or synced.thaw shows how far the newest segment went.
		tail := files[artifact.FileName] == nil && o.places[id].Segment == 3 && !bytes.Equal(files[segment.Name(3)], o.files[segment.Name(3)])
		require.True(t, !r.Whole() || tail, "%s: event %d is missing silently", what, e.Sequence)
		if !tail && o.intact(files, id) {
			require.True(t, slices.ContainsFunc(r.Findings, func(f salvage.Finding) bool {
				return f.Outcome == salvage.LeftOut && f.Entity == e.Entity && f.FirstClock <= uint64(e.Clock) && uint64(e.Clock) < f.EndClock
			}), "%s: event %d is intact and missing: %+v", what, e.Sequence, r.Findings)
		}
	}
}

// TestEveryFlip damages every bit of every file of small stores, and cuts each file at every
// length. By default it takes a sample of the bits.
func TestEveryFlip(t *testing.T) {
	step := 101
	if os.Getenv("THAW_FULL") != "" {
		step = 1
	}
	for name, files := range map[string]directory.Memory{
		"sealed": small(t, true), "unsealed": small(t, false), "indexed": indexed(t, small(t, true)),
	} {
		t.Run(name, func(t *testing.T) {
			o := newOracle(t, files)
			n := 0
			for _, file := range slices.Sorted(maps.Keys(files)) {
				whole := files[file]
				damaged := maps.Clone(files)
				for bit := n % step; bit < 8*len(whole); bit += step {
					b := bytes.Clone(whole)
					b[bit/8] ^= 1 << (bit % 8)
					damaged[file] = b
					o.check(t, damaged, name+": "+file+" flipped")
					n++
				}
				for cut := n % step; cut < len(whole); cut += step {
					damaged[file] = whole[:cut]
					o.check(t, damaged, name+": "+file+" cut")
					n++
				}
				delete(damaged, file)
				if file != visibility.FileName { // its loss cannot be known
					o.check(t, damaged, name+": "+file+" removed")
				}
			}
			t.Logf("%d variants", n)
		})
	}
}
