package commit

import (
	"slices"

	"github.com/thawlog/thaw/core/event"
)

// CheckEntity returns a [*NameError] unless name can be an entity's: an append is
// refused for it, and so is a question about that entity.
func CheckEntity(name string) error {
	if err := event.CheckName([]byte(name)); err != nil {
		return &NameError{"entity", err}
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

// check tells what is wrong with an entry by itself.
func (e *Entry) check() error {
	if err := CheckEntity(e.Entity); err != nil {
		return err
	}
	if err := event.CheckName([]byte(e.Scope)); err != nil {
		return &NameError{"scope", err}
	}
	if err := CheckKind(e.Kind, e.ReservedKind); err != nil {
		return err
	}
	const flags = event.FlagRequiresAck | event.FlagTransactional | event.FlagReplay
	switch {
	case len(e.Payload) == 0:
		return errPayload
	case len(e.Payload) > MaxPayload:
		return &LimitError{"payload bytes", uint64(len(e.Payload)), MaxPayload}
	case e.ID.IsZero():
		return ErrZeroID
	case e.Flags&^flags != 0:
		return ErrFlags
	case e.Timed && !validTime(e.TimeUS):
		return ErrTime
	}
	return nil
}

// named are the kinds that batpak keeps as they are in the system's and the effects'
// categories, apart from the markers of batches; it maps all others there to one
// of them when it reads a footer or an index.
var named = []event.Kind{
	event.SystemInit, event.SystemShutdown, event.SystemHeartbeat, event.SystemConfigChange,
	event.SystemCheckpoint, event.Tombstone,
	event.EffectError, event.EffectRetry, event.EffectAck, event.EffectBackpressure,
	event.EffectCancel, event.EffectConflict,
}

// CheckKind returns a [*KindError] unless an event may have the kind k: one of an
// application, or, where reserved allows it, one of those that have a name in the
// system's and the effects' categories. Markers of batches never are.
func CheckKind(k event.Kind, reserved bool) error {
	if k.Category() != 0x0 && k.Category() != 0xD {
		return nil
	}
	has := slices.Contains(named, k)
	if has && reserved {
		return nil
	}
	return &KindError{k, has}
}

func validTime(us int64) bool { return us >= 0 && us/1000 < MaxWallMS }
