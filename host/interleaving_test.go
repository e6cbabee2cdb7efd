package host_test

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/host"
)

// question is one that a store was asked, as an iterator that can be used again, and
// what a filter over all events says.
type question struct {
	text string
	seq  iter.Seq2[event.Event, error]
	want []event.Event
}

// inquirer asks random questions of one store. It is for one goroutine.
type inquirer struct {
	t    assert.TestingT
	rng  *rand.Rand
	q    host.Reader
	all  []event.Event
	kept []event.Event // what was shown, whose strings must stay as they are
	same []event.Event // and what it was to be
}

func (a *inquirer) pick() event.Event { return a.all[a.rng.IntN(len(a.all))] }

func (a *inquirer) filter(f func(e event.Event) bool) []event.Event {
	return slices.Collect(func(yield func(event.Event) bool) {
		for _, e := range a.all {
			if f(e) && !yield(e) {
				return
			}
		}
	})
}

// region draws conditions, each of which may be there, and what holds them.
func (a *inquirer) region() (r host.Region, holds func(e event.Event) bool) {
	some, low, high := a.pick(), uint32(0), ^uint32(0)
	if a.rng.IntN(3) == 0 {
		r.Entity = some.Entity
	}
	if a.rng.IntN(3) == 0 {
		r.EntityPrefix = some.Entity[:a.rng.IntN(len(some.Entity))]
	}
	if a.rng.IntN(3) == 0 {
		r.Scope = some.Scope
	}
	switch a.rng.IntN(4) {
	case 0:
		r.Kinds = event.Only(some.Kind)
	case 1:
		r.Kinds = event.InCategory(some.Kind.Category())
	}
	if a.rng.IntN(4) == 0 {
		low = some.Clock
		high = low + a.rng.Uint32N(4)
		r.Clocks = host.ClocksBetween(low, high)
	}
	return r, func(e event.Event) bool {
		return (r.Entity == "" || r.Entity == e.Entity) && strings.HasPrefix(e.Entity, r.EntityPrefix) &&
			(r.Scope == "" || r.Scope == e.Scope) && r.Kinds.Has(e.Kind) && low <= e.Clock && e.Clock <= high
	}
}

// ask draws a question.
func (a *inquirer) ask() question {
	some := a.pick()
	switch a.rng.IntN(9) {
	case 0:
		from := a.rng.Uint32N(some.Clock + 2)
		want := a.filter(func(e event.Event) bool { return e.Entity == some.Entity && e.Clock >= from })
		limit := a.rng.IntN(3) * a.rng.IntN(20)
		if limit > 0 {
			want = want[:min(limit, len(want))]
		}
		return question{fmt.Sprintf("stream %q from %d limit %d", some.Entity, from, limit),
			iter.Seq2[event.Event, error](a.q.Stream(background, some.Entity, host.StreamPage{From: from, Limit: limit})), want}
	case 1:
		want := a.filter(func(e event.Event) bool { return e.Correlation == some.Correlation })
		return question{"correlated", iter.Seq2[event.Event, error](a.q.Correlated(background, some.Correlation)), want}
	case 2:
		want := a.filter(func(e event.Event) bool { return e.Causation == some.ID })
		if len(want) == 0 {
			break
		}
		return question{"effects", iter.Seq2[event.Event, error](a.q.Effects(background, some.ID, 1)), want}
	case 3:
		var want []event.Event
		for e := some; !e.Causation.IsZero(); {
			i := slices.IndexFunc(a.all, func(o event.Event) bool { return o.ID == e.Causation })
			e = a.all[i]
			want = append(want, e)
		}
		return question{"ancestors", iter.Seq2[event.Event, error](a.q.Ancestors(background, some.ID, 0)), want}
	}
	r, holds := a.region()
	page := host.Page{From: a.rng.Uint64N(2) * a.rng.Uint64N(uint64(len(a.all))+3), Limit: a.rng.IntN(2) * a.rng.IntN(60)}
	if a.rng.IntN(8) == 0 {
		r, holds, page.Limit = host.Region{}, func(event.Event) bool { return true }, 1
	}
	want := a.filter(func(e event.Event) bool { return e.Sequence >= page.From && holds(e) })
	if page.Limit > 0 {
		want = want[:min(page.Limit, len(want))]
	}
	return question{fmt.Sprintf("%+v %+v", r, page), iter.Seq2[event.Event, error](a.q.Query(background, r, page)), want}
}

// got compares one event with the next that is wanted, and sometimes asks for more
// before the iteration goes on.
func (a *inquirer) got(q question, i, depth int, e event.Event, err error) {
	if !assert.NoError(a.t, err, q.text) || !assert.Less(a.t, i, len(q.want), q.text) {
		return
	}
	if e != q.want[i] { // asked first, since the assertion is slow
		assert.Equal(a.t, q.want[i], e, "%s: event %d", q.text, i)
	}
	if a.rng.IntN(16) == 0 {
		a.kept, a.same = append(a.kept, e), append(a.same, q.want[i])
	}
	switch a.rng.IntN(40 << (3 * depth)) {
	case 0:
		a.walk(a.ask(), depth+1)
	case 1:
		full, err := a.q.Get(background, e.ID)
		assert.NoError(a.t, err)
		assert.Equal(a.t, e, event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
	case 2:
		r, holds := a.region()
		n, err := a.q.Count(background, r, 0)
		assert.NoError(a.t, err)
		assert.EqualValues(a.t, len(a.filter(holds)), n)
	}
}

var errBody = errors.New("the loop's body")

// walk goes through an answer in one of the ways in which a program may.
func (a *inquirer) walk(q question, depth int) {
	enough := a.rng.IntN(len(q.want) + 2) // where the ways that do not end stop
	switch a.rng.IntN(6) {
	case 0, 1: // to its end, twice
		for range 2 {
			i := 0
			for e, err := range q.seq {
				a.got(q, i, depth, e, err)
				i++
			}
			assert.Equal(a.t, len(q.want), i, q.text)
		}
	case 2: // and then left
		i := 0
		for e, err := range q.seq {
			if i == enough {
				break
			}
			a.got(q, i, depth, e, err)
			i++
		}
	case 3: // left by a panic
		i := 0
		func() {
			defer func() {
				if r := recover(); r != nil {
					assert.Equal(a.t, errBody, r)
				}
			}()
			for e, err := range q.seq {
				if i == enough {
					panic(errBody)
				}
				a.got(q, i, depth, e, err)
				i++
			}
		}()
	case 4: // left by the end of its goroutine
		done := make(chan struct{})
		go func() {
			defer close(done)
			i := 0
			for e, err := range q.seq {
				if i == enough {
					runtime.Goexit()
				}
				a.got(q, i, depth, e, err)
				i++
			}
		}()
		<-done
	case 5: // two at once, step by step
		next, stop := iter.Pull2(q.seq)
		defer stop()
		other := a.ask()
		next2, stop2 := iter.Pull2(other.seq)
		defer stop2()
		for i := range enough {
			if e, err, ok := next(); assert.Equal(a.t, i < len(q.want), ok, q.text) && ok {
				a.got(q, i, depth, e, err)
			}
			if e, err, ok := next2(); assert.Equal(a.t, i < len(other.want), ok, other.text) && ok {
				a.got(other, i, depth, e, err)
			}
		}
	}
}

// writeVaried appends n events to a store that folds often, in sessions of which the
// last is still open: there is an index.fbati, parts behind it, and what is in memory.
// Without many, all names fit into one small table.
func writeVaried(t testing.TB, p place, n int, many bool) *host.Store {
	rng := rand.New(rand.NewPCG(3, uint64(n)))
	entities, scopes := 40, 5
	if many { // more than any cache of names has room for
		entities, scopes = 600, 300
	}
	var s *host.Store
	var known []event.ID
	for i := 0; i < n; {
		if s == nil || slices.Contains([]int{n / 2, 3 * n / 4, 7 * n / 8}, i) {
			if s != nil {
				require.NoError(t, s.Close())
				require.NoError(t, s.CloseReport().IndexError)
			}
			o := p.small()
			o.SegmentSize = 60_000
			s = p.openFlushing(t, true, o)
		}
		var items []host.Item
		for range min(25, n-i) {
			entity := rng.IntN(entities)
			name := fmt.Sprintf("e:%03d:", entity)
			if many {
				name += strings.Repeat("x", entity*entity%997)
			}
			it := host.Item{
				At:      event.At(name, fmt.Sprintf("s:%03d", rng.IntN(scopes))),
				Kind:    []event.Kind{0x1000, 0x2000, 0x2100}[rng.IntN(3)] + event.Kind(rng.IntN(25)*rng.IntN(2)),
				Payload: i,
			}
			if len(known) > 0 && rng.IntN(3) == 0 {
				it.Options = append(it.Options, host.CausedBy(known[rng.IntN(len(known))]))
			}
			if len(known) > 0 && rng.IntN(3) == 0 {
				it.Options = append(it.Options, host.Correlated(known[rng.IntN(min(9, len(known)))]))
			}
			items = append(items, it)
			i++
		}
		receipts, err := s.AppendEach(background, items)
		require.NoError(t, err)
		for _, r := range receipts {
			known = append(known, r.ID)
		}
	}
	return s
}

// fromSegments are the events of a store as its segments have them.
func fromSegments(t testing.TB, p place) []event.Event {
	to := inMemory(t)
	entries, err := p.fs.ReadDir(p.dir)
	require.NoError(t, err)
	for _, e := range entries {
		if strings.HasSuffix(e.Name, ".fbat") {
			to.put(t, map[string][]byte{e.Name: p.read(t, e.Name)})
		}
	}
	return collect(t, to.open(t, host.ReaderOptions{}).Query(background, host.Region{}, host.Page{}))
}

// rotten is a copy of a store in which bits flipped in the files of the index, behind
// what an open reads of them.
func (p place) rotten(t testing.TB, rng *rand.Rand) place {
	to := onDisk(t)
	entries, err := p.fs.ReadDir(p.dir)
	require.NoError(t, err)
	for _, e := range entries {
		b := p.read(t, e.Name)
		if ofIndex(e.Name) {
			for page := 3 * pages.Size; page < len(b); page += pages.Size {
				if rng.IntN(8) == 0 {
					b[page+rng.IntN(min(pages.Size, len(b)-page))] ^= 1 << rng.IntN(8)
				}
			}
		}
		to.put(t, map[string][]byte{e.Name: b})
	}
	return to
}

// TestInterleaved asks questions within questions, leaves them half way in every
// manner there is, uses iterators again, and does so from many goroutines: nobody sees
// another's buffers, also while rot is met.
func TestInterleaved(t *testing.T) {
	events := 2000
	if raceEnabled {
		events = 800
	}
	for _, many := range []bool{false, true} {
		t.Run(fmt.Sprintf("many names %v", many), func(t *testing.T) {
			p := onDisk(t)
			s := writeVaried(t, p, events, many)
			all := fromSegments(t, p)
			require.Len(t, all, events)
			o := host.ReaderOptions{Strict: true, OpenSegments: 2}
			mapped, rotten := p.open(t, o), p.rotten(t, rand.New(rand.NewPCG(1, 2))).open(t, o)
			o.NoMapping = true
			read := p.open(t, o)
			require.NotZero(t, read.Report().Parts)
			var wg sync.WaitGroup
			for i, q := range []host.Reader{s, mapped, read, rotten} {
				for g := range uint64(2) {
					wg.Go(func() {
						a := &inquirer{t: t, rng: rand.New(rand.NewPCG(uint64(i), g)), q: q, all: all}
						for range 40 {
							a.walk(a.ask(), 0)
						}
						assert.Equal(t, a.same, a.kept)
					})
				}
			}
			wg.Wait()
			require.Empty(t, mapped.Report().Rejected)
			require.Empty(t, read.Report().Rejected)
			require.NotEmpty(t, rotten.Report().Rejected)
		})
	}
}

// TestIteratorsShared uses the same iterators from several goroutines at once.
func TestIteratorsShared(t *testing.T) {
	p := onDisk(t)
	s := writeVaried(t, p, 1000, true)
	all := fromSegments(t, p)
	a := &inquirer{t: t, rng: rand.New(rand.NewPCG(1, 1)), q: s, all: all}
	for range 50 {
		q := a.ask()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if got := collect(t, q.seq); !slices.Equal(q.want, got) {
					assert.Equal(t, q.want, got, q.text)
				}
			})
		}
		wg.Wait()
	}
}
