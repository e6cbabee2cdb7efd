package replay

import "github.com/thawlog/thaw/core/segment"

// ParallelBlocks is Parallel with blocks of another size.
func (s *Scan) ParallelBlocks(block int, run func(n int, f func(i int))) {
	s.ahead = segment.NewAhead(block, run)
}
