package verify_test

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
	"github.com/thawlog/thaw/core/visibility"
)

// made is a store for a test to change.
type made struct {
	t     testing.TB
	files map[string][]byte
	// id and at are the event and the offset changed last.
	id event.ID
	at uint64
}

// frame is one frame of a segment.
type frame struct {
	offset, length uint64
	body           segment.Body
}

// frames lists the frames of a segment, markers included.
func (m *made) frames(file string) (out []frame) {
	_, from, err := segment.DecodeHeader(m.files[file])
	require.NoError(m.t, err)
	w := segment.NewWalker(source.Bytes(m.files[file]), uint64(from))
	for {
		s, ok := w.Next()
		if !ok {
			return out
		}
		require.NotNil(m.t, s.Body)
		b := *s.Body
		b.Payload = slices.Clone(b.Payload)
		b.Entity, b.Scope = slices.Clone(b.Entity), slices.Clone(b.Scope)
		out = append(out, frame{offset: s.Offset, length: s.Length, body: b})
	}
}

// frame changes frame i of a segment, or frame -i from the end, and updates its checksum.
// The length must not change.
func (m *made) frame(file string, i int, change func(*segment.Body)) {
	fs := m.frames(file)
	f := fs[(i+len(fs))%len(fs)]
	change(&f.body)
	raw := segment.AppendFrame(nil, &f.body)
	require.Len(m.t, raw, int(f.length), "the frame's length must stay")
	copy(m.files[file][f.offset:], raw)
	m.id, m.at = f.body.ID, f.offset
}

// rewrite replaces a segment's frames and drops the bytes after them.
func (m *made) rewrite(file string, change func([]frame) []frame) {
	old := m.files[file]
	fs := m.frames(file)
	out := slices.Clone(old[:fs[0].offset])
	for _, f := range change(fs) {
		out = segment.AppendFrame(out, &f.body)
	}
	m.files[file] = out
}

// splice replaces the bytes of a file from one offset to another.
func (m *made) splice(file string, from, to uint64, with ...byte) {
	m.files[file] = slices.Concat(m.files[file][:from], with, m.files[file][to:])
}

// set writes a little-endian number of size bytes.
func (m *made) set(file string, at uint64, size int, n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	copy(m.files[file][at:], b[:size])
}

// add adds to a little-endian number of size bytes.
func (m *made) add(file string, at uint64, size int, n uint64) {
	var b [8]byte
	copy(b[:size], m.files[file][at:])
	m.set(file, at, size, binary.LittleEndian.Uint64(b[:])+n)
}

// footer returns the offsets of a segment's footer and of its entries, and their number.
func (m *made) footer(file string) (table, entries uint64, n int) {
	b := m.files[file]
	t, ok := sidx.DecodeTrailer(b[len(b)-sidx.TrailerSize:])
	require.True(m.t, ok)
	return t.TableOffset, uint64(len(b)) - sidx.TrailerSize - uint64(t.Entries)*sidx.EntrySize, int(t.Entries)
}

// entry returns the offset of entry i of a footer, or of entry -i from the end, and records
// its event.
func (m *made) entry(file string, i int) uint64 {
	_, entries, n := m.footer(file)
	m.at = entries + uint64((i+n)%n)*sidx.EntrySize
	m.id = event.IDFromLE(m.files[file][m.at:])
	return m.at
}

// record is entry for a record of index.fbati.
func (m *made) record(i int) uint64 {
	b := m.files[artifact.FileName]
	h, err := artifact.DecodeHeader(b, int64(len(b)))
	require.NoError(m.t, err)
	n := int(h.Records)
	m.at = h.RecordsAt() + uint64((i+n)%n)*artifact.RecordSize
	m.id = artifact.Raw(b[m.at : m.at+artifact.RecordSize]).ID()
	return m.at
}

func (m *made) seal() { artifact.Seal(m.files[artifact.FileName]) }

// index changes the content of index.fbati and encodes it again.
func (m *made) index(change func(h *artifact.Header, names *[]string, records *[]event.Record)) {
	b := m.files[artifact.FileName]
	h, err := artifact.DecodeHeader(b, int64(len(b)))
	require.NoError(m.t, err)
	table, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(m.t, err)
	names := stringsOf(table)
	var records []event.Record
	for i := range h.Records {
		at := h.RecordsAt() + i*artifact.RecordSize
		records = append(records, artifact.Raw(b[at:at+artifact.RecordSize]).Decode())
	}
	change(&h, &names, &records)
	raw := tableOf(names)
	out := slices.Clone(b[:artifact.HeaderSize])
	le := binary.LittleEndian
	le.PutUint64(out[12:], h.Watermark.Segment)
	le.PutUint64(out[20:], h.Watermark.Offset)
	le.PutUint64(out[28:], h.Allocator)
	le.PutUint32(out[36:], uint32(len(names)))
	le.PutUint64(out[40:], uint64(len(records)))
	le.PutUint64(out[48:], uint64(len(raw)))
	out = append(out, raw...)
	for i := range records {
		out = artifact.AppendRecord(out, &records[i])
	}
	m.files[artifact.FileName] = out
	m.seal()
}

// checkpoint changes the content of index.ckpt and encodes it again.
func (m *made) checkpoint(change func(c *checkpoint.Checkpoint, names *[]string, records []event.Record)) {
	c, err := checkpoint.Decode(m.files[checkpoint.FileName])
	require.NoError(m.t, err)
	var records []event.Record
	for range c.Entries {
		e, err := c.Next()
		require.NoError(m.t, err)
		records = append(records, e)
	}
	names := stringsOf(c.Names)
	change(c, &names, records)
	m.files[checkpoint.FileName] = checkpoint.AppendFile(nil, c.Watermark, c.Allocator, tableOf(names), records)
}

func (m *made) hide(rs ...visibility.Range) {
	m.files[visibility.FileName] = visibility.AppendFile(nil, rs)
}

// sealBody updates the checksum of index.ckpt or visibility_ranges.fbv.
func (m *made) sealBody(file string) {
	b := m.files[file]
	binary.LittleEndian.PutUint32(b[8:], crc32.ChecksumIEEE(b[12:]))
}

func stringsOf(t *strtab.Table) (names []string) {
	for i := range t.Len() {
		names = append(names, string(t.At(uint32(i))))
	}
	return names
}

// tableOf encodes a string table, repeated names included.
func tableOf(names []string) (out []byte) {
	out = append(out, 0xdc, byte(len(names)>>8), byte(len(names)))
	if len(names) < 16 {
		out = []byte{0x90 | byte(len(names))}
	}
	for _, n := range names {
		switch {
		case len(n) < 32:
			out = append(out, 0xa0|byte(len(n)))
		case len(n) < 256:
			out = append(out, 0xd9, byte(len(n)))
		default:
			out = append(out, 0xda, byte(len(n)>>8), byte(len(n)))
		}
		out = append(out, n...)
	}
	return out
}

// small returns a hash that differs in one byte and has an encoding of the same length.
func small(h event.Hash) event.Hash {
	for i := range h {
		if h[i] < 0x7f {
			h[i]++
			return h
		}
	}
	panic("no small byte")
}
