package react_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/typed"
)

var errNo = errors.New("no")

// An error is tried again after pauses that grow to their bound, and then stops the reactor
// at the event.
func TestRunRetries(t *testing.T) {
	st := newStore(t)
	trigger := add(t, st, at, paid{1}, paid{2})[0]
	checkpoint := host.CheckpointFile{FS: crashfs.New(), Path: "shipping"}
	var pauses []time.Duration
	o := react.Options{Checkpoint: checkpoint, Retry: react.Retry{Tries: 6, Pause: time.Second, MaxPause: 5 * time.Second}.
		Recorded(func(d time.Duration) { pauses = append(pauses, d) })}
	asked, works := 0, 100
	handle := func(ctx context.Context, e typed.Envelope) ([]react.Reaction, error) {
		if asked++; asked < works {
			return nil, errNo
		}
		return twoParts(ctx, e)
	}
	err := settle(t, st, payments, handle, o)
	var failed *react.EventError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, &react.EventError{Name: "shipping", ID: trigger.ID, Sequence: 0, At: at, Kind: kindPaid, KindName: "paid", Tries: 6, Err: errNo}, failed)
	require.ErrorIs(t, err, errNo)
	require.Contains(t, err.Error(), trigger.ID.String())
	require.Equal(t, 6, asked)
	require.Len(t, pauses, 5)
	for i, most := range []time.Duration{1, 2, 4, 5, 5} {
		require.LessOrEqual(t, pauses[i], most*time.Second)
		require.GreaterOrEqual(t, pauses[i], most*time.Second/2)
	}
	saved, err := checkpoint.Load(payments)
	require.NoError(t, err)
	require.Zero(t, saved.Sequence, "before the event")

	works = 8 // the second try of the next run
	require.NoError(t, settle(t, st, payments, handle, o))
	requireShipped(t, st)
}

// Without a bound it tries until it works.
func TestRunRetriesForever(t *testing.T) {
	st := newStore(t)
	add(t, st, at, paid{1})
	tries := 0
	require.NoError(t, settle(t, st, payments, func(ctx context.Context, e typed.Envelope) ([]react.Reaction, error) {
		if tries++; tries < 500 {
			return nil, errNo
		}
		return twoParts(ctx, e)
	}, react.Options{Retry: react.Retry{Tries: -1}.Recorded(func(time.Duration) {})}))
	requireShipped(t, st)
}

// refusing is a store that refuses batches.
type refusing struct {
	react.Store
	err     error
	times   int // 0 for all
	refused *int
}

func (r refusing) AppendBatch(ctx context.Context, items []host.Item) ([]host.Receipt, error) {
	if r.times == 0 || *r.refused < r.times {
		*r.refused++
		return nil, r.err
	}
	return r.Store.AppendBatch(ctx, items)
}

// What goes wrong with the second of three triggers, how often the handler is asked, and
// whether Park may take it.
func TestRunGivesUp(t *testing.T) {
	one := func(r react.Reaction) func() ([]react.Reaction, error) {
		return func() ([]react.Reaction, error) { return []react.Reaction{r}, nil }
	}
	tooMany := make([]react.Reaction, 1<<16+1)
	for i := range tooMany {
		tooMany[i] = react.Reaction{At: at, Value: ship{}}
	}
	var entries = map[string]string{}
	for i := range event.MaxMetaEntries {
		entries[fmt.Sprint(i)] = ""
	}
	ok := one(react.Reaction{At: at, Value: ship{}})
	for _, c := range []struct {
		name   string
		bad    func() ([]react.Reaction, error)
		store  error // of AppendBatch, instead of what bad returns
		want   error // or
		as     any
		tries  int
		parked bool
	}{
		{name: "error", bad: func() ([]react.Reaction, error) { return nil, errNo }, want: errNo, tries: 3, parked: true},
		{name: "reactions with an error", bad: func() ([]react.Reaction, error) { r, _ := ok(); return r, errNo }, want: errNo, tries: 3, parked: true},
		{name: "panic", bad: func() ([]react.Reaction, error) { panic(errNo) }, want: errNo, as: new(*react.PanicError), tries: 1, parked: true},
		{name: "panic with text", bad: func() ([]react.Reaction, error) { panic("no") }, as: new(*react.PanicError), tries: 1, parked: true},
		{name: "unknown type", bad: one(react.Reaction{At: at, Value: 7}), want: typed.ErrUnknownType, as: new(*host.ItemError), tries: 1, parked: true},
		{name: "no coordinate", bad: one(react.Reaction{Value: ship{}}), as: new(*host.NameError), tries: 1, parked: true},
		{name: "too many", bad: func() ([]react.Reaction, error) { return tooMany, nil }, as: new(*host.LimitError), tries: 1, parked: true},
		{name: "zero id", bad: one(react.Reaction{At: at, Value: ship{}, Options: []host.AppendOption{host.Correlated(event.ID{})}}), want: host.ErrZeroID, tries: 1, parked: true},
		{name: "too much metadata", bad: one(react.Reaction{At: at, Value: ship{}, Options: []host.AppendOption{host.WithMeta(event.NewMeta(entries))}}), as: new(*event.MetaError), tries: 1, parked: true},
		{name: "conflict", bad: one(react.Reaction{At: at, Value: ship{}, Options: []host.AppendOption{host.Expect(host.NoEvents)}}), want: host.ErrConflict, as: new(*host.ExpectError), tries: 3, parked: true},
		{name: "kind", bad: ok, store: &host.KindError{Kind: 7}, as: new(*host.KindError), tries: 1, parked: true},
		{name: "denied by a gate", bad: ok, store: errNo, want: errNo, tries: 1, parked: true},
		{name: "key of something else", bad: ok, store: &host.KeyError{}, want: host.ErrKey, tries: 1, parked: true},
		{name: "write", bad: ok, store: &host.WriteError{Err: errNo}, as: new(*host.WriteError), tries: 3},
		{name: "closed", bad: ok, store: host.ErrClosed, want: host.ErrClosed, tries: 1},
		{name: "no permit", bad: ok, store: host.ErrNoPermit, want: host.ErrNoPermit, tries: 1},
		{name: "no justification", bad: ok, store: gate.ErrBypass, want: gate.ErrBypass, tries: 1},
		{name: "no record", bad: ok, store: errors.Join(gate.ErrDenied, &host.RecordError{Err: errNo}), as: new(*host.RecordError), tries: 1},
		{name: "failed", bad: ok, store: host.ErrFailed, want: host.ErrFailed, tries: 1},
		{name: "the handler's store is closed", bad: func() ([]react.Reaction, error) { return nil, fmt.Errorf("reading: %w", host.ErrClosed) }, want: host.ErrClosed, tries: 1},
	} {
		for _, parking := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, parking), func(t *testing.T) {
				st := newStore(t)
				add(t, st, at, paid{1}, paid{2}, paid{3})
				asked := map[int]int{}
				handle := func(ctx context.Context, e typed.Envelope) ([]react.Reaction, error) {
					n := e.Value.(paid).N
					if asked[n]++; n == 2 {
						return c.bad()
					}
					return twoParts(ctx, e)
				}
				o := react.Options{Retry: react.Retry{Tries: 3}.Recorded(func(time.Duration) {})}
				var parked []error
				if parking {
					o.Park = func(_ context.Context, e typed.Envelope, err error) error {
						require.Equal(t, paid{2}, e.Value)
						parked = append(parked, err)
						return nil
					}
				}
				store := react.Store(st)
				if c.store != nil {
					require.NoError(t, settle(t, st, payments, func(ctx context.Context, e typed.Envelope) ([]react.Reaction, error) {
						if e.Value.(paid).N == 2 {
							return nil, nil
						}
						return twoParts(ctx, e)
					}, o))
					store = refusing{Store: st, err: c.store, refused: new(int)}
					asked = map[int]int{1: 1, 3: 1}
				}
				err := settle(t, store, payments, handle, o)
				if c.store != nil {
					asked[3] = 1 // was done before
				}
				if parking && c.parked {
					require.NoError(t, err)
					require.Len(t, parked, 1)
					err = parked[0]
					require.Equal(t, 1, asked[3])
				} else {
					require.Empty(t, parked)
				}
				var failed *react.EventError
				require.ErrorAs(t, err, &failed)
				require.EqualValues(t, 1, failed.Sequence)
				require.Equal(t, c.tries, failed.Tries)
				require.Equal(t, c.tries, asked[2])
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				}
				if c.as != nil {
					require.ErrorAs(t, err, c.as)
				}
				require.NotEmpty(t, failed.Error())
			})
		}
	}
}

// A write that failed and was undone is tried again, and so is a conflict: the handler
// decides anew.
func TestRunAppendsAgain(t *testing.T) {
	for _, refusal := range []error{&host.WriteError{Err: errNo}, &host.ExpectError{}, &host.ConditionError{}} {
		st := newStore(t)
		add(t, st, at, paid{1})
		store := refusing{Store: st, err: refusal, times: 2, refused: new(int)}
		require.NoError(t, settle(t, store, payments, twoParts, react.Options{Retry: react.Retry{}.Recorded(func(time.Duration) {})}))
		requireShipped(t, st)
	}
}

// An event that cannot be decoded is given up without asking the handler; so is one whose
// upcast panics.
func TestRunPoison(t *testing.T) {
	st := newStore(t)
	_, err := st.Append(t.Context(), at, kindPaid, "no payment")
	require.NoError(t, err)
	_, err = st.Append(t.Context(), at, 0x1004, flat{A: "a"})
	require.NoError(t, err)
	add(t, st, at, paid{1})

	err = settle(t, st, host.Region{}, twoParts, react.Options{})
	var undecoded *typed.DecodeError
	require.ErrorAs(t, err, &undecoded)
	var parked []error
	require.NoError(t, settle(t, st, host.Region{}, twoParts, react.Options{Park: func(_ context.Context, e typed.Envelope, err error) error {

		parked = append(parked, err)
		return nil
	}}))
	require.Len(t, parked, 2)
	require.ErrorAs(t, parked[0], &undecoded)
	var panicked *typed.PanicError
	require.ErrorAs(t, parked[1], &undecoded)
	require.ErrorAs(t, parked[1], &panicked)
	require.Contains(t, string(panicked.Stack), "typed.Was")
	require.Len(t, all(t, st, host.Region{Kinds: event.Only(kindShip)}), 2)
}

// A trigger that was parked is done by a later run from before it, without a checkpoint, and
// the others are not done twice.
func TestRunParked(t *testing.T) {
	st := newStore(t)
	add(t, st, at, paid{1}, paid{2}, paid{3})
	broken := true
	handle := func(ctx context.Context, e typed.Envelope) ([]react.Reaction, error) {
		if broken && e.Value.(paid).N == 2 {
			panic("broken")
		}
		return twoParts(ctx, e)
	}
	o := react.Options{Checkpoint: host.CheckpointFile{FS: crashfs.New(), Path: "shipping"}}
	o.Park = func(context.Context, typed.Envelope, error) error { return errNo }
	err := settle(t, st, payments, handle, o)
	require.ErrorIs(t, err, errNo)
	var panicked *react.PanicError
	require.ErrorAs(t, err, &panicked, "both errors")

	o.Park = func(context.Context, typed.Envelope, error) error { return nil }
	require.NoError(t, settle(t, st, payments, handle, o))
	broken = false
	require.NoError(t, settle(t, st, payments, handle, o), "the checkpoint is past it")
	require.Len(t, all(t, st, host.Region{Kinds: event.Only(kindShip)}), 4)
	require.NoError(t, settle(t, st, payments, handle, react.Options{}))
	requireShipped(t, st)
}

// When the context ends in the handler, in a pause or in Park, Run returns its cause, and the
// event is not done.
func TestRunContextEnds(t *testing.T) {
	cause := errors.New("stopping")
	for _, where := range []string{"handler", "pause", "park", "waiting"} {
		t.Run(where, func(t *testing.T) {
			st := newStore(t)
			if where != "waiting" {
				add(t, st, at, paid{1})
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			end := func(here string) {
				if where == here {
					cancel(cause)
				}
			}
			o := react.Options{Retry: react.Retry{Tries: 2}.Recorded(func(time.Duration) { end("pause") })}
			o.Park = func(ctx context.Context, _ typed.Envelope, _ error) error {
				end("park")
				return ctx.Err()
			}
			if where == "waiting" {
				time.AfterFunc(time.Millisecond, func() { cancel(cause) })
			}
			err := react.Run(ctx, st, types, "shipping", payments, func(ctx context.Context, _ typed.Envelope) ([]react.Reaction, error) {
				end("handler")
				if ctx.Err() != nil {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return nil, errNo
			}, o)
			require.Equal(t, cause, err)
			require.NoError(t, settle(t, st, payments, twoParts, react.Options{}))
			requireShipped(t, st)
		})
	}
}

// A handler that ends its goroutine, as require.FailNow does, ends that of Run.
func TestRunGoexit(t *testing.T) {
	st := newStore(t)
	add(t, st, at, paid{1})
	done := make(chan bool)
	go func() {
		returned := false
		defer func() { done <- returned }()
		_ = settle(t, st, payments, func(context.Context, typed.Envelope) ([]react.Reaction, error) {
			runtime.Goexit()
			return nil, nil
		}, react.Options{})
		returned = true
	}()
	require.False(t, <-done)
}

// blind is a store of which the index cannot be read.
type blind struct{ react.Store }

func (b blind) Ancestors(context.Context, event.ID, int) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) { yield(event.Event{}, errNo) }
}

// first is a blind store whose events are all new, and in which another reactor is always first.
type first struct{ blind }

func (first) Position(context.Context) (host.Position, error) { return host.Position{}, nil }

func (first) AppendBatch(context.Context, []host.Item) ([]host.Receipt, error) {
	return nil, host.ErrKey
}

// unsavable is a checkpoint that cannot be saved.
type unsavable struct{ host.CheckpointFile }

func (unsavable) Save(host.Region, host.Position) error { return errNo }

// What is not about an event is not parked.
func TestRunStops(t *testing.T) {
	st := newStore(t)
	add(t, st, at, paid{1})
	o := react.Options{Park: func(context.Context, typed.Envelope, error) error {
		require.Fail(t, "parked")
		return nil
	}}
	require.ErrorIs(t, settle(t, blind{st}, payments, twoParts, o), errNo)
	require.ErrorIs(t, settle(t, first{blind{st}}, payments, twoParts, o), errNo)
	o.Checkpoint = unsavable{host.CheckpointFile{FS: crashfs.New(), Path: "shipping"}}
	require.ErrorIs(t, settle(t, st, payments, twoParts, o), errNo)
}
