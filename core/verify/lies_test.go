package verify_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

// lie is one change to a sound store, with checksums updated.
type lie struct {
	name, store string
	change      func(m *made)
	// The expected finding: damage, with the event if the change touched one, or a note.
	file   string
	reason damage.Reason
	note   verify.Topic
	// more allows other damages.
	more bool
	// anyEvent accepts any event and offset.
	anyEvent bool
}

const (
	seg1 = "000001.fbat"
	seg2 = "000002.fbat"
	seg3 = "000003.fbat"
	seg4 = "000004.fbat"
	seg6 = "000006.fbat"
	fbv  = visibility.FileName
	idx  = artifact.FileName
	ckpt = checkpoint.FileName
)

// TestLies plants one lie at a time. A run must find it in the right file, with the right
// reason and the event concerned.
func TestLies(t *testing.T) {
	all := slices.Concat(frameLies, segmentLies, footerLies, indexLies, checkpointLies, rangeLies)
	require.Greater(t, len(all), 100)
	for _, l := range all {
		keep(t, l)
		t.Run(l.file+"/"+l.name, func(t *testing.T) {
			t.Parallel()
			m := &made{t: t, files: fixture.Store(l.store)}
			l.change(m)
			r := run(t, m.files)
			if l.note != "" {
				require.Empty(t, r.Damages)
				require.True(t, slices.ContainsFunc(r.Notes, func(n verify.Note) bool {
					return n.Topic == l.note && n.File == l.file && n.String() != "" &&
						(l.anyEvent || m.id.IsZero() || n.Named && n.Event.ID == m.id)
				}), "notes: %v", r.Notes)
				return
			}
			found := false
			for _, d := range r.Damages {
				t.Log(d, d.Events)
				if d.File != l.file || d.Reason != l.reason || !l.anyEvent && m.at != 0 && d.Offset != m.at {
					continue
				}
				found = found || m.id.IsZero() || l.anyEvent ||
					slices.ContainsFunc(d.Events, func(t damage.Touched) bool { return t.ID == m.id })
			}
			require.True(t, found, "%s %s of %s; notes: %v", l.file, l.reason, m.id, r.Notes)
			require.False(t, r.Sound())
			if !l.more {
				require.Len(t, r.Damages, 1)
			}
		})
	}
}

// keep writes a lie's store to a folder in the one that THAW_KEEP_LIES names, for tests of what
// else reads damaged stores: one for each file and finding.
func keep(t *testing.T, l lie) {
	to := os.Getenv("THAW_KEEP_LIES")
	if to == "" {
		return
	}
	dir := filepath.Join(to, l.file+" "+string(l.reason)+string(l.note))
	if _, err := os.Stat(dir); err == nil {
		return
	}
	require.NoError(t, os.Mkdir(dir, 0o777))
	m := &made{t: t, files: fixture.Store(l.store)}
	l.change(m)
	for name, b := range m.files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o666))
	}
}

func body(file string, i int, change func(*segment.Body)) func(*made) {
	return func(m *made) { m.frame(file, i, change) }
}

// frameLies change one frame and keep its checksum valid.
var frameLies = []lie{
	{name: "payload", store: "rotated", file: seg2, reason: damage.PayloadHash,
		change: body(seg2, 3, func(b *segment.Body) { b.Payload[len(b.Payload)-1] ^= 1 })},
	{name: "payload without an index image", store: "batch", file: seg1, reason: damage.PayloadHash,
		change: body(seg1, 3, func(b *segment.Body) { b.Payload[1] ^= 1 })},
	{name: "payload in an uncommitted batch", store: "torn-batch", file: seg1, reason: damage.PayloadHash,
		change: body(seg1, 30, func(b *segment.Body) { b.Payload[1] ^= 1 })},
	{name: "both hashes", store: "rotated", file: seg2, reason: damage.PayloadHash,
		change: body(seg2, 3, func(b *segment.Body) { b.EventHash = small(b.EventHash); b.ContentHash = b.EventHash })},
	{name: "event hash", store: "rotated", file: seg2, reason: damage.PayloadHash,
		change: body(seg2, 3, func(b *segment.Body) { b.EventHash = small(b.EventHash) })},
	{name: "content hash", store: "rotated", file: seg2, reason: damage.PayloadHash,
		change: body(seg2, 3, func(b *segment.Body) { b.ContentHash = small(b.ContentHash) })},
	{name: "previous hash", store: "rotated", file: seg2, reason: damage.Chain,
		change: body(seg2, 3, func(b *segment.Body) { b.PrevHash = small(b.PrevHash) })},
	{name: "previous hash of a first event", store: "rotated", file: seg1, reason: damage.Chain,
		change: body(seg1, 0, func(b *segment.Body) { b.PrevHash[7] = 7 })},
	{name: "clock", store: "rotated", file: seg2, reason: damage.Chain,
		change: body(seg2, 3, func(b *segment.Body) { b.Clock++ })},
	{name: "clock without an index image", store: "batch", file: seg1, reason: damage.Chain,
		change: body(seg1, 4, func(b *segment.Body) { b.Clock += 5 })},
	{name: "clock and previous hash", store: "rotated", file: seg2, reason: damage.Chain,
		change: body(seg2, 3, func(b *segment.Body) { b.PrevHash = small(b.PrevHash); b.Clock += 3 })},
	{name: "payload size", store: "rotated", file: seg2, reason: damage.FrameBody,
		change: body(seg2, 3, func(b *segment.Body) { b.PayloadSize-- })},
	{name: "kind", store: "rotated", file: seg2, reason: damage.Disagrees,
		change: body(seg2, 3, func(b *segment.Body) { b.Kind++ })},
	{name: "event id", store: "rotated", file: seg2, reason: damage.Disagrees,
		change: body(seg2, 3, func(b *segment.Body) { b.ID[3] ^= 1 })},
	{name: "correlation", store: "rotated", file: seg2, reason: damage.Disagrees,
		change: body(seg2, 3, func(b *segment.Body) { b.Correlation[3] ^= 1 })},
	{name: "causation", store: "options", file: seg1, reason: damage.Disagrees,
		change: func(m *made) {
			for i, f := range m.frames(seg1) {
				if f.body.Caused {
					m.frame(seg1, i, func(b *segment.Body) { b.Causation[3] ^= 1 })
				}
			}
		}},
	{name: "entity", store: "rotated", file: seg2, reason: damage.Chain,
		change: body(seg2, 3, func(b *segment.Body) { b.Entity[len(b.Entity)-1] ^= 8 }), more: true},
	{name: "scope", store: "rotated", file: seg2, reason: damage.Disagrees,
		change: body(seg2, 3, func(b *segment.Body) { b.Scope[0] ^= 1 })},
	{name: "wall clock back", store: "rotated", file: seg2, reason: damage.Chain,
		change: body(seg2, 3, func(b *segment.Body) { b.WallMS -= 1000 })},
	{name: "wall clock on", store: "rotated", file: seg6, reason: damage.Disagrees,
		change: body(seg6, -1, func(b *segment.Body) { b.WallMS += 1000 })},
	{name: "depth", store: "rotated", file: seg2, note: verify.Unusual,
		change: body(seg2, 3, func(b *segment.Body) { b.Depth = 1 })},
	{name: "flag", store: "rotated", file: seg2, note: verify.Unusual,
		change: body(seg2, 3, func(b *segment.Body) { b.Flags = 0x40 })},
	{name: "new beginning", store: "batch", file: seg1, note: verify.ChainFork, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame {
			b := &fs[len(fs)-1].body
			require.NotZero(m.t, b.Clock)
			b.Clock, b.PrevHash, m.id = 0, event.Hash{}, b.ID
			return fs
		})
	}},
	{name: "no hash chain", store: "batch", file: seg1, reason: damage.Chain, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame { fs[0].body.Chained, m.id = false, fs[0].body.ID; return fs })
	}},
	{name: "payload as binary", store: "batch", file: seg1, note: verify.Unusual, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame {
			fs[3].body.Form, m.id = segment.PayloadBin, fs[3].body.ID
			return fs
		})
	}},
	{name: "payload as a value", store: "batch", file: seg1, note: verify.Unusual, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame {
			fs[3].body.Form, m.id = segment.PayloadValue, fs[3].body.ID
			return fs
		})
	}},
	{name: "duplicate id", store: "batch", file: seg1, note: verify.DuplicateID, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame { fs[9].body.ID, m.id = fs[3].body.ID, fs[3].body.ID; return fs })
	}},
	{name: "zero id", store: "batch", file: seg1, note: verify.Unusual, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame { fs[9].body.ID = event.ID{}; return fs })
	}},
	{name: "zero causation", store: "batch", file: seg1, note: verify.Unusual, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame { fs[9].body.Caused = true; return fs })
	}},
	{name: "frame again", store: "batch", file: seg1, reason: damage.Chain, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame { m.id = fs[7].body.ID; return slices.Insert(fs, 8, fs[7]) })
	}},
	{name: "frame cut out", store: "batch", file: seg1, reason: damage.Chain, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame { m.id = fs[6].body.ID; return slices.Delete(fs, 3, 4) })
	}},
	{name: "first frame cut out", store: "batch", file: seg1, reason: damage.Chain, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame { m.id = fs[3].body.ID; return slices.Delete(fs, 0, 1) })
	}},
	{name: "frames exchanged", store: "batch", file: seg1, reason: damage.Chain, more: true, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame { fs[3], fs[6] = fs[6], fs[3]; m.id = fs[3].body.ID; return fs })
	}},
	{name: "marker's entity", store: "batch", file: seg1, reason: damage.Batch, anyEvent: true,
		change: body(seg1, 10, func(b *segment.Body) { b.Entity[0] = '-' })},
	{name: "marker's clock", store: "batch", file: seg1, reason: damage.Batch, anyEvent: true,
		change: body(seg1, 10, func(b *segment.Body) { b.Clock = 1 })},
	{name: "marker's content hash", store: "batch", file: seg1, reason: damage.Batch, anyEvent: true,
		change: body(seg1, 10, func(b *segment.Body) { b.ContentHash[1] = 1 })},
	{name: "marker's payload", store: "batch", file: seg1, reason: damage.Batch, anyEvent: true, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame { fs[10].body.Payload = []byte{1}; return fs })
	}},
	{name: "commit's size", store: "batch", file: seg1, reason: damage.Batch, anyEvent: true,
		change: body(seg1, 17, func(b *segment.Body) { b.PayloadSize = 6 })},
	{name: "commit's id", store: "batch", file: seg1, reason: damage.Batch, anyEvent: true,
		change: body(seg1, 17, func(b *segment.Body) { b.ID[15]++ })},
	{name: "count too low", store: "batch", file: seg1, reason: damage.Batch, anyEvent: true,
		change: body(seg1, 10, func(b *segment.Body) { b.PayloadSize-- })},
	{name: "count too high", store: "batch", file: seg1, reason: damage.Batch, anyEvent: true,
		change: body(seg1, 10, func(b *segment.Body) { b.PayloadSize++ })},
	{name: "commit cut out", store: "batch", file: seg1, note: verify.UnfinishedBatch, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame {
			for fs[len(fs)-1].body.Kind != event.SystemBatchCommit {
				fs = fs[:len(fs)-1]
			}
			return fs[:len(fs)-1]
		})
	}},
	{name: "begin cut out", store: "batch", file: seg1, reason: damage.Batch, change: func(m *made) {
		m.rewrite(seg1, func(fs []frame) []frame { return slices.Delete(fs, 10, 11) })
	}},
}

// segmentLies change bytes around frames, and whole files.
var segmentLies = []lie{
	{name: "magic", store: "rotated", file: seg2, reason: damage.Magic, anyEvent: true,
		change: func(m *made) { m.files[seg2][0]++ }},
	{name: "version", store: "rotated", file: seg2, reason: damage.Version,
		change: func(m *made) { m.files[seg2][17]++ }},
	{name: "flags", store: "rotated", file: seg2, note: verify.Unusual,
		change: func(m *made) { m.files[seg2][24]++ }},
	{name: "segment id", store: "rotated", file: seg2, reason: damage.SegmentID,
		change: func(m *made) { m.files[seg2][56]++ }},
	{name: "two segments exchanged", store: "tail", file: seg2, reason: damage.SegmentID, more: true,
		change: func(m *made) { m.files[seg2], m.files[seg3] = m.files[seg3], m.files[seg2] }},
	{name: "zeros between frames", store: "batch", file: seg1, reason: damage.Frame,
		change: func(m *made) { m.splice(seg1, 529, 529, make([]byte, 40)...) }},
	{name: "a byte left out", store: "batch", file: seg1, reason: damage.Frame,
		change: func(m *made) { m.splice(seg1, 700, 701) }},
	{name: "length", store: "rotated", file: seg2, reason: damage.FrameLength, change: func(m *made) {
		f := m.frames(seg2)[2]
		m.files[seg2][f.offset+3]++
		m.id = f.body.ID
	}},
	{name: "checksum", store: "rotated", file: seg2, reason: damage.Checksum, change: func(m *made) {
		f := m.frames(seg2)[2]
		m.files[seg2][f.offset+5]++
		m.id = f.body.ID
	}},
	{name: "body", store: "rotated", file: seg2, reason: damage.Checksum, change: func(m *made) {
		f := m.frames(seg2)[2]
		clear(m.files[seg2][f.offset+8 : f.offset+f.length])
		m.id = f.body.ID // known only from footer and index images
	}},
	{name: "frames overwritten", store: "rotated", file: seg2, reason: damage.Frame, change: func(m *made) {
		f := m.frames(seg2)
		clear(m.files[seg2][f[2].offset : f[4].offset+100])
		m.id = f[3].body.ID
	}},
	{name: "garbage after the newest", store: "tail", file: seg4, note: verify.TornTail,
		change: func(m *made) { m.files[seg4] = append(m.files[seg4], "xyz"...) }},
	{name: "older segment torn", store: "tail", file: seg2, reason: damage.Torn, more: true, change: func(m *made) {
		fs := m.frames(seg2)
		last := fs[len(fs)-1]
		m.files[seg2], m.id = m.files[seg2][:last.offset+last.length-9], last.body.ID
	}},
	{name: "older segment empty", store: "rotated", file: seg2, reason: damage.Short, more: true,
		change: func(m *made) { m.files[seg2] = nil }},
	{name: "segment missing", store: "rotated", file: seg2, reason: damage.SegmentMissing, more: true,
		change: func(m *made) { delete(m.files, seg2) }},
	{name: "segment under a second name", store: "rotated", file: "2.fbat", reason: damage.SegmentID,
		change: func(m *made) { m.files["2.fbat"] = m.files[seg2] }},
	{name: "segment copied", store: "rotated", file: "000007.fbat", reason: damage.SegmentID,
		change: func(m *made) { m.files["000007.fbat"] = m.files[seg2] }},
	{name: "left behind by compaction", store: "rotated", file: "000002.compact-src", note: verify.Stray,
		change: func(m *made) { m.files["000002.compact-src"] = m.files[seg2] }},
	{name: "another file", store: "rotated", file: "notes.fbat", note: verify.Stray,
		change: func(m *made) { m.files["notes.fbat"] = []byte("hello") }},
	{name: "unsealed segment cut between frames", store: "batch", file: seg2, reason: damage.Chain, change: func(m *made) {
		fs := m.frames(seg1)
		m.files[seg2] = segment.AppendHeader(nil, segment.Header{SegmentID: 2})
		for _, f := range fs[4:10] {
			m.files[seg2] = segment.AppendFrame(m.files[seg2], &f.body)
		}
		m.files[seg1], m.id = m.files[seg1][:fs[3].offset], fs[6].body.ID
	}},
}

func entry(file string, i int, at uint64, size int, by uint64) func(*made) {
	return func(m *made) { m.add(file, m.entry(file, i)+at, size, by) }
}

// footerLies change footers, which have no checksum.
var footerLies = []lie{
	{name: "footer: event id", store: "rotated", file: seg2, reason: damage.Footer, change: func(m *made) {
		m.files[seg2][m.entry(seg2, 3)+4]++
	}},
	{name: "footer: entity", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 16, 4, 1)},
	{name: "footer: entity far off", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 16, 4, 1<<31)},
	{name: "footer: scope", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 20, 4, 1)},
	{name: "footer: kind", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 24, 2, 1)},
	{name: "footer: wall", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 26, 8, 1)},
	{name: "footer: clock", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 34, 4, 1)},
	{name: "footer: previous hash", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 40, 1, 1)},
	{name: "footer: event hash", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 80, 1, 1)},
	{name: "footer: offset", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 102, 8, 1), more: true},
	{name: "footer: length", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 110, 4, 1)},
	{name: "footer: sequence", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 114, 8, 1)},
	{name: "footer: sequence of the last", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, -1, 114, 8, 5)},
	{name: "footer: sequence without an index image", store: "rotated", file: seg2, reason: damage.Footer, change: func(m *made) {
		delete(m.files, idx)
		delete(m.files, ckpt)
		entry(seg2, -1, 114, 8, 1<<40)(m)
	}},
	{name: "footer: sequence too low without an index image", store: "rotated", file: seg2, reason: damage.Footer, change: func(m *made) {
		delete(m.files, idx)
		delete(m.files, ckpt)
		m.set(seg2, m.entry(seg2, 4)+114, 8, 1)
	}},
	{name: "footer: sequence beyond belief", store: "rotated", file: seg6, reason: damage.Footer, change: func(m *made) {
		delete(m.files, idx)
		delete(m.files, ckpt)
		m.set(seg6, m.entry(seg6, -1)+114, 8, 1<<63)
	}, anyEvent: true},
	{name: "footer: correlation", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 130, 1, 1)},
	{name: "footer: causation", store: "rotated", file: seg2, reason: damage.Footer, change: entry(seg2, 3, 146, 1, 1)},
	{name: "footer: names", store: "rotated", file: seg2, reason: damage.Footer, more: true, anyEvent: true, change: func(m *made) {
		table, _, _ := m.footer(seg2)
		m.files[seg2][table+5] ^= 1
	}},
	{name: "footer: a name twice", store: "rotated", file: seg2, reason: damage.Footer, change: func(m *made) {
		table, entries, _ := m.footer(seg2)
		names, err := decodeTable(m.files[seg2][table:entries])
		require.NoError(m.t, err)
		names[1] = names[0]
		m.splice(seg2, table, entries, tableOf(names)...)
	}},
	{name: "footer: an unused name", store: "rotated", file: seg2, note: verify.UnusedNames, change: func(m *made) {
		delete(m.files, idx) // the watermark no longer is the end
		delete(m.files, ckpt)
		table, entries, _ := m.footer(seg2)
		names, err := decodeTable(m.files[seg2][table:entries])
		require.NoError(m.t, err)
		m.splice(seg2, table, entries, tableOf(append(names, "nobody"))...)
	}},
	{name: "footer: entries exchanged", store: "rotated", file: seg2, reason: damage.Footer, change: func(m *made) {
		a, b := m.entry(seg2, 3), m.entry(seg2, 2)
		m.at = a // the new offset of the other entry
		x, y := slices.Clone(m.files[seg2][a:a+154]), slices.Clone(m.files[seg2][b:b+154])
		copy(m.files[seg2][a:], y)
		copy(m.files[seg2][b:], x)
	}},
	{name: "footer: an entry too many", store: "rotated", file: seg2, reason: damage.Footer, change: func(m *made) {
		a := m.entry(seg2, 3) + 154
		m.splice(seg2, a, a, m.files[seg2][a-154:a]...)
		m.files[seg2][a]++
		m.add(seg2, a+102, 8, 1)
		m.add(seg2, uint64(len(m.files[seg2])-8), 4, 1)
		m.at, m.id = a, event.IDFromLE(m.files[seg2][a:])
	}},
	{name: "footer: an entry too many at the end", store: "rotated", file: seg6, reason: damage.Footer, more: true, change: func(m *made) {
		a := m.entry(seg6, -1) + 154
		m.splice(seg6, a, a, m.files[seg6][a-154:a]...)
		m.add(seg6, a+102, 8, 1)
		m.add(seg6, uint64(len(m.files[seg6])-8), 4, 1)
		m.at = a
	}},
	{name: "footer: a sequence where all leave numbers out", store: "tail", file: seg1, reason: damage.Footer, change: func(m *made) {
		w := newWriter()
		w.append("a", nil)
		w.next += 5
		w.append("a", nil)
		m.files = w.close()
		entry(seg1, 1, 114, 8, ^uint64(0))(m)
	}},
	{name: "footer: an entry left out", store: "rotated", file: seg2, reason: damage.Footer, change: func(m *made) {
		a := m.entry(seg2, 3)
		m.splice(seg2, a, a+154)
		m.add(seg2, uint64(len(m.files[seg2])-8), 4, ^uint64(0))
	}},
	{name: "footer: no entries", store: "rotated", file: seg6, reason: damage.Footer, more: true, change: func(m *made) {
		_, entries, n := m.footer(seg6)
		m.splice(seg6, entries, entries+uint64(n)*154)
		m.set(seg6, uint64(len(m.files[seg6])-8), 4, 0)
	}},
	{name: "footer: count", store: "rotated", file: seg2, reason: damage.Footer,
		change: func(m *made) { m.add(seg2, uint64(len(m.files[seg2])-8), 4, 1) }},
	{name: "footer: place", store: "rotated", file: seg2, reason: damage.Footer,
		change: func(m *made) { m.add(seg2, uint64(len(m.files[seg2])-16), 8, 1) }},
	{name: "footer: magic", store: "rotated", file: seg2, reason: damage.Footer,
		change: func(m *made) { m.files[seg2][len(m.files[seg2])-1]++ }},
}
