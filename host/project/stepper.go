package project

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Stepper moves a state one event at a time, and shows what each changes. It is for tests and
// tools, and not safe for concurrent use.
type Stepper[P typed.Folder] struct {
	reader host.Reader
	types  *typed.Types
	region host.Region
	state  P
	from   uint64
	last   json.RawMessage // the state as JSON, nil before the first step
	failed bool
}

// NewStepper returns a stepper over a region's events from the beginning. encoding/json must
// be able to encode the state.
func NewStepper[P typed.Folder](reader host.Reader, types *typed.Types, region host.Region, state P) *Stepper[P] {
	return &Stepper[P]{reader: reader, types: types, region: region, state: state}
}

// Step is what one event does to a state.
type Step struct {
	Event         typed.Envelope
	Before, After json.RawMessage
	// Changes are the differences between the two, in the order of their paths.
	Changes []Change
}

// String returns the event and the changes, one line each.
func (s Step) String() string {
	var b strings.Builder
	name := s.Event.Name
	if name == "" {
		name = s.Event.Kind.String()
	}
	fmt.Fprintf(&b, "%d %s %s", s.Event.Sequence, s.Event.Entity, name)
	for _, c := range s.Changes {
		b.WriteString("\n  " + c.String())
	}
	return b.String()
}

// State returns the state.
func (s *Stepper[P]) State() P { return s.state }

// Next applies the next event. At the end of the region it returns [io.EOF]; it can be called
// again when there may be more. An event that cannot be handled is an *[EventError] with the
// step; if Apply failed, every later call returns [ErrHalfChanged].
func (s *Stepper[P]) Next(ctx context.Context) (step Step, err error) {
	if s.failed {
		return step, ErrHalfChanged
	}
	if s.last == nil {
		if s.last, err = json.Marshal(s.state); err != nil {
			return step, err
		}
	}
	err = io.EOF
	for e, failed := range s.reader.Query(ctx, s.region, host.Page{From: s.from, Limit: 1}) {
		if err = failed; err == nil {
			step.Event.Full, err = s.reader.Read(ctx, e)
		}
	}
	if err != nil && !errors.Is(err, host.ErrErased) {
		return Step{}, err
	}
	envelope, refused := decode(s.types, step.Event.Full, err)
	step = Step{Event: envelope, Before: s.last, After: s.last}
	if applicable(s.state, refused) {
		if refused = apply(s.state, &envelope, refused); refused != nil {
			s.failed = true
		}
	}
	if refused != nil {
		return step, (&progress{name: "stepper"}).refusal(&envelope, refused)
	}
	s.from = envelope.Sequence + 1
	if s.last, err = json.Marshal(s.state); err != nil {
		return step, err
	}
	step.After = s.last
	step.Changes, err = differences(step.Before, step.After)
	return step, err
}

// applicable reports whether a state gets an event with this error of its decoding.
func applicable(state typed.Folder, refused error) bool {
	_, erased := state.(typed.ErasedFolder)
	return refused == nil || erased && errors.Is(refused, host.ErrErased)
}

// apply applies an event to a state, and turns a panic into an error.
func apply(state typed.Folder, e *typed.Envelope, refused error) (err error) {
	defer catch(&err)
	return typed.Apply(state, *e, refused)
}
