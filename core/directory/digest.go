package directory

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
)

// DigestSegments folds the ids of the segments after from's up to to's into one
// number, which an index keeps to notice a foreign directory.
func DigestSegments(ids []uint64, from, to artifact.Watermark) uint64 {
	var d index.SegmentIDs
	for _, id := range ids {
		if id > from.Segment && id <= to.Segment {
			d.Add(id)
		}
	}
	return uint64(d)
}
