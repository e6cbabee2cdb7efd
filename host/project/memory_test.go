package project_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// events is a read model that keeps all values, and refuses some.
type events struct {
	Sequences []uint64
	Values    []any
	refuse    func(e typed.Envelope) error
}

func (l *events) Apply(e typed.Envelope) error {
	if l.refuse != nil {
		if err := l.refuse(e); err != nil {
			return err
		}
	}
	l.Sequences = append(l.Sequences, e.Sequence)
	if raw, ok := e.Value.(host.Raw); ok {
		e.Value = append(host.Raw{}, raw...)
	}
	l.Values = append(l.Values, e.Value)
	return nil
}

func openStore(t testing.TB) (*host.Store, *crashfs.FS) {
	fs := crashfs.New()
	st, err := host.Open(t.Context(), "store", host.Options{FS: fs})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st, fs
}

// place appends n orders and payments in turn.
func place(t testing.TB, st *host.Store, n int) (last host.Receipt) {
	for i := range n {
		at := event.At(fmt.Sprint("order:", i%3), "shop")
		_, err := Types.Append(t.Context(), st, at, OrderPlaced{Customer: "Ada"})
		require.NoError(t, err)
		last, err = Types.Append(t.Context(), st, at, OrderPaid{Cents: i})
		require.NoError(t, err)
	}
	return last
}

// wanted is what a region's read model must have from a sequence on.
func wanted(t testing.TB, st *host.Store, region host.Region) (want []uint64) {
	for e, err := range st.Query(t.Context(), region, host.Page{}) {
		require.NoError(t, err)
		want = append(want, e.Sequence)
	}
	return want
}

func sequences(t testing.TB, p *project.MemoryProjection[*events]) (got []uint64) {
	require.NoError(t, p.Read(func(l *events, _ host.Position) { got = append(got, l.Sequences...) }))
	return got
}

var regions = []host.Region{
	{}, {Entity: "order:1"}, {EntityPrefix: "order:"}, {Scope: "shop"}, {Kinds: event.Only(0x1002)}, {Entity: "nobody"},
	{Kinds: event.AnyOf(0x1001, 0x1002)}, {Entity: "order:1", Kinds: event.Only(0x1001)}, {Clocks: host.ClocksBetween(1, 2)},
}

// TestOneScan: projections of different regions that begin at different times each get
// every event of their region once and in order.
func TestOneScan(t *testing.T) {
	st, fs := openStore(t)
	r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fs})
	require.NoError(t, err)
	defer r.Close()
	for _, store := range []host.FollowReader{st, r} {
		var all []project.Projection
		var memories []*project.MemoryProjection[*events]
		for i, region := range append(regions, regions...) {
			p := project.Memory(fmt.Sprint(i), region, &events{})
			all, memories = append(all, p), append(memories, p)
			place(t, st, 5)
			require.NoError(t, project.CatchUp(t.Context(), store, Types, all...))
			end, err := store.Position(t.Context())
			require.NoError(t, err)
			for _, p := range memories {
				want := wanted(t, st, p.Region())
				require.Equal(t, want, sequences(t, p))
				s := p.Status()
				require.Equal(t, end, s.Position)
				require.Zero(t, s.Behind)
				require.EqualValues(t, len(want), s.Events)
			}
		}
	}
}

// TestFollow: events that arrive during a run reach the read model, and Wait waits for them,
// also for those of other regions.
func TestFollow(t *testing.T) {
	st, _ := openStore(t)
	p := project.Memory("orders", host.Region{Kinds: event.Only(0x1001)}, &events{})
	ctx, cancel := context.WithCancelCause(t.Context())
	ended, stop := make(chan error), errors.New("stop")
	go func() { ended <- project.Run(ctx, st, Types, p) }()
	for range 20 {
		last := place(t, st, 2)
		require.NoError(t, p.Wait(t.Context(), last.Sequence))
		require.Equal(t, wanted(t, st, p.Region()), sequences(t, p))
	}
	require.ErrorIs(t, project.Run(ctx, st, Types, project.Memory("a", host.Region{}, &events{}), p), project.ErrRunning)
	require.True(t, p.Status().Running)
	short, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, p.Wait(short, 1000), context.Canceled)
	waited := make(chan error)
	go func() { waited <- p.Wait(t.Context(), 1000) }()
	cancel(stop)
	require.Equal(t, stop, <-ended)
	require.ErrorIs(t, <-waited, stop)
	s := p.Status()
	require.False(t, s.Running)
	require.Equal(t, stop, s.Err)
	require.ErrorIs(t, p.Wait(t.Context(), 1000), project.ErrStopped)

	// A later run goes on.
	last := place(t, st, 1)
	require.NoError(t, project.CatchUp(t.Context(), st, Types, p))
	require.NoError(t, p.Wait(t.Context(), last.Sequence))
	require.Equal(t, wanted(t, st, p.Region()), sequences(t, p))
	require.NoError(t, p.Status().Err)
}

// TestRunningStays: a refused run disturbs neither the run of a projection nor the others.
func TestRunningStays(t *testing.T) {
	st, _ := openStore(t)
	place(t, st, 1)
	a, b := project.Memory("a", host.Region{}, &events{}), project.Memory("b", host.Region{}, &events{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- project.Run(ctx, st, Types, b) }()
	require.NoError(t, b.Wait(t.Context(), 1))
	require.ErrorIs(t, project.CatchUp(t.Context(), st, Types, a, b), project.ErrRunning)
	require.NoError(t, project.CatchUp(t.Context(), st, Types, a))
	last := place(t, st, 1)
	require.NoError(t, b.Wait(t.Context(), last.Sequence))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

// TestPositionRefused: a read model of another store, or of a longer one, is refused.
func TestPositionRefused(t *testing.T) {
	st, _ := openStore(t)
	other, _ := openStore(t)
	older, _ := openStore(t)
	for _, st := range []*host.Store{st, older} {
		_, err := Types.Append(t.Context(), st, event.At("a", "b"), OrderPlaced{}, host.WithKey(event.ID{1}))
		require.NoError(t, err)
	}
	place(t, st, 3)
	place(t, other, 5)
	for _, c := range []struct {
		store *host.Store
		want  error
	}{{other, host.ErrOtherStore}, {older, host.ErrBeyondEnd}} {
		p := project.Memory("a", host.Region{}, &events{})
		require.NoError(t, project.CatchUp(t.Context(), st, Types, p))
		fresh := project.Memory("fresh", host.Region{}, &events{})
		err := project.CatchUp(t.Context(), c.store, Types, fresh, p)
		require.ErrorIs(t, err, c.want)
		var why *project.Error
		require.ErrorAs(t, err, &why)
		require.Equal(t, "a", why.Projection)
		require.Empty(t, sequences(t, fresh))
		require.Len(t, sequences(t, p), 7)
	}
}

func TestNames(t *testing.T) {
	st, _ := openStore(t)
	long := make([]byte, 256)
	for _, names := range [][]string{{""}, {"a", "a"}, {string(long)}} {
		var all []project.Projection
		for _, name := range names {
			all = append(all, project.Memory(name, host.Region{}, &events{}))
		}
		require.ErrorIs(t, project.CatchUp(t.Context(), st, Types, all...), project.ErrName)
		require.False(t, all[0].Status().Running)
	}
	require.NoError(t, project.CatchUp(t.Context(), st, Types))
}

var errRefused = errors.New("refused")

// TestRefused: an event that cannot be handled ends the run by default. If Apply failed the
// state is not read any more.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		refuse func(typed.Envelope) error
		half   bool
	}{
		"error": {func(e typed.Envelope) error {
			if e.Sequence == 3 {
				return errRefused
			}
			return nil
		}, true},
		"panic": {func(e typed.Envelope) error {
			if e.Sequence == 3 {
				panic(errRefused)
			}
			return nil
		}, true},
		"payload": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			st, _ := openStore(t)
			_, err := Types.Append(t.Context(), st, event.At("order:1", "shop"), OrderPaid{Cents: 1})
			require.NoError(t, err)
			place(t, st, 1)
			var value any = OrderPlaced{Customer: "Eve"}
			if c.refuse == nil {
				value = "no order"
			}
			r, err := st.Append(t.Context(), event.At("order:1", "shop"), 0x1001, value)
			require.NoError(t, err)
			place(t, st, 1)

			p := project.Memory("a", host.Region{}, &events{refuse: c.refuse})
			other := project.Memory("b", host.Region{}, &events{})
			other.Park = func(*project.EventError) bool { return true }
			err = project.CatchUp(t.Context(), st, Types, other, p)
			var why *project.EventError
			require.ErrorAs(t, err, &why)
			require.Equal(t, project.EventError{Projection: "a", ID: r.ID, Sequence: 3, Kind: 0x1001, KindName: "order.placed", Entity: "order:1", Err: why.Err}, *why)
			require.EqualValues(t, 3, p.Status().Position.Sequence)
			require.Equal(t, err, p.Status().Err)
			if c.half {
				require.ErrorIs(t, project.CatchUp(t.Context(), st, Types, p), project.ErrHalfChanged)
				require.ErrorIs(t, p.Read(func(*events, host.Position) { t.Error("read") }), project.ErrHalfChanged)
			} else {
				var undecoded *typed.DecodeError
				require.ErrorAs(t, err, &undecoded)
				require.Equal(t, []uint64{0, 1, 2}, sequences(t, p))
			}

			parked := project.Memory("a", host.Region{}, &events{refuse: c.refuse})
			var asked []error
			parked.Park = func(e *project.EventError) bool {
				asked = append(asked, e)
				return true
			}
			require.NoError(t, project.CatchUp(t.Context(), st, Types, parked))
			require.Equal(t, []uint64{0, 1, 2, 4, 5}, sequences(t, parked))
			require.Len(t, asked, 1)
			require.EqualValues(t, 1, parked.Status().Parked)
			require.EqualValues(t, 6, parked.Status().Events)
		})
	}
}

// TestUnknownKinds reach the state as raw; a nil registry knows none.
func TestUnknownKinds(t *testing.T) {
	st, _ := openStore(t)
	_, err := st.Append(t.Context(), event.At("a", "b"), 0x2001, "hello")
	require.NoError(t, err)
	for _, types := range []*typed.Types{Types, nil} {
		p := project.Memory("a", host.Region{}, &events{})
		require.NoError(t, project.CatchUp(t.Context(), st, types, p))
		require.NoError(t, p.Read(func(l *events, _ host.Position) {
			require.Equal(t, []any{host.Raw("\xa5hello")}, l.Values)
		}))
	}
}

// TestRunEnds: a run that ends by a panic or an exit of its goroutine does not count as
// running.
func TestRunEnds(t *testing.T) {
	st, _ := openStore(t)
	place(t, st, 1)
	p := project.Memory("a", host.Region{}, &events{refuse: func(typed.Envelope) error { return errRefused }})
	p.Park = func(*project.EventError) bool { panic("park") }
	require.Panics(t, func() { _ = project.CatchUp(t.Context(), st, Types, p) })
	require.False(t, p.Status().Running)
	require.ErrorIs(t, p.Status().Err, project.ErrStopped)
	require.ErrorIs(t, p.Wait(t.Context(), 0), project.ErrStopped)
}

// TestBehind: the lag is that of the moment, also while an event is being handled.
func TestBehind(t *testing.T) {
	st, _ := openStore(t)
	place(t, st, 2)
	handling, goOn := make(chan struct{}), make(chan struct{})
	p := project.Memory("a", host.Region{Kinds: event.Only(0x1002)}, &events{refuse: func(e typed.Envelope) error {
		if e.Sequence == 3 {
			close(handling)
			<-goOn
		}
		return nil
	}})
	// The state is locked while an event is handled, so the lag is asked of another.
	other := project.Memory("b", host.Region{Kinds: event.Only(0x1002)}, &events{})
	ended := make(chan error)
	go func() { ended <- project.CatchUp(t.Context(), st, Types, p, other) }()
	<-handling
	require.EqualValues(t, 2, other.Status().Position.Sequence)
	require.EqualValues(t, 2, other.Status().Behind)
	place(t, st, 3)
	require.EqualValues(t, 8, other.Status().Behind)
	close(goOn)
	require.NoError(t, <-ended)
	require.LessOrEqual(t, other.Status().Behind, uint64(6))
	require.NoError(t, project.CatchUp(t.Context(), st, Types, p, other))
	require.Zero(t, other.Status().Behind)
	require.EqualValues(t, 5, other.Status().Events)
}

// TestApplyExits: an Apply that ends its goroutine has perhaps half changed the state, and so
// has one that fails if Park then ends the goroutine.
func TestApplyExits(t *testing.T) {
	st, _ := openStore(t)
	place(t, st, 2)
	for _, parks := range []bool{false, true} {
		p := project.Memory("orders", host.Region{}, &events{refuse: func(e typed.Envelope) error {
			switch {
			case e.Sequence != 1:
				return nil
			case !parks:
				runtime.Goexit()
			}
			return errRefused
		}})
		if parks {
			p.Park = func(*project.EventError) bool {
				runtime.Goexit()
				return true
			}
		}
		var run sync.WaitGroup
		run.Go(func() { _ = project.CatchUp(t.Context(), st, Types, p) })
		run.Wait()
		require.ErrorIs(t, p.Read(func(*events, host.Position) { t.Error("read") }), project.ErrHalfChanged)
		require.ErrorIs(t, project.CatchUp(t.Context(), st, Types, p), project.ErrHalfChanged)
	}
}
