package commit

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// idSet finds the records of a draft by id. Records are filed when one is looked for,
// so a session without keys does not pay for it; [Log.Forget] bounds how many there are.
type idSet struct {
	draft   *artifact.Draft
	records map[event.ID]uint32 // the first record with an id
	filed   int                 // how many records of the draft are filed
}

// get returns the first record with an id.
func (s *idSet) get(id event.ID) (record int, ok bool) {
	if s.records == nil && s.draft.Len() > 0 {
		s.records = make(map[event.ID]uint32)
	}
	for ; s.filed < s.draft.Len(); s.filed++ {
		id := s.draft.At(s.filed).ID()
		if _, ok := s.records[id]; !ok {
			s.records[id] = uint32(s.filed)
		}
	}
	n, ok := s.records[id]
	return int(n), ok
}

// truncate forgets the records from number n on, which must still be in the draft.
func (s *idSet) truncate(n int) {
	for ; s.filed > n; s.filed-- {
		id := s.draft.At(s.filed - 1).ID()
		if s.records[id] == uint32(s.filed-1) {
			delete(s.records, id)
		}
	}
}
