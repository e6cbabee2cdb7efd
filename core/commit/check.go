package commit

import "github.com/thawlog/thaw/core/event"

// check tells what is wrong with an entry by itself.
func (e *Entry) check() error {
	if err := e.Coordinate.Check(); err != nil {
		return err
	}
	const flags = event.FlagRequiresAck | event.FlagTransactional | event.FlagReplay
	switch {
	case !appendable(e.Kind):
		return ErrKind
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

// appendable reports whether batpak keeps a kind as it is: it maps kinds of the
// system's and the effects' categories that have no name to others. Markers are
// not events.
func appendable(k event.Kind) bool {
	switch k.Category() {
	case 0x0:
		switch k {
		case event.SystemInit, event.SystemShutdown, event.SystemHeartbeat,
			event.SystemConfigChange, event.SystemCheckpoint, event.Tombstone:
			return true
		}
		return false
	case 0xD:
		switch k {
		case event.EffectError, event.EffectRetry, event.EffectAck,
			event.EffectBackpressure, event.EffectCancel, event.EffectConflict:
			return true
		}
		return false
	}
	return true
}

func validTime(us int64) bool { return us >= 0 && us/1000 < MaxWallMS }
