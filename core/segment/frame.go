package segment

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
)

const (
	// FrameHead is the number of bytes in front of a frame's body.
	FrameHead = 8
	// LeastFrame is fewer bytes than any frame has: its fixed keys alone are more.
	LeastFrame = 256
	// MaxFrame is the length of the longest frame.
	MaxFrame = FrameHead + event.MaxBody

	offFrameCRC = 4
	// bodyPrefix begins the body of every frame: three maps and their keys up
	// to the event id's sixteen bytes.
	bodyPrefix = "\x83\xa5event\x83\xa6header\x89\xa8event_id\xc4\x10"
)

// AppendFrame adds the frame of b to dst: length, checksum, body. The body
// must not come out longer than event.MaxBody, which the caller checks by the
// length added.
func AppendFrame(dst []byte, b *Body) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	dst = AppendBody(dst, b)
	body := dst[at+FrameHead:]
	binary.BigEndian.PutUint32(dst[at:], uint32(len(body)))
	binary.BigEndian.PutUint32(dst[at+offFrameCRC:], crc32.ChecksumIEEE(body))
	return dst
}

// frameLength returns the whole length that a frame's head claims.
func frameLength(head []byte) uint64 {
	return FrameHead + uint64(binary.BigEndian.Uint32(head))
}

// The first checksum of a process makes a table, which takes some 20 us: a sixth of the
// first look-up by id. It is made when the program starts.
var _ = crc32.ChecksumIEEE(nil)

// checkBody compares a body with the checksum in its frame's head.
func checkBody(head, body []byte) bool {
	return crc32.ChecksumIEEE(body) == binary.BigEndian.Uint32(head[offFrameCRC:])
}

// DecodeFrame reads raw, which must be exactly one frame, into b as
// [Body.Decode] does. The error is a [damage.Refusal]: short, length,
// checksum or frame_body.
func DecodeFrame(raw []byte, b *Body) error {
	if len(raw) < FrameHead {
		return damage.Refuse(damage.Short, 0, nil)
	}
	if frameLength(raw) != uint64(len(raw)) || len(raw) > MaxFrame {
		return damage.Refuse(damage.Length, 0, nil)
	}
	body := raw[FrameHead:]
	if !checkBody(raw, body) {
		return damage.Refuse(damage.Checksum, offFrameCRC, nil)
	}
	if err := b.decode(body, false); err != nil {
		return damage.Refuse(damage.FrameBody, FrameHead, err)
	}
	return nil
}

// peekID reads the event id from the first bytes of a frame that may be cut
// short or damaged behind it.
func peekID(raw []byte) (id event.ID, ok bool) {
	const at = FrameHead + len(bodyPrefix)
	if len(raw) < at+event.IDSize || string(raw[FrameHead:at]) != bodyPrefix {
		return id, false
	}
	return event.ID(raw[at : at+event.IDSize]), true
}
