package verify_test

import (
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/strtab"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

func decodeTable(raw []byte) ([]string, error) {
	t, err := strtab.DecodeNames(raw)
	if err != nil {
		return nil, err
	}
	return stringsOf(t), nil
}

// record changes a field of one record of index.fbati.
func record(i int, at uint64, size int, by uint64) func(*made) {
	return func(m *made) {
		m.add(idx, m.record(i)+at, size, by)
		m.seal()
	}
}

func header(at uint64, size int, by uint64) func(*made) {
	return func(m *made) { m.add(idx, at, size, by); m.seal() }
}

type (
	head    = artifact.Header
	names   = []string
	entries = []event.Record
)

// indexLies change index.fbati.
var indexLies = []lie{
	{name: "magic", store: "tail", file: idx, reason: damage.Magic, change: func(m *made) { m.files[idx][0]++ }},
	{name: "version", store: "tail", file: idx, reason: damage.Version, change: header(6, 2, 1)},
	{name: "checksum", store: "tail", file: idx, reason: damage.Checksum, change: func(m *made) { m.files[idx][9]++ }},
	{name: "a bit in a record", store: "tail", file: idx, reason: damage.Checksum,
		change: func(m *made) { m.files[idx][m.record(7)+40] ^= 4; m.id, m.at = event.ID{}, 0 }},
	{name: "watermark's segment before", store: "tail", file: idx, reason: damage.Position, change: header(12, 8, ^uint64(0))},
	{name: "watermark's segment after", store: "tail", file: idx, reason: damage.WatermarkPosition, change: header(12, 8, 1)},
	{name: "watermark's segment far off", store: "tail", file: idx, reason: damage.WatermarkSegmentMissing, change: header(12, 8, 1<<40)},
	{name: "watermark after the tail", store: "tail", file: idx, reason: damage.Disagrees, more: true, anyEvent: true, change: func(m *made) {
		m.index(func(h *head, _ *names, _ *entries) {
			h.Watermark = artifact.Watermark{Segment: 3, Offset: m.frames(seg3)[5].offset}
		})
	}},
	{name: "watermark inside a frame", store: "tail", file: idx, reason: damage.WatermarkPosition, change: func(m *made) {
		m.index(func(h *head, _ *names, _ *entries) { h.Watermark = artifact.Watermark{Segment: 4, Offset: 77} })
	}},
	{name: "watermark before the records", store: "tail", file: idx, reason: damage.Position, change: func(m *made) {
		m.index(func(h *head, _ *names, _ *entries) { h.Watermark.Offset = 600 })
	}},
	{name: "watermark after the end", store: "tail", file: idx, reason: damage.WatermarkPastEnd, change: header(20, 8, 1<<30)},
	{name: "allocator too low", store: "tail", file: idx, reason: damage.Allocator, change: header(28, 8, ^uint64(0))},
	{name: "allocator too high", store: "rotated", file: idx, reason: damage.Allocator, change: header(28, 8, 7)},
	{name: "allocator too high, no checkpoint", store: "rotated", file: idx, note: verify.AllocatorAhead,
		change: func(m *made) { delete(m.files, ckpt); header(28, 8, 7)(m) }},
	{name: "allocator beyond belief", store: "rotated", file: idx, reason: damage.Allocator, change: header(28, 8, 1<<63)},
	{name: "allocator at the end of numbers", store: "tail", file: idx, reason: damage.Allocator, change: func(m *made) {
		m.index(func(h *head, _ *names, _ *entries) { h.Allocator = artifact.MaxAllocator })
	}},
	{name: "allocator above the numbers of the tail", store: "tail", file: idx, reason: damage.Allocator, change: func(m *made) {
		delete(m.files, ckpt)
		header(28, 8, 3)(m)
	}, anyEvent: true},
	{name: "no number is left for the tail", store: "compacted-tail", file: idx, reason: damage.Allocator, change: func(m *made) {
		m.index(func(h *head, _ *names, _ *entries) { h.Allocator = artifact.MaxAllocator })
	}},
	{name: "no number is left for the tail, no checkpoint", store: "compacted-tail", file: idx, reason: damage.Allocator, change: func(m *made) {
		delete(m.files, ckpt)
		m.index(func(h *head, _ *names, _ *entries) { h.Allocator = artifact.MaxAllocator })
	}},
	{name: "string count", store: "tail", file: idx, reason: damage.StringCount, change: header(36, 4, 1)},
	{name: "record count", store: "tail", file: idx, reason: damage.Length, change: header(40, 8, 1)},
	{name: "table length", store: "tail", file: idx, reason: damage.Length, change: header(48, 8, 1)},
	{name: "lengths overflow", store: "tail", file: idx, reason: damage.Overflow, change: header(40, 8, 1<<62)},
	{name: "cut short", store: "tail", file: idx, reason: damage.Length,
		change: func(m *made) { m.files[idx] = m.files[idx][:len(m.files[idx])-1] }},
	{name: "cut to nothing", store: "tail", file: idx, reason: damage.Short,
		change: func(m *made) { m.files[idx] = m.files[idx][:9] }},

	{name: "event id", store: "tail", file: idx, reason: damage.Disagrees, change: func(m *made) {
		at := m.record(7)
		m.files[idx][at+3]++
		m.seal()
	}},
	{name: "entity", store: "tail", file: idx, reason: damage.Disagrees, change: record(7, 16, 4, 1)},
	{name: "entity not in the table", store: "tail", file: idx, reason: damage.EntityIndex, change: record(7, 16, 4, 1<<20), anyEvent: true},
	{name: "entity without a name", store: "tail", file: idx, reason: damage.Coordinate,
		change: func(m *made) { m.set(idx, m.record(7)+16, 4, 0); m.seal() }, anyEvent: true},
	{name: "scope", store: "tail", file: idx, reason: damage.Disagrees, change: record(7, 20, 4, 1)},
	{name: "scope not in the table", store: "tail", file: idx, reason: damage.ScopeIndex, change: record(7, 20, 4, 1<<20), anyEvent: true},
	{name: "kind", store: "tail", file: idx, reason: damage.Disagrees, change: record(7, 24, 2, 1)},
	{name: "kind of a marker", store: "tail", file: idx, reason: damage.Kind,
		change: func(m *made) { m.set(idx, m.record(7)+24, 2, 6); m.seal() }, anyEvent: true},
	{name: "wall", store: "tail", file: idx, reason: damage.Disagrees, change: record(7, 26, 8, 1)},
	{name: "clock", store: "tail", file: idx, reason: damage.Disagrees, change: record(7, 34, 4, 1)},
	{name: "previous hash", store: "tail", file: idx, reason: damage.Disagrees, change: record(7, 40, 1, 1)},
	{name: "event hash", store: "tail", file: idx, reason: damage.Disagrees, change: record(7, 101, 1, 1)},
	{name: "segment", store: "tail", file: idx, reason: damage.Position, change: record(7, 102, 8, 1), anyEvent: true},
	{name: "segment, where it fits", store: "rotated", file: idx, reason: damage.Disagrees, more: true, change: func(m *made) {
		// Move the last event of the first segment before the second's first.
		at := m.record(len(m.frames(seg1)) - 1)
		m.set(idx, at+102, 8, 2)
		m.set(idx, at+110, 8, 20)
		m.set(idx, at+118, 4, 30)
		m.seal()
	}},
	{name: "offset", store: "tail", file: idx, reason: damage.Position, change: record(7, 110, 8, 1), anyEvent: true},
	{name: "offset, where it fits", store: "tail", file: idx, reason: damage.Disagrees, change: func(m *made) {
		at := m.record(7)
		m.add(idx, at+110, 8, 1)
		m.add(idx, at+118, 4, ^uint64(0))
		m.seal()
	}},
	{name: "length", store: "tail", file: idx, reason: damage.Disagrees, change: record(7, 118, 4, ^uint64(0))},
	{name: "sequence", store: "tail", file: idx, reason: damage.Order, change: record(7, 122, 8, 1), anyEvent: true},
	{name: "sequence of the last", store: "rotated", file: idx, reason: damage.Disagrees, change: func(m *made) {
		record(-1, 122, 8, 3)(m)
		m.add(idx, 28, 8, 3)
		m.seal()
	}, more: true},
	{name: "sequence of the last, compacted, no checkpoint", store: "compacted", file: idx, reason: damage.Disagrees, change: func(m *made) {
		delete(m.files, ckpt)
		m.index(func(h *head, _ *names, rs *entries) {
			for i := 40; i < len(*rs); i++ { // all but the first segment have footers
				if (*rs)[i].Position.Segment == 1 {
					m.id = (*rs)[i].ID
				}
			}
			last := len(*rs) - 1
			(*rs)[last].Sequence += 3
			h.Allocator += 3
			m.id = (*rs)[last].ID
		})
	}, more: true, anyEvent: true},
	{name: "correlation", store: "tail", file: idx, reason: damage.Disagrees, change: record(7, 131, 1, 1)},
	{name: "causation", store: "tail", file: idx, reason: damage.Disagrees, change: record(7, 147, 1, 1)},

	{name: "a record left out", store: "tail", file: idx, reason: damage.Disagrees, change: func(m *made) {
		m.index(func(_ *head, _ *names, rs *entries) { m.id = (*rs)[7].ID; *rs = slices.Delete(*rs, 7, 8) })
	}},
	{name: "the last record left out", store: "tail", file: idx, reason: damage.Disagrees, change: func(m *made) {
		m.record(-1)
		m.index(func(_ *head, _ *names, rs *entries) { *rs = (*rs)[:len(*rs)-1] })
	}},
	{name: "no records", store: "tail", file: idx, reason: damage.Disagrees, anyEvent: true, change: func(m *made) {
		m.index(func(_ *head, _ *names, rs *entries) { *rs = nil })
	}},
	{name: "a name changed", store: "tail", file: idx, reason: damage.Disagrees, more: true, anyEvent: true, change: func(m *made) {
		m.index(func(_ *head, ns *names, _ *entries) { (*ns)[1] += "x" })
	}},
	{name: "two names exchanged", store: "tail", file: idx, reason: damage.Disagrees, more: true, anyEvent: true, change: func(m *made) {
		m.index(func(_ *head, ns *names, _ *entries) { (*ns)[1], (*ns)[2] = (*ns)[2], (*ns)[1] })
	}},
	{name: "a name twice", store: "tail", file: idx, reason: damage.Strings, change: func(m *made) {
		m.index(func(_ *head, ns *names, _ *entries) { (*ns)[1] = (*ns)[2] })
	}},
	{name: "an empty name", store: "tail", file: idx, reason: damage.Coordinate, change: func(m *made) {
		m.index(func(_ *head, ns *names, _ *entries) { (*ns)[1] = "" })
	}},
	{name: "no leading empty string", store: "tail", file: idx, reason: damage.Strings, change: func(m *made) {
		m.index(func(_ *head, ns *names, _ *entries) { (*ns)[0] = "x" })
	}},
	{name: "an unused name", store: "tail", file: idx, note: verify.UnusedNames, change: func(m *made) {
		m.index(func(_ *head, ns *names, _ *entries) { *ns = append(*ns, "nobody") })
	}},
	{name: "an event of an unfinished batch", store: "torn-batch", file: idx, reason: damage.Disagrees, change: func(m *made) {
		d := artifact.NewDraft()
		var end uint64
		n := uint64(0)
		for _, f := range m.frames(seg1) {
			end = f.offset + f.length
			if f.body.Kind.IsMarker() {
				continue
			}
			facts := f.body.Facts(event.Position{Segment: 1, Offset: f.offset, Length: uint32(f.length)})
			facts.Sequence = n
			if n++; n <= 26 {
				_ = d.Append(&facts, f.body.Entity, f.body.Scope)
			}
		}
		m.files[idx] = d.AppendFile(nil, artifact.Watermark{Segment: 1, Offset: end}, 40)
		m.record(25)
	}},
	{name: "watermark before a COMMIT", store: "batch", file: idx, reason: damage.WatermarkPosition, change: func(m *made) {
		d := artifact.NewDraft()
		fs := m.frames(seg1)
		for i, f := range fs[:17] {
			facts := f.body.Facts(event.Position{Segment: 1, Offset: f.offset, Length: uint32(f.length)})
			if facts.Sequence = uint64(i - i/11); !f.body.Kind.IsMarker() {
				_ = d.Append(&facts, f.body.Entity, f.body.Scope)
			}
		}
		require.Equal(m.t, event.SystemBatchCommit, fs[17].body.Kind)
		m.files[idx] = d.AppendFile(nil, artifact.Watermark{Segment: 1, Offset: fs[17].offset}, 16)
	}},
	{name: "a gap that only it has", store: "batch", file: idx, note: verify.SequenceGap, change: func(m *made) {
		d := artifact.NewDraft()
		n := uint64(0)
		for _, f := range m.frames(seg1) {
			if f.body.Kind.IsMarker() {
				continue
			}
			if n == 10 {
				n, m.id = 15, f.body.ID // a failed append lost five sequences
			}
			facts := f.body.Facts(event.Position{Segment: 1, Offset: f.offset, Length: uint32(f.length)})
			facts.Sequence = n
			_ = d.Append(&facts, f.body.Entity, f.body.Scope)
			n++
		}
		m.files[idx] = d.AppendFile(nil, artifact.Watermark{Segment: 1, Offset: uint64(len(m.files[seg1]))}, n)
	}},
}

// checkpointEntry changes one entry of index.ckpt.
func checkpointEntry(i int, change func(*event.Record)) func(*made) {
	return func(m *made) {
		m.checkpoint(func(_ *checkpoint.Checkpoint, _ *names, rs []event.Record) {
			change(&rs[i])
			m.id = rs[i].ID
		})
	}
}

// checkpointLies change index.ckpt, which no open of these stores reads.
var checkpointLies = []lie{
	{name: "magic", store: "tail", file: ckpt, reason: damage.Magic, change: func(m *made) { m.files[ckpt][0]++ }},
	{name: "version", store: "tail", file: ckpt, reason: damage.Version, change: func(m *made) { m.files[ckpt][6]++ }},
	{name: "checksum", store: "tail", file: ckpt, reason: damage.Checksum, change: func(m *made) { m.files[ckpt][9]++ }},
	{name: "a bit", store: "tail", file: ckpt, reason: damage.Checksum, change: func(m *made) { m.files[ckpt][999] ^= 1 }},
	{name: "body", store: "tail", file: ckpt, reason: damage.Body, change: func(m *made) { m.files[ckpt][13]++; m.sealBody(ckpt) }},
	{name: "cut short", store: "tail", file: ckpt, reason: damage.Body, change: func(m *made) {
		m.files[ckpt] = m.files[ckpt][:len(m.files[ckpt])-3]
		m.sealBody(ckpt)
	}},
	{name: "bytes after the end", store: "tail", file: ckpt, reason: damage.Body,
		change: func(m *made) { m.files[ckpt] = append(m.files[ckpt], 0); m.sealBody(ckpt) }},
	{name: "missing, and index.fbati too", store: "tail", file: ckpt, note: verify.NoSnapshot,
		change: func(m *made) { delete(m.files, ckpt); delete(m.files, idx) }},
	{name: "event id", store: "tail", file: ckpt, reason: damage.Disagrees, change: checkpointEntry(7, func(r *event.Record) { r.ID[3]++ }), anyEvent: true},
	{name: "entity", store: "tail", file: ckpt, reason: damage.Disagrees, change: checkpointEntry(7, func(r *event.Record) { r.Entity++ })},
	{name: "entity not in the table", store: "tail", file: ckpt, reason: damage.EntityIndex,
		change: checkpointEntry(7, func(r *event.Record) { r.Entity += 1 << 20 }), anyEvent: true},
	{name: "scope", store: "tail", file: ckpt, reason: damage.Disagrees, change: checkpointEntry(7, func(r *event.Record) { r.Scope++ })},
	{name: "kind", store: "tail", file: ckpt, reason: damage.Disagrees, change: checkpointEntry(7, func(r *event.Record) { r.Kind++ })},
	{name: "wall", store: "tail", file: ckpt, reason: damage.Disagrees, change: checkpointEntry(7, func(r *event.Record) { r.WallMS++ })},
	{name: "clock", store: "tail", file: ckpt, reason: damage.Disagrees, change: checkpointEntry(7, func(r *event.Record) { r.Clock++ })},
	{name: "previous hash", store: "tail", file: ckpt, reason: damage.Disagrees, change: checkpointEntry(7, func(r *event.Record) { r.PrevHash[1]++ })},
	{name: "event hash", store: "tail", file: ckpt, reason: damage.Disagrees, change: checkpointEntry(7, func(r *event.Record) { r.EventHash[1]++ })},
	{name: "segment", store: "tail", file: ckpt, reason: damage.Position, change: checkpointEntry(7, func(r *event.Record) { r.Position.Segment += 9 }), anyEvent: true},
	{name: "offset", store: "tail", file: ckpt, reason: damage.Disagrees,
		change: checkpointEntry(7, func(r *event.Record) { r.Position.Offset++; r.Position.Length-- })},
	{name: "length", store: "tail", file: ckpt, reason: damage.Disagrees, change: checkpointEntry(7, func(r *event.Record) { r.Position.Length-- })},
	{name: "sequence", store: "tail", file: ckpt, reason: damage.Order, change: checkpointEntry(7, func(r *event.Record) { r.Sequence++ }), anyEvent: true},
	{name: "correlation", store: "tail", file: ckpt, reason: damage.Disagrees, change: checkpointEntry(7, func(r *event.Record) { r.Correlation[1]++ })},
	{name: "causation", store: "tail", file: ckpt, reason: damage.Disagrees, change: checkpointEntry(7, func(r *event.Record) { r.Causation[1]++ })},
	{name: "allocator too high", store: "tail", file: ckpt, reason: damage.Allocator, change: func(m *made) {
		m.checkpoint(func(c *checkpoint.Checkpoint, _ *names, _ []event.Record) { c.Allocator += 5 })
	}},
	{name: "no number is left for the tail", store: "compacted-tail", file: ckpt, reason: damage.Allocator, change: func(m *made) {
		delete(m.files, idx)
		m.checkpoint(func(c *checkpoint.Checkpoint, _ *names, _ []event.Record) { c.Allocator = artifact.MaxAllocator })
	}},
	{name: "allocator too low", store: "tail", file: ckpt, reason: damage.Allocator, change: func(m *made) {
		m.checkpoint(func(c *checkpoint.Checkpoint, _ *names, _ []event.Record) { c.Allocator-- })
	}},
	{name: "watermark", store: "tail", file: ckpt, reason: damage.WatermarkPosition, change: func(m *made) {
		m.checkpoint(func(c *checkpoint.Checkpoint, _ *names, _ []event.Record) {
			c.Watermark = artifact.Watermark{Segment: 4, Offset: 77}
		})
	}},
	{name: "a name changed", store: "tail", file: ckpt, reason: damage.Disagrees, more: true, anyEvent: true, change: func(m *made) {
		m.checkpoint(func(_ *checkpoint.Checkpoint, ns *names, _ []event.Record) { (*ns)[1] += "x" })
	}},
	{name: "a name twice", store: "tail", file: ckpt, reason: damage.Strings, change: func(m *made) {
		m.checkpoint(func(_ *checkpoint.Checkpoint, ns *names, _ []event.Record) { (*ns)[1] = (*ns)[2] })
	}},
	{name: "an unused name", store: "tail", file: ckpt, note: verify.UnusedNames, change: func(m *made) {
		m.checkpoint(func(_ *checkpoint.Checkpoint, ns *names, _ []event.Record) { *ns = append(*ns, "nobody") })
	}},
}

// rangeLies change visibility_ranges.fbv.
var rangeLies = []lie{
	{name: "magic", store: "fences", file: fbv, reason: damage.Magic, change: func(m *made) { m.files[fbv][0]++ }},
	{name: "version", store: "fences", file: fbv, reason: damage.Version, change: func(m *made) { m.files[fbv][6]++ }},
	{name: "checksum", store: "fences", file: fbv, reason: damage.Checksum, change: func(m *made) { m.files[fbv][8]++ }},
	{name: "body", store: "fences", file: fbv, reason: damage.Body, change: func(m *made) { m.files[fbv][12]++; m.sealBody(fbv) }},
	{name: "cut short", store: "fences", file: fbv, reason: damage.Short, change: func(m *made) { m.files[fbv] = m.files[fbv][:5] }},
	{name: "empty", store: "fences", file: fbv, reason: damage.Short, change: func(m *made) { m.files[fbv] = nil }},
	{name: "nothing in a range", store: "fences", file: fbv, reason: damage.Ranges, change: func(m *made) { m.hide(visibility.Range{Start: 6, End: 6}) }},
	{name: "ranges overlap", store: "fences", file: fbv, reason: damage.Ranges, change: func(m *made) {
		m.hide(visibility.Range{Start: 2, End: 7}, visibility.Range{Start: 6, End: 8})
	}},
	{name: "above the allocator", store: "fences", file: fbv, reason: damage.Ranges, change: func(m *made) {
		m.hide(visibility.Range{Start: 6, End: 7})
		m.at = uint64(len(m.files[fbv])) // of a second range
		m.hide(visibility.Range{Start: 6, End: 7}, visibility.Range{Start: 11, End: 13})
	}},
	{name: "above the allocator after an unclean stop", store: "tail", file: fbv, note: verify.HiddenAhead, change: func(m *made) {
		m.hide(visibility.Range{Start: 48, End: 50})
	}},
	{name: "hides nothing", store: "rotated", file: fbv, note: verify.HiddenNothing, change: func(m *made) {
		m.index(func(h *head, _ *names, _ *entries) { h.Allocator += 9 })
		m.checkpoint(func(c *checkpoint.Checkpoint, _ *names, _ []event.Record) { c.Allocator += 9 })
		m.hide(visibility.Range{Start: 50, End: 52})
	}},
}
