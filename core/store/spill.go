package store

import (
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/source"
)

// errInMemory: the open needs the records of the tail, which it has put aside.
var errInMemory = errors.New("store: the records of the tail are needed in memory")

// spill is the tail of an open with Options.Scratch: its records are in a scratch file, and
// only their names and their sequences are in memory.
type spill struct {
	file  scratch.File // nil until it is needed
	count uint32
	// draft has the names, and numbers the sequences, since replay may change those of a
	// record that was put aside.
	draft   *artifact.Draft
	numbers artifact.Numbers
}

// spillTail puts records of the log aside when there are many. Call it between two segments.
func (o *opening) spillTail(log *replay.Log) (err error) {
	d := log.Draft()
	if o.options.Scratch == nil || o.spilled.file == nil && d.Len() < o.options.SpillAfter {
		return nil
	}
	if len(o.report.HiddenRanges) > 0 { // disambiguate may need any record
		return nil
	}
	if o.spilled.file == nil {
		if o.spilled.file, err = o.options.Scratch.Create(); err != nil {
			return err
		}
	}
	return log.Spill(o.spilled.put)
}

func (s *spill) put(records []byte) error {
	_, err := s.file.Write(records)
	return err
}

// end puts the rest of the log aside. The log must not be used for reading any more.
func (s *spill) end(log *replay.Log) error {
	d := log.Draft()
	for i := s.file.Size() / artifact.RecordSize; i < int64(log.Committed()); i++ {
		if err := s.put(d.At(int(i))); err != nil {
			return err
		}
	}
	s.count, s.draft, s.numbers = uint32(log.Committed()), d, d.Numbers()
	return nil
}

// input returns the records as an input of a flush.
func (s *spill) input() *flush.Input {
	image := index.Image{Names: source.Bytes(nil), Records: s, Count: s.count}
	return flush.RecordsInput(image, uint32(s.draft.Names()), s.draft.Name)
}

// Size implements source.Source.
func (s *spill) Size() int64 { return int64(s.count) * artifact.RecordSize }

// ReadAt implements source.Source: it gives the records their sequences.
func (s *spill) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > s.Size() || int64(len(p)) > s.Size()-off {
		return 0, source.ErrShort
	}
	first := off / artifact.RecordSize
	end := (off + int64(len(p)) + artifact.RecordSize - 1) / artifact.RecordSize
	whole := p
	if int64(len(p)) != (end-first)*artifact.RecordSize {
		whole = make([]byte, (end-first)*artifact.RecordSize)
	}
	if err := source.Read(s.file, whole, uint64(first)*artifact.RecordSize); err != nil {
		return 0, err
	}
	for i := first; i < end; i++ {
		artifact.Raw(whole[(i-first)*artifact.RecordSize:][:artifact.RecordSize]).SetSequence(s.numbers.At(int(i)))
	}
	if len(whole) != len(p) {
		copy(p, whole[off-first*artifact.RecordSize:])
	}
	return len(p), nil
}

// spillReader reads the records for a footer.
type spillReader struct {
	s       *spill
	records *source.Window
}

func (s *spill) reader() spillReader { return spillReader{s, source.NewWindow(s, 64<<10)} }

func (r spillReader) Record(i uint32) (artifact.Raw, error) {
	return r.records.Bytes(uint64(i)*artifact.RecordSize, artifact.RecordSize)
}

func (r spillReader) Single(i uint32) (artifact.Raw, error) {
	return r.records.Ahead(uint64(i)*artifact.RecordSize, artifact.RecordSize, artifact.RecordSize)
}

func (r spillReader) NameOfMany(i uint32) ([]byte, error) { return r.s.draft.Name(i), nil }

func (r spillReader) Names() uint32 { return uint32(r.s.draft.Names()) }

// close frees the scratch file.
func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	*s = spill{}
	return err
}

// Spilled reports whether the tail is in Options.Scratch. Such a snapshot answers no question
// but Report and Recovery, and [Snapshot.Flush] writes its index. Call DropSpilled then.
func (s *Snapshot) Spilled() bool { return s.spilled.file != nil }

// DropSpilled frees what Spilled returns.
func (s *Snapshot) DropSpilled() error { return s.spilled.close() }

// needsRecords returns errInMemory if a refused index has to be compared with the tail.
func (o *opening) needsRecords() error {
	contradicted := slices.ContainsFunc(o.report.Rejected, func(r *damage.Refusal) bool {
		_, _, part := index.ParsePartName(r.File)
		return contradicts(r.Reason) || part && r.Reason == damage.Segments
	})
	if contradicted {
		return errInMemory
	}
	return nil
}
