// Package school subscribes students to courses, as an example of a decision that depends on
// two streams at once: a course has a number of places, and a student takes a number of
// courses at most. It is the example of dcb.events.
package school

import (
	"context"
	"errors"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/payload"
)

// The kinds of events. A course's own events are in its stream. A subscription is in the
// student's stream, with the course as its scope: so each event about a course has its name
// as the scope, and each event about a student has it as the entity.
const (
	defined      event.Kind = 0x1001 // a course, or its places changed
	subscribed   event.Kind = 0x2001
	unsubscribed event.Kind = 0x2002
)

// definition is the payload of defined.
type definition struct {
	Places int `msgpack:"places"`
}

// CoursesPerStudent is how many courses a student may take.
const CoursesPerStudent = 3

// Errors of [School.Subscribe] and [School.Unsubscribe].
var (
	ErrNoCourse   = errors.New("school: there is no such course")
	ErrFull       = errors.New("school: the course has no free place")
	ErrTooMany    = errors.New("school: the student takes as many courses as allowed")
	ErrSubscribed = errors.New("school: the student takes the course already")
	ErrNotThere   = errors.New("school: the student does not take the course")
)

// School keeps courses and students in a store. All methods are safe for concurrent use.
type School struct{ store *host.Store }

// Open opens the school in a directory. The caller passes the options, so that a test can
// pass another file system.
func Open(ctx context.Context, dir string, o host.Options) (*School, error) {
	store, err := host.Open(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	return &School{store}, nil
}

// Close closes the store.
func (s *School) Close() error { return s.store.Close() }

// Define adds a course, or changes its number of places.
func (s *School) Define(ctx context.Context, course string, places int) error {
	name := "course:" + course
	_, err := s.store.Append(ctx, event.At(name, name), defined, definition{places})
	return err
}

// Subscribe gives a student a place in a course.
func (s *School) Subscribe(ctx context.Context, course, student string) error {
	return s.decide(ctx, course, student, subscribed, func(now *view) error {
		places, err := now.places(ctx)
		if err != nil {
			return err
		}
		taken, err1 := now.subscriptions(ctx, host.Region{Scope: now.at.Scope})
		courses, err2 := now.subscriptions(ctx, host.Region{Entity: now.at.Entity})
		already, err3 := now.subscriptions(ctx, host.Region{Entity: now.at.Entity, Scope: now.at.Scope})
		switch err := errors.Join(err1, err2, err3); {
		case err != nil:
			return err
		case already > 0:
			return ErrSubscribed
		case taken >= places:
			return ErrFull
		case courses >= CoursesPerStudent:
			return ErrTooMany
		}
		return nil
	})
}

// Unsubscribe gives the place back.
func (s *School) Unsubscribe(ctx context.Context, course, student string) error {
	return s.decide(ctx, course, student, unsubscribed, func(now *view) error {
		n, err := now.subscriptions(ctx, host.Region{Entity: now.at.Entity, Scope: now.at.Scope})
		if err == nil && n == 0 {
			return ErrNotThere
		}
		return err
	})
}

// decide appends an event about a course and a student if rule agrees, and if nothing about
// either was appended after rule looked; otherwise it asks rule again.
func (s *School) decide(ctx context.Context, course, student string, kind event.Kind, rule func(now *view) error) error {
	at := event.At("student:"+student, "course:"+course)
	_, err := aggregate.Decide(ctx, s.store, nil, []host.Region{{Scope: at.Scope}, {Entity: at.Entity}},
		func(context.Context) ([]host.Item, error) {
			snapshot, err := s.store.Snapshot()
			if err != nil {
				return nil, err
			}
			defer snapshot.Close()
			return []host.Item{{At: at, Kind: kind}}, rule(&view{snapshot, at})
		})
	return err
}

// view is one moment of the school, for a decision about one student and one course.
type view struct {
	*host.Snapshot
	at event.Coordinate
}

// subscriptions returns how many subscriptions are in a region.
func (v *view) subscriptions(ctx context.Context, r host.Region) (int, error) {
	r.Kinds = event.Only(subscribed)
	began, err1 := v.Count(ctx, r, 0)
	r.Kinds = event.Only(unsubscribed)
	ended, err2 := v.Count(ctx, r, 0)
	return int(began) - int(ended), errors.Join(err1, err2)
}

// places returns how many places the course has.
func (v *view) places(ctx context.Context) (int, error) {
	state, err := v.State(ctx, v.at.Scope)
	if err != nil {
		return 0, err
	}
	if !state.Some {
		return 0, ErrNoCourse
	}
	d := definition{}
	for e, err := range v.Stream(ctx, v.at.Scope, host.StreamPage{From: state.Clock}) { // the last one
		if err != nil {
			return 0, err
		}
		full, err := v.Read(ctx, e)
		if err != nil {
			return 0, err
		}
		if err := payload.Unmarshal(full.Payload, &d); err != nil {
			return 0, err
		}
	}
	return d.Places, nil
}

// Students returns how many students take a course.
func (s *School) Students(ctx context.Context, course string) (int, error) {
	return s.count(ctx, host.Region{Scope: "course:" + course})
}

// Courses returns how many courses a student takes.
func (s *School) Courses(ctx context.Context, student string) (int, error) {
	return s.count(ctx, host.Region{Entity: "student:" + student})
}

func (s *School) count(ctx context.Context, r host.Region) (int, error) {
	snapshot, err := s.store.Snapshot()
	if err != nil {
		return 0, err
	}
	defer snapshot.Close()
	return (&view{Snapshot: snapshot}).subscriptions(ctx, r)
}
