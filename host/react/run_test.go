package react_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/typed"
)

type handler = func(context.Context, typed.Envelope) ([]react.Reaction, error)

// settle runs a reactor up to the end of the store.
func settle(t testing.TB, st react.Store, region host.Region, handle handler, o react.Options) error {
	o.StopAtEnd = true
	return react.Run(t.Context(), st, types, "shipping", region, handle, o)
}

// Keys are in stores: they must stay.
func TestKeysStay(t *testing.T) {
	require.Equal(t, "6b167be6614deaa5c8223dd000000102", react.KeyOf(event.ID{1, 2, 3}, "shipping", 0x102).String())
	require.NotEqual(t, react.KeyOf(event.ID{1}, "a", 0), react.KeyOf(event.ID{1}, "b", 0))
	require.NotEqual(t, react.KeyOf(event.ID{1}, "a", 0), react.KeyOf(event.ID{2}, "a", 0))
}

// A reaction is in the trigger's conversation, caused by it, with its metadata.
func TestRunCarriesOn(t *testing.T) {
	st := newStore(t)
	conversation := host.KeyOf("conversation")
	trigger, err := types.Append(t.Context(), st, at, paid{N: 7}, host.Correlated(conversation),
		host.WithMeta(event.NewMeta(map[string]string{event.MetaActor: "user:1", "tenant": "eu"})))
	require.NoError(t, err)
	other := host.KeyOf("another conversation")
	handle := func(_ context.Context, e typed.Envelope) ([]react.Reaction, error) {
		return []react.Reaction{
			{At: e.Coordinate, Value: ship{7, 1}},
			{At: event.At("parcel:1", "mail"), Value: &ship{7, 2}, Options: []host.AppendOption{
				host.Correlated(other), host.WithKey(other), host.CausedByItem(0),
				host.WithMeta(event.NewMeta(map[string]string{"tenant": "us", "why": "paid", react.MetaReactor: "no", react.MetaDepth: "9"})),
			}},
		}, nil
	}
	require.NoError(t, settle(t, st, payments, handle, react.Options{}))

	events := all(t, st, host.Region{Kinds: event.Only(kindShip)})
	require.Len(t, events, 2)
	for i, want := range []struct {
		at           event.Coordinate
		conversation event.ID
		meta         map[string]string
	}{
		{at, conversation, map[string]string{event.MetaActor: "user:1", "tenant": "eu"}},
		{event.At("parcel:1", "mail"), other, map[string]string{event.MetaActor: "user:1", "tenant": "us", "why": "paid"}},
	} {
		want.meta[react.MetaReactor], want.meta[react.MetaDepth] = "shipping", "1"
		require.Equal(t, ship{7, i + 1}, events[i].Value)
		require.Equal(t, want.at, events[i].Coordinate)
		require.Equal(t, trigger.ID, events[i].Causation)
		require.Equal(t, want.conversation, events[i].Correlation)
		require.Equal(t, react.KeyOf(trigger.ID, "shipping", i), events[i].ID)
		require.Equal(t, event.NewMeta(want.meta), events[i].Meta)
	}
}

// A trigger that has its reactions is passed over, and its handler is not asked again, though
// it would answer otherwise. One without reactions is asked again.
func TestRunAgain(t *testing.T) {
	st := newStore(t)
	add(t, st, at, paid{1}, paid{2})
	asked := map[int]int{}
	handle := func(_ context.Context, e typed.Envelope) ([]react.Reaction, error) {
		n := e.Value.(paid).N
		if asked[n]++; n == 2 {
			return nil, nil
		}
		return []react.Reaction{{At: at, Value: ship{asked[n], 1}}}, nil
	}
	for range 3 {
		require.NoError(t, settle(t, st, payments, handle, react.Options{}))
	}
	require.Equal(t, map[int]int{1: 1, 2: 3}, asked)
	require.Len(t, all(t, st, host.Region{}), 3)
}

// With a checkpoint a restart reads only what came since.
func TestRunFromCheckpoint(t *testing.T) {
	st := newStore(t)
	o := react.Options{Checkpoint: host.CheckpointFile{FS: crashfs.New(), Path: "shipping"}}
	var asked []int
	handle := func(_ context.Context, e typed.Envelope) ([]react.Reaction, error) {
		asked = append(asked, e.Value.(paid).N)
		return nil, nil
	}
	add(t, st, at, paid{1}, paid{2}, ship{})
	require.NoError(t, settle(t, st, payments, handle, o))
	saved, err := o.Checkpoint.Load(payments)
	require.NoError(t, err)
	end, err := st.Position(t.Context())
	require.NoError(t, err)
	require.Equal(t, end, saved, "past events of other regions too")

	add(t, st, at, paid{3})
	require.NoError(t, settle(t, st, payments, handle, o))
	require.Equal(t, []int{1, 2, 3}, asked)
	require.ErrorIs(t, settle(t, st, host.Region{}, handle, o), host.ErrOtherRegion)
	require.ErrorIs(t, settle(t, newStore(t), payments, handle, o), host.ErrOtherStore)
}

// A new reactor can begin at the end of the store. That place is saved at once, so that a
// reactor that is killed before its first event does not begin at a later end.
func TestRunFrom(t *testing.T) {
	st := newStore(t)
	add(t, st, at, paid{1})
	o := react.Options{Checkpoint: host.CheckpointFile{FS: crashfs.New(), Path: "shipping"}}
	var err error
	o.From, err = st.Position(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	killed := errors.New("killed")
	cancel(killed)
	require.ErrorIs(t, react.Run(ctx, st, types, "shipping", payments, twoParts, o), killed)

	add(t, st, at, paid{2})
	o.From, err = st.Position(t.Context())
	require.NoError(t, err)
	require.NoError(t, settle(t, st, payments, twoParts, o))
	parcels := all(t, st, host.Region{Kinds: event.Only(kindShip)})
	require.Len(t, parcels, 2)
	require.Equal(t, ship{2, 1}, parcels[0].Value)
}

// countdown reacts to its own kind.
func countdown(_ context.Context, e typed.Envelope) ([]react.Reaction, error) {
	left := e.Value.(chained).Left
	if left == 0 {
		return nil, nil
	}
	return []react.Reaction{{At: e.Coordinate, Value: chained{left - 1}}}, nil
}

// A reactor does not see its own reactions unless it asks for them, and then a chain of them
// ends: by itself, or at the bound.
func TestRunOwnReactions(t *testing.T) {
	region := host.Region{Kinds: event.Only(kindChained)}
	for _, c := range []struct {
		name  string
		left  int
		o     react.Options
		want  int // events
		depth bool
	}{
		{"not seen", 100, react.Options{}, 2, false},
		{"seen", 5, react.Options{OwnReactions: true}, 6, false},
		{"up to the bound", 16, react.Options{OwnReactions: true}, 17, false},
		{"beyond the bound", 17, react.Options{OwnReactions: true}, 17, true},
		{"beyond a bound that was set", 17, react.Options{OwnReactions: true, MaxDepth: 3}, 4, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := newStore(t)
			add(t, st, at, chained{c.left})
			err := settle(t, st, region, countdown, c.o)
			if c.depth {
				var failed *react.EventError
				require.ErrorAs(t, err, &failed)
				require.ErrorIs(t, err, react.ErrDepth)
				require.EqualValues(t, c.want-1, failed.Sequence)
			} else {
				require.NoError(t, err)
			}
			require.Len(t, all(t, st, host.Region{}), c.want)
		})
	}
}

// Two reactors that react to each other end too.
func TestRunChainOfTwo(t *testing.T) {
	st := newStore(t)
	add(t, st, at, chained{1000})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	for _, name := range []string{"ping", "pong"} {
		go func() {
			defer cancel()
			ended <- react.Run(ctx, st, types, name, host.Region{Kinds: event.Only(kindChained)}, countdown, react.Options{})
		}()
	}
	first := <-ended
	cancel()
	require.ErrorIs(t, first, react.ErrDepth)
	if second := <-ended; !errors.Is(second, react.ErrDepth) { // it may have seen the end of the chain too
		require.ErrorIs(t, second, context.Canceled)
	}
}

// An event that carries the metadata of a reaction and is none is seen.
func TestRunMetadataCarriedOn(t *testing.T) {
	st := newStore(t)
	add(t, st, at, paid{1})
	require.NoError(t, settle(t, st, payments, twoParts, react.Options{}))
	reaction := all(t, st, host.Region{Kinds: event.Only(kindShip)})[0]
	_, err := types.Append(t.Context(), st, at, paid{2}, host.CausedBy(reaction.ID), host.WithMeta(reaction.Meta))
	require.NoError(t, err)
	require.NoError(t, settle(t, st, payments, twoParts, react.Options{}))
	requireShipped(t, st)
	last := all(t, st, host.Region{Kinds: event.Only(kindShip)})[3]
	require.Equal(t, "2", last.Meta.Get(react.MetaDepth))
}

// The depth of a chain is text in metadata, which anyone can write.
func TestRunStrangeDepth(t *testing.T) {
	for _, depth := range []string{"-1", "0", "x", "16", "99999999999999999999"} {
		st := newStore(t)
		_, err := types.Append(t.Context(), st, at, paid{2}, host.WithMeta(event.NewMeta(map[string]string{react.MetaDepth: depth})))
		require.NoError(t, err)
		require.ErrorIs(t, settle(t, st, payments, twoParts, react.Options{}), react.ErrDepth, depth)
	}
}

// Events that arrive while the reactor starts, is slow, and waits all have their reactions
// once, in their order: nothing is dropped because it is behind.
func TestRunWhileAppending(t *testing.T) {
	const n = 3000
	st := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started := make(chan struct{})
	behind := make(chan struct{})
	ended := make(chan error)
	var next int
	go func() {
		ended <- react.Run(ctx, st, types, "shipping", payments, func(ctx context.Context, e typed.Envelope) ([]react.Reaction, error) {
			if next == 0 {
				close(started)
				<-behind
			}
			if e.Value.(paid).N != next {
				return nil, errors.New("not in order")
			}
			if next++; next == n {
				defer cancel()
			}
			reactions, err := twoParts(ctx, e)
			return reactions, err
		}, react.Options{})
	}()
	for i := range n {
		add(t, st, at, paid{i})
		switch i {
		case 0:
			<-started
		case n / 2:
			close(behind)
		}
	}
	<-ctx.Done()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.NoError(t, settle(t, st, payments, twoParts, react.Options{})) // the last batch may have been withdrawn
	requireShipped(t, st)
}

// Two reactors of one name, that would answer differently, share the triggers: those that were
// there before them, and those that come.
func TestRunTwiceAtOnce(t *testing.T) {
	const n = 300
	st := newStore(t)
	for i := range n / 2 {
		add(t, st, at, paid{i})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var meet [n]chan struct{}
	for i := range meet {
		meet[i] = make(chan struct{})
	}
	var met atomic.Int64
	ended := make(chan error, 2)
	for instance := range 2 {
		go func() {
			defer cancel()
			ended <- react.Run(ctx, st, types, "shipping", payments, func(_ context.Context, e typed.Envelope) (reactions []react.Reaction, err error) {
				n := e.Value.(paid).N
				if n%3 == 0 { // both are asked before one of them appends
					here, there := meet[n], meet[n]
					if instance == 0 {
						here = nil
					} else {
						there = nil
					}
					select {
					case here <- struct{}{}:
					case <-there:
					case <-ctx.Done():
						return nil, ctx.Err()
					}
					met.Add(1)
				}
				for part := range 1 + instance {
					reactions = append(reactions, react.Reaction{At: at, Value: ship{instance, part}})
				}
				return reactions, nil
			}, react.Options{})
		}()
	}
	for i := range n / 2 {
		add(t, st, at, paid{n/2 + i})
	}
	for seen, err := range st.Follow(host.Region{Kinds: event.Only(kindShip)}, host.Position{}, host.FollowOptions{}).Events(ctx) {
		if err != nil {
			break // of a reactor that failed
		}
		cause, err := st.Get(t.Context(), seen.Causation)
		require.NoError(t, err)
		e, err := types.Decode(cause)
		require.NoError(t, err)
		if e.Value.(paid).N == n-1 {
			break
		}
	}
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.ErrorIs(t, <-ended, context.Canceled)
	require.EqualValues(t, 2*n/3, met.Load())

	batches := map[event.ID][]int{}
	for _, e := range all(t, st, host.Region{Kinds: event.Only(kindShip)}) {
		batches[e.Causation] = append(batches[e.Causation], e.Value.(ship).N)
	}
	require.Len(t, batches, n)
	for _, b := range batches {
		require.True(t, len(b) == 1 && b[0] == 0 || len(b) == 2 && b[0] == 1 && b[1] == 1, "%v", b)
	}
}

// The handler of two reactors of different names each has its own reactions.
func TestRunTwoNames(t *testing.T) {
	st := newStore(t)
	add(t, st, at, paid{1})
	for _, name := range []string{"a", "b"} {
		require.NoError(t, react.Run(t.Context(), st, types, name, payments, twoParts, react.Options{StopAtEnd: true}))
	}
	require.Len(t, all(t, st, host.Region{Kinds: event.Only(kindShip)}), 4)
}

// An event of an unknown kind is raw.
func TestRunUnknownKind(t *testing.T) {
	st := newStore(t)
	_, err := st.Append(t.Context(), at, kindUnknown, "text")
	require.NoError(t, err)
	seen := 0
	require.NoError(t, settle(t, st, host.Region{}, func(_ context.Context, e typed.Envelope) ([]react.Reaction, error) {
		seen++
		require.IsType(t, host.Raw{}, e.Value)
		return nil, nil
	}, react.Options{}))
	require.Equal(t, 1, seen)
}

func TestNames(t *testing.T) {
	st := newStore(t)
	for _, name := range []string{"", "a b", "ä", "a\n", string(make([]byte, 129))} {
		require.ErrorIs(t, react.Run(t.Context(), st, types, name, payments, twoParts, react.Options{}), react.ErrName)
		require.ErrorIs(t, react.Deliver(t.Context(), st, types, name, payments, nil, react.DeliverOptions{}), react.ErrName)
	}
}
