package project_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// hooked is a store whose scans call a function before they say that they have caught up.
type hooked struct {
	*host.Store
	hook func()
}

func (h hooked) Follow(region host.Region, from host.Position, o host.FollowOptions) *host.Follower {
	if told := o.CaughtUp; told != nil {
		o.CaughtUp = func(at host.Position) error {
			if at.Sequence > 0 {
				h.hook()
			}
			return told(at)
		}
	}
	return h.Store.Follow(region, from, o)
}

// fill appends n events of one entity in batches.
func fill(t testing.TB, st *host.Store, entity string, n int) {
	for n > 0 {
		var items []host.Item
		for range min(n, 1000) {
			items = append(items, host.Item{At: event.At(entity, "shop"), Kind: 0x1002, Payload: OrderPaid{Cents: n}})
		}
		_, err := st.AppendBatch(t.Context(), items)
		require.NoError(t, err)
		n -= len(items)
	}
}

// TestPayloads: payloads of any size stay valid until the projection returns.
func TestPayloads(t *testing.T) {
	st, _ := openStore(t)
	var want []any
	for i, size := range []int{1, 100, 20_000, 3 << 20, 50, 2 << 20, 1 << 20, 7} {
		for j := range 3 {
			raw := append(host.Raw{0xc6, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}, bytes.Repeat([]byte{byte(10*i + j)}, size)...)
			want = append(want, raw)
			_, err := st.Append(t.Context(), event.At("a", "b"), 0x2001, raw)
			require.NoError(t, err)
		}
	}
	p := project.Memory("a", host.Region{}, &events{})
	require.NoError(t, project.CatchUp(t.Context(), st, Types, p))
	require.NoError(t, p.Read(func(l *events, _ host.Position) {
		require.Len(t, l.Values, len(want))
		for i := range want {
			require.True(t, bytes.Equal(want[i].(host.Raw), l.Values[i].(host.Raw)), i)
		}
	}))
}

// TestUpcastPanics: that is an error of the event, as that of any other function.
func TestUpcastPanics(t *testing.T) {
	st, _ := openStore(t)
	r, err := st.Append(t.Context(), event.At("a", "b"), 0x1003, OrderPaid{})
	require.NoError(t, err)
	types := typed.Registry(typed.Event[OrderPlaced](0x1001, "order.placed",
		typed.Was(0x1003, func(OrderPaid) OrderPlaced { panic("upcast") })))
	err = project.CatchUp(t.Context(), st, types, project.Memory("a", host.Region{}, &events{}))
	var why *project.EventError
	require.ErrorAs(t, err, &why)
	require.Equal(t, r.ID, why.ID)
	var undecoded *typed.DecodeError
	require.ErrorAs(t, err, &undecoded)
	var panicked *typed.PanicError
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, "upcast", panicked.Value)
}

// TestPassed: the position moves also during a long scan over events that no projection
// wants.
func TestPassed(t *testing.T) {
	st, _ := openStore(t)
	fill(t, st, "order:3", 9000)
	a, b := project.Memory("a", host.Region{Entity: "order:1"}, &events{}), project.Memory("b", host.Region{Entity: "order:2"}, &events{})
	gate := make(chan struct{})
	stuck := hooked{st, func() { <-gate }}
	ended := make(chan error)
	go func() { ended <- project.CatchUp(t.Context(), stuck, Types, a, b) }()
	require.NoError(t, a.Wait(t.Context(), 8191))
	require.EqualValues(t, 8192, a.Status().Position.Sequence)
	close(gate)
	require.NoError(t, <-ended)
	require.EqualValues(t, 9000, b.Status().Position.Sequence)
}

// TestManyEvents: nothing is lost or doubled between chunks, also while events arrive.
func TestManyEvents(t *testing.T) {
	st, _ := openStore(t)
	fill(t, st, "order:1", 2000)
	ctx, cancel := context.WithCancel(t.Context())
	p := project.Memory("a", host.Region{}, &events{})
	late := project.Memory("b", host.Region{Entity: "order:2"}, &events{})
	ended := make(chan error)
	go func() { ended <- project.Run(ctx, st, Types, late, p) }()
	for n := range 50 {
		fill(t, st, fmt.Sprint("order:", n%4), 17*n)
	}
	end, err := st.Position(t.Context())
	require.NoError(t, err)
	for _, p := range []*project.MemoryProjection[*events]{p, late} {
		require.NoError(t, p.Wait(t.Context(), end.Sequence-1))
		require.Equal(t, wanted(t, st, p.Region()), sequences(t, p))
	}
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

// TestNothingOutlives: whenever the context ends, or a projection fails, or panics, nothing
// runs after Run has returned.
func TestNothingOutlives(t *testing.T) {
	st, _ := openStore(t)
	fill(t, st, "order:1", 5000)
	running := goleak.IgnoreCurrent()
	for n, at := range []uint64{0, 1, 255, 256, 1000, 4999} {
		for _, how := range []string{"cancel", "error", "panic", "exit"} {
			ctx, cancel := context.WithCancel(t.Context())
			p := project.Memory("a", host.Region{}, &events{refuse: func(e typed.Envelope) error {
				if e.Sequence < at {
					return nil
				}
				switch how {
				case "cancel":
					cancel()
					return nil
				case "exit":
					runtime.Goexit()
				}
				return errRefused
			}})
			if how == "panic" {
				p.Park = func(*project.EventError) bool { panic("park") }
			}
			ended := make(chan error, 1)
			go func() {
				err := project.ErrStopped
				defer func() {
					_ = recover()
					ended <- err
				}()
				err = project.Run(ctx, st, Types, p)
			}()
			err := <-ended
			want := map[string]error{"cancel": context.Canceled, "error": errRefused, "panic": project.ErrStopped, "exit": project.ErrStopped}[how]
			require.ErrorIs(t, err, want, n)
			require.False(t, p.Status().Running)
			cancel()
		}
	}
	require.NoError(t, goleak.Find(running))
}

// TestFeedOutlives: Run returns after the goroutine that reads, even when that takes long.
func TestFeedOutlives(t *testing.T) {
	st, _ := openStore(t)
	fill(t, st, "order:1", 300)
	reading, ended := make(chan struct{}), false
	slow := hooked{st, func() {
		close(reading)
		time.Sleep(20 * time.Millisecond) // time enough for a Run that does not wait
		ended = true
	}}
	p := project.Memory("a", host.Region{}, &events{refuse: func(typed.Envelope) error {
		<-reading
		return errRefused
	}})
	require.ErrorIs(t, project.Run(t.Context(), slow, Types, p), errRefused)
	require.True(t, ended)
}

// TestStopsAtOnce: no event is handled after the context has ended.
func TestStopsAtOnce(t *testing.T) {
	st, _ := openStore(t)
	fill(t, st, "order:1", 100)
	ctx, cancel := context.WithCancel(t.Context())
	p := project.Memory("a", host.Region{}, &events{refuse: func(e typed.Envelope) error {
		if e.Sequence == 10 {
			cancel()
		}
		return nil
	}})
	require.ErrorIs(t, project.Run(ctx, st, Types, p), context.Canceled)
	require.Len(t, sequences(t, p), 11)
}
