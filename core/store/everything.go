package store

import (
	"iter"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
)

// Everything returns the events whose frames lie in segment id or a later one, in the order of
// their frames, those that a cancelled fence hides included. Reads of them work as for others.
// It is for programs that rewrite segments.
func (s *Snapshot) Everything(id uint64) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		from, err := s.firstSequenceIn(id)
		if err != nil {
			yield(event.Event{}, err)
			return
		}
		s.showingAll().Query(query.Region{}, query.Page{From: from})(yield)
	}
}

// EverythingRaw passes on the records of the events that Everything returns.
func (s *Snapshot) EverythingRaw(id uint64, to query.RawEvents) error {
	from, err := s.firstSequenceIn(id)
	if err != nil {
		return err
	}
	_, err = s.showingAll().QueryRaw(query.Region{}, query.Page{From: from}, to) // all of it is in the index
	return err
}

// showingAll returns the snapshot without hidden ranges. It reads only the index.
func (s *Snapshot) showingAll() *Snapshot {
	out, options := *s, *s.options
	options.CheckFrames = false
	out.options, out.report.HiddenRanges = &options, visibility.Ranges{}
	return &out
}

// EndBefore returns the sequence after the last event below a sequence, hidden ones included,
// and 0 when there is none.
func (s *Snapshot) EndBefore(sequence uint64) (end uint64, err error) {
	if sequence == 0 {
		return 0, nil
	}
	for e, err := range s.showingAll().Query(query.Region{}, query.Page{To: sequence, Reverse: true, Limit: 1}) {
		if err != nil {
			return 0, err
		}
		end = e.Sequence + 1
	}
	return end, nil
}

// firstSequenceIn returns the sequence of the first event in segment id or a later one, and
// one above all when there is none.
func (s *Snapshot) firstSequenceIn(id uint64) (sequence uint64, err error) {
	for _, p := range s.parts {
		found := false
		err := s.withPart(p, func(p *part) (err error) {
			sequence, found, err = firstSequenceIn(p, id)
			return err
		})
		if err != nil || found {
			return sequence, err
		}
	}
	return s.End(), nil
}

func firstSequenceIn(p *part, id uint64) (sequence uint64, ok bool, err error) {
	r := p.Reader()
	n, err := firstIn(r, p.Image.Count, id)
	if err != nil || n == p.Image.Count {
		return 0, false, err
	}
	raw, err := r.Single(n)
	if err != nil {
		return 0, false, err
	}
	return raw.Sequence(), true, nil
}

// Segments returns the ids of the segments that were there when the snapshot was opened, or
// last refreshed, rising.
func (s *Snapshot) Segments() []uint64 { return s.listing.IDs() }

// OpenSegment returns the content of a segment. The error is [source.ErrGone], or a
// [source.ReadError] that names the file.
func (s *Snapshot) OpenSegment(id uint64) (source.Source, error) { return s.openSegment(id) }

// NewestSealed reports whether the newest segment of [Snapshot.Segments] has a footer, so that
// no writer appends to it.
func (s *Snapshot) NewestSealed() bool { return !s.newestUnsealed() }
