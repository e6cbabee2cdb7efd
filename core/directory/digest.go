package directory

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
)

// DigestSegments returns a digest of the ids of the segments after from's up to and
// including to's. An index stores it to notice a foreign directory.
func DigestSegments(ids []uint64, from, to artifact.Watermark) uint64 {
	var d index.SegmentIDs
	for _, id := range ids {
		if id > from.Segment && id <= to.Segment {
			d.Add(id)
		}
	}
	return uint64(d)
}
