package artifact

import (
	"iter"
	"sort"
)

// Numbers maps record numbers to sequences. It stores runs without a gap, in 16
// bytes each. It is for one goroutine; the zero value is empty.
type Numbers struct {
	runs []numbersRun
	n    int
}

// numbersRun extends to the first record of the next run.
type numbersRun struct {
	first    int
	sequence uint64
}

// Len returns the number of records.
func (s *Numbers) Len() int { return s.n }

// Add appends n records with the sequences from, from+1 and so on.
func (s *Numbers) Add(n int, from uint64) {
	if n == 0 {
		return
	}
	if k := len(s.runs); k == 0 || s.runs[k-1].sequence+uint64(s.n-s.runs[k-1].first) != from {
		s.runs = append(s.runs, numbersRun{first: s.n, sequence: from})
	}
	s.n += n
}

// At returns the sequence of record i, which must be below Len.
func (s *Numbers) At(i int) uint64 {
	k := sort.Search(len(s.runs), func(k int) bool { return s.runs[k].first > i }) - 1
	return s.runs[k].sequence + uint64(i-s.runs[k].first)
}

// cut removes the records from number n on.
func (s *Numbers) cut(n int) {
	if n >= s.n {
		return
	}
	k := sort.Search(len(s.runs), func(k int) bool { return s.runs[k].first >= n })
	s.runs, s.n = s.runs[:k], n
}

// clone returns a copy.
func (s *Numbers) clone() Numbers {
	return Numbers{runs: append([]numbersRun(nil), s.runs...), n: s.n}
}

// Runs iterates over the runs: the sequence of the first record of each, and
// its number of records.
func (s *Numbers) Runs() iter.Seq2[uint64, int] {
	return func(yield func(uint64, int) bool) {
		for k, r := range s.runs {
			end := s.n
			if k+1 < len(s.runs) {
				end = s.runs[k+1].first
			}
			if !yield(r.sequence, end-r.first) {
				return
			}
		}
	}
}
