package commit

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// idSet finds the records of a draft by id. It indexes records on lookup, so a session
// without keys costs nothing; [Log.Forget] bounds their number.
type idSet struct {
	draft   *artifact.Draft
	records map[event.ID]uint32 // the first record with an id
	indexed int                 // number of records indexed
}

// get returns the first record with an id.
func (s *idSet) get(id event.ID) (record int, ok bool) {
	s.extend()
	n, ok := s.records[id]
	return int(n), ok
}

// extend adds the draft's new records.
func (s *idSet) extend() {
	if s.records == nil && s.draft.Len() > 0 {
		s.records = make(map[event.ID]uint32)
	}
	for ; s.indexed < s.draft.Len(); s.indexed++ {
		id := s.draft.At(s.indexed).ID()
		if _, ok := s.records[id]; !ok {
			s.records[id] = uint32(s.indexed)
		}
	}
}

// truncate removes the records from number n on, which must still be in the draft.
func (s *idSet) truncate(n int) {
	for ; s.indexed > n; s.indexed-- {
		id := s.draft.At(s.indexed - 1).ID()
		if s.records[id] == uint32(s.indexed-1) {
			delete(s.records, id)
		}
	}
}
