package metamorphic

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// script is what every configuration does, and what must come of it.
type script struct {
	seed  uint64
	steps []step
}

// step is one step of a script.
type step struct {
	sort sort
	// items are appended, under one time.
	items []item
	now   time.Time
	// atomic says that the items of a refused step go together, in a batch or a fence;
	// otherwise those before the refused one are written.
	atomic bool
	// refused is the class of the error, "" for none. Then the last item is refused.
	refused string
	// want are the events that come of it, repeated which of them were there before.
	want     []event.Full
	repeated bool
	// questions are asked after the step.
	questions []question
	// events are the model's after the step, for followers.
	events []event.Full
	// verdict is what becomes of the events of region with sequences below end.
	verdict host.Verdict
	region  host.Region
	end     uint64
}

// judge is the judgement of a removal.
func (s *step) judge(e event.Event) host.Verdict {
	if e.Sequence >= s.end || !s.region.Has(&e) || e.Kind == event.Tombstone {
		return host.KeepEvent
	}
	return s.verdict
}

// sort says what a step does.
type sort uint8

const (
	appends   sort = iota // and all of it is written
	refusal               // appends of which the last is refused
	cancelled             // a fence that is cancelled: nothing
	repeats               // a unit again under its keys
	syncs
	stops // the configuration's way to stop and go on
	checks
	removes // a compaction that removes events, in every configuration
)

func (s *step) String() string {
	text := []string{"append", "refusal", "cancelled fence", "repetition", "sync", "stop", "check", "removal"}[s.sort]
	for _, it := range s.items {
		text += fmt.Sprintf("\n    %v", it)
	}
	if s.sort == removes {
		text += fmt.Sprintf(" %v of %v below %d", s.verdict, s.region, s.end)
	}
	if s.refused != "" {
		text += "\n    is refused: " + s.refused
	}
	return text
}

// item is one event to append. Its ids are the model's.
type item struct {
	at          event.Coordinate
	kind        event.Kind
	payload     []byte
	id          event.ID
	keyed       bool
	causation   event.ID
	within      int // the item of the same step that caused it, counted from 1; 0 for none
	correlation event.ID
	flags       uint8
	meta        event.Meta
	time        time.Time
	expect      *host.Expected
	unless      *condition
	unallowed   bool // a reserved kind without permission
}

// String has the fields that are set; ids are the numbers of events.
func (it item) String() string {
	text := fmt.Sprintf("%d: %s %s %v, %d bytes", serial(it.id), it.at.Entity, it.at.Scope, it.kind, len(it.payload))
	say := func(set bool, format string, args ...any) {
		if set {
			text += fmt.Sprintf(", "+format, args...)
		}
	}
	say(it.keyed, "key")
	say(!it.causation.IsZero(), "caused by %d", serial(it.causation))
	say(it.within > 0, "caused by item %d", it.within-1)
	say(!it.correlation.IsZero(), "correlated %d", serial(it.correlation))
	say(it.flags != 0, "flags %d", it.flags)
	say(it.meta.Len() > 0, "meta %v", it.meta)
	say(!it.time.IsZero(), "time %d", it.time.UnixMicro())
	if it.expect != nil {
		say(true, "expect %v", *it.expect)
	}
	if it.unless != nil {
		say(true, "unless from %d in %v", it.unless.from, it.unless.regions)
	}
	return text
}

type condition struct {
	from    uint64
	regions []host.Region
}

// writer makes a script: it draws a step, and lets the model say what comes of it.
type writer struct {
	r      *rand.Rand
	m      *model
	made   int // events numbered so far
	number int // of the step
}

// newScript returns the script of a seed with so many steps.
func newScript(seed uint64, steps int) *script {
	w := &writer{r: rand.New(rand.NewPCG(seed, 1)), m: newModel()}
	s := &script{seed: seed}
	for n := range steps {
		st := step{sort: checks}
		if n < steps-1 {
			st = w.step()
		}
		w.number++
		if st.sort == checks {
			st.questions = questions(w.r, w.m, 10)
		}
		st.events = w.m.events
		s.steps = append(s.steps, st)
	}
	return s
}

func (w *writer) step() step {
	switch w.r.IntN(20) {
	case 0, 1:
		return w.refusal()
	case 2:
		return step{sort: cancelled, items: w.items(1 + w.r.IntN(3)), now: w.now()}
	case 3:
		return w.repetition()
	case 4:
		return step{sort: syncs}
	case 5, 6, 7:
		return step{sort: stops}
	case 8, 9:
		return step{sort: checks}
	case 10:
		if chance(w.r, 3) {
			return w.removal()
		}
	}
	st := step{sort: appends, items: w.items(1 + w.r.IntN(6)), now: w.now()}
	w.apply(&st, st.items)
	return st
}

// removal draws what a compaction removes.
func (w *writer) removal() step {
	st := step{sort: removes, region: region(w.r, w.m, false), end: w.r.Uint64N(w.m.next + 1)}
	st.verdict = one(w.r, []host.Verdict{host.DropEvent, host.DropEvent, host.TombstoneEvent, host.RedactEvent})
	w.m.remove(st.judge)
	return st
}

// now rises by a second with each step.
func (w *writer) now() time.Time {
	return time.UnixMicro(1_700_000_000_000_123 + int64(w.number)*1_000_000)
}

// apply lets the model append items.
func (w *writer) apply(st *step, items []item) {
	for i := range items {
		it := &items[i]
		e := event.Full{Flags: it.flags, Meta: it.meta, Payload: it.payload}
		e.Coordinate, e.Kind, e.ID, e.Correlation, e.Causation = it.at, it.kind, it.id, it.correlation, it.causation
		if it.within > 0 {
			e.Causation = items[it.within-1].id
		}
		if e.TimestampUS = st.now.UnixMicro(); !it.time.IsZero() {
			e.TimestampUS = it.time.UnixMicro()
		}
		st.want = append(st.want, w.m.add(e))
	}
}

// items draws events. They have one time.
func (w *writer) items(n int) (items []item) {
	var at time.Time
	if chance(w.r, 6) {
		at = w.now().Add(-time.Duration(w.r.IntN(100_000)) * time.Millisecond)
	}
	touched := map[string]bool{}
	for i := range n {
		it := item{at: event.At(one(w.r, entities), one(w.r, scopes)), kind: one(w.r, kinds), id: numbered(w.made), keyed: chance(w.r, 3), time: at}
		w.made++
		it.payload = w.payload()
		if len(w.m.events) > 0 && chance(w.r, 2) {
			it.causation = one(w.r, w.m.events).ID
		}
		if i > 0 && chance(w.r, 4) {
			it.causation, it.within = event.ID{}, 1+w.r.IntN(i)
		}
		switch {
		case len(w.m.events) > 0 && chance(w.r, 3):
			it.correlation = one(w.r, w.m.events).Correlation
		case chance(w.r, 8):
			it.correlation = numbered(1<<30 + w.r.IntN(3))
		}
		if chance(w.r, 5) {
			it.flags = one(w.r, []uint8{event.FlagRequiresAck, event.FlagTransactional, event.FlagReplay})
		}
		if chance(w.r, 4) {
			it.meta = event.NewMeta(map[string]string{"actor": one(w.r, scopes), "trace": fmt.Sprint(w.made)})
		}
		if !touched[it.at.Entity] && chance(w.r, 4) {
			it.expect = w.state(it.at.Entity)
		}
		touched[it.at.Entity] = true
		if i == 0 && chance(w.r, 5) {
			if c := w.condition(); w.broken(c) < 0 {
				it.unless = &c
			}
		}
		items = append(items, it)
	}
	return items
}

// payload draws MessagePack of up to some hundred bytes, rarely some thousand.
func (w *writer) payload() []byte {
	n := w.r.IntN(120)
	if chance(w.r, 15) {
		n = 1000 + w.r.IntN(4000)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(w.r.Uint32())
	}
	p, err := payload.Marshal(b)
	if err != nil {
		panic(err)
	}
	return p
}

// state is what an append can expect of an entity.
func (w *writer) state(entity string) *host.Expected {
	expected := host.NoEvents
	if last, ok := w.m.latest[entity]; ok {
		expected = host.AtClock(last.Clock)
	}
	return &expected
}

func (w *writer) condition() condition {
	c := condition{from: w.r.Uint64N(w.m.next + 1)}
	for range 1 + w.r.IntN(2) {
		c.regions = append(c.regions, region(w.r, w.m, false))
	}
	return c
}

// broken returns the sequence of the first event that breaks a condition, -1 for none.
func (w *writer) broken(c condition) int {
	for i := range w.m.events {
		e := &w.m.events[i]
		if e.Sequence >= c.from && slices.ContainsFunc(c.regions, func(r host.Region) bool { return in(r, e) }) {
			return int(e.Sequence)
		}
	}
	return -1
}

// refusal draws appends of which the last is refused.
func (w *writer) refusal() step {
	st := step{sort: refusal, items: w.items(1 + w.r.IntN(4)), now: w.now(), atomic: chance(w.r, 2)}
	last := &st.items[len(st.items)-1]
	*last = item{at: last.at, kind: last.kind, payload: last.payload, id: last.id, time: last.time}
	switch w.r.IntN(6) {
	case 0:
		wrong := host.AtClock(1 << 30)
		last.expect, st.refused = &wrong, "expectation"
	case 1:
		last.kind, last.unallowed, st.refused = event.EffectRetry, true, "kind"
	case 2:
		last.at.Scope, st.refused = "", "name"
	case 3:
		last.time, st.refused = time.UnixMilli(-5), "time"
		st.atomic = false // as items of a batch have one time
	case 4:
		c := w.condition()
		at := w.broken(c)
		if at < 0 {
			c.regions, st.refused = nil, "no region"
		} else {
			st.refused = fmt.Sprintf("condition %d", at)
		}
		last.unless = &c
	case 5:
		if len(w.m.events) == 0 {
			return step{sort: syncs}
		}
		e := one(w.r, w.m.events)
		if e.Kind == event.Tombstone {
			return step{sort: syncs}
		}
		st.atomic = false
		last.at, last.kind, last.id, last.keyed, last.payload = e.Coordinate, e.Kind, e.ID, true, w.payload()
		st.refused = fmt.Sprintf("key %d [payload] partial false", e.Sequence)
	}
	if !st.atomic {
		w.apply(&st, st.items[:len(st.items)-1])
	}
	return st
}

// repetition appends events again under their keys.
func (w *writer) repetition() step {
	if len(w.m.events) == 0 {
		return step{sort: syncs}
	}
	st := step{sort: repeats, now: w.now(), repeated: true}
	for range 1 + w.r.IntN(3) {
		e := one(w.r, w.m.events)
		if e.Kind == event.Tombstone {
			continue // what was appended is no longer known
		}
		if slices.ContainsFunc(st.items, func(it item) bool { return it.id == e.ID }) {
			continue // a batch cannot have a key twice
		}
		st.items = append(st.items, item{at: e.Coordinate, kind: e.Kind, payload: e.Payload, id: e.ID, keyed: true, expect: &host.NoEvents})
		st.want = append(st.want, e)
	}
	if len(st.items) == 0 {
		return step{sort: syncs}
	}
	return st
}
