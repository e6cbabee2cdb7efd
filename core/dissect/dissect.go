package dissect

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strconv"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/payload"
	"github.com/thawlog/thaw/core/segment"
)

// Bounds of the spans of a frame. Each bound can be exceeded by the few spans that close what
// was begun.
const (
	MaxSpans        = 8192
	MaxPayloadSpans = 4096
)

// Span is a run of bytes of a frame, and what they are.
type Span struct {
	// At is the offset in the frame.
	At, Length int
	// Depth is 0 for what the frame consists of, and one more for each level inside it.
	Depth int
	Name  string
	// Type is how the value is encoded, as the MessagePack specification calls it; "" where it
	// is not MessagePack.
	Type string
	// Value is the value as a text, which may be cut.
	Value string
	Fits  Fit
}

// Fit says whether a value that something else determines is right.
type Fit uint8

const (
	// Undetermined: nothing in the frame determines the value.
	Undetermined Fit = iota
	Fits
	Differs
)

// fit returns Fits or Differs.
func fit(ok bool) Fit {
	if ok {
		return Fits
	}
	return Differs
}

// Frame is a dissected frame.
type Frame struct {
	Spans []Span
	// Refusal is why the bytes are not a sound frame, nil if they are.
	Refusal *damage.Refusal
}

// Bytes dissects the bytes of a frame, which may be damaged, cut short or followed by others.
// hash is that of a payload; without it hashes are not compared.
func Bytes(raw []byte, hash func([]byte) event.Hash) Frame {
	d := dissector{raw: raw, hash: hash}
	var f Frame
	var body segment.Body
	if err := segment.DecodeFrame(raw, &body); err != nil {
		errors.As(err, &f.Refusal)
	}
	if d.head() {
		d.body(f.Refusal == nil || f.Refusal.Reason != damage.FrameBody)
	}
	f.Spans = d.spans
	return f
}

// dissector gathers the spans of a frame.
type dissector struct {
	raw   []byte
	hash  func([]byte) event.Hash
	spans []Span

	// What is compared once the payload is known: the places of spans plus one.
	sizeSpan, contentSpan, eventSpan int
	size                             uint64
	content, event                   event.Hash
	flags                            uint64
	payload                          []byte
	hasPayload                       bool
}

func (d *dissector) add(s Span) int {
	d.spans = append(d.spans, s)
	return len(d.spans) - 1
}

// leaf adds a span from an offset up to another, unless it is empty.
func (d *dissector) leaf(s Span, end int) {
	if s.Length = end - s.At; s.Length > 0 {
		d.add(s)
	}
}

// head adds the head of the frame. ok is false when the frame ends in it.
func (d *dissector) head() (ok bool) {
	const crcAt = 4
	if len(d.raw) < segment.FrameHead {
		d.leaf(Span{Name: "unread", Value: "the frame ends in its head", Fits: Differs}, len(d.raw))
		return false
	}
	length, crc := binary.BigEndian.Uint32(d.raw), binary.BigEndian.Uint32(d.raw[crcAt:])
	body := d.raw[segment.FrameHead:]
	d.leaf(Span{
		Name: "length", Value: strconv.FormatUint(uint64(length), 10),
		Fits: fit(uint64(length) == uint64(len(body)) && length <= event.MaxBody),
	}, crcAt)
	const digits = 16
	text := strconv.FormatUint(1<<32|uint64(crc), digits)[1:]
	d.leaf(Span{At: crcAt, Name: "crc", Value: text, Fits: fit(crc32.ChecksumIEEE(body) == crc)}, segment.FrameHead)
	return true
}

// body adds the body. fits says whether a reader accepts it, apart from the head.
func (d *dissector) body(fits bool) {
	if len(d.raw) == segment.FrameHead {
		return
	}
	at := d.add(Span{At: segment.FrameHead, Length: len(d.raw) - segment.FrameHead, Name: "body"})
	if !fits {
		d.spans[at].Fits = Differs
	}
	w := walker{
		d: d, b: d.raw[segment.FrameHead:], most: MaxSpans, depth: 1, special: d.known,
		place: func(i int) int { return segment.FrameHead + i },
	}
	switch v, ok := w.head(); {
	case ok && v.Kind == payload.KindMap:
		d.spans[at].Type = typeOf(w.b[0])
		d.spans[at].Value = w.inside(v, "")
	case ok:
		w.stop("a map was expected")
	}
	w.close("bytes after the body")
	d.compare()
}

// compare says of the values that the payload determines whether they are right.
func (d *dissector) compare() {
	if !d.hasPayload {
		return
	}
	if d.sizeSpan > 0 {
		d.spans[d.sizeSpan-1].Fits = fit(d.size == uint64(len(d.payload)))
	}
	if d.hash == nil || event.Redacted(uint8(d.flags), d.payload) {
		return
	}
	sum := d.hash(d.payload)
	for _, h := range []struct {
		span int
		hash event.Hash
	}{{d.contentSpan, d.content}, {d.eventSpan, d.event}} {
		if h.span > 0 && !h.hash.IsZero() { // batpak may leave it out
			d.spans[h.span-1].Fits = fit(sum == h.hash)
		}
	}
}

// known adds the values of a body that have another meaning than their encoding.
func (d *dissector) known(w *walker, path, name string) (done bool) {
	var r msgpack.Reader
	r.Reset(w.b[w.at:])
	s := Span{At: w.place(w.at), Depth: w.depth, Name: name, Type: typeOf(w.b[w.at])}
	noted := (*int)(nil)
	switch path {
	case "event.header.event_id", "event.header.correlation_id", "event.header.causation_id":
		id := r.Bin()
		if r.Err() != nil || len(id) != event.IDSize {
			return false
		}
		s.Value = event.ID(id).String()
	case "event.header.event_kind":
		kind := r.Uint(1<<16 - 1)
		s.Value = event.Kind(kind).String()
	case "event.header.payload_size":
		d.size = r.Uint(1<<32 - 1)
		s.Value = strconv.FormatUint(d.size, 10)
		noted = &d.sizeSpan
	case "event.header.flags":
		d.flags = r.Uint(1<<8 - 1)
		if s.Value = strconv.FormatUint(d.flags, 10); d.flags&event.FlagRedacted != 0 {
			s.Value += ": redacted"
		}
	case "event.header.content_hash":
		r.FixedByteArray(d.content[:])
		s.Value = d.content.String()
		noted = &d.contentSpan
	case "event.hash_chain.event_hash":
		r.FixedByteArray(d.event[:])
		s.Value = d.event.String()
		noted = &d.eventSpan
	case "event.hash_chain.prev_hash":
		var h event.Hash
		r.FixedByteArray(h[:])
		s.Value = h.String()
	case "event.payload":
		return d.payloadOf(w, name)
	default:
		return false
	}
	if r.Err() != nil {
		return false
	}
	end := w.at + r.Offset()
	d.leaf(s, w.place(end))
	if noted != nil {
		*noted = len(d.spans)
	}
	w.at = end
	return true
}
