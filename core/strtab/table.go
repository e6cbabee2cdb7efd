// Package strtab reads and writes the string tables of index.fbati, index.ckpt
// and segment footers: a MessagePack array of strings that records refer to by
// number.
//
// In index.fbati and index.ckpt number 0 is the empty string, which no record
// uses, and the names follow in the order first seen. A footer's table has no
// such leading string.
package strtab

import (
	"bytes"
	"errors"
	"math"
	"slices"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
)

// Errors of [Decode] and [DecodeNames], besides those of package msgpack.
var (
	ErrLeading   = errors.New("strtab: the first string is not empty")
	ErrDuplicate = errors.New("strtab: the table has the same string twice")
	errSize      = errors.New("strtab: the table is longer than 4 GiB")
)

// NameError reports a string of a table that is not a valid name.
type NameError struct {
	// Number is the number of the string in the table.
	Number int
	// Err is one of the name errors of package event.
	Err error
}

func (e *NameError) Error() string { return "strtab: " + e.Err.Error() }
func (e *NameError) Unwrap() error { return e.Err }

// Table is a decoded string table. It aliases the bytes it was decoded from
// and is immutable: any number of goroutines may read it.
type Table struct {
	raw    []byte
	heads  []uint32 // where each string's MessagePack head begins in raw
	sorted []uint32 // every name, by bytes; nil after DecodeNames
	lead   int      // 1 when the empty string leads
}

// Decode reads raw, which must be exactly one array of strings: the empty
// string, then distinct valid names. It needs at most four bytes of memory per
// byte of raw.
func Decode(raw []byte) (*Table, error) { return decodeSorted(raw, true) }

// DecodeNames is Decode for a table without the leading empty string. It does
// not sort the names: Sorted returns nil.
func DecodeNames(raw []byte) (*Table, error) { return decodeUnsorted(raw, false) }

func decodeSorted(raw []byte, lead bool) (*Table, error) {
	t, err := decode(raw, lead)
	if err == nil {
		err = t.sort()
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

func decodeUnsorted(raw []byte, lead bool) (*Table, error) {
	t, err := decode(raw, lead)
	if err != nil {
		return nil, err
	}
	if !t.distinct() {
		if err := t.sort(); err != nil {
			return nil, err
		}
		t.sorted = nil
	}
	return t, nil
}

func decode(raw []byte, lead bool) (*Table, error) {
	if uint64(len(raw)) > math.MaxUint32 {
		return nil, errSize
	}
	var r msgpack.Reader
	r.Reset(raw)
	n := r.Array()
	t := &Table{raw: raw}
	if lead {
		t.lead = 1
		if s := r.Str(); r.Err() == nil && (n == 0 || len(s) != 0) {
			return nil, ErrLeading
		}
	}
	if n-t.lead > r.Left()/2 { // a name is a head and at least one byte
		r.Fail(msgpack.ErrShort)
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	t.heads = make([]uint32, 0, n)
	if lead {
		t.heads = append(t.heads, uint32(r.Offset()-1))
	}
	for i := t.lead; i < n; i++ {
		t.heads = append(t.heads, uint32(r.Offset()))
		s := r.Str()
		if r.Err() != nil {
			return nil, r.Err()
		}
		if err := event.CheckName(s); err != nil {
			return nil, &NameError{Number: i, Err: err}
		}
	}
	if err := r.End(); err != nil {
		return nil, err
	}
	return t, nil
}

// distinct reports whether the names are known to be distinct. It uses a hash
// table and gives up where names collide too often, as an attacker's would.
func (t *Table) distinct() bool {
	n := t.Len() - t.lead
	size := 2
	for size < n+n/2 {
		size *= 2
	}
	slots, mask := make([]uint32, size), uint64(size-1)
	effort := 8*n + 64
	for i := t.lead; i < t.Len(); i++ {
		name := t.At(uint32(i))
		at := Hash(name, 0) & mask
		for ; slots[at] != 0; at = (at + 1) & mask {
			if effort--; effort < 0 || bytes.Equal(t.At(slots[at]-1), name) {
				return false
			}
		}
		slots[at] = uint32(i) + 1
	}
	return true
}

// sort sorts the names by their bytes and finds equal ones. Unlike a hash, no
// input can make it slow.
func (t *Table) sort() error {
	t.sorted = make([]uint32, t.Len()-t.lead)
	for i := range t.sorted {
		t.sorted[i] = uint32(i + t.lead)
	}
	slices.SortFunc(t.sorted, func(a, b uint32) int { return bytes.Compare(t.At(a), t.At(b)) })
	for i := 1; i < len(t.sorted); i++ {
		if bytes.Equal(t.At(t.sorted[i-1]), t.At(t.sorted[i])) {
			return ErrDuplicate
		}
	}
	return nil
}

// Len returns the number of strings, the leading empty one included.
func (t *Table) Len() int { return len(t.heads) }

// At returns string i, which must be below Len. The slice aliases the table.
func (t *Table) At(i uint32) []byte {
	start, n := t.Extent(i)
	return t.raw[start : start+n : start+n]
}

// Extent returns where string i lies in the table's bytes: the offset of its
// first byte, after its MessagePack head, and its length.
func (t *Table) Extent(i uint32) (start, length uint32) {
	at := t.heads[i]
	switch h := t.raw[at]; h { // names of up to 1024 bytes have these heads
	case 0xd9:
		return at + 2, uint32(t.raw[at+1])
	case 0xda:
		return at + 3, uint32(t.raw[at+1])<<8 | uint32(t.raw[at+2])
	default:
		return at + 1, uint32(h & 0x1f)
	}
}

// Raw returns the encoded table.
func (t *Table) Raw() []byte { return t.raw }

// Sorted returns the numbers of all names in the order of their bytes, without
// the leading empty string. The caller must not change the slice. It is nil
// after [DecodeNames].
func (t *Table) Sorted() []uint32 { return t.sorted }
