package abi

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/payload"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// An error crosses as a tree, so that a loader returns what native code returns:
// errors.Is finds the core's sentinels and reasons in it, errors.As a damage, a refusal
// and an event. A node is a byte that says what it is, and its fields.
const (
	nodeNil      = 0
	nodeText     = 1 // text, causes
	nodeSentinel = 2 // its number
	nodeDamage   = 3
	nodeRefusal  = 4
	nodeEvent    = 5
	nodeReason   = 6
	nodeUnread   = 7 // file, u64 offset, cause: a source.ReadError
)

// maxDepth bounds the trees that are written and read.
const maxDepth = 32

// sentinels are the errors of the core that callers compare with. The order is part of
// the layout.
var sentinels = []error{
	store.ErrNotFound, source.ErrGone, source.ErrShort, artifact.ErrFull, index.ErrTable,
	payload.ErrTruncated, payload.ErrTrailing, payload.ErrMalformed, payload.ErrTooDeep, payload.ErrTooLarge,
	ErrRead, source.ErrRead,
}

// AppendError appends an error, nil included.
func AppendError(dst []byte, err error) []byte { return appendError(dst, err, 0) }

func appendError(dst []byte, err error, depth int) []byte {
	if err == nil {
		return append(dst, nodeNil)
	}
	if depth == maxDepth {
		return appendU32(appendString(append(dst, nodeText), err.Error()), 0)
	}
	for i, s := range sentinels {
		if err == s {
			return append(dst, nodeSentinel, byte(i))
		}
	}
	switch e := err.(type) {
	case *damage.Damage:
		return appendDamage(append(dst, nodeDamage), e, depth+1)
	case *damage.Refusal:
		return appendRefusal(append(dst, nodeRefusal), e, depth+1)
	case *source.ReadError:
		dst = appendU64(appendString(append(dst, nodeUnread), e.File), uint64(e.Offset))
		return appendError(dst, e.Err, depth+1)
	case *store.EventError:
		dst = append(append(dst, nodeEvent), e.ID[:]...)
		dst = appendU32(appendU64(dst, e.Sequence), uint32(e.Kind))
		return appendError(dst, e.Err, depth+1)
	case damage.Reason:
		return appendString(append(dst, nodeReason), string(e))
	}
	var causes []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if c := e.Unwrap(); c != nil {
			causes = []error{c}
		}
	case interface{ Unwrap() []error }:
		causes = e.Unwrap()
	}
	dst = appendString(append(dst, nodeText), err.Error())
	return appendList(dst, causes, func(dst []byte, c *error) []byte { return appendError(dst, *c, depth+1) })
}

// DecodeError reads what AppendError wrote. bad is [ErrWire] for anything else.
func DecodeError(b []byte) (err, bad error) {
	r := &reader{b: b}
	err = r.error(0)
	if len(r.b) > 0 {
		r.err = ErrWire
	}
	if r.err != nil {
		return nil, r.err
	}
	return err, nil
}

// remote is an error of the guest that has no type here.
type remote struct {
	text   string
	causes []error
}

func (e *remote) Error() string   { return e.text }
func (e *remote) Unwrap() []error { return e.causes }

func (r *reader) error(depth int) error {
	if depth > maxDepth {
		r.err = ErrWire
	}
	switch node := r.u8(); {
	case r.err != nil || node == nodeNil:
		return nil
	case node == nodeText:
		text := r.string()
		causes := list(r, func(r *reader) error { return r.error(depth + 1) })
		if len(causes) == 0 {
			return errors.New(text)
		}
		return &remote{text, causes}
	case node == nodeSentinel:
		if n := int(r.u8()); n < len(sentinels) {
			return sentinels[n]
		}
	case node == nodeDamage:
		return r.damage(depth + 1)
	case node == nodeRefusal:
		return r.refusal(depth + 1)
	case node == nodeEvent:
		e := &store.EventError{}
		copy(e.ID[:], r.take(event.IDSize))
		e.Sequence, e.Kind = r.u64(), event.Kind(r.u32())
		e.Err = r.error(depth + 1)
		return e
	case node == nodeUnread:
		e := &source.ReadError{File: r.string(), Offset: int64(r.u64())}
		e.Err = r.error(depth + 1)
		return e
	case node == nodeReason:
		return damage.Reason(r.string())
	}
	r.err = ErrWire
	return nil
}

func appendDamage(dst []byte, d *damage.Damage, depth int) []byte {
	dst = appendU64(appendU64(appendString(dst, d.File), d.Offset), d.Length)
	dst = appendString(dst, string(d.Reason))
	dst = appendList(dst, d.Events, appendTouched)
	dst = appendU64(appendU64(appendU64(dst, d.Unnamed), d.FirstSequence), d.EndSequence)
	return appendError(dst, d.Err, depth)
}

func (r *reader) damage(depth int) *damage.Damage {
	d := &damage.Damage{File: r.string(), Offset: r.u64(), Length: r.u64(), Reason: damage.Reason(r.string())}
	d.Events = list(r, (*reader).touched)
	d.Unnamed, d.FirstSequence, d.EndSequence = r.u64(), r.u64(), r.u64()
	d.Err = r.error(depth)
	return d
}

func appendTouched(dst []byte, t *damage.Touched) []byte {
	return appendBool(appendU64(append(dst, t.ID[:]...), t.Sequence), t.Numbered)
}

func (r *reader) touched() (t damage.Touched) {
	copy(t.ID[:], r.take(event.IDSize))
	t.Sequence, t.Numbered = r.u64(), r.bool()
	return t
}

func appendRefusal(dst []byte, f *damage.Refusal, depth int) []byte {
	dst = appendString(appendString(dst, f.File), string(f.Reason))
	return appendError(appendU64(dst, uint64(f.Offset)), f.Err, depth)
}

func (r *reader) refusal(depth int) *damage.Refusal {
	f := &damage.Refusal{File: r.string(), Reason: damage.Reason(r.string()), Offset: int64(r.u64())}
	f.Err = r.error(depth)
	return f
}
