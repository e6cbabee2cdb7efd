package abi

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// The layout of a summary: summarySize bytes, and the name.
const (
	sumLength    = 0  // u32: bytes of the whole row
	sumKind      = 4  // u32: the kind of OpKinds, else 0
	sumEvents    = 8  // u64
	sumFirst     = 16 // u64: the sequence of the first event
	sumLast      = 24 // u64: of the last one
	sumFirstWall = 32 // u64: wall_ms of the first event
	sumLastWall  = 40 // u64: of the last one
	summarySize  = 48
)

// AppendName appends the summary of an entity or a scope.
func AppendName(dst []byte, s *query.NameSummary) []byte {
	dst = appendSummary(dst, &s.Extent, 0, len(s.Name))
	return append(dst, s.Name...)
}

// AppendKind appends the summary of a kind.
func AppendKind(dst []byte, s *query.KindSummary) []byte {
	return appendSummary(dst, &s.Extent, s.Kind, 0)
}

func appendSummary(dst []byte, x *query.Extent, kind event.Kind, name int) []byte {
	dst, b := grow(dst, summarySize)
	le := binary.LittleEndian
	le.PutUint32(b[sumLength:], uint32(summarySize+name))
	le.PutUint32(b[sumKind:], uint32(kind))
	le.PutUint64(b[sumEvents:], x.Events)
	le.PutUint64(b[sumFirst:], x.FirstSequence)
	le.PutUint64(b[sumLast:], x.LastSequence)
	le.PutUint64(b[sumFirstWall:], x.FirstWallMS)
	le.PutUint64(b[sumLastWall:], x.LastWallMS)
	return dst
}

// DecodeName decodes the summary of an entity or a scope at the beginning of b and returns the
// bytes after it. The error is [ErrWire].
func DecodeName(b []byte) (s query.NameSummary, rest []byte, err error) {
	var kind event.Kind
	var name []byte
	kind, name, rest, err = decodeSummary(b, &s.Extent)
	if err != nil || kind != 0 || len(name) == 0 {
		return query.NameSummary{}, nil, ErrWire
	}
	s.Name = string(name)
	return s, rest, nil
}

// DecodeKind is DecodeName for a kind.
func DecodeKind(b []byte) (s query.KindSummary, rest []byte, err error) {
	var name []byte
	s.Kind, name, rest, err = decodeSummary(b, &s.Extent)
	if err != nil || len(name) > 0 {
		return query.KindSummary{}, nil, ErrWire
	}
	return s, rest, nil
}

func decodeSummary(b []byte, x *query.Extent) (kind event.Kind, name, rest []byte, err error) {
	if len(b) < summarySize {
		return 0, nil, nil, ErrWire
	}
	le := binary.LittleEndian
	length, k := le.Uint32(b[sumLength:]), le.Uint32(b[sumKind:])
	if length < summarySize || uint64(length) > uint64(len(b)) || k > 0xFFFF {
		return 0, nil, nil, ErrWire
	}
	*x = query.Extent{
		Events: le.Uint64(b[sumEvents:]), FirstSequence: le.Uint64(b[sumFirst:]), LastSequence: le.Uint64(b[sumLast:]),
		FirstWallMS: le.Uint64(b[sumFirstWall:]), LastWallMS: le.Uint64(b[sumLastWall:]),
	}
	return event.Kind(k), b[summarySize:length], b[length:], nil
}

// The layout of a link: linkSize bytes, and a row.
const (
	linkDistance = 0 // i64
	linkCut      = 8 // u64
	linkSize     = 16
)

// AppendLink appends a link of a graph, with the fields of its frame if full.
func AppendLink(dst []byte, l *store.Link, full Fields) []byte {
	dst, b := grow(dst, linkSize)
	binary.LittleEndian.PutUint64(b[linkDistance:], uint64(int64(l.Distance)))
	binary.LittleEndian.PutUint64(b[linkCut:], l.Cut)
	if full == FrameFields {
		return AppendFullRow(dst, &l.Full)
	}
	return AppendRow(dst, &l.Event)
}

// Fields says which fields of an event a link has.
type Fields int

// The fields of an event.
const (
	IndexFields Fields = iota // those of AppendRow
	FrameFields               // those of AppendFullRow
)

// DecodeLink decodes the link at the beginning of b, as DecodeRow decodes its row.
func DecodeLink(b []byte) (l store.Link, fields Fields, rest []byte, err error) {
	if len(b) < linkSize {
		return l, 0, nil, ErrWire
	}
	le := binary.LittleEndian
	distance, cut := int64(le.Uint64(b[linkDistance:])), le.Uint64(b[linkCut:])
	full, whole, rest, err := DecodeRow(b[linkSize:])
	if err != nil || int64(int(distance)) != distance {
		return l, 0, nil, ErrWire
	}
	if whole {
		fields = FrameFields
	}
	return store.Link{Full: full, Distance: int(distance), Cut: cut}, fields, rest, nil
}
