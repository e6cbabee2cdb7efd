package metamorphic

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

var ctx = context.Background()

// names translates between the ids that a store made and the numbers of its events, which
// are the ids of the model. A nil *names is for the model itself.
type names struct {
	made   map[event.ID]event.ID // by number
	number map[event.ID]event.ID // by what was made
	// store is the model's identity of the store, which has another one after a fork.
	store, storeMade event.ID
}

func newNames() *names {
	return &names{made: map[event.ID]event.ID{}, number: map[event.ID]event.ID{}}
}

// numbered is the id of the n-th event of a script.
func numbered(n int) (id event.ID) {
	binary.BigEndian.PutUint64(id[:], 0x5c_5c_5c_5c_5c_5c_5c_5c)
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

// serial is n of numbered(n).
func serial(id event.ID) uint64 { return binary.BigEndian.Uint64(id[8:]) }

func (n *names) learn(number, made event.ID) { n.made[number], n.number[made] = made, number }

// to returns the id that the store knows.
func (n *names) to(id event.ID) event.ID {
	if n != nil {
		if made, ok := n.made[id]; ok {
			return made
		}
	}
	return id
}

// from returns the id of the model.
func (n *names) from(id event.ID) event.ID {
	if n != nil {
		if number, ok := n.number[id]; ok {
			return number
		}
	}
	return id
}

// answer collects what one question is answered.
type answer struct {
	reader host.Reader
	names  *names
	text   []byte
	framed bool // whether the events were read from their frames
}

func (a *answer) say(format string, args ...any) { a.text = fmt.Appendf(a.text, format+"\n", args...) }

func (a *answer) event(e *event.Event) {
	a.text = fmt.Appendf(a.text, "%d %s/%s %v clock %d wall %d id %v of %v by %v hashes %x %x\n", e.Sequence, e.Entity, e.Scope, e.Kind, e.Clock,
		e.WallMS, a.names.from(e.ID), a.names.from(e.Correlation), a.names.from(e.Causation), e.PrevHash[:4], e.EventHash[:4])
}

func (a *answer) full(f *event.Full) {
	a.event(&f.Event)
	a.say("  at %d %v size %d flags %d meta %v content %x: %x", f.TimestampUS, f.Timed, f.PayloadSize, f.Flags, f.Meta, f.ContentHash[:4], f.Payload)
}

// events lists an iteration, and what ReadEach makes of it if the question is about payloads.
func (a *answer) events(all iter.Seq2[event.Event, error]) (last event.Event, n int) {
	for e, err := range all {
		if err != nil {
			a.say("%s", class(err))
			break
		}
		a.event(&e)
		last = e
		n++
	}
	if a.framed {
		for f, err := range a.reader.ReadEach(ctx, all) {
			if err != nil {
				a.say("%s %d", class(err), f.Sequence)
				if errors.Is(err, host.ErrErased) {
					continue
				}
				break
			}
			a.full(&f)
		}
	}
	return last, n
}

// whole is a page without a limit for the model: all pages of a query are the query without.
func (a *answer) whole(p host.Page) host.Page {
	if a.names == nil {
		p.Limit = 0
	}
	return p
}

// classes are the errors that questions and appends of a script can have.
var classes = []struct {
	name string
	is   func(error) bool
}{
	{"not found", func(err error) bool { return errors.Is(err, host.ErrNotFound) }},
	{"redacted", func(err error) bool { return errors.Is(err, host.ErrRedacted) }},
	{"zero id", func(err error) bool { return errors.Is(err, host.ErrZeroID) }},
	{"name", func(err error) bool { return is[*host.NameError](err) }},
	{"expectation", func(err error) bool { return is[*host.ExpectError](err) }},
	{"kind", func(err error) bool { return is[*host.KindError](err) }},
	{"time", func(err error) bool { return errors.Is(err, host.ErrTime) }},
	{"no region", func(err error) bool { return errors.Is(err, host.ErrNoRegion) }},
	{"position", func(err error) bool { return is[*host.PositionError](err) }},
}

func is[T error](err error) bool {
	var of T
	return errors.As(err, &of)
}

// class is the class of an error: a name of classes, or what it says of an earlier event.
// The plugin's errors are of other types; their texts have those of the classes.
func class(err error) string {
	if err == nil {
		return ""
	}
	var condition *host.ConditionError
	if errors.As(err, &condition) {
		return fmt.Sprintf("condition %d", condition.Sequence)
	}
	var key *host.KeyError
	if errors.As(err, &key) {
		return fmt.Sprintf("key %d %v partial %v", key.Sequence, key.Differs, key.Partial)
	}
	for _, c := range classes {
		if c.is(err) {
			return c.name
		}
	}
	return "unclassed: " + err.Error()
}

// question is asked of every reader.
type question struct {
	text string
	ask  func(a *answer)
	// want is the model's answer.
	want string
}

// of returns a reader's answer.
func (q *question) of(r host.Reader, n *names) string {
	a := answer{reader: r, names: n}
	q.ask(&a)
	return string(a.text)
}

var (
	entities = []string{"order:1", "order:2", "cart:1", "cart:12", "übung", "o"}
	scopes   = []string{"shop:eu", "shop:us", "s"}
	kinds    = []event.Kind{0x1000, 0x1001, 0x1FFF, 0xE001, event.EffectRetry}
	sets     = []event.Kinds{
		{}, {}, event.Only(0x1001), event.InCategory(0xE), event.AnyOf(0x1000, 0xE001), event.AnyOf(), event.Only(0x2222),
	}
)

func one[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// chance is true once in n times.
func chance(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }

// region draws a region. timed says whether it may be about times.
func region(r *rand.Rand, m *model, timed bool) (q host.Region) {
	switch r.IntN(5) {
	case 0:
		q.Entity = one(r, append(entities, "nobody"))
	case 1:
		q.EntityPrefix = one(r, []string{"o", "order:", "cart:1", "ü", "nobody"})
	}
	if chance(r, 3) {
		q.Scope = one(r, append(scopes, "none"))
	}
	q.Kinds = one(r, sets)
	if chance(r, 5) {
		low := uint32(r.IntN(6))
		q.Clocks = host.ClocksBetween(low, low+uint32(r.IntN(5)))
	}
	if timed && chance(r, 4) && len(m.events) > 0 {
		at := time.UnixMicro(one(r, m.events).TimestampUS)
		if chance(r, 2) {
			q.Since = at
		} else {
			q.Until = at
		}
	}
	return q
}

// page draws a page.
func page(r *rand.Rand, m *model) (p host.Page) {
	if chance(r, 2) {
		p.From = r.Uint64N(m.next + 2)
	}
	if chance(r, 3) {
		p.To = r.Uint64N(m.next + 2)
	}
	if chance(r, 3) {
		p.Limit = 1 + r.IntN(6)
	}
	p.Reverse = chance(r, 2)
	return p
}

// questions draws n questions, and asks the model.
func questions(r *rand.Rand, m *model, n int) (all []question) {
	for range n {
		q := ask(r, m)
		q.want = q.of(m, nil)
		all = append(all, q)
	}
	return all
}

// someID draws an id: of an event mostly.
func someID(r *rand.Rand, m *model) event.ID {
	switch {
	case chance(r, 12):
		return event.ID{}
	case len(m.events) == 0 || chance(r, 10):
		return numbered(1 << 29)
	}
	return one(r, m.events).ID
}

func ask(r *rand.Rand, m *model) question {
	framed := chance(r, 3)
	switch r.IntN(15) {
	case 0, 1, 2:
		reg, p := region(r, m, true), page(r, m)
		return question{text: fmt.Sprintf("query %+v %+v", reg, p), ask: func(a *answer) {
			a.framed = framed
			a.events(a.reader.Query(ctx, reg, p))
		}}
	case 3:
		reg, p := region(r, m, true), page(r, m)
		p.Limit = 1 + r.IntN(4)
		return question{text: fmt.Sprintf("pages %+v %+v", reg, p), ask: func(a *answer) {
			for p, ok := a.whole(p), true; ok; {
				last, n := a.events(a.reader.Query(ctx, reg, p))
				if n < p.Limit || p.Limit == 0 {
					break
				}
				p, ok = p.Next(last)
			}
		}}
	case 4:
		reg, from := region(r, m, true), r.Uint64N(m.next+2)
		return question{text: fmt.Sprintf("count %+v from %d", reg, from), ask: func(a *answer) {
			n, err := a.reader.Count(ctx, reg, from)
			a.say("%d %s", n, class(err))
		}}
	case 5, 6:
		entity, p := one(r, append(entities, "nobody")), streamPage(r)
		return question{text: fmt.Sprintf("stream %s %+v", entity, p), ask: func(a *answer) {
			for p, ok := p, true; ok; {
				if a.names == nil {
					p.Limit = 0 // as in whole
				}
				last, n := a.events(a.reader.Stream(ctx, entity, p))
				if n == 0 || p.Limit == 0 || n < p.Limit {
					break
				}
				p, ok = p.Next(last)
			}
		}}
	case 7:
		entity := one(r, append(entities, "nobody"))
		return question{text: "state of " + entity, ask: func(a *answer) {
			s, err := a.reader.State(ctx, entity)
			a.say("%v %s", s, class(err))
		}}
	case 8:
		sequence := r.Uint64N(m.next + 2)
		return question{text: fmt.Sprint("at ", sequence), ask: func(a *answer) {
			e, err := a.reader.At(ctx, sequence)
			if a.say("%s", class(err)); err == nil {
				a.event(&e)
				f, err := a.reader.Read(ctx, e)
				if a.say("%s", class(err)); err == nil {
					a.full(&f)
				}
			}
		}}
	case 9:
		id := someID(r, m)
		return question{text: fmt.Sprint("get ", id), ask: func(a *answer) {
			f, err := a.reader.Get(ctx, a.names.to(id))
			if a.say("%s", class(err)); err == nil {
				a.full(&f)
			}
		}}
	case 10:
		id, depth := someID(r, m), r.IntN(4)
		return question{text: fmt.Sprintf("ancestors and effects of %v to %d", id, depth), ask: func(a *answer) {
			a.framed = framed
			a.events(a.reader.Ancestors(ctx, a.names.to(id), depth))
			a.events(a.reader.Effects(ctx, a.names.to(id), depth))
		}}
	case 11:
		id := someID(r, m)
		return question{text: fmt.Sprint("correlated ", id), ask: func(a *answer) {
			a.framed = framed
			a.events(a.reader.Correlated(ctx, a.names.to(id)))
		}}
	case 12:
		id := someID(r, m)
		o := host.GraphOptions{Depth: r.IntN(4), Limit: r.IntN(2) * (1 + r.IntN(5)), Direction: host.GraphDirection(r.IntN(3)), Payloads: framed}
		return question{text: fmt.Sprintf("graph of %v %+v", id, o), ask: func(a *answer) {
			for l, err := range a.reader.Graph(ctx, a.names.to(id), o) {
				if err != nil {
					a.say("%s", class(err))
					break
				}
				a.say("%d away", l.Distance)
				if o.Payloads {
					a.full(&l.Full)
				} else {
					a.event(&l.Event)
				}
			}
		}}
	case 13:
		prefix, p := one(r, []string{"", "", "o", "cart:1", "shop", "nobody"}), host.NamePage{Limit: r.IntN(3), After: one(r, []string{"", "cart:1", "p"})}
		return question{text: fmt.Sprintf("lists %q %+v", prefix, p), ask: func(a *answer) {
			list(a, a.reader.Entities(ctx, prefix, p))
			list(a, a.reader.Scopes(ctx, prefix, p))
			list(a, a.reader.Kinds(ctx))
		}}
	}
	return question{text: "position and report", ask: func(a *answer) {
		p, err := a.reader.Position(ctx)
		report := a.reader.Report()
		if a.names != nil && p.Store == a.names.storeMade {
			p.Store = a.names.store
		}
		a.say("%v %d %s, %d events, %d hidden, next %d, %d damages", p.Store, p.Sequence, class(err), report.Events,
			report.Hidden, report.NextSequence, len(report.Damages))
	}}
}

func streamPage(r *rand.Rand) (p host.StreamPage) {
	if chance(r, 2) {
		p.From = uint32(r.IntN(6))
	}
	if chance(r, 3) {
		p.To = uint32(r.IntN(9))
	}
	p.Limit, p.Reverse = r.IntN(2)*(1+r.IntN(4)), chance(r, 2)
	return p
}

func list[T any](a *answer, all iter.Seq2[T, error]) {
	for item, err := range all {
		if err != nil {
			a.say("%s", class(err))
			return
		}
		a.say("%+v", item)
	}
}

// difference returns the lines in which two answers differ.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("line %d of %d (want %d)\ngot  %s\nwant %s", i+1, len(g), len(w), a, b)
		}
	}
	return "no difference"
}
