package verify_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/strtab"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

// begin makes an event the first of its entity's chain.
func begin(b *segment.Body) { b.Clock, b.PrevHash = 0, event.Hash{} }

// follow makes an event continue last.
func follow(last segment.Body) func(*segment.Body) {
	return func(b *segment.Body) { b.Clock, b.PrevHash = last.Clock+1, last.EventHash }
}

// TestChains checks the rules of a chain on the chains that writers produce with fences,
// losses and clocks.
func TestChains(t *testing.T) {
	hide := func(w *writer, rs ...visibility.Range) {
		w.files[visibility.FileName] = visibility.AppendFile(nil, rs)
	}
	cases := []struct {
		name    string
		write   func(w *writer)
		damages []damage.Reason
		notes   []verify.Topic
	}{
		{"hidden events are part of the chain", func(w *writer) {
			w.append("a", nil)
			w.append("a", nil)
			w.append("a", nil)
			hide(w, visibility.Range{Start: 1, End: 2})
		}, nil, nil},
		{"the chain continues the last visible event", func(w *writer) {
			first := w.append("a", nil)
			w.append("a", nil)
			w.append("a", nil)
			w.append("a", follow(first))
			w.append("a", nil)
			hide(w, visibility.Range{Start: 1, End: 3})
		}, nil, nil},
		{"but not from one before that", func(w *writer) {
			first := w.append("a", nil)
			w.append("a", nil)
			w.append("a", nil)
			w.append("a", follow(first))
			hide(w, visibility.Range{Start: 2, End: 3})
		}, []damage.Reason{damage.Chain}, nil},
		{"batpak after a cancelled fence: clock 0", func(w *writer) {
			w.append("a", nil)
			w.append("a", nil)
			w.append("a", begin)
			w.append("a", nil)
			hide(w, visibility.Range{Start: 1, End: 2})
		}, nil, nil},
		{"batpak within a cancelled fence: clock 0 each time", func(w *writer) {
			first := w.append("a", nil)
			w.append("a", nil)
			w.append("a", begin)
			w.append("a", begin)
			w.append("a", follow(first))
			hide(w, visibility.Range{Start: 1, End: 4})
		}, nil, nil},
		{"batpak within a fence that was committed", func(w *writer) {
			first := w.append("a", nil)
			w.append("a", begin)
			w.append("a", follow(first))
		}, nil, []verify.Topic{verify.ChainFork, verify.ChainFork}},
		{"a new beginning may be earlier", func(w *writer) {
			w.append("a", nil)
			w.append("a", func(b *segment.Body) { begin(b); b.WallMS -= 100 })
			hide(w, visibility.Range{Start: 0, End: 1})
		}, nil, nil},
		{"other entities do not matter", func(w *writer) {
			w.append("a", nil)
			w.append("b", func(b *segment.Body) { b.WallMS = 5 })
			w.append("a", nil)
			w.append("b", func(b *segment.Body) { b.WallMS = 5 })
		}, nil, nil},
		{"the wall clock goes back", func(w *writer) {
			w.append("a", nil)
			w.append("a", func(b *segment.Body) { b.WallMS -= 2 })
		}, []damage.Reason{damage.Chain}, nil},
		{"the wall clock stays", func(w *writer) {
			first := w.append("a", nil)
			w.append("a", func(b *segment.Body) { b.WallMS = first.WallMS })
		}, nil, nil},
		{"a clock does not wrap", func(w *writer) {
			at := len(w.files[w.name()])
			w.append("a", nil)
			w.append("a", func(b *segment.Body) { b.Clock = math.MaxUint32 })
			w.append("a", nil)
			w.files[w.name()][at+100] ^= 1
		}, []damage.Reason{damage.Checksum, damage.Chain}, nil},
		{"no hashes at all", func(w *writer) {
			for range 3 {
				w.append("a", func(b *segment.Body) { b.EventHash = event.Hash{} })
			}
		}, nil, nil},
		{"after a loss the chain begins again", func(w *writer) {
			w.append("a", nil)
			at := len(w.files[w.name()])
			w.append("a", nil)
			w.append("b", nil)
			w.append("a", nil)
			w.append("b", nil)
			w.append("a", nil)
			w.files[w.name()][at+100] ^= 1
		}, []damage.Reason{damage.Checksum}, nil},
		{"but only once", func(w *writer) {
			w.append("a", nil)
			at := len(w.files[w.name()])
			w.append("a", nil)
			w.append("a", nil)
			w.append("a", func(b *segment.Body) { b.Clock++ })
			w.files[w.name()][at+100] ^= 1
		}, []damage.Reason{damage.Checksum, damage.Chain}, nil},
		{"a damaged length loses nothing", func(w *writer) {
			at := len(w.files[w.name()])
			w.append("a", nil)
			w.append("a", func(b *segment.Body) { b.Clock++ })
			w.files[w.name()][at+2] ^= 1
		}, []damage.Reason{damage.FrameLength, damage.Chain}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWriter()
			c.write(w)
			r := run(t, w.files)
			var reasons []damage.Reason
			for _, d := range r.Damages {
				reasons = append(reasons, d.Reason)
				require.Equal(t, w.name(), d.File)
				require.Len(t, d.Events, 1, "%v", d)
			}
			require.Equal(t, c.damages, reasons, "%v", r.Damages)
			require.Equal(t, c.notes, topics(r), "%v", r.Notes)
		})
	}
}

// TestSoundStores: stores that a writer may produce and no fixture contains have no
// damage.
func TestSoundStores(t *testing.T) {
	cases := []struct {
		name  string
		write func(w *writer)
		notes []verify.Topic
	}{
		{"nothing but a header", func(*writer) {}, nil},
		{"closed", func(w *writer) {
			w.append("a", nil)
			w.close()
		}, nil},
		{"a batch across a rotation", func(w *writer) {
			w.append("a", nil)
			w.marker(1, 4)
			w.append("a", nil)
			w.append("b", nil)
			w.seal()
			w.segment()
			w.append("a", nil)
			w.append("b", nil)
			w.marker(1, 0)
			w.append("a", nil)
			w.close()
		}, nil},
		{"a batch across a rotation, footers written at its commit", func(w *writer) {
			w.append("a", nil)
			w.marker(1, 2)
			first := w.footer
			w.append("a", nil)
			w.footer = first // the footer omits the uncommitted item
			w.seal()
			w.segment()
			w.append("a", nil)
			w.names, w.footer = new(strtab.Builder), nil
			w.marker(1, 0)
			w.seal()
		}, nil},
		{"a batch that was not committed, then others", func(w *writer) {
			w.append("a", nil)
			w.marker(1, 3)
			lost := *w
			w.append("x", func(b *segment.Body) { b.TimestampUS = 7 })
			w.append("x", func(b *segment.Body) { b.TimestampUS = 7 })
			w.next, w.footer = lost.next, lost.footer
			delete(w.heads, "x")
			w.segment()
			w.append("a", nil)
			w.append("x", nil)
		}, []verify.Topic{verify.UnfinishedBatch}},
		{"sequences lost by a failed append", func(w *writer) {
			w.append("a", nil)
			w.next += 3
			w.append("a", nil)
			w.close()
		}, []verify.Topic{verify.SequenceGap}},
		{"the tail continues from the allocator", func(w *writer) {
			w.append("a", nil)
			w.next += 3
			w.writeIndex()
			w.segment()
			w.append("a", nil)
		}, []verify.Topic{verify.SequenceGap}},
		{"segments removed by compaction", func(w *writer) {
			w.append("a", nil)
			w.segment()
			delete(w.files, w.name())
			w.segment()
			w.append("a", nil)
			w.close()
		}, nil},
		{"stopped in the header of a new segment", func(w *writer) {
			w.append("a", nil)
			w.seal()
			w.segment()
			w.files[w.name()] = w.files[w.name()][:20]
		}, []verify.Topic{verify.TornTail}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWriter()
			c.write(w)
			r := run(t, w.files)
			require.Empty(t, r.Damages)
			require.Equal(t, c.notes, topics(r), "%v", r.Notes)
		})
	}
}
