package react

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Reaction is one event that follows from a trigger.
type Reaction struct {
	At event.Coordinate
	// Value is of a type of the registry.
	Value any
	// Options are those of the append. The event is in the trigger's conversation unless
	// host.Correlated names another one. Its metadata is the trigger's, with the entries of
	// host.WithMeta added. Run sets the cause, the trigger, and the key: host.CausedBy,
	// host.CausedByItem and host.WithKey have no effect. With host.Expect or host.Unless the
	// handler is asked again after a conflict.
	Options []host.AppendOption
}

// Entries of a reaction's metadata.
const (
	// MetaReactor is the name of the reactor.
	MetaReactor = "reactor"
	// MetaDepth is how many reactions lead to this one, itself included: 1 for a reaction to
	// an event that is none.
	MetaDepth = "reactor-depth"
)

// family returns the beginning that the ids of a trigger's reactions have in common.
func family(trigger event.ID, name string) event.ID {
	id := host.KeyOf("thaw reaction\x00" + string(trigger[:]) + name)
	clear(id[itemAt:])
	return id
}

// itemAt is where the number of the reaction lies in its id, in 4 bytes, big-endian. The 12
// bytes before it are of a digest: two of them do not collide in practice.
const itemAt = 12

// keyOf returns the id of a reaction. Ids are in stores, so this must not change.
func keyOf(family event.ID, item int) event.ID {
	binary.BigEndian.PutUint32(family[itemAt:], uint32(item))
	return family
}

// isReaction reports whether an event is a reaction of the reactor with this name. It goes by
// the id, which no other event has; metadata may have been carried on to other events.
func isReaction(e *event.Event, name string) bool {
	if e.Causation.IsZero() {
		return false
	}
	id := e.ID
	clear(id[itemAt:])
	return id == family(e.Causation, name)
}

// items returns the batch of the reactions to a trigger.
func items(types *typed.Types, name string, maxDepth int, trigger *typed.Envelope, reactions []Reaction) ([]host.Item, error) {
	depth := 1
	if text := trigger.Meta.Get(MetaDepth); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n >= maxDepth {
			return nil, fmt.Errorf("%w: a reaction to one of depth %q, where %d is allowed", ErrDepth, text, maxDepth)
		}
		depth += n
	}
	conversation := trigger.Correlation
	if conversation.IsZero() { // as another program may write it
		conversation = trigger.ID
	}
	family := family(trigger.ID, name)
	batch := make([]host.Item, len(reactions))
	for i, r := range reactions {
		meta := trigger.Meta
		for _, o := range r.Options {
			if m, ok := o.Meta(); ok {
				meta = trigger.Meta
				for key, value := range m.All() {
					meta = meta.With(key, value)
				}
			}
		}
		meta = meta.With(MetaReactor, name).With(MetaDepth, strconv.Itoa(depth))
		options := append([]host.AppendOption{host.Correlated(conversation)}, r.Options...)
		options = append(options, host.CausedBy(trigger.ID), host.WithKey(keyOf(family, i)), host.WithMeta(meta))
		var err error
		if batch[i], err = types.Item(r.At, r.Value, options...); err != nil {
			return nil, &host.ItemError{Item: i, Err: err}
		}
	}
	return batch, nil
}
