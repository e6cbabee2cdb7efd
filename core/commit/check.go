package commit

import (
	"slices"

	"github.com/thawlog/thaw/core/event"
)

// CheckEntity returns a [*NameError] unless name is a valid name of an entity. Appends
// and queries both check it.
func CheckEntity(name string) error {
	if err := event.CheckName([]byte(name)); err != nil {
		return &NameError{Part: "entity", Err: err}
	}
	return nil
}

// CheckID returns [ErrZeroID] for the zero id.
func CheckID(id event.ID) error {
	if id.IsZero() {
		return ErrZeroID
	}
	return nil
}

// check returns why the entry is invalid regardless of the log, or nil.
func (e *Entry) check() error {
	if err := CheckEntity(e.Entity); err != nil {
		return err
	}
	if err := event.CheckName([]byte(e.Scope)); err != nil {
		return &NameError{Part: "scope", Err: err}
	}
	checkKind := CheckKind
	if e.ReservedKind {
		checkKind = CheckReservedKind
	}
	if err := checkKind(e.Kind); err != nil {
		return err
	}
	const flags = event.FlagRequiresAck | event.FlagTransactional | event.FlagReplay
	switch {
	case len(e.Payload) == 0:
		return errPayload
	case len(e.Payload) > MaxPayload:
		return &LimitError{What: "payload bytes", Got: uint64(len(e.Payload)), Max: MaxPayload}
	case e.ID.IsZero():
		return ErrZeroID
	case e.Flags&^flags != 0:
		return ErrFlags
	case e.Timed && !validTime(e.TimeUS):
		return ErrTime
	}
	return e.Meta.Check()
}

// Bytes returns what the entry adds to the limit [MaxBatchBytes].
func (e *Entry) Bytes() uint64 { return uint64(len(e.Payload) + e.Meta.Size()) }

// namedKinds lists the kinds that batpak preserves in the system's and the effects'
// categories, batch markers aside. batpak maps every other kind there to one of them
// when it reads a footer or an index.
var namedKinds = []event.Kind{
	event.SystemInit, event.SystemShutdown, event.SystemHeartbeat, event.SystemConfigChange,
	event.SystemCheckpoint, event.Tombstone,
	event.EffectError, event.EffectRetry, event.EffectAck, event.EffectBackpressure,
	event.EffectCancel, event.EffectConflict,
}

// CheckKind returns a [*KindError] unless k is a kind for applications.
func CheckKind(k event.Kind) error {
	if unreserved(k) {
		return nil
	}
	return &KindError{Kind: k, Named: slices.Contains(namedKinds, k)}
}

// CheckReservedKind returns a [*KindError] unless k is a kind for applications or one
// with a name in the system's and the effects' categories. It refuses batch markers.
func CheckReservedKind(k event.Kind) error {
	if unreserved(k) || slices.Contains(namedKinds, k) {
		return nil
	}
	return &KindError{Kind: k}
}

func unreserved(k event.Kind) bool { return k.Category() != 0x0 && k.Category() != 0xD }

func validTime(us int64) bool { return us >= 0 && us/1000 < MaxWallMS }
