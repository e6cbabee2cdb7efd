package segment

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
)

// Body is the content of a frame: an event, or a batch marker.
type Body struct {
	ID          event.ID
	Correlation event.ID
	Causation   event.ID
	// Caused reports whether the frame has a causation id; otherwise it has
	// nil.
	Caused      bool
	TimestampUS int64
	WallMS      uint64
	// Counter, Depth and Lane are 0 in everything batpak 0.4.0 writes.
	Counter, Depth, Lane uint32
	Clock                uint32
	// PayloadSize is the payload's size in bytes, or in a SYSTEM_BATCH_BEGIN
	// the number of the batch's events.
	PayloadSize uint32
	Kind        event.Kind
	Flags       uint8
	ContentHash event.Hash
	Payload     []byte
	Form        PayloadForm
	// Chained reports whether the frame has a hash chain; markers have none.
	Chained             bool
	PrevHash, EventHash event.Hash
	Entity, Scope       []byte
	// Meta is the event's metadata. An empty one takes no byte of the frame.
	Meta event.Meta
}

// PayloadForm is the encoding of a frame's payload.
type PayloadForm uint8

const (
	// PayloadArray is batpak's form: an array of integers, one per byte.
	PayloadArray PayloadForm = iota
	// PayloadBin is a MessagePack binary.
	PayloadBin
	// PayloadValue is a MessagePack value in place of its bytes. batpak 0.4.0's
	// retention writes it and cannot read it. The payload is the value's own
	// bytes; the event hash tells whether they are the original ones.
	PayloadValue
)

// Errors of a body, besides those of packages msgpack and event.
var (
	ErrIDSize = errors.New("segment: an id is not 16 bytes long")
)

// AppendBody appends the body's MessagePack to dst.
func AppendBody(dst []byte, b *Body) []byte {
	// Most of a body is the same in every frame. Texts of several keys and heads
	// are much faster than each on its own.
	described := b.Meta != event.Meta{}
	if described {
		dst = append(dst, bodyPrefixMeta...)
	} else {
		dst = append(dst, bodyPrefix...)
	}
	dst = append(dst, b.ID[:]...)
	dst = append(dst, "\xaecorrelation_id\xc4\x10"...)
	dst = append(dst, b.Correlation[:]...)
	if b.Caused {
		dst = append(dst, "\xaccausation_id\xc4\x10"...)
		dst = append(dst, b.Causation[:]...)
	} else {
		dst = append(dst, "\xaccausation_id\xc0"...)
	}
	dst = msgpack.AppendInt(append(dst, "\xactimestamp_us"...), b.TimestampUS)
	dst = msgpack.AppendUint(append(dst, "\xa8position\x85\xa7wall_ms"...), b.WallMS)
	if b.Counter|b.Depth|b.Lane == 0 {
		dst = append(dst, bodyLanes...)
	} else {
		dst = msgpack.AppendUint(append(dst, "\xa7counter"...), uint64(b.Counter))
		dst = msgpack.AppendUint(append(dst, "\xa5depth"...), uint64(b.Depth))
		dst = msgpack.AppendUint(append(dst, "\xa4lane"...), uint64(b.Lane))
		dst = append(dst, "\xa8sequence"...)
	}
	dst = msgpack.AppendUint(dst, uint64(b.Clock))
	dst = msgpack.AppendUint(append(dst, "\xacpayload_size"...), uint64(b.PayloadSize))
	dst = msgpack.AppendUint(append(dst, "\xaaevent_kind"...), uint64(b.Kind))
	dst = msgpack.AppendUint(append(dst, "\xa5flags"...), uint64(b.Flags))
	dst = append(dst, "\xaccontent_hash"...)
	hash := len(dst)
	dst = msgpack.AppendByteArray(dst, b.ContentHash[:])
	hashEnd := len(dst)
	dst = append(dst, "\xa7payload"...)
	switch b.Form {
	case PayloadBin:
		dst = msgpack.AppendBin(dst, b.Payload)
	case PayloadValue:
		dst = append(dst, b.Payload...)
	default:
		dst = msgpack.AppendByteArray(dst, b.Payload)
	}
	if b.Chained {
		dst = msgpack.AppendByteArray(append(dst, "\xaahash_chain\x82\xa9prev_hash"...), b.PrevHash[:])
		dst = append(dst, "\xaaevent_hash"...)
		if b.EventHash == b.ContentHash { // nearly always
			dst = append(dst, dst[hash:hashEnd]...)
		} else {
			dst = msgpack.AppendByteArray(dst, b.EventHash[:])
		}
	} else {
		dst = append(dst, "\xaahash_chain\xc0"...)
	}
	dst = msgpack.AppendStr(append(dst, "\xa6entity"...), b.Entity)
	dst = msgpack.AppendStr(append(dst, "\xa5scope"...), b.Scope)
	if described {
		dst = event.AppendMeta(append(dst, "\xa4meta"...), b.Meta)
	}
	return dst
}

// decode decodes raw, which must be exactly one body. Entity and Scope alias
// raw; Payload reuses the capacity that b.Payload had, so one Body serves a
// whole scan; Meta reuses b.Meta if it is the same. With bare it validates payload
// and metadata without keeping them. On error b is undefined.
func (b *Body) decode(raw []byte, bare bool) error {
	_, err := b.decodeAt(raw, bare)
	return err
}

// decodeAt is decode, and returns the offset of the payload's encoding in raw.
func (b *Body) decodeAt(raw []byte, bare bool) (payloadAt int, err error) {
	var r msgpack.Reader
	r.Reset(raw)
	payloadAt = b.read(&r, bare)
	return payloadAt, r.End()
}

// read decodes a body from r, and returns the offset of its payload there. Other bytes may
// follow it.
func (b *Body) read(r *msgpack.Reader, bare bool) (payloadAt int) {
	last, described := b.Meta, false
	*b = Body{Payload: b.Payload[:0]}
	if r.Literal(bodyPrefix) { // nearly always: one comparison for many keys
		copy(b.ID[:], r.Bytes(event.IDSize))
	} else if described = r.Literal(bodyPrefixMeta); described {
		copy(b.ID[:], r.Bytes(event.IDSize))
	} else {
		r.MapOf(3)
		r.Key("event")
		r.MapOf(3)
		r.Key("header")
		r.MapOf(9)
		r.Key("event_id")
		b.ID = readID(r)
	}
	hash := b.readHeader(r)
	r.Key("payload")
	payloadAt = r.Offset()
	if bare {
		b.skipPayload(r)
	} else {
		b.readPayload(r)
	}
	r.Key("hash_chain")
	if !r.Nil() {
		b.Chained = true
		r.MapOf(2)
		r.Key("prev_hash")
		r.FixedByteArray(b.PrevHash[:])
		r.Key("event_hash")
		if r.Repeats(hash) {
			b.EventHash = b.ContentHash
		} else {
			r.FixedByteArray(b.EventHash[:])
		}
	}
	r.Key("entity")
	b.Entity = readName(r)
	r.Key("scope")
	b.Scope = readName(r)
	if described {
		r.Key("meta")
		if bare {
			event.SkipMeta(r)
		} else {
			b.Meta = event.ReadMeta(r, last)
		}
	}
	return payloadAt
}

// bodyLanes holds counter, depth and lane as batpak writes them, and the next
// key.
const bodyLanes = "\xa7counter\x00\xa5depth\x00\xa4lane\x00\xa8sequence"

// readHeader reads the header after the id. It returns the encoded content
// hash, since the event hash is nearly always the same.
func (b *Body) readHeader(r *msgpack.Reader) (hash []byte) {
	r.Key("correlation_id")
	b.Correlation = readID(r)
	r.Key("causation_id")
	if !r.Nil() {
		b.Caused = true
		b.Causation = readID(r)
	}
	r.Key("timestamp_us")
	b.TimestampUS = r.Int()
	r.Key("position")
	r.MapOf(5)
	r.Key("wall_ms")
	b.WallMS = r.Uint(math.MaxUint64)
	if !r.Literal(bodyLanes) {
		r.Key("counter")
		b.Counter = uint32(r.Uint(math.MaxUint32))
		r.Key("depth")
		b.Depth = uint32(r.Uint(math.MaxUint32))
		r.Key("lane")
		b.Lane = uint32(r.Uint(math.MaxUint32))
		r.Key("sequence")
	}
	b.Clock = uint32(r.Uint(math.MaxUint32))
	r.Key("payload_size")
	b.PayloadSize = uint32(r.Uint(math.MaxUint32))
	r.Key("event_kind")
	b.Kind = event.Kind(r.Uint(math.MaxUint16))
	r.Key("flags")
	b.Flags = uint8(r.Uint(math.MaxUint8))
	r.Key("content_hash")
	at := r.Offset()
	r.FixedByteArray(b.ContentHash[:])
	return r.Since(at)
}

// readPayload reads the three forms: bytes as an array, a binary, and any other
// value, which stands for its own bytes.
func (b *Body) readPayload(r *msgpack.Reader) {
	before := *r
	if b.Payload = r.ByteArray(b.Payload); r.Err() == nil {
		return
	}
	b.Payload, *r = b.Payload[:0], before
	if bin := r.Bin(); r.Err() == nil {
		b.Form, b.Payload = PayloadBin, append(b.Payload, bin...)
		return
	}
	*r = before
	b.Form, b.Payload = PayloadValue, append(b.Payload, r.Skip()...)
}

// skipPayload is readPayload, but keeps only the form.
func (b *Body) skipPayload(r *msgpack.Reader) {
	before := *r
	if r.SkipByteArray(); r.Err() == nil {
		return
	}
	*r = before
	if r.Bin(); r.Err() == nil {
		b.Form = PayloadBin
		return
	}
	*r = before
	b.Form = PayloadValue
	r.Skip()
}

func readID(r *msgpack.Reader) (id event.ID) {
	p := r.Bin()
	if r.Err() == nil && len(p) != event.IDSize {
		r.Fail(ErrIDSize)
	}
	copy(id[:], p)
	return id
}

func readName(r *msgpack.Reader) []byte {
	name := r.Str()
	if r.Err() == nil {
		if err := event.CheckName(name); err != nil {
			r.Fail(err)
		}
	}
	return name
}

// The coordinate of batch markers.
const (
	MarkerEntity = "_batch"
	MarkerScope  = "_system"
)

// AppendMarker appends the frame of a batch marker. count is the number of the batch's events
// in a BEGIN and 0 in a COMMIT. id is the batch's first sequence, and us when it was written,
// in microseconds since 1970.
func AppendMarker(dst []byte, kind event.Kind, count uint32, id uint64, us int64) []byte {
	b := marker(kind, MarkerID(id), us)
	b.PayloadSize = count
	return AppendFrame(dst, &b)
}

func marker(kind event.Kind, id event.ID, us int64) Body {
	return Body{
		ID: id, Correlation: id, TimestampUS: us, WallMS: uint64(max(us, 0) / 1000),
		Kind: kind, Entity: []byte(MarkerEntity), Scope: []byte(MarkerScope),
	}
}

// MarkerID returns the id of the markers of a batch that begins with a sequence.
func MarkerID(sequence uint64) (id event.ID) {
	binary.BigEndian.PutUint64(id[event.IDSize-8:], sequence)
	return id
}

// IsMarker reports whether the body has the form of a batch marker, of any
// kind: its coordinate, no payload and no hash chain.
func (b *Body) IsMarker() bool {
	return !b.Chained && len(b.Payload) == 0 && string(b.Entity) == MarkerEntity && string(b.Scope) == MarkerScope
}

// Plain reports whether a frame's fields besides those of [Body.Facts] and its names are as
// nearly all have them: no flags and no metadata, the hash of the payload as content hash, and
// the payload in batpak's form, with its size. [DecodePayload] needs that.
func (b *Body) Plain() bool {
	return b.Flags == 0 && b.Meta == event.Meta{} && b.ContentHash == b.EventHash && b.Form == PayloadArray &&
		b.PayloadSize == uint32(len(b.Payload)) && b.Caused != b.Causation.IsZero()
}

// Facts returns the fields that an index keeps of the body, at position p and
// without a sequence.
func (b *Body) Facts(p event.Position) event.Facts {
	return event.Facts{
		ID:          b.ID,
		Correlation: b.Correlation,
		Causation:   b.Causation,
		Kind:        b.Kind,
		WallMS:      b.WallMS,
		Clock:       b.Clock,
		PrevHash:    b.PrevHash,
		EventHash:   b.EventHash,
		Position:    p,
	}
}
