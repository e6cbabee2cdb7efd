package replay

import (
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// ParallelBlocks is Parallel with blocks of another size.
func (s *Scan) ParallelBlocks(block int, run func(n int, f func(i int))) {
	s.ahead = segment.NewAhead(block, run)
}

// Input is input, to be read without Drive.
type Input struct {
	ID     uint64
	Source source.Source
	From   uint64
	Newest bool
	Mark   *synced.Mark
}

// Segment, Finish and Missing are the steps of Drive.

func (s *Scan) Segment(in Input) error {
	return s.readSegment(input{id: in.ID, source: in.Source, from: in.From, newest: in.Newest, mark: in.Mark})
}

func (s *Scan) Finish() { s.finish() }

func (s *Scan) Missing(m *synced.Mark) { s.missing(m) }
