package react_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/typed"
)

type deliverer = func(context.Context, typed.Envelope) error

// drain delivers up to the end of the store.
func drain(t testing.TB, st host.FollowReader, deliver deliverer, o react.DeliverOptions) error {
	o.StopAtEnd = true
	return react.Deliver(t.Context(), st, types, "mail", payments, deliver, o)
}

func order(i int) event.Coordinate { return event.At(fmt.Sprint("order:", i), "shop") }

// reused is a reader that has one buffer for all payloads of a loop, as Reader allows.
type reused struct{ *host.DirReader }

func (r reused) Follow(region host.Region, from host.Position, o host.FollowOptions) *host.Follower {
	return host.NewFollower(r, region, from, o)
}

func (r reused) ReadEach(ctx context.Context, events iter.Seq2[event.Event, error]) iter.Seq2[event.Full, error] {
	return func(yield func(event.Full, error) bool) {
		var buffer []byte
		for e, err := range r.DirReader.ReadEach(ctx, events) {
			buffer = append(buffer[:0], e.Payload...)
			e.Payload = buffer
			if !yield(e, err) {
				return
			}
			clear(buffer)
		}
	}
}

// The payload belongs to the call, however late it reads it.
func TestDeliverPayloads(t *testing.T) {
	const n = 20
	files := crashfs.New()
	st, err := host.Open(t.Context(), "store", host.Options{FS: files})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	for i := range n {
		add(t, st, order(i), paid{i})
	}
	r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: files})
	require.NoError(t, err)
	defer r.Close()
	var arrived sync.WaitGroup
	arrived.Add(n)
	require.NoError(t, drain(t, reused{r}, func(_ context.Context, e typed.Envelope) error {
		arrived.Done()
		arrived.Wait() // all have been read
		again, err := types.Decode(e.Full)
		if err != nil {
			return err
		}
		if got := fmt.Sprint("order:", again.Value.(paid).N); got != e.Entity {
			return fmt.Errorf("%s has the payload of %s", e.Entity, got)
		}
		return nil
	}, react.DeliverOptions{AtOnce: n, Retry: react.Retry{Tries: 1}}))
}

// An event that is tried again and again holds up its entity, but no other one, though only
// one is delivered at a time.
func TestDeliverPauseGivesWay(t *testing.T) {
	st := newStore(t)
	for i := range 5 {
		add(t, st, order(0), paid{i})
		add(t, st, order(1), paid{i})
	}
	others := make(chan struct{})
	var got [2][]int
	working := 0
	require.NoError(t, drain(t, st, func(_ context.Context, e typed.Envelope) error {
		working++
		defer func() { working-- }()
		require.Equal(t, 1, working)
		n := e.Value.(paid).N
		if e.Entity == "order:0" && n == 0 && len(got[1]) < 5 {
			return errNo
		}
		lane := int(e.Entity[len("order:")] - '0')
		if got[lane] = append(got[lane], n); len(got[1]) == 5 && lane == 1 {
			close(others)
		}
		return nil
	}, react.DeliverOptions{Retry: react.Retry{}.Recorded(func(time.Duration) { <-others })}))
	require.Equal(t, [2][]int{{0, 1, 2, 3, 4}, {0, 1, 2, 3, 4}}, got)
}

// While one event is not delivered, a bounded number of others is. None is lost by that.
func TestDeliverFull(t *testing.T) {
	const n = 3 * react.MaxOpen
	st := newStore(t)
	items := make([]host.Item, n)
	for i := range items {
		items[i] = host.Item{At: order(i), Kind: kindPaid, Payload: paid{i}}
	}
	_, err := st.AppendBatch(t.Context(), items)
	require.NoError(t, err)
	var others, most int32
	full := make(chan struct{})
	require.NoError(t, drain(t, st, func(_ context.Context, e typed.Envelope) error {
		if e.Value.(paid).N == 0 {
			<-full
			most = atomic.LoadInt32(&others)
		} else if atomic.AddInt32(&others, 1) == react.MaxOpen-1 {
			close(full)
		}
		return nil
	}, react.DeliverOptions{AtOnce: 2}))
	require.EqualValues(t, n-1, others)
	require.EqualValues(t, react.MaxOpen-1, most)
}

// A reader of another process is enough.
func TestDeliverFromReader(t *testing.T) {
	files := crashfs.New()
	st, err := host.Open(t.Context(), "store", host.Options{FS: files})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	add(t, st, at, paid{1}, paid{2})
	r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: files})
	require.NoError(t, err)
	defer r.Close()
	var got []any
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, react.Deliver(ctx, r, types, "mail", payments, func(_ context.Context, e typed.Envelope) error {
		switch got = append(got, e.Value); len(got) {
		case 2:
			add(t, st, at, paid{3})
		case 3:
			cancel()
		}
		return nil
	}, react.DeliverOptions{}), context.Canceled)
	require.NoError(t, drain(t, r, func(_ context.Context, e typed.Envelope) error {
		got = append(got, e.Value)
		return nil
	}, react.DeliverOptions{}))
	require.Equal(t, []any{paid{1}, paid{2}, paid{3}, paid{1}, paid{2}, paid{3}}, got)
}

// Events that arrive while it starts, delivers and waits are all delivered once.
func TestDeliverWhileAppending(t *testing.T) {
	const n = 3000
	st := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started := make(chan struct{})
	var mu sync.Mutex
	seen := map[int]int{}
	ended := make(chan error)
	go func() {
		ended <- react.Deliver(ctx, st, types, "mail", payments, func(_ context.Context, e typed.Envelope) error {
			mu.Lock()
			defer mu.Unlock()
			if seen[e.Value.(paid).N]++; len(seen) == 1 {
				close(started)
			}
			if len(seen) == n {
				cancel()
			}
			return nil
		}, react.DeliverOptions{AtOnce: 4})
	}()
	for i := range n {
		add(t, st, order(i%7), paid{i})
		if i == 0 {
			<-started
		}
	}
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Len(t, seen, n)
	for _, times := range seen {
		require.Equal(t, 1, times)
	}
}

// The first error ends Deliver, and the context of the other calls; the position stays before
// every event that was not delivered, and a restart goes on from there.
func TestDeliverStops(t *testing.T) {
	st := newStore(t)
	for i := range 20 {
		add(t, st, order(i), paid{i})
	}
	checkpoint := host.CheckpointFile{FS: crashfs.New(), Path: "mail"}
	err := drain(t, st, func(ctx context.Context, e typed.Envelope) error {
		switch e.Value.(paid).N {
		case 5:
			<-ctx.Done()
			return ctx.Err()
		case 7:
			return errNo
		}
		return nil
	}, react.DeliverOptions{Checkpoint: checkpoint, AtOnce: 2, Retry: react.Retry{Tries: 2}.Recorded(func(time.Duration) {})})
	var failed *react.EventError
	require.ErrorAs(t, err, &failed)
	require.ErrorIs(t, err, errNo)
	require.EqualValues(t, 7, failed.Sequence)
	require.Equal(t, 2, failed.Tries)
	saved, err := checkpoint.Load(payments)
	require.NoError(t, err)
	require.EqualValues(t, 5, saved.Sequence)

	var got []int
	require.NoError(t, drain(t, st, func(_ context.Context, e typed.Envelope) error {
		got = append(got, e.Value.(paid).N)
		return nil
	}, react.DeliverOptions{Checkpoint: checkpoint}))
	require.Equal(t, []int{5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, got)
}

// What goes wrong with the second event of an entity; the third one follows if it was parked.
func TestDeliverGivesUp(t *testing.T) {
	for _, c := range []struct {
		name   string
		bad    func() error
		as     any
		tries  int
		parked bool
	}{
		{"error", func() error { return errNo }, nil, 3, true},
		{"panic", func() error { panic("no") }, new(*react.PanicError), 1, true},
		{"closed store", func() error { return host.ErrClosed }, nil, 1, false},
		{"exit", func() error { runtime.Goexit(); return nil }, new(*react.PanicError), 1, false},
	} {
		for _, parking := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, parking), func(t *testing.T) {
				st := newStore(t)
				add(t, st, at, paid{1}, paid{2}, paid{3})
				var got []int
				var parked error
				o := react.DeliverOptions{Retry: react.Retry{Tries: 3}.Recorded(func(time.Duration) {})}
				if parking {
					o.Park = func(_ context.Context, e typed.Envelope, err error) error {
						require.Equal(t, paid{2}, e.Value)
						parked = err
						return nil
					}
				}
				err := drain(t, st, func(_ context.Context, e typed.Envelope) error {
					if n := e.Value.(paid).N; n != 2 {
						got = append(got, n)
						return nil
					}
					return c.bad()
				}, o)
				if parking && c.parked {
					require.NoError(t, err)
					require.Equal(t, []int{1, 3}, got)
					err = parked
				} else {
					require.NoError(t, parked)
					require.Equal(t, []int{1}, got)
				}
				var failed *react.EventError
				require.ErrorAs(t, err, &failed)
				require.EqualValues(t, 1, failed.Sequence)
				require.Equal(t, c.tries, failed.Tries)
				if c.as != nil {
					require.ErrorAs(t, err, c.as)
				}
			})
		}
	}
}

func TestDeliverPoison(t *testing.T) {
	st := newStore(t)
	_, err := st.Append(t.Context(), at, kindPaid, "no payment")
	require.NoError(t, err)
	add(t, st, at, paid{2})
	var got []any
	deliver := func(_ context.Context, e typed.Envelope) error {
		got = append(got, e.Value)
		return nil
	}
	var undecoded *typed.DecodeError
	require.ErrorAs(t, drain(t, st, deliver, react.DeliverOptions{}), &undecoded)
	require.Empty(t, got)
	require.NoError(t, drain(t, st, deliver, react.DeliverOptions{Park: func(_ context.Context, e typed.Envelope, err error) error {
		require.ErrorAs(t, err, &undecoded)
		require.NotEmpty(t, e.Payload)
		return nil
	}}))
	require.Equal(t, []any{paid{2}}, got)
	require.ErrorIs(t, drain(t, st, deliver, react.DeliverOptions{Park: func(context.Context, typed.Envelope, error) error { return errNo }}), errNo)
}

// When the context ends in a call, in a pause, in Park or while it waits, Deliver returns its
// cause once every call has returned.
func TestDeliverContextEnds(t *testing.T) {
	cause := errors.New("stopping")
	for _, where := range []string{"call", "pause", "park", "waiting"} {
		t.Run(where, func(t *testing.T) {
			st := newStore(t)
			checkpoint := host.CheckpointFile{FS: crashfs.New(), Path: "mail"}
			if where != "waiting" {
				add(t, st, order(1), paid{1})
				add(t, st, order(2), paid{2})
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			end := func(here string) {
				if where == here {
					cancel(cause)
				}
			}
			var calls atomic.Int32
			o := react.DeliverOptions{Checkpoint: checkpoint, AtOnce: 2, Retry: react.Retry{Tries: 2}.Recorded(func(time.Duration) { end("pause") })}
			o.Park = func(ctx context.Context, _ typed.Envelope, _ error) error {
				end("park")
				return ctx.Err()
			}
			if where == "waiting" {
				time.AfterFunc(time.Millisecond, func() { end("waiting") })
			}
			err := react.Deliver(ctx, st, types, "mail", payments, func(ctx context.Context, _ typed.Envelope) error {
				calls.Add(1)
				defer calls.Add(-1)
				if end("call"); where == "call" {
					<-ctx.Done()
					return ctx.Err()
				}
				return errNo
			}, o)
			require.Equal(t, cause, err)
			require.Zero(t, calls.Load())
			saved, err := checkpoint.Load(payments)
			require.NoError(t, err)
			require.Zero(t, saved.Sequence)
		})
	}
}

func TestDeliverCheckpointFails(t *testing.T) {
	st := newStore(t)
	add(t, st, at, paid{1})
	o := react.DeliverOptions{Checkpoint: unsavable{host.CheckpointFile{FS: crashfs.New(), Path: "mail"}}}
	require.ErrorIs(t, drain(t, st, nil, o), errNo)

	o.Checkpoint = lost{}
	err := react.Deliver(t.Context(), st, types, "mail", payments, func(context.Context, typed.Envelope) error { return nil }, o)
	require.ErrorIs(t, err, errNo, "while it waits")

	late := func(context.Context, typed.Envelope) error {
		time.Sleep(50 * time.Millisecond) // so that nearly always the reader has nothing left before
		return nil
	}
	err = react.Deliver(t.Context(), st, types, "mail", payments, late, o)
	require.ErrorIs(t, err, errNo, "the last event ends while it waits")
}

// lost is a checkpoint that can be loaded.
type lost struct{ unsavable }

func (lost) Load(host.Region) (host.Position, error) { return host.Position{}, nil }

// panicking is a checkpoint whose first save panics.
type panicking struct{ saves *atomic.Int32 }

func (panicking) Load(host.Region) (host.Position, error) { return host.Position{}, nil }

func (p panicking) Save(host.Region, host.Position) error {
	if p.saves.Add(1) == 1 {
		panic("save")
	}
	return nil
}

// TestDeliverCheckpointPanics: a panic of the checkpoint, which Deliver calls from a goroutine
// of its own, ends the delivery and not the process.
func TestDeliverCheckpointPanics(t *testing.T) {
	st := newStore(t)
	add(t, st, at, paid{1})
	o := react.DeliverOptions{Checkpoint: panicking{new(atomic.Int32)}}
	err := react.Deliver(t.Context(), st, types, "mail", payments, func(context.Context, typed.Envelope) error { return nil }, o)
	var panicked *react.PanicError
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, "save", panicked.Value)
}
