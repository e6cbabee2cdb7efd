package query

import (
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
)

// First returns the first event with an id whose record accept admits, and that record.
// ok is false when there is none.
func (c *Cursor) First(id event.ID, accept func(artifact.Raw) bool) (e event.Event, r artifact.Raw, ok bool, err error) {
	record, ok, err := c.FindID(id, accept)
	if err != nil || !ok {
		return e, nil, false, err
	}
	if r, err = c.Single(record); err == nil {
		e, err = c.Event(r)
	}
	return e, r, err == nil, err
}

// At returns the event with a sequence. ok is false when the part has none.
func (c *Cursor) At(sequence uint64) (e event.Event, ok bool, err error) {
	record, err := c.After(sequence)
	if err != nil || record == c.Count() {
		return e, false, err
	}
	r, err := c.Record(record)
	if err != nil || r.Sequence() != sequence {
		return e, false, err
	}
	e, err = c.Event(r)
	return e, err == nil, err
}

// Effects calls f with the rising sequences of the visible events that id caused.
func (c *Cursor) Effects(id event.ID, f func(sequence uint64)) error {
	l, err := c.Caused(id)
	if err != nil {
		return err
	}
	return c.linked(l, id, artifact.Raw.Causation, f)
}

// Conversation returns the rising sequences of the visible events with a correlation id.
// The event with that id is among them unless it has another correlation id.
func (c *Cursor) Conversation(id event.ID) ([]uint64, error) {
	l, err := c.Correlated(id)
	if err != nil {
		return nil, err
	}
	var sequences []uint64
	err = c.linked(l, id, artifact.Raw.Correlation, func(sequence uint64) { sequences = append(sequences, sequence) })
	if err != nil {
		return nil, err
	}
	// An event whose correlation id is its own id is in no list.
	_, _, err = c.FindID(id, func(r artifact.Raw) bool {
		if r.Correlation() == id && c.Visible(r) {
			sequences = append(sequences, r.Sequence())
		}
		return false
	})
	slices.Sort(sequences)
	return sequences, err
}

// linked calls f with the sequences of a list's visible records whose field is id.
func (c *Cursor) linked(l index.List, id event.ID, field func(artifact.Raw) event.ID, f func(sequence uint64)) error {
	for i := range l.Len() {
		record, err := c.Item(l, i)
		if err != nil {
			return err
		}
		r, err := c.Record(record)
		if err != nil {
			return err
		}
		if field(r) == id && c.Visible(r) {
			f(r.Sequence())
		}
	}
	return nil
}
