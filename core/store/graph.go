package store

import (
	"errors"
	"iter"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// GraphDirection says which way a graph goes from its event.
type GraphDirection uint8

// The directions of a graph.
const (
	CausesAndEffects GraphDirection = iota
	CausesOnly
	EffectsOnly
)

// GraphOptions bound a graph. The zero GraphOptions is the whole graph without payloads.
type GraphOptions struct {
	// Depth bounds the distance in both directions, 0 for no bound.
	Depth int
	// Limit is the maximum number of links, 0 for no limit. Memory grows with the number of
	// links, some 100 bytes each, and not with the number of effects that Limit cuts off.
	Limit int
	// Direction says whether causes, effects or both are wanted.
	Direction GraphDirection
	// Payloads reads the frames too, as ReadEach does: a payload is valid until the loop's
	// next step. Without it only Link.Event is set.
	Payloads bool
}

// Link is an event of a graph. Its edge leads from its cause, Causation, to itself.
type Link struct {
	event.Full
	// Distance is the number of edges to the event that was asked about: negative for causes,
	// positive for effects, 0 for the event itself.
	Distance int
	// Cut is set in the last link of a graph that reached Limit: how many direct causes and
	// effects of its links, within Depth, it leaves out. Their own are not counted. An event
	// to which a circle of causes leads again counts here.
	Cut uint64
}

// Graph returns an event, its causes, nearest first, and its effects, nearest first and by
// sequence at one distance. Each direction returns an event once, so circles end. The event
// itself may be missing from the store, when it caused others; [ErrNotFound] is the error when
// it neither is there nor caused any. The zero id is [commit.ErrZeroID]. The first error ends
// the iteration.
func (s *Snapshot) Graph(id event.ID, o GraphOptions) iter.Seq2[Link, error] {
	return func(yield func(Link, error) bool) {
		if err := commit.CheckID(id); err != nil {
			yield(Link{}, err)
			return
		}
		links := func(yield func(Link, error) bool) {
			g := graph{s: s, o: o, cursors: s.cursors(), left: o.Limit, yield: yield}
			if err := g.walk(id); err != nil && err != errGraphEnds {
				yield(Link{}, err)
			}
		}
		if o.Payloads {
			s.readLinks(links, yield)
		} else {
			links(yield)
		}
	}
}

// readLinks yields links with their frames.
func (s *Snapshot) readLinks(links iter.Seq2[Link, error], yield func(Link, error) bool) {
	var ahead []Link // those that ReadEach has taken and not returned
	events := func(yield func(event.Event, error) bool) {
		for l, err := range links {
			if err == nil {
				ahead = append(ahead, l)
			}
			if !yield(l.Event, err) {
				return
			}
		}
	}
	for full, err := range s.ReadEach(events) {
		if err != nil {
			yield(Link{}, err)
			return
		}
		l := ahead[0]
		ahead = ahead[1:]
		if l.Full = full; !yield(l, nil) {
			return
		}
	}
}

// errGraphEnds ends a walk without an error.
var errGraphEnds = errors.New("store: the graph ends")

// graph is the walk of one graph.
type graph struct {
	s       *Snapshot
	o       GraphOptions
	cursors *cursors
	left    int // links until Limit, unless that is 0
	yield   func(Link, error) bool

	// cause is the next cause, zero for none.
	cause event.ID
	// parents are the links whose effects are being returned, unread how many of these are
	// left, and children those of them that were returned.
	parents, children []event.ID
	unread            int
	distance          int // of the children
}

func (g *graph) walk(id event.ID) error {
	e, err := g.s.Get(id)
	known := err == nil
	if err != nil && err != ErrNotFound {
		return err
	}
	if g.o.Direction != CausesOnly {
		g.parents, g.distance = []event.ID{id}, 1
		if _, g.unread, err = g.cursors.caused(g.parents, 1); err != nil {
			return err
		}
		if !known && g.unread == 0 {
			return ErrNotFound
		}
	} else if !known {
		return ErrNotFound
	}
	if known {
		g.follow(e, 0, nil)
		if err := g.emit(e, 0); err != nil {
			return err
		}
		if err := g.causes(e); err != nil {
			return err
		}
	}
	g.cause = event.ID{}
	if g.o.Direction == CausesOnly {
		return nil
	}
	return g.effects(id)
}

// follow sets the next cause after an event at a distance.
func (g *graph) follow(e event.Event, distance int, seen map[event.ID]bool) {
	g.cause = e.Causation
	if g.o.Direction == EffectsOnly || g.beyond(distance+1) || seen[e.Causation] || e.Causation == e.ID {
		g.cause = event.ID{}
	}
}

// beyond reports whether a distance is above Depth.
func (g *graph) beyond(distance int) bool { return g.o.Depth > 0 && distance > g.o.Depth }

func (g *graph) causes(e event.Event) (err error) {
	seen := map[event.ID]bool{e.ID: true}
	for distance := 1; !g.cause.IsZero(); distance++ {
		if e, err = g.s.Get(g.cause); err == ErrNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		seen[e.ID] = true
		g.follow(e, distance, seen)
		if err := g.emit(e, -distance); err != nil {
			return err
		}
	}
	return nil
}

func (g *graph) effects(id event.ID) error {
	seen := map[event.ID]bool{id: true}
	for ; len(g.parents) > 0 && !g.beyond(g.distance); g.distance++ {
		g.children = nil
		// With a limit, some may be of events seen before.
		if err := g.level(seen, g.left+len(seen)); err != nil {
			return err
		}
		if g.unread > 0 { // ids that several events have
			if err := g.level(seen, 0); err != nil {
				return err
			}
		}
		g.parents = g.children
	}
	return nil
}

// level returns the effects of the parents that were not seen before, of the first most of
// them if there is a limit and most is not 0.
func (g *graph) level(seen map[event.ID]bool, most int) error {
	if g.o.Limit <= 0 {
		most = 0
	}
	sequences, total, err := g.cursors.caused(g.parents, most)
	if err != nil {
		return err
	}
	g.unread = total
	for _, sequence := range sequences {
		e, err := g.cursors.at(sequence)
		if err != nil {
			return err
		}
		g.unread--
		if seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		g.children = append(g.children, e.ID)
		if err := g.emit(e, g.distance); err != nil {
			return err
		}
	}
	return nil
}

// emit yields one link.
func (g *graph) emit(e event.Event, distance int) (err error) {
	l := Link{Full: event.Full{Event: e}, Distance: distance}
	g.left--
	if g.o.Limit > 0 && g.left == 0 {
		if l.Cut, err = g.cut(); err != nil {
			return err
		}
	}
	if !g.yield(l, nil) || g.o.Limit > 0 && g.left == 0 {
		return errGraphEnds
	}
	return nil
}

// cut returns how many direct causes and effects of the links so far were not returned.
func (g *graph) cut() (n uint64, err error) {
	if !g.cause.IsZero() {
		switch _, err := g.s.Get(g.cause); err {
		case nil:
			n++
		case ErrNotFound:
		default:
			return 0, err
		}
	}
	n += uint64(g.unread)
	if len(g.children) > 0 && !g.beyond(g.distance+1) {
		_, more, err := g.cursors.caused(g.children, 1)
		if err != nil {
			return 0, err
		}
		n += uint64(more)
	}
	return n, nil
}
