package flush

import (
	"cmp"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// Input is a run of records for a new file. Only one File may use it, once.
type Input struct {
	image index.Image
	names uint32
	name  func(number uint32) ([]byte, error)
	// all is set when every name goes into the file, used or not.
	all     bool
	numbers []uint32 // of the names in the new file, 0 for none
}

// ArtifactInput returns the records of an index.fbati as an input. All its names go into
// the new file, used or not, and keep their numbers.
func ArtifactInput(image index.Image, r *index.Reader) *Input {
	in := PartInput(image, r)
	in.all = true
	return in
}

// PartInput returns the records of a part as an input. Only names that records use go into
// the new file, in the order of use.
func PartInput(image index.Image, r *index.Reader) *Input {
	return &Input{image: image, names: r.Names(), name: r.Name}
}

// RunInput returns records that a writer has appended as an input.
func RunInput(r artifact.Run) *Input {
	names := r.Names()
	return RecordsInput(index.RunImage(r), uint32(names.Len()), names.At)
}

// RecordsInput returns records whose names are found by number as an input. names is one more
// than the highest number.
func RecordsInput(image index.Image, names uint32, name func(number uint32) []byte) *Input {
	return &Input{image: image, names: names, name: func(number uint32) ([]byte, error) { return name(number), nil }}
}

// intern numbers the input's names in the table of the new file.
func (in *Input) intern(names *strtab.Builder, stop func() error) error {
	in.numbers = make([]uint32, in.names)
	if in.all {
		for n := range in.names {
			if stop != nil && n%(1<<16) == 0 {
				if err := stop(); err != nil {
					return err
				}
			}
			if err := in.number(n, names); err != nil {
				return err
			}
		}
		return nil
	}
	return in.image.EachBlock(func(_ uint64, block []byte) error {
		if stop != nil {
			if err := stop(); err != nil {
				return err
			}
		}
		for at := 0; at < len(block); at += artifact.RecordSize {
			raw := artifact.Raw(block[at : at+artifact.RecordSize])
			if err := cmp.Or(in.number(raw.Entity(), names), in.number(raw.Scope(), names)); err != nil {
				return err
			}
		}
		return nil
	})
}

// number numbers name n of the input in the table of the new file.
func (in *Input) number(n uint32, names *strtab.Builder) error {
	if n == 0 || n >= uint32(len(in.numbers)) || in.numbers[n] != 0 {
		return nil
	}
	name, err := in.name(n)
	if err != nil {
		return err
	}
	number, ok := names.Intern(name)
	if !ok {
		return artifact.ErrFull
	}
	in.numbers[n] = number
	return nil
}

// renumber gives a record the new numbers of its names.
func (in *Input) renumber(raw artifact.Raw) error {
	e, scope := raw.Entity(), raw.Scope()
	if e >= uint32(len(in.numbers)) || scope >= uint32(len(in.numbers)) || in.numbers[e] == 0 || in.numbers[scope] == 0 {
		return source.ErrShort // the file changed since it was validated
	}
	raw.SetNames(in.numbers[e], in.numbers[scope])
	return nil
}

// renumbered calls put with the records, which have the new numbers of their names, in
// blocks that put must not keep.
func (in *Input) renumbered(buffer []byte, put func([]byte) error) error {
	out := buffer[:0]
	err := in.image.EachBlock(func(_ uint64, block []byte) error {
		at := len(out)
		out = append(out, block...)
		for ; at < len(out); at += artifact.RecordSize {
			if err := in.renumber(out[at : at+artifact.RecordSize]); err != nil {
				return err
			}
		}
		if len(out) < blockSize {
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

// inputs is the records of several inputs as one source. The builder of the index reads
// some of them again after all were written.
type inputs []*Input

func (s inputs) Size() (n int64) {
	for _, in := range s {
		n += int64(in.image.Count) * artifact.RecordSize
	}
	return n
}

func (s inputs) ReadAt(b []byte, off int64) (n int, err error) {
	for _, in := range s {
		size := int64(in.image.Count) * artifact.RecordSize
		if off >= size {
			off -= size
			continue
		}
		part := b[n:min(len(b), n+int(min(size-off, int64(len(b)))))]
		if err := source.Read(in.image.Records, part, in.image.RecordsAt+uint64(off)); err != nil {
			return n, err
		}
		if n, off = n+len(part), 0; n == len(b) {
			return n, nil
		}
	}
	return n, source.ErrShort
}
