package store

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// piece is a run of records that goes into a new artifact.
type piece struct {
	image index.Image
	names uint32
	name  func(number uint32) ([]byte, error)
	// all says that every name keeps its place, used or not: those of an artifact
	// do. Those of other pieces come as their records need them, so that none is in
	// the table that no record uses.
	all     bool
	numbers []uint32 // of the names in the table of the whole
}

func partPiece(p *part, all bool) *piece {
	p = p.now()
	r := p.reader()
	return &piece{image: p.image, names: r.Names(), name: r.Name, all: all}
}

func runPiece(r artifact.Run) *piece {
	image, names := index.RunImage(r), r.Names()
	return &piece{image: image, names: uint32(names.Len()), name: func(number uint32) ([]byte, error) {
		return names.At(number), nil
	}}
}

// intern gives the piece's names numbers in the table of the whole.
func (p *piece) intern(names *strtab.Builder) error {
	p.numbers = make([]uint32, p.names)
	intern := func(n uint32) error {
		if n == 0 || n >= uint32(len(p.numbers)) || p.numbers[n] != 0 {
			return nil
		}
		name, err := p.name(n)
		if err != nil {
			return err
		}
		number, ok := names.Intern(name)
		if !ok {
			return artifact.ErrFull
		}
		p.numbers[n] = number
		return nil
	}
	if p.all {
		for n := range p.names {
			if err := intern(n); err != nil {
				return err
			}
		}
		return nil
	}
	return p.image.EachBlock(func(_ uint64, block []byte) error {
		for at := 0; at < len(block); at += artifact.RecordSize {
			raw := artifact.Raw(block[at : at+artifact.RecordSize])
			if err := intern(raw.Entity()); err != nil {
				return err
			}
			if err := intern(raw.Scope()); err != nil {
				return err
			}
		}
		return nil
	})
}

// renumbered hands over the records with other numbers for names, in blocks that
// put must not keep.
func (p *piece) renumbered(buffer []byte, put func([]byte) error) error {
	out := buffer[:0]
	err := p.image.EachBlock(func(_ uint64, block []byte) error {
		at := len(out)
		out = append(out, block...)
		for ; at < len(out); at += artifact.RecordSize {
			raw := artifact.Raw(out[at : at+artifact.RecordSize])
			e, scope := raw.Entity(), raw.Scope()
			if e >= uint32(len(p.numbers)) || scope >= uint32(len(p.numbers)) || p.numbers[e] == 0 || p.numbers[scope] == 0 {
				return source.ErrShort // the file changed since it was judged
			}
			raw.SetNames(p.numbers[e], p.numbers[scope])
		}
		if len(out) < foldBlock {
			return nil
		}
		err := put(out)
		out = out[:0]
		return err
	})
	if err != nil || len(out) == 0 {
		return err
	}
	return put(out)
}

// pieceSource is the records of several pieces as one source, for what has to
// be read again once all were written.
type pieceSource []*piece

func (s pieceSource) Size() (n int64) {
	for _, p := range s {
		n += int64(p.image.Count) * artifact.RecordSize
	}
	return n
}

func (s pieceSource) ReadAt(b []byte, off int64) (n int, err error) {
	for _, p := range s {
		size := int64(p.image.Count) * artifact.RecordSize
		if off >= size {
			off -= size
			continue
		}
		part := b[n:min(len(b), n+int(min(size-off, int64(len(b)))))]
		if err := source.Read(p.image.Records, part, p.image.RecordsAt+uint64(off)); err != nil {
			return n, err
		}
		if n, off = n+len(part), 0; n == len(b) {
			return n, nil
		}
	}
	return n, source.ErrShort
}
