package commit

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/strtab"
)

// idSet finds the records of a draft by id: open addressing over record numbers,
// at most half full, so 8 to 16 bytes an event. The ids themselves are in the
// draft. Records are filed when one is looked for, so a session without keys does
// not pay for it.
type idSet struct {
	draft *artifact.Draft
	seed  uint64
	slots []uint32 // record number + 1, 0 is free
	count int
	filed int // how many records of the draft are filed
}

func (s *idSet) place(id event.ID) uint64 {
	hi, lo := binary.BigEndian.Uint64(id[:]), binary.BigEndian.Uint64(id[8:])
	return strtab.Mix(strtab.Mix(lo^s.seed, 0x9E3779B97F4A7C15)^hi, 0xD6E8FEB86659FD93)
}

// find returns the slot of id, or the free slot where it belongs.
func (s *idSet) find(id event.ID) (slot uint64, found bool) {
	mask := uint64(len(s.slots) - 1)
	hi, lo := binary.BigEndian.Uint64(id[:]), binary.BigEndian.Uint64(id[8:])
	for slot = s.place(id) & mask; ; slot = (slot + 1) & mask {
		n := s.slots[slot]
		if n == 0 {
			return slot, false
		}
		if h, l := s.draft.At(int(n - 1)).IDHalves(); h == hi && l == lo {
			return slot, true
		}
	}
}

// get returns the first record with an id.
func (s *idSet) get(id event.ID) (record int, ok bool) {
	for ; s.filed < s.draft.Len(); s.filed++ {
		s.file(s.filed)
	}
	if s.count == 0 {
		return 0, false
	}
	slot, ok := s.find(id)
	if !ok {
		return 0, false
	}
	return int(s.slots[slot] - 1), true
}

// file files a record, unless an earlier one has its id.
func (s *idSet) file(record int) {
	if 2*s.count >= len(s.slots) {
		s.grow()
	}
	if slot, found := s.find(s.draft.At(record).ID()); !found {
		s.slots[slot] = uint32(record) + 1
		s.count++
	}
}

func (s *idSet) grow() {
	old := s.slots
	s.slots = make([]uint32, max(64, 2*len(old)))
	mask := uint64(len(s.slots) - 1)
	for _, n := range old {
		if n == 0 {
			continue
		}
		slot := s.place(s.draft.At(int(n-1)).ID()) & mask
		for s.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		s.slots[slot] = n
	}
}

// truncate forgets the records from number n on, which must still be in the
// draft. Taking out the last ones can break the path to an earlier one only
// where the slots were made anew since, so the paths behind are laid again.
func (s *idSet) truncate(n int) {
	for record := s.filed - 1; record >= n; record-- {
		slot, found := s.find(s.draft.At(record).ID())
		if !found || s.slots[slot] != uint32(record)+1 {
			continue
		}
		s.remove(slot)
	}
	s.filed = min(s.filed, n)
}

// remove frees a slot and moves up those behind it that it held back.
func (s *idSet) remove(slot uint64) {
	mask := uint64(len(s.slots) - 1)
	s.slots[slot] = 0
	s.count--
	for at := (slot + 1) & mask; s.slots[at] != 0; at = (at + 1) & mask {
		n := s.slots[at]
		s.slots[at] = 0
		to := s.place(s.draft.At(int(n-1)).ID()) & mask
		for s.slots[to] != 0 {
			to = (to + 1) & mask
		}
		s.slots[to] = n
	}
}
