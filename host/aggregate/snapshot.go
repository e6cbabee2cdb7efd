package aggregate

import (
	"encoding/binary"
	"fmt"
	"reflect"

	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host/payload"
	"github.com/thawlog/thaw/host/typed"
)

// A snapshot is, with numbers in little-endian:
//
//	offset  size  field    meaning
//	0       8     magic    "thawsna1"; other bytes are no snapshot
//	8       32    sum      BLAKE3 of everything after it
//	40      32    subject  BLAKE3 of what the snapshot is of: types, shape, version, entity
//	72      16    store    identity of the store
//	88      16    last     digest of the last event in it: see lastOf
//	104     4     clock    clock of that event
//	108     8     events   number of the entity's events up to that one
//	116           state    the state as package payload encodes it
type snapshot struct {
	subject [32]byte
	store   event.ID
	last    [16]byte
	clock   uint32
	events  uint64
	state   []byte
}

const (
	magic     = "thawsna1"
	offSum    = len(magic)
	offBody   = offSum + 32
	offStore  = offBody + 32
	offLast   = offStore + 16
	offClock  = offLast + 16
	offEvents = offClock + 4
	offState  = offEvents + 8

	// maxSnapshot is the length of the longest snapshot, in bytes.
	maxSnapshot = offState + payload.MaxSize
)

// lastOf returns the digest of the last event of a snapshot. Its id alone does not tell it from
// another event: it may be a key, which was used again after a backup was restored.
func lastOf(f *event.Facts) [16]byte {
	b := append(append(append(make([]byte, 0, 128), f.ID[:]...), f.PrevHash[:]...), f.EventHash[:]...)
	digest := blake3.Sum256(binary.LittleEndian.AppendUint64(b, f.WallMS))
	return [16]byte(digest[:16])
}

func (s *snapshot) encode() []byte {
	b := make([]byte, offBody, offState+len(s.state))
	b = append(b, s.subject[:]...)
	b = append(b, s.store[:]...)
	b = append(b, s.last[:]...)
	b = binary.LittleEndian.AppendUint32(b, s.clock)
	b = binary.LittleEndian.AppendUint64(b, s.events)
	b = append(b, s.state...)
	copy(b, magic)
	sum := blake3.Sum256(b[offBody:])
	copy(b[offSum:], sum[:])
	return b
}

// decodeSnapshot returns the snapshot in b. Its state aliases b.
func decodeSnapshot(b []byte) (s snapshot, err error) {
	if len(b) < offState || string(b[:offSum]) != magic || blake3.Sum256(b[offBody:]) != [32]byte(b[offSum:offBody]) {
		return s, ErrSnapshotDamaged
	}
	return snapshot{
		subject: [32]byte(b[offBody:offStore]),
		store:   event.ID(b[offStore:offLast]),
		last:    [16]byte(b[offLast:offClock]),
		clock:   binary.LittleEndian.Uint32(b[offClock:]),
		events:  binary.LittleEndian.Uint64(b[offEvents:]),
		state:   b[offState:],
	}, nil
}

// maker is what snapshots are made with: the types of events and state. The name has the path
// of the package: two packages may have one name, and types of one shape.
type maker struct{ types, shape, version, name string }

func newMaker(types *typed.Types, state reflect.Type, version string) maker {
	return maker{types: types.Fingerprint(), shape: typed.Shape(state), version: version, name: state.PkgPath() + " " + state.String()}
}

// subject returns the digest of what a snapshot of an entity is of.
func (m *maker) subject(entity string) [32]byte {
	return blake3.Sum256(fmt.Appendf(nil, "%q %q %q %q", m.types, m.shape, m.version, entity))
}

// cacheName returns the name of an entity's snapshot in the cache. One made with other types
// or another version has the same name, so that the next one replaces it.
func (m *maker) cacheName(entity string) string {
	digest := blake3.Sum256(fmt.Appendf(nil, "%q %q", m.name, entity))
	return fmt.Sprintf("%x", digest[:16])
}
