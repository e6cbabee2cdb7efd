package segment

import (
	"encoding/binary"
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/source"
)

const (
	magic         = "FBAT"
	headerVersion = 1
	offHeaderSize = 4
	offHeader     = 8
	// maxHeader bounds the size of the header map, so that a damaged length is
	// refused. batpak's map has 49 bytes.
	maxHeader = 4096
	// MinSize is the smallest size of a segment with a whole header.
	MinSize = offHeader + 1
)

// FlagExtract, as Header.Flags, marks a segment of package extract or salvage: it holds selected
// or salvaged events of another store, and an entity's chain may have gaps in it. It is
// "EX" in ASCII, so that no flipped bit of another header gives it: a header has
// no checksum.
const FlagExtract = 0x4558

// FlagCompacted, as Header.Flags, marks a segment from which package compact
// removed events. It is "CO" in ASCII.
//
// Such a segment, and one of an extract that was compacted, says in its frames which
// sequences it stands for. Where its first events are missing it begins with an empty
// batch that has the id of the first sequence; where any are, it ends with one that has
// the id of the sequence after the last. See [AppendNumbers].
const FlagCompacted = 0x434F

// Header is the header of a segment.
type Header struct {
	// Flags is 0 in every segment that batpak 0.4.0 writes; FlagExtract,
	// FlagCompacted, or another value, which is kept.
	Flags uint64
	// CreatedNS is the time of creation in ns since the Unix epoch.
	CreatedNS int64
	SegmentID uint64
}

// Thinned reports whether events are missing in the segment that were there: it is
// of an extract, or compacted.
func (h *Header) Thinned() bool { return h.Flags == FlagExtract || h.Flags == FlagCompacted }

// errHeaderSize is the cause when a header claims more than 4096 bytes.
var errHeaderSize = errors.New("segment: the header claims more than 4096 bytes")

// AppendHeader appends a segment's first bytes to dst: magic, length and map.
func AppendHeader(dst []byte, h Header) []byte {
	dst = append(dst, magic...)
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = msgpack.AppendMap(dst, 4)
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "version"), headerVersion)
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "flags"), h.Flags)
	dst = msgpack.AppendInt(msgpack.AppendStr(dst, "created_ns"), h.CreatedNS)
	dst = msgpack.AppendUint(msgpack.AppendStr(dst, "segment_id"), h.SegmentID)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// headerSize decodes the size of the header from a segment's first 8 bytes. The
// error is a [damage.Refusal].
func headerSize(head []byte) (int, error) {
	if len(head) < offHeader {
		return 0, damage.Refuse(damage.Short, 0, nil)
	}
	if string(head[:len(magic)]) != magic {
		return 0, damage.Refuse(damage.Magic, 0, nil)
	}
	n := binary.BigEndian.Uint32(head[offHeaderSize:])
	if n > maxHeader {
		return 0, damage.Refuse(damage.Header, offHeaderSize, errHeaderSize)
	}
	return offHeader + int(n), nil
}

// DecodeHeader decodes the header from the first bytes of a segment and returns
// its size, which is the offset of the first frame. The map must hold the four
// keys in batpak's order and nothing else. The error is a [damage.Refusal]:
// short, magic, header or version.
func DecodeHeader(b []byte) (Header, int, error) {
	size, err := headerSize(b)
	if err != nil {
		return Header{}, 0, err
	}
	if len(b) < size {
		return Header{}, 0, damage.Refuse(damage.Short, int64(len(b)), nil)
	}
	var r msgpack.Reader
	r.Reset(b[offHeader:size])
	r.MapOf(4)
	r.Key("version")
	version := r.Uint(1<<64 - 1)
	if r.Err() == nil && version != headerVersion {
		return Header{}, 0, damage.Refuse(damage.Version, offHeader, nil)
	}
	var h Header
	r.Key("flags")
	h.Flags = r.Uint(1<<64 - 1)
	r.Key("created_ns")
	h.CreatedNS = r.Int()
	r.Key("segment_id")
	h.SegmentID = r.Uint(1<<64 - 1)
	if err := r.End(); err != nil {
		return Header{}, 0, damage.Refuse(damage.Header, int64(offHeader+r.Offset()), err)
	}
	return h, size, nil
}

// ReadHeader is DecodeHeader on the start of src. It returns an error of the
// source as it is.
func ReadHeader(src source.Source) (Header, int, error) {
	size := uint64(max(src.Size(), 0))
	head := make([]byte, min(size, offHeader))
	if err := source.Read(src, head, 0); err != nil {
		return Header{}, 0, err
	}
	n, err := headerSize(head)
	if err != nil {
		return Header{}, 0, err
	}
	b := make([]byte, min(size, uint64(n)))
	if err := source.Read(src, b, 0); err != nil {
		return Header{}, 0, err
	}
	return DecodeHeader(b)
}
