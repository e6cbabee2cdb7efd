package sidx

import (
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/strtab"
)

// ErrFull is returned by [Builder.Name] when a footer can number no more names.
var ErrFull = errors.New("sidx: no more than 4 GiB of names")

// Builder gathers the entries of a segment that is being written. It is for one
// goroutine.
type Builder struct {
	names  *strtab.Builder
	pieces [][]byte // entries; every piece but the last one in use is full
	count  int
}

// pieceEntries is how many entries stand in one piece of memory. One slice that
// grows with a segment would be copied again and again.
const pieceEntries = 1024

// NewBuilder is a footer without entries.
func NewBuilder() *Builder { return &Builder{names: strtab.NewBuilder(false)} }

// Name returns the number of a name in the footer's table.
func (b *Builder) Name(name []byte) (uint32, error) {
	n, ok := b.names.Intern(name)
	if !ok {
		return 0, ErrFull
	}
	return n, nil
}

// Add adds an entry; r's names are numbers that Name gave, and its frame lies
// behind the last one's.
func (b *Builder) Add(r *event.Record) {
	at := b.count / pieceEntries
	if at == len(b.pieces) {
		b.pieces = append(b.pieces, make([]byte, 0, pieceEntries*EntrySize))
	}
	b.pieces[at] = AppendEntry(b.pieces[at][:b.count%pieceEntries*EntrySize], r)
	b.count++
}

// Len is the number of entries.
func (b *Builder) Len() int { return b.count }

// Size is the number of bytes that Append adds.
func (b *Builder) Size() int { return b.names.TableSize() + b.count*EntrySize + TrailerSize }

// Append adds the whole footer to dst; at is where in the file it will begin,
// which is where the frames end.
func (b *Builder) Append(dst []byte, at uint64) []byte {
	dst = b.names.AppendTable(slices.Grow(dst, b.Size()))
	for i, left := 0, b.count*EntrySize; left > 0; i++ {
		n := min(left, pieceEntries*EntrySize)
		dst = append(dst, b.pieces[i][:n]...)
		left -= n
	}
	return AppendTrailer(dst, Trailer{TableOffset: at, Entries: uint32(b.Len())})
}

// Mark remembers how much a builder holds.
type Mark struct{ names, entries int }

// Names is the number of names at the mark.
func (m Mark) Names() int { return m.names }

// Mark returns the present extent, for [Builder.Rollback].
func (b *Builder) Mark() Mark { return Mark{b.names.Len(), b.count} }

// Rollback forgets every name and entry added since the mark.
func (b *Builder) Rollback(m Mark) {
	b.names.Truncate(m.names)
	b.count = m.entries
}

// Reset forgets everything and keeps the memory.
func (b *Builder) Reset() { b.Rollback(Mark{}) }
