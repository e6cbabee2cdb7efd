package commit

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/strtab"
)

// idSet finds the records of a draft by id: open addressing over record numbers,
// at most half full, so 16 to 32 bytes an event. The ids themselves are in the
// draft. Beside each number stand bits of its id's hash, because a look into the
// draft is a miss in the cache: only ids that agree in them are compared, and
// slots are made anew without looking.
type idSet struct {
	draft *artifact.Draft
	seed  uint64
	slots []idSlot
	count int
}

// idSlot is hash bits above a record number + 1; 0 is free.
type idSlot uint64

func newIDSlot(hash, record uint32) idSlot { return idSlot(hash)<<32 | idSlot(record+1) }

func (n idSlot) record() int { return int(uint32(n)) - 1 }

// place is where the slot belongs, before the mask.
func (n idSlot) place() uint64 { return uint64(n >> 32) }

func (s *idSet) hash(id event.ID) uint32 {
	hi, lo := binary.BigEndian.Uint64(id[:]), binary.BigEndian.Uint64(id[8:])
	return uint32(strtab.Mix(strtab.Mix(lo^s.seed, 0x9E3779B97F4A7C15)^hi, 0xD6E8FEB86659FD93) >> 32)
}

// find returns the slot of id, or the free slot where it belongs.
func (s *idSet) find(id event.ID, hash uint32) (slot uint64, found bool) {
	mask := uint64(len(s.slots) - 1)
	hi, lo := binary.BigEndian.Uint64(id[:]), binary.BigEndian.Uint64(id[8:])
	for slot = uint64(hash) & mask; ; slot = (slot + 1) & mask {
		n := s.slots[slot]
		if n == 0 {
			return slot, false
		}
		if n.place() != uint64(hash) {
			continue
		}
		if h, l := s.draft.At(n.record()).IDHalves(); h == hi && l == lo {
			return slot, true
		}
	}
}

// get returns the first record with an id.
func (s *idSet) get(id event.ID) (record int, ok bool) {
	if s.count == 0 {
		return 0, false
	}
	slot, ok := s.find(id, s.hash(id))
	if !ok {
		return 0, false
	}
	return s.slots[slot].record(), true
}

// add files the draft's last record, unless its id is there.
func (s *idSet) add(id event.ID) {
	if 2*s.count >= len(s.slots) {
		s.grow()
	}
	hash := s.hash(id)
	if slot, found := s.find(id, hash); !found {
		s.slots[slot] = newIDSlot(hash, uint32(s.draft.Len()-1))
		s.count++
	}
}

func (s *idSet) grow() {
	old := s.slots
	s.slots = make([]idSlot, max(64, 2*len(old)))
	for _, n := range old {
		if n != 0 {
			s.put(n)
		}
	}
}

// put files what was taken out of another slot.
func (s *idSet) put(n idSlot) {
	mask := uint64(len(s.slots) - 1)
	slot := n.place() & mask
	for s.slots[slot] != 0 {
		slot = (slot + 1) & mask
	}
	s.slots[slot] = n
}

// truncate forgets the records from number n on, which must still be in the
// draft. Taking out the last ones can break the path to an earlier one only
// where the slots were made anew since, so the paths behind are laid again.
func (s *idSet) truncate(n int) {
	for record := s.draft.Len() - 1; record >= n; record-- {
		id := s.draft.At(record).ID()
		slot, found := s.find(id, s.hash(id))
		if !found || s.slots[slot].record() != record {
			continue
		}
		s.remove(slot)
	}
}

// remove frees a slot and moves up those behind it that it held back.
func (s *idSet) remove(slot uint64) {
	mask := uint64(len(s.slots) - 1)
	s.slots[slot] = 0
	s.count--
	for at := (slot + 1) & mask; s.slots[at] != 0; at = (at + 1) & mask {
		n := s.slots[at]
		s.slots[at] = 0
		s.put(n)
	}
}
