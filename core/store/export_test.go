package store

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
)

// Parts returns how many parts a snapshot has.
func (s *Snapshot) Parts() int { return len(s.parts) }

// SegmentSize returns the size of a segment, as the validation of an index asks for it.
func (s *Snapshot) SegmentSize(id uint64) (uint64, bool) { return s.listing.Size(id) }

// ArtifactWatermark returns the watermark of an index.fbati.
func ArtifactWatermark(b []byte) (artifact.Watermark, error) {
	h, err := artifact.ReadHeader(source.Bytes(b))
	return h.Watermark, err
}

// QueryPart queries one part.
func (s *Snapshot) QueryPart(i int, region query.Region, page *query.Page, yield func(event.Event, error) bool) (more bool, err error) {
	return s.cursor(s.parts[i]).Query(&region, page, yield)
}

// Tagged reports which parts have tags of their ids in memory.
func Tagged(s *Snapshot) (tagged []bool) {
	for _, p := range s.parts {
		tagged = append(tagged, p.Index.Tags() != nil)
	}
	return tagged
}
