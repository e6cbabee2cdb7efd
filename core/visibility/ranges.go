// Package visibility reads and writes visibility_ranges.fbv: the ranges of
// sequences whose fence was cancelled. They stay hidden for good. They exist
// nowhere else, so a damaged file is never treated as missing.
//
//	offset  size  field
//	0       6     magic "FBATVR"
//	6       2     version u16 little-endian, 1
//	8       4     CRC-32 (IEEE) of the body, u32 little-endian
//	12      …     body: MessagePack map "ranges": array of maps "start", "end"
//
// The ranges are sorted and do not touch; the end is exclusive. A store
// without ranges has no file.
package visibility

import (
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
	"sort"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/msgpack"
)

const (
	// FileName is the file's name in a store's directory.
	FileName = "visibility_ranges.fbv"
	// maxRanges bounds the number of ranges in a file.
	maxRanges = 1 << 20

	// MaxSize is the size in bytes of a file with that many ranges.
	MaxSize = 64 + maxRanges*(11+2*9)

	magic      = "FBATVR"
	version    = 1
	headSize   = 12
	offVersion = 6
	offCRC     = 8
	leastRange = 13 // two keys and two numbers of one byte
)

// Range hides the sequences from Start up to End (exclusive).
type Range struct{ Start, End uint64 }

// Ranges is a sorted, immutable list of ranges that do not overlap.
type Ranges []Range

// Hides reports whether a range contains sequence.
func (rs Ranges) Hides(sequence uint64) bool {
	i := sort.Search(len(rs), func(i int) bool { return rs[i].End > sequence })
	return i < len(rs) && rs[i].Start <= sequence
}

// Meets reports whether r overlaps any of the ranges.
func (rs Ranges) Meets(r Range) bool {
	i := sort.Search(len(rs), func(i int) bool { return rs[i].End > r.Start })
	return r.Start < r.End && i < len(rs) && rs[i].Start < r.End
}

// Cover reports whether one range contains all of r.
func (rs Ranges) Cover(r Range) bool {
	i := sort.Search(len(rs), func(i int) bool { return rs[i].End > r.Start })
	return i < len(rs) && rs[i].Start <= r.Start && rs[i].End >= r.End
}

// Merge returns the union of the ranges in list. It sorts and overwrites list.
func Merge(list []Range) Ranges {
	slices.SortFunc(list, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) })
	out := Ranges(list[:0])
	for _, r := range list {
		switch last := len(out) - 1; {
		case r.Start >= r.End:
		case last >= 0 && r.Start <= out[last].End:
			out[last].End = max(out[last].End, r.End)
		default:
			out = append(out, r)
		}
	}
	return out
}

// End returns the end of the last range, 0 when there is none.
func (rs Ranges) End() uint64 {
	if len(rs) == 0 {
		return 0
	}
	return rs[len(rs)-1].End
}

// Add returns the ranges with r added, merged with those it meets. It does not
// change rs.
func (rs Ranges) Add(r Range) Ranges {
	if r.Start >= r.End {
		return rs
	}
	lo := sort.Search(len(rs), func(i int) bool { return rs[i].End >= r.Start })
	hi := sort.Search(len(rs), func(i int) bool { return rs[i].Start > r.End })
	if lo < hi {
		r.Start = min(r.Start, rs[lo].Start)
		r.End = max(r.End, rs[hi-1].End)
	}
	out := make(Ranges, 0, len(rs)-(hi-lo)+1)
	out = append(append(out, rs[:lo]...), r)
	return append(out, rs[hi:]...)
}

// Decode decodes a whole file. The error is a [damage.Refusal]: short, magic,
// version, checksum, body or ranges.
func Decode(b []byte) (Ranges, error) {
	if len(b) < headSize {
		return nil, damage.Refuse(damage.Short, int64(len(b)), nil)
	}
	if string(b[:len(magic)]) != magic {
		return nil, damage.Refuse(damage.Magic, 0, nil)
	}
	if binary.LittleEndian.Uint16(b[offVersion:]) != version {
		return nil, damage.Refuse(damage.Version, offVersion, nil)
	}
	if crc32.ChecksumIEEE(b[headSize:]) != binary.LittleEndian.Uint32(b[offCRC:]) {
		return nil, damage.Refuse(damage.Checksum, offCRC, nil)
	}
	var r msgpack.Reader
	r.Reset(b[headSize:])
	r.MapOf(1)
	r.Key("ranges")
	n := r.Array()
	if r.Err() == nil && n > min(r.Left()/leastRange, maxRanges) {
		r.Fail(msgpack.ErrRange)
	}
	if r.Err() != nil {
		return nil, damage.Refuse(damage.Body, int64(headSize+r.Offset()), r.Err())
	}
	rs := make(Ranges, 0, n)
	for range n {
		at := int64(headSize + r.Offset())
		r.MapOf(2)
		r.Key("start")
		start := r.Uint(math.MaxUint64)
		r.Key("end")
		end := r.Uint(math.MaxUint64)
		if r.Err() != nil {
			return nil, damage.Refuse(damage.Body, int64(headSize+r.Offset()), r.Err())
		}
		if start >= end || len(rs) > 0 && start < rs.End() {
			return nil, damage.Refuse(damage.Ranges, at, nil)
		}
		rs = append(rs, Range{Start: start, End: end})
	}
	if err := r.End(); err != nil {
		return nil, damage.Refuse(damage.Body, int64(headSize+r.Offset()), err)
	}
	return rs, nil
}

// AppendFile appends the whole file to dst.
func AppendFile(dst []byte, rs Ranges) []byte {
	at := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint16(dst, version)
	dst = append(dst, 0, 0, 0, 0)
	dst = msgpack.AppendStr(msgpack.AppendMap(dst, 1), "ranges")
	dst = msgpack.AppendArray(dst, len(rs))
	for _, r := range rs {
		dst = msgpack.AppendMap(dst, 2)
		dst = msgpack.AppendUint(msgpack.AppendStr(dst, "start"), r.Start)
		dst = msgpack.AppendUint(msgpack.AppendStr(dst, "end"), r.End)
	}
	binary.LittleEndian.PutUint32(dst[at+offCRC:], crc32.ChecksumIEEE(dst[at+headSize:]))
	return dst
}
