package store

// Parts is how many parts a snapshot has.
func (s *Snapshot) Parts() int { return len(s.parts) }

// SegmentSize asks for the size of a segment as an index does that is judged.
func (s *Snapshot) SegmentSize(id uint64) (uint64, bool) { return s.listing.size(id) }
