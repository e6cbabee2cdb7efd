package damage

import "slices"

// reasons lists all reasons, in the order of reason.go.
var reasons = []Reason{
	Unreadable, Short, Magic, Version, Checksum, NotRegular, Overflow, Length,
	WatermarkSegmentMissing, WatermarkPastEnd, WatermarkPosition, Body, Strings, StringCount,
	EntityIndex, ScopeIndex, Coordinate, Order, Allocator, Kind, Position, Disagrees, Records,
	Incomplete, Header, SegmentID, Frame, Effort, FrameBody, FrameLength, Torn, Batch, Lost,
	Shortened, SegmentMissing, Footer, PayloadHash, Chain, SequenceGap, Ranges, Renumbered, Lineage,
	Lookups, Stale, Segments,
}

// Known reports whether r is one of this package's reasons.
func (r Reason) Known() bool { return slices.Contains(reasons, r) }
