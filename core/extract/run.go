package extract

import (
	"errors"
	"iter"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// NamesFile is the number of names.thaw among the files of [Run]. The others are segments.
const NamesFile = maxSegments

// maxLeftOut bounds the events that a Result lists.
const maxLeftOut = 1000

// Result says what an extract holds.
type Result struct {
	// Events is the number of copied events.
	Events uint64
	// First and End bound their sequences, End exclusive; both are 0 without events.
	First, End uint64
	// Files is the number of segments.
	Files int
	// Names is set when names.thaw was copied.
	Names bool
	// LeftOut lists the selected events that could not be copied, at most 1000, and More is
	// the number of others.
	LeftOut []LeftOut
	More    uint64
	// Damages is the number of damaged places that the open of the store found. Events in
	// them may be missing here without being listed, because no index has them.
	Damages int
}

// LeftOut is an event that could not be copied.
type LeftOut struct {
	ID       event.ID
	Sequence uint64
	Err      error
}

// Run copies the events of an iteration of the store's, and names.thaw if there is a valid
// one. Damaged events are left out and listed in the result. Other errors end it: of the
// iteration, of put, and a [source.ReadError] when a segment could not be read, which proves
// nothing about its bytes.
func Run(files directory.Files, s *store.Snapshot, events iter.Seq2[event.Event, error], o Options, put Put) (Result, error) {
	var r Result
	report := s.Report()
	r.Damages = len(report.Damages)
	w := NewWriter(o, put)
	for f, err := range s.Frames(events) {
		if err != nil {
			return r, err
		}
		var d *damage.Damage
		switch {
		case f.Err == nil:
		case errors.Is(f.Err, store.ErrRemoved): // by a compaction meanwhile; the store has it no more
			continue
		case errors.As(f.Err, &d):
			if len(r.LeftOut) == maxLeftOut {
				r.More++
				continue
			}
			r.LeftOut = append(r.LeftOut, LeftOut{ID: f.ID, Sequence: f.Sequence, Err: f.Err})
			continue
		default:
			return r, f.Err
		}
		if err := w.Add(&f.Event, f.Raw); err != nil {
			return r, err
		}
		if r.Events == 0 {
			r.First = f.Sequence
		}
		r.Events++
		r.End = f.Sequence + 1
	}
	if err := w.Finish(); err != nil {
		return r, err
	}
	r.Files = w.Segments()
	names, err := KindNames(files)
	if err != nil {
		return r, err
	}
	r.Names = len(names) > 0
	for len(names) > 0 {
		n := min(len(names), ChunkSize)
		if err := put(NamesFile, names[:n]); err != nil {
			return r, err
		}
		names = names[n:]
	}
	return r, nil
}

// KindNames returns the bytes of names.thaw, or nil if there is no valid one: it is only for
// people, and batpak's stores have none.
func KindNames(files directory.Files) ([]byte, error) {
	e, err := files.Look(kindnames.FileName)
	if errors.Is(err, source.ErrGone) || err == nil && (!e.Regular || e.Size <= 0 || e.Size > int64(kindnames.MaxSize)) {
		return nil, nil
	}
	var src source.Source
	if err == nil {
		src, err = files.Open(kindnames.FileName)
	}
	var b []byte
	if err == nil {
		b = make([]byte, e.Size)
		err = source.Read(src, b, 0)
	}
	switch {
	case errors.Is(err, source.ErrGone), errors.Is(err, source.ErrShort):
		return nil, nil
	case err != nil:
		return nil, source.Failed(kindnames.FileName, -1, err)
	}
	if _, err := kindnames.Decode(b); err != nil {
		return nil, nil
	}
	return b, nil
}
