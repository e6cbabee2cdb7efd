package abi

import (
	"encoding/binary"
	"math"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// The layout of a request: RequestSize bytes, and behind them the entity, the prefix
// and the scope, one behind the other. What an operation does not use is 0.
const (
	ReqOp        = 0  // u32: the operation
	ReqFormat    = 4  // u32: how it is answered
	ReqFlags     = 8  // u32: the flags below
	ReqRows      = 12 // u32: rows of one answer at most, 0 for DefaultRows
	ReqBytes     = 16 // u32: bytes after which an answer ends, 0 for DefaultBytes
	ReqFirstKind = 20 // u16, with FlagKinds
	ReqLastKind  = 22 // u16
	ReqMinClock  = 24 // u32, with FlagClocks
	ReqMaxClock  = 28 // u32
	ReqEntity    = 32 // u32: bytes of the entity, or of the row of OpRead
	ReqPrefix    = 36 // u32: bytes of the prefix
	ReqScope     = 40 // u32: bytes of the scope
	ReqReserved  = 44 // u32: 0
	ReqFrom      = 48 // u64: lowest sequence, or clock of OpStream; the seed of OpOpen and OpVerify; open_ns of OpReport
	ReqLimit     = 56 // u64: most events, or depth of a chain, 0 for no bound; of OpOpen MiB of cache, 0 for 32
	ReqID        = 64 // 16 bytes: the id, in the order of its text

	RequestSize = 80
)

// Flags of a request.
const (
	FlagKinds  = 1 // kinds are limited to one, or to a category
	FlagClocks = 2 // clocks are limited

	// Of OpOpen; see store.Options.
	FlagStrict      = 0x100
	FlagShowHidden  = 0x200
	FlagCheckFrames = 0x400
	FlagCheckIndex  = 0x800

	allFlags = FlagKinds | FlagClocks | FlagStrict | FlagShowHidden | FlagCheckFrames | FlagCheckIndex
)

// Request is a decoded request.
type Request struct {
	Op, Format, Flags uint32
	Rows, Bytes       uint32
	Region            query.Region
	From, Limit       uint64
	ID                event.ID
	// Row is the row of OpRead. It aliases what was decoded.
	Row []byte
}

// AppendRequest appends a request. Kinds that are neither one nor a category cannot
// be asked for; event.Kinds has no such sets.
func AppendRequest(dst []byte, q *Request) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, RequestSize)...)
	b := dst[at:]
	le := binary.LittleEndian
	flags := q.Flags
	if !q.Region.Kinds.All() {
		flags |= FlagKinds
		first, last := q.Region.Kinds.Bounds()
		le.PutUint16(b[ReqFirstKind:], uint16(first))
		le.PutUint16(b[ReqLastKind:], uint16(last))
	}
	if low, high, limited := q.Region.Clocks.Bounds(); limited {
		flags |= FlagClocks
		le.PutUint32(b[ReqMinClock:], low)
		le.PutUint32(b[ReqMaxClock:], high)
	}
	le.PutUint32(b[ReqOp:], q.Op)
	le.PutUint32(b[ReqFormat:], q.Format)
	le.PutUint32(b[ReqFlags:], flags)
	le.PutUint32(b[ReqRows:], q.Rows)
	le.PutUint32(b[ReqBytes:], q.Bytes)
	le.PutUint32(b[ReqEntity:], uint32(len(q.Region.Entity)+len(q.Row)))
	le.PutUint32(b[ReqPrefix:], uint32(len(q.Region.EntityPrefix)))
	le.PutUint32(b[ReqScope:], uint32(len(q.Region.Scope)))
	le.PutUint64(b[ReqFrom:], q.From)
	le.PutUint64(b[ReqLimit:], q.Limit)
	copy(b[ReqID:], q.ID[:])
	dst = append(append(dst, q.Region.Entity...), q.Row...)
	return append(append(dst, q.Region.EntityPrefix...), q.Region.Scope...)
}

// DecodeRequest reads a request, which must fill b exactly and have the subject that its
// operation needs. The error is [ErrRequest].
func DecodeRequest(b []byte) (q Request, err error) {
	if len(b) < RequestSize || len(b) > MaxRequest {
		return q, ErrRequest
	}
	le := binary.LittleEndian
	q = Request{
		Op: le.Uint32(b[ReqOp:]), Format: le.Uint32(b[ReqFormat:]), Flags: le.Uint32(b[ReqFlags:]),
		Rows: le.Uint32(b[ReqRows:]), Bytes: le.Uint32(b[ReqBytes:]),
		From: le.Uint64(b[ReqFrom:]), Limit: le.Uint64(b[ReqLimit:]),
		ID: event.ID(b[ReqID:RequestSize]),
	}
	if q.Op < OpOpen || q.Op > OpVerify || q.Format > FormatFullRows || q.Flags&^allFlags != 0 ||
		le.Uint32(b[ReqReserved:]) != 0 || q.Limit > math.MaxInt64 ||
		q.Op == OpStream && q.From > math.MaxUint32 {
		return Request{}, ErrRequest
	}
	if q.Flags&FlagKinds != 0 {
		first, last := event.Kind(le.Uint16(b[ReqFirstKind:])), event.Kind(le.Uint16(b[ReqLastKind:]))
		switch {
		case first == last:
			q.Region.Kinds = event.Only(first)
		case first.TypeID() == 0 && last == first|0x0FFF:
			q.Region.Kinds = event.InCategory(first.Category())
		default:
			return Request{}, ErrRequest
		}
	}
	if q.Flags&FlagClocks != 0 {
		q.Region.Clocks = query.ClocksBetween(le.Uint32(b[ReqMinClock:]), le.Uint32(b[ReqMaxClock:]))
	}
	r := reader{b: b[RequestSize:]}
	entity := r.take(uint64(le.Uint32(b[ReqEntity:])))
	prefix := r.take(uint64(le.Uint32(b[ReqPrefix:])))
	scope := r.take(uint64(le.Uint32(b[ReqScope:])))
	if r.err != nil || len(r.b) > 0 {
		return Request{}, ErrRequest
	}
	if q.Op == OpRead {
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

// CheckSubject returns what the core says when a question is about one entity and its
// name is none, a *commit.NameError, or about one event and that has the zero id,
// commit.ErrZeroID. The error is [ErrRequest] when the row of OpRead is none.
func (q *Request) CheckSubject() error {
	switch q.Op {
	case OpStream, OpState:
		return commit.CheckEntity(q.Region.Entity)
	case OpAncestors, OpEffects, OpCorrelated, OpGet:
		return commit.CheckID(q.ID)
	case OpRead:
		row, _, rest, err := DecodeRow(q.Row)
		switch {
		case err != nil || len(rest) > 0:
			return ErrRequest
		case row.Position == (event.Position{}): // else the store has it, whatever its id
			return commit.CheckID(row.ID)
		}
	}
	return nil
}
