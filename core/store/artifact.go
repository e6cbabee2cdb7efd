package store

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// artifactBlock is how many bytes of records WriteArtifact hands over at once.
const artifactBlock = 1 << 20

// WriteArtifact makes the index.fbati of everything in the snapshot, cancelled
// events included, and hands it over in pieces: write is given bytes and their
// offset, and must not keep them. The header comes last, since it holds the
// checksum of all the rest. The names stand in the order in which the events use
// them, and those of the snapshot's own artifact in front.
//
// It returns [artifact.ErrFull] when there are more records than tables can
// number.
func (s *Snapshot) WriteArtifact(w artifact.Watermark, write func(off int64, b []byte) error) error {
	names := strtab.NewBuilder(true)
	numbers := make([][]uint32, len(s.parts))
	records := uint64(0)
	for i, p := range s.parts {
		var err error
		if numbers[i], err = internAll(names, p, i < s.base); err != nil {
			return err
		}
		records += uint64(p.image.Count)
	}
	if records > artifact.MaxRecords {
		return artifact.ErrFull
	}
	h := artifact.Header{
		Watermark: w,
		Allocator: s.report.Allocator,
		Strings:   uint32(names.Len()),
		Records:   records,
		TableSize: uint64(names.TableSize()),
	}
	var sum artifact.Checksum
	head := artifact.AppendHeader(nil, &h)
	sum.Add(0, head)
	off := int64(len(head))
	put := func(b []byte) error {
		sum.Add(uint64(off), b)
		err := write(off, b)
		off += int64(len(b))
		return err
	}
	if err := put(names.AppendTable(nil)); err != nil {
		return err
	}
	for i, p := range s.parts {
		if err := renumbered(p, numbers[i], put); err != nil {
			return err
		}
	}
	h.CRC = sum.Sum()
	return write(0, artifact.AppendHeader(head[:0], &h))
}

// internAll gives the names of a part numbers in the table of the whole. The
// names of an artifact keep their order, used or not; those of other parts come
// as their records need them, so that none is in the table that no record uses.
func internAll(names *strtab.Builder, p *part, all bool) ([]uint32, error) {
	r := p.reader()
	numbers := make([]uint32, r.Names())
	intern := func(n uint32) error {
		if n == 0 || n >= uint32(len(numbers)) || numbers[n] != 0 {
			return nil
		}
		name, err := r.Name(n)
		if err != nil {
			return err
		}
		number, ok := names.Intern(name)
		if !ok {
			return artifact.ErrFull
		}
		numbers[n] = number
		return nil
	}
	if all {
		for n := range r.Names() {
			if err := intern(n); err != nil {
				return nil, err
			}
		}
		return numbers, nil
	}
	return numbers, p.image.EachBlock(func(_ uint64, block []byte) error {
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

// renumbered hands over the records of a part with other numbers for names.
func renumbered(p *part, numbers []uint32, put func([]byte) error) error {
	out := make([]byte, 0, min(artifactBlock, uint64(p.image.Count)*artifact.RecordSize)+buildSlack)
	err := p.image.EachBlock(func(_ uint64, block []byte) error {
		at := len(out)
		out = append(out, block...)
		for ; at < len(out); at += artifact.RecordSize {
			raw := artifact.Raw(out[at : at+artifact.RecordSize])
			e, scope := raw.Entity(), raw.Scope()
			if e >= uint32(len(numbers)) || scope >= uint32(len(numbers)) || numbers[e] == 0 || numbers[scope] == 0 {
				return source.ErrShort // the file changed since it was judged
			}
			raw.SetNames(numbers[e], numbers[scope])
		}
		if len(out) < artifactBlock {
			return nil
		}
		err := put(out)
		out = out[:0]
		return err
	})
	if err != nil {
		return err
	}
	return put(out)
}

// buildSlack is the largest block of records that an image gives at once.
const buildSlack = 1024 * artifact.RecordSize

// Newest is the segment with the highest id as it was listed, 0 when there is
// none.
func (s *Snapshot) Newest() (id, size uint64) {
	id = s.listing.newest()
	size, _ = s.listing.size(id)
	return id, size
}
