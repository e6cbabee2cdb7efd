package store

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
)

// Parts is how many parts a snapshot has.
func (s *Snapshot) Parts() int { return len(s.parts) }

// SegmentSize asks for the size of a segment as an index does that is judged.
func (s *Snapshot) SegmentSize(id uint64) (uint64, bool) { return s.listing.Size(id) }

// ArtifactWatermark is that of an index.fbati.
func ArtifactWatermark(b []byte) (artifact.Watermark, error) {
	h, err := artifact.ReadHeader(source.Bytes(b))
	return h.Watermark, err
}

// QueryPart asks one part.
func (s *Snapshot) QueryPart(i int, region query.Region, page *query.Page, yield func(event.Event, error) bool) (more bool, err error) {
	return s.cursor(s.parts[i]).Query(&region, page, yield)
}
