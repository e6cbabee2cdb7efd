package compact

import "cmp"

// When is merging worth it? Each session of a writer leaves a segment, so many short sessions
// leave many small ones. Merging them at once would write the same bytes again and again; so
// segments are merged within tiers, as in a size-tiered merge tree: 16 neighbours of a tier
// become one of the next. The tiers are
//
//	0  below 4 KiB        3  below 16 MiB
//	1  below 64 KiB       4  below half of a segment
//	2  below 1 MiB
//
// A run is neighbouring segments of a tier or a lower one. It is merged when at least 16 of it
// are of the tier itself. The result is at least as long as 16 segments that are no shorter
// than the tier's lower bound, so it belongs to the next tier: no byte is written more than once
// for each tier, 5 times in all. Of 1,000 sessions some dozens of files remain. TestPolicy
// simulates it.
const (
	// together is how many segments of a tier are merged.
	together = 16
	// firstTier bounds the lowest tier, in bytes; each following one is 16 times as high.
	firstTier = 4 << 10
)

// Segment is a sealed segment for a [Policy].
type Segment struct {
	ID, Size uint64
}

// Policy says which segments are worth merging. The zero Policy is the one described above, for
// segments of DefaultSegmentSize.
type Policy struct {
	// SegmentSize is the length of a full segment in bytes, 0 for DefaultSegmentSize. One
	// of half that length is never merged.
	SegmentSize uint64
	// Together is how many segments of a tier are merged, at least 2, and 0 for 16. Tests use
	// fewer.
	Together int
}

// Next returns the ids of the first and the last segment that are worth merging now, and how
// many bytes the run has; ok is false when there is nothing to do. segments are all sealed
// segments, in order. A merge may make another worth it.
func (p Policy) Next(segments []Segment) (from, to, bytes uint64, ok bool) {
	most := cmp.Or(p.SegmentSize, DefaultSegmentSize) / 2
	factor := uint64(cmp.Or(p.Together, together))
	low := uint64(0)
	for high := min(firstTier, most); ; high = min(high*factor, most) {
		if first, end, ok := p.run(segments, low, high); ok {
			for _, s := range segments[first:end] {
				bytes += s.Size
			}
			return segments[first].ID, segments[end-1].ID, bytes, true
		}
		if high == most {
			return 0, 0, 0, false
		}
		low = high
	}
}

// run returns the first run of a tier that is long enough: segments below high, enough of which
// are at least as long as low.
func (p Policy) run(segments []Segment, low, high uint64) (first, end int, ok bool) {
	for first < len(segments) {
		n := 0
		for end = first; end < len(segments) && segments[end].Size < high; end++ {
			if segments[end].Size >= low {
				n++
			}
		}
		if n >= cmp.Or(p.Together, together) {
			return first, end, true
		}
		first = end + 1
	}
	return 0, 0, false
}
