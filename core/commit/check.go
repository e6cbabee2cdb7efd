package commit

import (
	"slices"

	"github.com/thawlog/thaw/core/event"
)

// check tells what is wrong with an entry by itself.
func (e *Entry) check() error {
	if err := event.CheckName([]byte(e.Entity)); err != nil {
		return &NameError{"entity", err}
	}
	if err := event.CheckName([]byte(e.Scope)); err != nil {
		return &NameError{"scope", err}
	}
	const flags = event.FlagRequiresAck | event.FlagTransactional | event.FlagReplay
	switch {
	case !appendable(e.Kind):
		return &KindError{e.Kind}
	case len(e.Payload) == 0:
		return ErrPayload
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

func appendable(k event.Kind) bool {
	return k.Category() != 0x0 && k.Category() != 0xD || slices.Contains(named, k)
}

func validTime(us int64) bool { return us >= 0 && us/1000 < MaxWallMS }
