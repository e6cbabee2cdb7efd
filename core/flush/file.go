package flush

import (
	"cmp"
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/strtab"
)

const (
	// blockSize is how many bytes of records are written at once.
	blockSize = 1 << 20
	// blockSlack is the largest block of records that an image returns.
	blockSlack = 1024 * artifact.RecordSize
)

// Write writes bytes of a file at an offset. It must not keep them.
type Write func(off int64, b []byte) error

// Scratch is space for work that does not fit in memory.
type Scratch = scratch.Space

// File describes a new index file.
type File struct {
	// Inputs are the records, in order.
	Inputs []*Input
	// After is where the part ends that a part file continues; nil makes index.fbati and
	// index.thaw.
	After *artifact.Watermark
	// To is where the log of the last event ends, and NextSequence the sequence after it.
	To           artifact.Watermark
	NextSequence uint64
	// Segments are the ids of all segments up to To, rising, and Sizes returns the length
	// of each.
	Segments []uint64
	Sizes    func(id uint64) (uint64, bool)
	// Seed makes places in hash tables unpredictable.
	Seed uint64
	// Edit, when set, is called once for every record of the inputs, in order. It may change
	// the record's kind and position in place, and returns false to leave the record out.
	// Names that no record uses any more are left out too, also those of an index.fbati.
	Edit func(r artifact.Raw) (keep bool)
	// Scratch is where work that needs more than Memory bytes is put aside, besides what
	// names take. Memory 0 is no bound, and a nil Scratch is memory too.
	Scratch Scratch
	Memory  int
	// Tags, when set, are filled in, if they take at most Memory bytes.
	Tags *index.Tags
	// Stop, when set, is called now and then; its error ends the work.
	Stop func() error
	// Parallel, when set, runs f(0) to f(n-1), on several goroutines where that pays.
	Parallel func(n int, f func(i int))
}

// Write writes the records and their index to two files, or both to the second for a part
// file. The headers come last. Names are in the order in which the events use them, after
// those of an index.fbati that is not edited. The error is [artifact.ErrFull] when there are more records or
// names than an index can number.
func (f *File) Write(artifactFile, indexFile Write) error {
	w := writer{File: f, write: artifactFile, indexFile: indexFile}
	if f.After != nil {
		w.write = func(off int64, b []byte) error { return indexFile(off+index.ImageAt, b) }
	}
	return w.all()
}

// writer is the state of one File.Write.
type writer struct {
	*File
	write, indexFile Write
	head             [artifact.HeaderSize]byte
	size             uint64
	sums             pages.Sums
	builder          builder
	inputs           inputs
}

// builder builds the index of the records that are added.
type builder interface {
	Add(off uint64, block []byte) error
	save(in index.Saved, w *writer) error
}

type inMemory struct{ *index.Builder }

func (b inMemory) save(in index.Saved, w *writer) error {
	built, err := b.Finish()
	if err != nil {
		return err
	}
	return built.Save(in, w.indexFile)
}

type streamed struct{ *index.Stream }

func (b streamed) save(in index.Saved, w *writer) error {
	return errors.Join(b.Save(in, w.indexFile, w.Stop), b.Close())
}

// all writes both.
func (w *writer) all() (err error) {
	names := strtab.NewBuilder()
	if w.Edit == nil {
		w.inputs = w.Inputs
		for _, in := range w.Inputs {
			if err := in.intern(names, w.Stop); err != nil {
				return err
			}
		}
	} else {
		// What is written first depends on which records are kept, so they are put aside.
		edited, failed := w.edit(names)
		if failed != nil {
			return failed
		}
		defer func() { err = cmp.Or(err, edited.Close()) }()
		w.inputs = inputs{editedInput(edited, names.Len())}
	}
	if err := w.artifact(names); err != nil {
		if s, ok := w.builder.(streamed); ok {
			err = errors.Join(err, s.Close())
		}
		return err
	}
	return w.save()
}

// artifact writes the artifact, and adds its records to the builder of the index on the
// way.
func (w *writer) artifact(names *strtab.Builder) error {
	records := uint64(w.inputs.Size()) / artifact.RecordSize
	if records > artifact.MaxRecords {
		return artifact.ErrFull
	}
	h := artifact.Header{
		Watermark: w.To,
		Allocator: w.NextSequence,
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
	buffer := make([]byte, 0, min(blockSize, records*artifact.RecordSize)+blockSlack)
	for _, in := range w.inputs {
		err := in.renumbered(buffer, func(b []byte) error {
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

// both runs two steps, in parallel if it can.
func (w *writer) both(a, b func() error) error {
	steps, errs := [2]func() error{a, b}, [2]error{}
	step := func(i int) { errs[i] = steps[i]() }
	if w.Parallel != nil {
		w.Parallel(2, step)
	} else {
		step(0)
		step(1)
	}
	return cmp.Or(errs[0], errs[1])
}

// begin makes the builder of the index, which validates the records again: nothing is
// written that an open would refuse.
func (w *writer) begin(table []byte, records uint32) error {
	names, err := strtab.Decode(table)
	if err != nil {
		return err
	}
	in := index.Input{
		Image:    index.Image{Records: w.inputs, Count: records},
		Names:    names,
		Bounds:   index.Bounds{NextSequence: w.NextSequence, Watermark: w.To, SegmentSize: w.Sizes},
		Seed:     w.Seed,
		Parallel: w.Parallel,
	}
	if w.Tags != nil && (w.Memory == 0 || uint64(records)*5/3 <= uint64(w.Memory)) {
		in.Tags = w.Tags
	}
	if w.Memory > 0 && uint64(records)*index.BuildBytes > uint64(w.Memory) {
		w.builder = streamed{index.NewStream(in, w.space(), w.Memory)}
	} else {
		w.builder = inMemory{index.NewBuilder(in)}
	}
	return nil
}

// space returns the scratch space.
func (f *File) space() Scratch {
	if f.Scratch == nil {
		return scratch.Memory{}
	}
	return f.Scratch
}

// save writes the index after or beside the artifact.
func (w *writer) save() error {
	in := index.Saved{Head: w.head, Size: w.size, Sums: &w.sums}
	if w.Tags != nil {
		defer func() { w.Tags.Bind(w.head) }()
	}
	if w.After != nil {
		in.Contained, in.From = true, *w.After
	}
	in.Segments = directory.DigestSegments(w.Segments, in.From, w.To)
	return w.builder.save(in, w)
}
