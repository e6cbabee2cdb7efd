package gate

import (
	"errors"

	"github.com/thawlog/thaw/core/event"
)

// ErrBypass: a [Bypass] lacks its reason or its justification.
var ErrBypass = errors.New("gate: a bypass needs a reason and a justification")

// Bypass is why an append is not judged: the only way past a policy. Both texts go into the
// metadata of its events.
type Bypass struct {
	// Reason is a name for the kind of bypass, such as "migration", of 1 to 4096 bytes.
	Reason string
	// Justification says why it is right this time, in 1 to 4096 bytes.
	Justification string
}

// Check returns [ErrBypass] unless b has a reason and a justification.
func (b Bypass) Check() error {
	if b.Reason == "" || b.Justification == "" {
		return ErrBypass
	}
	return nil
}

// Keys of the metadata of events that no gate has judged.
const (
	MetaBypass        = "gate.bypass"        // Bypass.Reason
	MetaJustification = "gate.justification" // Bypass.Justification
	MetaActor         = "gate.actor"         // Actor.ID
)

// Mark returns the metadata with what says that an event was not judged.
func (b Bypass) Mark(m event.Meta, actor Actor) event.Meta {
	entries := map[string]string{}
	for k, v := range m.All() {
		entries[k] = v
	}
	entries[MetaBypass], entries[MetaJustification], entries[MetaActor] = b.Reason, b.Justification, actor.ID
	return event.NewMeta(entries)
}

// Unmark returns the metadata without what Mark adds. Metadata is passed on from an event to
// those that follow from it, and says nothing of how these were let in.
func Unmark(m event.Meta) event.Meta {
	entries, marked := map[string]string(nil), false
	for k := range m.All() {
		marked = marked || mark(k)
	}
	if !marked {
		return m
	}
	entries = map[string]string{}
	for k, v := range m.All() {
		if !mark(k) {
			entries[k] = v
		}
	}
	return event.NewMeta(entries)
}

func mark(key string) bool { return key == MetaBypass || key == MetaJustification || key == MetaActor }
