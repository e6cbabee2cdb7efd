package storetest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/thawlog/thaw/host/typed"
)

// Projection is a read model to which events were handed; see [Project].
type Projection[P typed.Folder] struct {
	t       testing.TB
	model   P
	events  int
	at      int // the event that was refused
	err     error
	checked *bool
}

// Project hands events to a read model, as a projection does, up to the first error. It
// must be followed by Then or Fails.
func Project[P typed.Folder](t testing.TB, types *typed.Types, model P, events ...any) *Projection[P] {
	t.Helper()
	p := &Projection[P]{t: t, model: model, events: len(events), checked: newOutcome(t, types, nil, nil).checked}
	for i, e := range Events(t, types, events...) {
		if p.err = model.Apply(e); p.err != nil {
			p.at = i
			break
		}
	}
	return p
}

// Then compares the model with the expected one, field by field.
func (p *Projection[P]) Then(want P) {
	p.t.Helper()
	*p.checked = true
	if p.err != nil {
		p.t.Errorf("storetest: the projection refuses event %d: %v", p.at, p.err)
		return
	}
	assert.Equal(p.t, want, p.model, "storetest: the projection")
}

// Fails expects that the last of the events is refused with an error that is target, as
// errors.Is reports.
func (p *Projection[P]) Fails(target error) {
	p.t.Helper()
	*p.checked = true
	switch {
	case p.err == nil:
		p.t.Errorf("storetest: want the error %q, got none", target)
	case !errors.Is(p.err, target):
		p.t.Errorf("storetest: want the error %q, got %q at event %d", target, p.err, p.at)
	case p.at < p.events-1:
		p.t.Errorf("storetest: want the error %q at the last event, got it at event %d", target, p.at)
	}
}
