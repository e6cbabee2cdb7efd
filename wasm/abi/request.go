package abi

import (
	"encoding/binary"
	"math"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// The layout of a request: RequestSize bytes, followed by the entity, the prefix, the scope
// and the block of further fields (more.go). Fields that an operation does not use are 0.
const (
	reqOp        = 0  // u32: the operation
	reqFormat    = 4  // u32: the format of the answer
	reqFlags     = 8  // u32: the flags below
	reqRows      = 12 // u32: maximum rows of one answer, 0 for DefaultRows
	reqBytes     = 16 // u32: bytes after which an answer ends, 0 for DefaultBytes
	reqFirstKind = 20 // u16, with flagKinds
	reqLastKind  = 22 // u16
	reqMinClock  = 24 // u32, with flagClocks
	reqMaxClock  = 28 // u32
	reqEntity    = 32 // u32: bytes of the entity, of the rows of OpRead, OpReadEach and OpFrame, or of the name before a list
	reqPrefix    = 36 // u32: bytes of the prefix
	reqScope     = 40 // u32: bytes of the scope
	reqMore      = 44 // u32: bytes of the block of further fields, 0 without one
	reqFrom      = 48 // u64: lowest sequence, or clock of OpStream; depth of OpGraph; the seed of OpOpen and OpVerify; open_ns of OpReport
	reqLimit     = 56 // u64: maximum events, names or links, or depth of a chain, 0 for no bound; of OpOpen MiB of cache, 0 for 32; step of OpMarks; buckets of OpTimeline
	reqID        = 64 // 16 bytes: the id, in the order of its text

	RequestSize = 80
)

// The flags of a request.
const (
	flagKinds  = 1 // kinds are limited to one kind or category; see also flagKindRuns
	flagClocks = 2 // clocks are limited

	// Flags of OpOpen; see store.Options.
	FlagStrict      = 0x100
	FlagShowHidden  = 0x200
	FlagCheckFrames = 0x400
	FlagCheckIndex  = 0x800

	// FlagGoOn, of OpQuery, OpStream, OpCorrelated and OpReadEach in a format of text: an
	// event that cannot be read is a line in its place, and the answer goes on.
	FlagGoOn = 0x1000

	allFlags = flagKinds | flagClocks | FlagStrict | FlagShowHidden | FlagCheckFrames | FlagCheckIndex | FlagGoOn
)

// Request is a decoded request.
type Request struct {
	Op, Format, Flags uint32
	Rows, Bytes       uint32
	Region            query.Region
	From, Limit       uint64
	// To and Reverse are those of a page.
	To      uint64
	Reverse bool
	// Direction is that of OpGraph, and From its depth.
	Direction store.GraphDirection
	ID        event.ID
	// Row is the row of OpRead or OpFrame, or the rows of OpReadEach one after the other. It
	// aliases the decoded bytes.
	Row []byte
}

// AppendRequest appends a request.
func AppendRequest(dst []byte, q *Request) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, RequestSize)...)
	b := dst[at:]
	le := binary.LittleEndian
	flags := q.Flags
	if !q.Region.Kinds.All() && inHeader(q.Region.Kinds) {
		flags |= flagKinds
		first, last := q.Region.Kinds.Bounds()
		le.PutUint16(b[reqFirstKind:], uint16(first))
		le.PutUint16(b[reqLastKind:], uint16(last))
	}
	if low, high, limited := q.Region.Clocks.Bounds(); limited {
		flags |= flagClocks
		le.PutUint32(b[reqMinClock:], low)
		le.PutUint32(b[reqMaxClock:], high)
	}
	le.PutUint32(b[reqOp:], q.Op)
	le.PutUint32(b[reqFormat:], q.Format)
	le.PutUint32(b[reqFlags:], flags)
	le.PutUint32(b[reqRows:], q.Rows)
	le.PutUint32(b[reqBytes:], q.Bytes)
	le.PutUint32(b[reqEntity:], uint32(len(q.Region.Entity)+len(q.Row)))
	le.PutUint32(b[reqPrefix:], uint32(len(q.Region.EntityPrefix)))
	le.PutUint32(b[reqScope:], uint32(len(q.Region.Scope)))
	le.PutUint64(b[reqFrom:], q.From)
	le.PutUint64(b[reqLimit:], q.Limit)
	copy(b[reqID:], q.ID[:])
	dst = append(append(dst, q.Region.Entity...), q.Row...)
	dst = append(append(dst, q.Region.EntityPrefix...), q.Region.Scope...)
	end := len(dst)
	dst = appendMore(dst, q)
	le.PutUint32(dst[at+reqMore:], uint32(len(dst)-end))
	return dst
}

// DecodeRequest decodes a request, which must fill b exactly and have the subject that its
// operation needs. Otherwise the error is [ErrRequest].
func DecodeRequest(b []byte) (q Request, err error) {
	if len(b) < RequestSize || len(b) > MaxRequest {
		return q, ErrRequest
	}
	le := binary.LittleEndian
	q = Request{
		Op: le.Uint32(b[reqOp:]), Format: le.Uint32(b[reqFormat:]), Flags: le.Uint32(b[reqFlags:]),
		Rows: le.Uint32(b[reqRows:]), Bytes: le.Uint32(b[reqBytes:]),
		From: le.Uint64(b[reqFrom:]), Limit: le.Uint64(b[reqLimit:]),
		ID: event.ID(b[reqID:RequestSize]),
	}
	if q.Op < OpOpen || q.Op > OpExtract || q.Format > FormatRecords || q.Flags&^allFlags != 0 ||
		q.Limit > math.MaxInt64 || q.Op == OpStream && q.From > math.MaxUint32 || q.Op == OpGraph && q.From > math.MaxInt64 ||
		q.Format == FormatRecords && q.Op != OpQuery && q.Op != OpStream {
		return Request{}, ErrRequest
	}
	if q.Flags&FlagGoOn != 0 && !(Text(q.Format) && goesOn(q.Op)) {
		return Request{}, ErrRequest // a host would wait for lines of failures
	}
	if q.Flags&flagKinds != 0 {
		first, last := event.Kind(le.Uint16(b[reqFirstKind:])), event.Kind(le.Uint16(b[reqLastKind:]))
		switch {
		case first == last:
			q.Region.Kinds = event.Only(first)
		case first.TypeID() == 0 && last == first|0x0FFF:
			q.Region.Kinds = event.InCategory(first.Category())
		default:
			return Request{}, ErrRequest
		}
	}
	if q.Flags&flagClocks != 0 {
		q.Region.Clocks = query.ClocksBetween(le.Uint32(b[reqMinClock:]), le.Uint32(b[reqMaxClock:]))
	}
	r := reader{b: b[RequestSize:]}
	entity := r.take(uint64(le.Uint32(b[reqEntity:])))
	prefix := r.take(uint64(le.Uint32(b[reqPrefix:])))
	scope := r.take(uint64(le.Uint32(b[reqScope:])))
	more := r.take(uint64(le.Uint32(b[reqMore:])))
	if r.err != nil || len(r.b) > 0 || q.decodeMore(more) != nil {
		return Request{}, ErrRequest
	}
	if q.Op == OpRead || q.Op == OpReadEach || q.Op == OpFrame {
		q.Row = entity
	} else {
		q.Region.Entity = string(entity)
	}
	q.Region.EntityPrefix, q.Region.Scope = string(prefix), string(scope)
	if q.CheckSubject() != nil {
		return Request{}, ErrRequest
	}
	return q, nil
}

// goesOn reports whether an operation knows FlagGoOn.
func goesOn(op uint32) bool {
	return op == OpQuery || op == OpStream || op == OpCorrelated || op == OpReadEach
}

// CheckSubject returns the core's error for a subject that cannot be one: a
// *commit.NameError for an invalid entity name, commit.ErrZeroID for the zero id. It
// returns [ErrRequest] if a row is malformed, or OpFrame has both an id and a row.
func (q *Request) CheckSubject() error {
	switch q.Op {
	case OpStream, OpState:
		return commit.CheckEntity(q.Region.Entity)
	case OpAncestors, OpEffects, OpCorrelated, OpGet, OpGraph:
		return commit.CheckID(q.ID)
	case OpFrame:
		if len(q.Row) == 0 {
			return commit.CheckID(q.ID)
		}
		if !q.ID.IsZero() {
			return ErrRequest // which of the two?
		}
		fallthrough
	case OpRead, OpReadEach:
		for rest := q.Row; ; {
			row, _, after, err := DecodeRow(rest)
			switch {
			case err != nil || len(after) > 0 && q.Op != OpReadEach:
				return ErrRequest
			case row.Position == (event.Position{}): // with a position the store can find any id
				if err := commit.CheckID(row.ID); err != nil {
					return err
				}
			}
			if rest = after; len(rest) == 0 {
				return nil
			}
		}
	}
	return nil
}
