package index

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// Tags hold a byte of the hash of every id in the hash table of ids. With them in memory,
// 1.7 bytes a record, the lookup of an id that an index does not have reads neither the table nor
// a record, save one in a hundred. A writer looks up the key of every event in every index
// file. The table alone would make it read three records in each.
//
// They hold the same of the names in their hash table: a writer looks up an entity in every
// index file until it finds the last event.
//
// The building of an index fills them in: see [Input]. They are not part of the file.
type Tags struct {
	seed     uint64
	tags     []byte // by slot, 0 is free
	nameSeed uint64
	names    []byte // by slot of secNameSlots
	// head is the header of the artifact, with its checksum: the tags of another file with
	// the same seed would hide events.
	head  [artifact.HeaderSize]byte
	bound bool
}

// Bind says which artifact the tags belong to. Without it no index uses them.
func (t *Tags) Bind(head [artifact.HeaderSize]byte) {
	if t.head, t.bound = head, len(t.tags) > 0; !t.bound {
		t.names = nil
	}
}

// Size returns the number of bytes that the tags take.
func (t *Tags) Size() int {
	if t == nil {
		return 0
	}
	return len(t.tags) + len(t.names)
}

// reset makes t tags of n slots of ids that are all free.
func (t *Tags) reset(seed, n uint64) { t.seed, t.tags = seed, make([]byte, n) }

// clear removes the tags of ids.
func (t *Tags) clear() { t.seed, t.tags, t.bound = 0, nil, false }

// set sets the tags of slots from number at on.
func (t *Tags) set(at uint64, slots []byte, hashes []uint32) {
	for i := range len(slots) / 4 {
		if binary.LittleEndian.Uint32(slots[4*i:]) != 0 {
			t.tags[at+uint64(i)] = tagOf(hashes[i])
		}
	}
}

// tagOf returns the tag of a hash: its low bits, since the high ones give the slot.
func tagOf(hash uint32) byte {
	if tag := byte(hash); tag != 0 {
		return tag
	}
	return 1
}

// SetTags makes lookups of ids use tags, unless those are of another index. Nobody may read
// the index yet.
func (t *Index) SetTags(tags *Tags) {
	if tags != nil && tags.bound && t.saved != nil && t.saved.h.head == tags.head && tags.seed == t.idSeed && uint64(len(tags.tags)) == slotsFor(uint64(t.records)) &&
		t.section[secIDSlots].Size() == 4*int64(len(tags.tags)) {
		t.tags = tags
	}
}

// Tags returns what SetTags set, nil for nothing.
func (t *Index) Tags() *Tags { return t.tags }

// DropTags makes lookups of ids read the table. Nobody may read the index yet.
func (t *Index) DropTags() { t.tags = nil }

// nameTags returns the tags of the slots of names, nil for none.
func (t *Index) nameTags(slots uint64) []byte {
	if t.tags == nil || t.tags.nameSeed != t.nameSeed || uint64(len(t.tags.names)) != slots {
		return nil
	}
	return t.tags.names
}

// findTagged is FindID with tags.
func (r *Reader) findTagged(id event.ID, accept func(artifact.Raw) bool) (record uint32, ok bool, err error) {
	tags := r.t.tags.tags
	n := uint64(len(tags))
	hi, lo := binary.BigEndian.Uint64(id[:]), binary.BigEndian.Uint64(id[8:])
	hash := hashID(hi, lo, r.t.idSeed)
	at, tag := slot(hash, n), tagOf(hash)
	for range min(n, maxProbe+1) {
		switch tags[at] {
		case 0:
			return 0, false, nil
		case tag:
			number, err := r.u32(secIDSlots, at)
			if err != nil {
				return 0, false, err
			}
			if number == 0 {
				return 0, false, ErrTable
			}
			rec, err := r.Single(number - 1)
			if err != nil {
				return 0, false, err
			}
			if rec.ID() == id && accept(rec) {
				return number - 1, true, nil
			}
		}
		if at++; at == n {
			at = 0
		}
	}
	return 0, false, nil
}
