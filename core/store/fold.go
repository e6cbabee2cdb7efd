package store

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/strtab"
)

const (
	// foldBlock is how many bytes of records a fold hands over at once.
	foldBlock = 1 << 20
	// foldSlack is the largest block of records that an image gives at once.
	foldSlack = 1024 * artifact.RecordSize
)

// Write is given the bytes of a file and their offset, and must not keep them.
type Write func(off int64, b []byte) error

// Fold says what goes into a new file.
type Fold struct {
	// First is the number of the first part that goes in, counting those that
	// were read from files: 0 makes index.fbati and index.thaw of everything, and
	// anything else a part file that goes on behind part First-1.
	First int
	// Run is what was appended since the snapshot was opened. It stands for what
	// Grow has added, which is left out.
	Run artifact.Run
	// To is where the last event's log ends, Allocator the sequence behind.
	To        artifact.Watermark
	Allocator uint64
	// Segments are the ids of all segments up to To, rising, and Sizes tells how
	// long each is; nil for those that were there when the snapshot was opened.
	Segments []uint64
	Sizes    func(id uint64) (uint64, bool)
	// Stop is as in Options, and so is Parallel.
	Stop     func() error
	Parallel func(n int, f func(i int))
}

// Fold writes an artifact and its lookups: to two files, or, when f.First is
// above 0, both to lookups. The headers come last. Names stand in the order in
// which the events use them, and those of index.fbati in front. Cancelled events
// are included.
//
// It returns [artifact.ErrFull] when there are more records than tables can
// number. The snapshot stays as it is.
func (s *Snapshot) Fold(f Fold, artifactFile, lookups Write) error {
	if f.Segments == nil {
		f.Segments, f.Sizes = s.listing.IDs(), s.listing.Size
	}
	return unmarkStop(s.mending(func() error { return s.fold(f, artifactFile, lookups) }))
}

func (s *Snapshot) fold(f Fold, artifactFile, lookups Write) error {
	w := folding{Fold: f, s: s, contained: f.First > 0, write: artifactFile, lookups: lookups}
	if w.contained {
		w.write = func(off int64, b []byte) error { return lookups(off+index.ImageAt, b) }
	}
	for i, p := range s.parts[:s.read()] {
		if i >= f.First {
			w.pieces = append(w.pieces, partPiece(p, i == 0 && i < s.base))
		}
	}
	if f.Run.Len() > 0 {
		w.pieces = append(w.pieces, runPiece(f.Run))
	}
	if err := w.artifact(); err != nil {
		return err
	}
	return w.save()
}

// folding is the state of one Fold.
type folding struct {
	Fold
	s              *Snapshot
	contained      bool
	write, lookups Write
	pieces         []*piece
	head           [artifact.HeaderSize]byte
	size           uint64
	sums           pages.Sums
	builder        *index.Builder
}

// artifact writes the artifact, and gives its records to the builder of the
// tables while they are at hand.
func (w *folding) artifact() error {
	names := strtab.NewBuilder(true)
	records := uint64(0)
	for _, p := range w.pieces {
		if err := p.intern(names); err != nil {
			return err
		}
		records += uint64(p.image.Count)
	}
	if records > artifact.MaxRecords {
		return artifact.ErrFull
	}
	h := artifact.Header{
		Watermark: w.To,
		Allocator: w.Allocator,
		Strings:   uint32(names.Len()),
		Records:   records,
		TableSize: uint64(names.TableSize()),
	}
	head, table := artifact.AppendHeader(nil, &h), names.AppendTable(nil)
	var sum artifact.Checksum
	off := int64(0)
	put := func(b []byte) error {
		sum.Add(uint64(off), b)
		w.sums.Add(b)
		err := w.write(off, b)
		off += int64(len(b))
		return err
	}
	if err := put(append(head, table...)); err != nil {
		return err
	}
	if err := w.begin(table, uint32(records)); err != nil {
		return err
	}
	buffer := make([]byte, 0, min(foldBlock, records*artifact.RecordSize)+foldSlack)
	for _, p := range w.pieces {
		err := p.renumbered(buffer, func(b []byte) error {
			if w.Stop != nil {
				if err := w.Stop(); err != nil {
					return err
				}
			}
			at := uint64(off)
			return w.both(func() error { return put(b) }, func() error { return w.builder.Add(at, b) })
		})
		if err != nil {
			return err
		}
	}
	h.CRC = sum.Sum()
	w.head = [artifact.HeaderSize]byte(artifact.AppendHeader(nil, &h))
	w.sums.Patch(w.head[:])
	w.size = uint64(off)
	return w.write(0, w.head[:])
}

// both runs two steps, at once where that pays.
func (w *folding) both(a, b func() error) error {
	steps, errs := [2]func() error{a, b}, [2]error{}
	parallel(w.Parallel, 2, func(i int) { errs[i] = steps[i]() })
	return first(errs[0], errs[1])
}

func parallel(run func(n int, f func(i int)), n int, f func(i int)) {
	if run != nil {
		run(n, f)
		return
	}
	for i := range n {
		f(i)
	}
}

// begin makes the builder of the tables. It judges the records once more, so that
// nothing is written that an open would refuse.
func (w *folding) begin(table []byte, records uint32) error {
	names, err := strtab.Decode(table, true)
	if err != nil {
		return err
	}
	w.builder = index.NewBuilder(index.Input{
		Image:    index.Image{Records: pieceSource(w.pieces), Count: records},
		Names:    names,
		Bounds:   index.Bounds{Allocator: w.Allocator, Watermark: w.To, SegmentSize: w.Sizes},
		Seed:     w.s.options.Seed,
		Parallel: w.Parallel,
	})
	return nil
}

// save writes the lookups behind or beside the artifact.
func (w *folding) save() error {
	tables, err := w.builder.Finish()
	if err != nil {
		return err
	}
	in := index.Saved{Head: w.head, Size: w.size, Sums: &w.sums, Contained: w.contained}
	if w.contained {
		in.From = w.s.parts[w.First-1].file.to
	}
	in.Segments = directory.DigestSegments(w.Segments, in.From, w.To)
	return tables.Save(in, w.lookups)
}

// LacksLookups reports whether the snapshot was opened from an index.fbati whose
// lookups had to be made.
func (s *Snapshot) LacksLookups() bool { return s.base > 0 && s.parts[0].made != nil }

// SaveLookups writes index.thaw for the index.fbati that the snapshot was opened
// from when it lacks lookups.
func (s *Snapshot) SaveLookups(lookups Write) error {
	in := *s.parts[0].made
	in.Segments = directory.DigestSegments(s.listing.IDs(), artifact.Watermark{}, s.parts[0].file.to)
	return s.parts[0].tables.Save(in, lookups)
}
