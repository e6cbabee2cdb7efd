// Package checkpoint reads and writes index.ckpt, version 2: an older format of
// the index image that index.fbati holds.
//
//	offset  size  field
//	0       6     magic "FBATCK"
//	6       2     version u16 little-endian, 2
//	8       4     CRC-32 (IEEE) of the body, u32 little-endian
//	12      …     body
//
// The body is a MessagePack map, its keys in this order:
//
//	global_sequence       uint: the next sequence (the artifact's allocator)
//	watermark_segment_id  uint
//	watermark_offset      uint
//	interner_strings      array of str: see package strtab
//	entries               array of maps:
//	  event_id, correlation_id   bin of 16 bytes, big-endian
//	  causation_id               bin of 16 bytes, or nil
//	  entity_id, scope_id        uint: numbers in interner_strings
//	  kind, wall_ms, clock       uint
//	  prev_hash, event_hash      arrays of 32 uints
//	  segment_id, offset, length uint
//	  global_sequence            uint
package checkpoint

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/strtab"
)

const (
	// FileName is the checkpoint's name in a store's directory.
	FileName = "index.ckpt"

	// HeadSize is the size of the head in bytes; the body follows it.
	HeadSize = 12

	magic      = "FBATCK"
	version    = 2
	offVersion = 6
	offCRC     = 8
	// leastEntry is a lower bound on the size of an entry: the keys alone are
	// longer.
	leastEntry = 128
)

// Checkpoint is the decoded head of a checkpoint; Next reads the entries one by
// one. It aliases the bytes it was decoded from.
type Checkpoint struct {
	Watermark artifact.Watermark
	Allocator uint64
	Names     *strtab.Table
	// Entries is the number of entries that the body claims. Decode checks that
	// they can fit.
	Entries int

	r msgpack.Reader
}

// CheckHead checks the first bytes of a file, before the rest is read. The
// error is a [damage.Refusal]: short, magic or version.
func CheckHead(b []byte) error {
	switch {
	case len(b) < HeadSize:
		return damage.Refuse(damage.Short, int64(len(b)), nil)
	case string(b[:len(magic)]) != magic:
		return damage.Refuse(damage.Magic, 0, nil)
	case binary.LittleEndian.Uint16(b[offVersion:]) != version:
		return damage.Refuse(damage.Version, offVersion, nil)
	}
	return nil
}

// Decode checks the head and the checksum of a whole file and decodes
// everything before the entries. The error is a [damage.Refusal]: short, magic,
// version, checksum, body or strings.
func Decode(b []byte) (*Checkpoint, error) {
	if err := CheckHead(b); err != nil {
		return nil, err
	}
	body := b[HeadSize:]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(b[offCRC:]) {
		return nil, damage.Refuse(damage.Checksum, offCRC, nil)
	}
	c := &Checkpoint{}
	r := &c.r
	r.Reset(body)
	r.MapOf(5)
	r.Key("global_sequence")
	c.Allocator = r.Uint(math.MaxUint64)
	r.Key("watermark_segment_id")
	c.Watermark.Segment = r.Uint(math.MaxUint64)
	r.Key("watermark_offset")
	c.Watermark.Offset = r.Uint(math.MaxUint64)
	r.Key("interner_strings")
	at := r.Offset()
	table := r.Skip()
	if err := r.Err(); err != nil {
		return nil, c.refuse(err)
	}
	names, err := strtab.Decode(table)
	if err != nil {
		return nil, damage.Refuse(damage.Strings, int64(HeadSize+at), err)
	}
	c.Names = names
	r.Key("entries")
	c.Entries = r.Array()
	if r.Err() == nil && c.Entries > r.Left()/leastEntry {
		r.Fail(msgpack.ErrShort)
	}
	if err := r.Err(); err != nil {
		return nil, c.refuse(err)
	}
	return c, nil
}

func (c *Checkpoint) refuse(err error) error {
	return damage.Refuse(damage.Body, int64(HeadSize+c.r.Offset()), err)
}

// Offset returns the offset in the file of the next entry.
func (c *Checkpoint) Offset() int { return HeadSize + c.r.Offset() }

// Next reads the next entry. Call it Entries times, then call [Checkpoint.End].
// The error is a [damage.Refusal]: body.
func (c *Checkpoint) Next() (e event.Record, err error) {
	r := &c.r
	r.MapOf(14)
	r.Key("event_id")
	e.ID = readID(r)
	r.Key("correlation_id")
	e.Correlation = readID(r)
	r.Key("causation_id")
	if !r.Nil() {
		if e.Causation = readID(r); e.Causation.IsZero() {
			r.Fail(msgpack.ErrSpelling)
		}
	}
	r.Key("entity_id")
	e.Entity = uint32(r.Uint(math.MaxUint32))
	r.Key("scope_id")
	e.Scope = uint32(r.Uint(math.MaxUint32))
	r.Key("kind")
	e.Kind = event.Kind(r.Uint(math.MaxUint16))
	r.Key("wall_ms")
	e.WallMS = r.Uint(math.MaxUint64)
	r.Key("clock")
	e.Clock = uint32(r.Uint(math.MaxUint32))
	r.Key("prev_hash")
	r.FixedByteArray(e.PrevHash[:])
	r.Key("event_hash")
	r.FixedByteArray(e.EventHash[:])
	r.Key("segment_id")
	e.Position.Segment = r.Uint(math.MaxUint64)
	r.Key("offset")
	e.Position.Offset = r.Uint(math.MaxUint64)
	r.Key("length")
	e.Position.Length = uint32(r.Uint(math.MaxUint32))
	r.Key("global_sequence")
	e.Sequence = r.Uint(math.MaxUint64)
	if r.Err() != nil {
		return event.Record{}, c.refuse(r.Err())
	}
	return e, nil
}

// End returns a [damage.Refusal] of reason body when bytes follow the last
// entry.
func (c *Checkpoint) End() error {
	if err := c.r.End(); err != nil {
		return c.refuse(err)
	}
	return nil
}

func readID(r *msgpack.Reader) (id event.ID) {
	p := r.Bin()
	if r.Err() == nil && len(p) != event.IDSize {
		r.Fail(segment.ErrIDSize)
	}
	copy(id[:], p)
	return id
}

// AppendFile appends a whole checkpoint to dst. names is an encoded string
// table; records are the entries in order of sequence.
func AppendFile(dst []byte, w artifact.Watermark, allocator uint64, names []byte, records []event.Record) []byte {
	at := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint16(dst, version)
	dst = append(dst, 0, 0, 0, 0)
	dst = msgpack.AppendMap(dst, 5)
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "global_sequence"), allocator)
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "watermark_segment_id"), w.Segment)
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "watermark_offset"), w.Offset)
	dst = append(msgpack.AppendStr(dst, "interner_strings"), names...)
	dst = msgpack.AppendArray(msgpack.AppendStr(dst, "entries"), len(records))
	for i := range records {
		dst = appendEntry(dst, &records[i])
	}
	binary.LittleEndian.PutUint32(dst[at+offCRC:], crc32.ChecksumIEEE(dst[at+HeadSize:]))
	return dst
}

func appendEntry(dst []byte, e *event.Record) []byte {
	dst = msgpack.AppendMap(dst, 14)
	dst = msgpack.AppendBin(msgpack.AppendStr(dst, "event_id"), e.ID[:])
	dst = msgpack.AppendBin(msgpack.AppendStr(dst, "correlation_id"), e.Correlation[:])
	dst = msgpack.AppendStr(dst, "causation_id")
	if e.Causation.IsZero() {
		dst = msgpack.AppendNil(dst)
	} else {
		dst = msgpack.AppendBin(dst, e.Causation[:])
	}
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "entity_id"), uint64(e.Entity))
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "scope_id"), uint64(e.Scope))
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "kind"), uint64(e.Kind))
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "wall_ms"), e.WallMS)
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "clock"), uint64(e.Clock))
	dst = msgpack.AppendByteArray(msgpack.AppendStr(dst, "prev_hash"), e.PrevHash[:])
	dst = msgpack.AppendByteArray(msgpack.AppendStr(dst, "event_hash"), e.EventHash[:])
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "segment_id"), e.Position.Segment)
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "offset"), e.Position.Offset)
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "length"), uint64(e.Position.Length))
	return msgpack.AppendUint(msgpack.AppendStr(dst, "global_sequence"), e.Sequence)
}
