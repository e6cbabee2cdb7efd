package flush

import (
	"cmp"
	"math"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// edit puts the records that Edit keeps into a scratch file, with the numbers that their
// names have in names.
func (w *writer) edit(names *strtab.Builder) (kept scratch.File, err error) {
	if kept, err = w.space().Create(); err != nil {
		return nil, err
	}
	var block []byte
	for _, in := range w.Inputs {
		in.numbers = make([]uint32, in.names)
		err := in.image.EachBlock(func(_ uint64, from []byte) error {
			if w.Stop != nil {
				if err := w.Stop(); err != nil {
					return err
				}
			}
			block = block[:0]
			for ; len(from) > 0; from = from[artifact.RecordSize:] {
				block = append(block, from[:artifact.RecordSize]...)
				raw := artifact.Raw(block[len(block)-artifact.RecordSize:])
				if !w.Edit(raw) {
					block = block[:len(block)-artifact.RecordSize]
					continue
				}
				if err := cmp.Or(in.number(raw.Entity(), names), in.number(raw.Scope(), names), in.renumber(raw)); err != nil {
					return err
				}
			}
			_, err := kept.Write(block)
			return err
		})
		if err != nil {
			return nil, cmp.Or(err, kept.Close())
		}
	}
	if kept.Size()/artifact.RecordSize > math.MaxUint32 {
		return nil, cmp.Or(artifact.ErrFull, kept.Close())
	}
	return kept, nil
}

// editedInput returns the records that edit put aside as an input whose names have their
// final numbers.
func editedInput(kept source.Source, names int) *Input {
	in := &Input{
		image:   index.Image{Records: kept, Count: uint32(kept.Size() / artifact.RecordSize)},
		names:   uint32(names),
		numbers: make([]uint32, names),
	}
	for i := range in.numbers {
		in.numbers[i] = uint32(i)
	}
	return in
}
