package segment

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
)

const (
	// FrameHead is the size of a frame's head in bytes; the body follows it.
	FrameHead = 8
	// LeastFrame is a lower bound on the size of a frame: its fixed keys alone
	// are longer.
	LeastFrame = 256
	// MaxFrame is the length of the longest frame.
	MaxFrame = FrameHead + event.MaxBody

	offFrameCRC = 4
	// bodyPrefix is the start of every body without metadata: three maps and
	// their keys up to the event id's sixteen bytes. With metadata, the first
	// map has one pair more.
	bodyPrefix     = "\x83" + bodyKeys
	bodyPrefixMeta = "\x84" + bodyKeys
	bodyKeys       = "\xa5event\x83\xa6header\x89\xa8event_id\xc4\x10"
)

// beginsBody reports whether b starts as every body does.
func beginsBody(b []byte) bool {
	return len(b) >= len(bodyPrefix) && string(b[1:len(bodyPrefix)]) == bodyKeys && (b[0] == bodyPrefix[0] || b[0] == bodyPrefixMeta[0])
}

// findBody returns the offset of the first start of a body in b, or -1.
func findBody(b []byte) int {
	for at := 1; at < len(b); {
		i := bytes.Index(b[at:], []byte(bodyKeys))
		if i < 0 {
			break
		}
		if at += i; beginsBody(b[at-1:]) {
			return at - 1
		}
		at++
	}
	return -1
}

// AppendFrame appends the frame of b to dst: length, checksum, body. The body
// must not be longer than event.MaxBody; the caller checks that by the length
// added.
func AppendFrame(dst []byte, b *Body) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	dst = AppendBody(dst, b)
	body := dst[at+FrameHead:]
	binary.BigEndian.PutUint32(dst[at:], uint32(len(body)))
	binary.BigEndian.PutUint32(dst[at+offFrameCRC:], crc32.ChecksumIEEE(body))
	return dst
}

// FrameLength returns the whole length that a frame's head claims.
func FrameLength(head []byte) uint64 {
	return FrameHead + uint64(binary.BigEndian.Uint32(head))
}

// The first checksum of a process builds a table, which takes about 20 µs: a
// sixth of the first lookup by id. Build it when the program starts.
var _ = crc32.ChecksumIEEE(nil)

// Checksum returns the checksum in a frame's head; ok is false if raw has no head.
func Checksum(raw []byte) (checksum uint32, ok bool) {
	if len(raw) < FrameHead {
		return 0, false
	}
	return binary.BigEndian.Uint32(raw[offFrameCRC:]), true
}

// checkBody compares a body with the checksum in its frame's head.
func checkBody(head, body []byte) bool {
	return crc32.ChecksumIEEE(body) == binary.BigEndian.Uint32(head[offFrameCRC:])
}

// DecodeFrame decodes raw, which must be exactly one frame, into b. Entity and
// Scope alias raw; Payload reuses the capacity that b.Payload had. The error is
// a [damage.Refusal]: short, length, checksum or frame_body; b is undefined
// then.
func DecodeFrame(raw []byte, b *Body) error {
	_, err := DecodeFrameAt(raw, b)
	return err
}

// DecodeFrameAt is DecodeFrame, and returns the offset of the payload's encoding in raw, for
// [DecodePayload].
func DecodeFrameAt(raw []byte, b *Body) (payloadAt int, err error) {
	if len(raw) < FrameHead {
		return 0, damage.Refuse(damage.Short, 0, nil)
	}
	if FrameLength(raw) != uint64(len(raw)) || len(raw) > MaxFrame {
		return 0, damage.Refuse(damage.Length, 0, nil)
	}
	body := raw[FrameHead:]
	if !checkBody(raw, body) {
		return 0, damage.Refuse(damage.Checksum, offFrameCRC, nil)
	}
	at, err := b.decodeAt(body, false)
	if err != nil {
		return 0, damage.Refuse(damage.FrameBody, FrameHead, err)
	}
	return FrameHead + at, nil
}

// DecodePayload decodes the timestamp and the payload of a frame that DecodeFrame decoded
// before into a Plain body, with the payload at an offset and, if caused, a causation id. It
// checks the frame's checksum and leaves the other fields of b zero. ok is false if it is not
// that frame; b is undefined then.
func DecodePayload(raw []byte, payloadAt int, caused bool, b *Body) (ok bool) {
	timeAt := offCausation + 1
	if caused {
		timeAt = offCausation + 2 + event.IDSize
	}
	timeAt += len(keyTimestamp)
	if len(raw) < payloadAt || len(raw) < timeAt || FrameLength(raw) != uint64(len(raw)) || !checkBody(raw, raw[FrameHead:]) {
		return false
	}
	*b = Body{Payload: b.Payload[:0]}
	var r msgpack.Reader
	r.Reset(raw[timeAt:])
	b.TimestampUS = r.Int()
	failed := r.Err()
	r.Reset(raw[payloadAt:])
	b.Payload = r.ByteArray(b.Payload)
	b.PayloadSize = uint32(len(b.Payload))
	return failed == nil && r.Err() == nil
}

const (
	keyTimestamp = "\xactimestamp_us"
	// offCausation is the offset of the causation id, nil or binary, in a frame.
	offCausation = FrameHead + len(bodyPrefix) + event.IDSize + len("\xaecorrelation_id\xc4\x10") + event.IDSize +
		len("\xaccausation_id")
)

// peekID reads the event id from the first bytes of a frame, which may be cut
// short or damaged after it.
func peekID(raw []byte) (id event.ID, ok bool) {
	const at = FrameHead + len(bodyPrefix)
	if len(raw) < at+event.IDSize || !beginsBody(raw[FrameHead:]) {
		return id, false
	}
	return event.ID(raw[at : at+event.IDSize]), true
}
