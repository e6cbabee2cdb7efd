package host_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

const (
	kindPermitted event.Kind = 0x1F01
	kindDenied    event.Kind = 0x1F02
	kindBypassed  event.Kind = 0x1F03
)

var (
	alice = gate.Actor{ID: "user:alice", Facts: 100}
	audit = event.At("audit", "audit")

	errLimit = errors.New("over the limit")
)

// limit refuses amounts above what the actor's facts allow.
var limit = gate.New("limit", func(p *gate.Proposal) error {
	var amount int
	if err := payload.Unmarshal(p.Payload, &amount); err != nil {
		return err
	}
	if amount > p.Actor.Facts.(int) {
		return errLimit
	}
	return nil
})

// openJudged opens a store in memory with a policy, and with records of everything if
// recorded is set.
func openJudged(t testing.TB, recorded bool, gates ...gate.Gate) *host.Store {
	o := host.Options{FS: crashfs.New(), Policy: gate.Set(gates...), Logger: quiet}
	if recorded {
		o.Records = &host.Records{At: audit, Permitted: kindPermitted, Denied: kindDenied, Bypassed: kindBypassed}
	}
	st, err := host.Open(context.Background(), "store", o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = st.Close() })
	return st
}

func amounts(values ...any) (items []host.Item) {
	for _, v := range values {
		items = append(items, host.Item{At: event.At("account:1", "bank"), Kind: 0x1001, Payload: v})
	}
	return items
}

// stored returns the payloads of the amounts of a store.
func stored(t testing.TB, r host.Reader) (values []int) {
	ctx := context.Background()
	for e, err := range r.ReadEach(ctx, r.Query(ctx, host.Region{Kinds: event.Only(0x1001)}, host.Page{})) {
		require.NoError(t, err)
		var v int
		require.NoError(t, payload.Unmarshal(e.Payload, &v))
		values = append(values, v)
	}
	return values
}

// TestPolicyRefusesWhatWasNotJudged goes through every way to append.
func TestPolicyRefusesWhatWasNotJudged(t *testing.T) {
	st, ctx := openJudged(t, false, limit), t.Context()
	_, err := st.Append(ctx, event.At("account:1", "bank"), 0x1001, 1)
	require.ErrorIs(t, err, host.ErrNoPermit)
	_, err = st.AppendBatch(ctx, amounts(1, 2))
	require.ErrorIs(t, err, host.ErrNoPermit)
	_, err = st.AppendEach(ctx, amounts(1, 2))
	require.ErrorIs(t, err, host.ErrNoPermit)
	f := st.Fence()
	_, err = f.Append(event.At("account:1", "bank"), 0x1001, 1)
	require.ErrorIs(t, err, host.ErrNoPermit)
	_, err = f.Commit(ctx)
	require.NoError(t, err)
	require.NoError(t, st.Sync(ctx))
	require.Empty(t, stored(t, st))
}

// appendWays are the ways to append as an actor. Each returns the number of receipts.
var appendWays = map[string]func(a *host.ActingStore, items []host.Item) (int, error){
	"Append": func(a *host.ActingStore, items []host.Item) (int, error) {
		for i, it := range items {
			if _, err := a.Append(context.Background(), it.At, it.Kind, it.Payload, it.Options...); err != nil {
				return i, err
			}
		}
		return len(items), nil
	},
	"AppendBatch": func(a *host.ActingStore, items []host.Item) (int, error) {
		receipts, err := a.AppendBatch(context.Background(), items)
		return len(receipts), err
	},
	"AppendEach": func(a *host.ActingStore, items []host.Item) (int, error) {
		receipts, err := a.AppendEach(context.Background(), items)
		return len(receipts), err
	},
	"Fence": func(a *host.ActingStore, items []host.Item) (int, error) {
		f := a.Fence()
		for _, it := range items {
			if _, err := f.Append(it.At, it.Kind, it.Payload, it.Options...); err != nil {
				return 0, errors.Join(err, f.Cancel())
			}
		}
		receipts, err := f.Commit(context.Background())
		return len(receipts), err
	},
}

// TestActingStore: what the policy permits is written, and nothing else, with and without
// records.
func TestActingStore(t *testing.T) {
	oneByOne := map[string]bool{"Append": true, "AppendEach": true}
	for way, appendAs := range appendWays {
		for _, recorded := range []bool{false, true} {
			t.Run(way, func(t *testing.T) {
				st := openJudged(t, recorded, limit)
				n, err := appendAs(st.As(alice), amounts(1, 2, 3))
				require.NoError(t, err)
				require.Equal(t, 3, n)
				n, err = appendAs(st.As(alice), amounts(4, 101, 5))
				var denial *gate.Denial
				require.ErrorAs(t, err, &denial)
				require.ErrorIs(t, err, errLimit)
				require.ErrorIs(t, err, gate.ErrDenied)
				require.Equal(t, "limit", denial.Gate)
				want := []int{1, 2, 3}
				if oneByOne[way] {
					require.Equal(t, 1, n)
					want = append(want, 4)
				} else {
					require.Zero(t, n)
				}
				require.Equal(t, want, stored(t, st))
				var each *host.EachError
				if way == "AppendEach" {
					require.ErrorAs(t, err, &each)
					require.Equal(t, 1, each.Done)
				}
			})
		}
	}
}

// TestNoPolicy: an acting store of a store without a policy appends everything.
func TestNoPolicy(t *testing.T) {
	st, err := host.Open(t.Context(), "store", host.Options{FS: crashfs.New(), Logger: quiet})
	require.NoError(t, err)
	defer st.Close()
	for _, appendAs := range appendWays {
		_, err := appendAs(st.As(alice), amounts(1000))
		require.NoError(t, err)
	}
	p, err := st.Judge(t.Context(), alice, amounts(1000))
	require.NoError(t, err)
	_, err = st.AppendPermitted(t.Context(), p)
	require.NoError(t, err)
	require.Len(t, stored(t, st), 5)
}

// TestPermitIsOfOneStore: a permit is refused by every store but the one that judged, also by
// the same directory opened again, and then still good where it is from.
func TestPermitIsOfOneStore(t *testing.T) {
	ctx, fsys := t.Context(), crashfs.New()
	policy := gate.Set(limit)
	open := func(path string) *host.Store {
		st, err := host.Open(ctx, path, host.Options{FS: fsys, Policy: policy, Logger: quiet})
		require.NoError(t, err)
		return st
	}
	a, b := open("a"), open("b")
	p, err := a.Judge(ctx, alice, amounts(1))
	require.NoError(t, err)
	old, err := a.Judge(ctx, alice, amounts(2))
	require.NoError(t, err)
	_, err = b.AppendPermitted(ctx, p)
	require.ErrorIs(t, err, gate.ErrForeign)
	for _, forged := range []*gate.Permit{nil, {}, gate.NewIssuer(policy).Issue(gate.Batch{})} {
		_, err = a.AppendPermitted(ctx, forged)
		require.ErrorIs(t, err, gate.ErrForeign)
	}
	receipts, err := a.AppendPermitted(ctx, p)
	require.NoError(t, err)
	require.Len(t, receipts, 1)
	require.NoError(t, a.Close())
	a = open("a")
	_, err = a.AppendPermitted(ctx, old)
	require.ErrorIs(t, err, gate.ErrForeign)
	require.Equal(t, []int{1}, stored(t, a))
	require.Empty(t, stored(t, b))
	require.NoError(t, a.Close())
	require.NoError(t, b.Close())
}

// TestPermitIsUsedOnce, by one of many goroutines that have it or a copy.
func TestPermitIsUsedOnce(t *testing.T) {
	st, ctx := openJudged(t, true, limit), t.Context()
	p, err := st.Judge(ctx, alice, amounts(1, 2))
	require.NoError(t, err)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			q := *p
			_, errs[i] = st.AppendPermitted(ctx, &q)
		})
	}
	wg.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
			continue
		}
		require.ErrorIs(t, err, gate.ErrUsed)
	}
	require.Equal(t, 1, good)
	require.Equal(t, []int{1, 2}, stored(t, st))
}

// TestPermitIsUsedUp by a call that fails: with an expectation or a condition that does not
// hold, or when the context has ended.
func TestPermitIsUsedUp(t *testing.T) {
	st, ctx := openJudged(t, true, limit), t.Context()
	start, err := st.Position(ctx)
	require.NoError(t, err)
	_, err = st.As(alice).AppendBatch(ctx, amounts(1))
	require.NoError(t, err)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		option host.AppendOption
		err    error
	}{
		"expectation": {ctx, host.Expect(host.NoEvents), host.ErrConflict},
		"condition":   {ctx, host.Unless(start, host.Region{Scope: "bank"}), host.ErrConflict},
		"context":     {ended, host.Expect(host.AnyState), context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			items := amounts(2)
			items[0].Options = []host.AppendOption{c.option}
			p, err := st.Judge(ctx, alice, items)
			require.NoError(t, err)
			_, err = st.AppendPermitted(c.ctx, p)
			require.ErrorIs(t, err, c.err)
			_, err = st.AppendPermitted(ctx, p)
			require.ErrorIs(t, err, gate.ErrUsed)
			require.Equal(t, []int{1}, stored(t, st))
			n, err := st.Count(ctx, host.Region{Kinds: event.Only(kindPermitted)}, 0)
			require.NoError(t, err)
			require.EqualValues(t, 1, n, "a refused append leaves no record")
		})
	}
}

// TestRefusedExpectationOfOne: with and without a record, an append of one event fails with
// the error itself.
func TestRefusedExpectationOfOne(t *testing.T) {
	for _, recorded := range []bool{false, true} {
		st := openJudged(t, recorded, limit)
		_, err := st.As(alice).Append(t.Context(), event.At("account:1", "bank"), 0x1001, 1, host.Expect(host.AtClock(7)))
		var item *host.ItemError
		require.NotErrorAs(t, err, &item)
		var expect *host.ExpectError
		require.ErrorAs(t, err, &expect)
	}
}

// TestPolicyRepetition: a repetition under a key is answered as the first, whatever the gates
// say now, and is not recorded again.
func TestPolicyRepetition(t *testing.T) {
	for way, appendAs := range appendWays {
		for _, recorded := range []bool{false, true} {
			t.Run(way, func(t *testing.T) {
				st, ctx := openJudged(t, recorded, limit), t.Context()
				keyed := func(text string, values ...any) []host.Item {
					items := amounts(values...)
					for i := range items {
						items[i].Options = []host.AppendOption{host.WithKey(host.KeyOf(text + string(rune('a'+i))))}
					}
					return items
				}
				n, err := appendAs(st.As(alice), keyed("k", 50, 60))
				require.NoError(t, err)
				require.Equal(t, 2, n)
				before, err := st.Position(ctx)
				require.NoError(t, err)

				poor := gate.Actor{ID: "user:bob", Facts: 10}
				n, err = appendAs(st.As(poor), keyed("k", 50, 60))
				require.NoError(t, err)
				require.Equal(t, 2, n)
				_, err = appendAs(st.As(poor), keyed("k", 50, 60, 70)) // a key that is new
				require.Error(t, err)
				_, err = appendAs(st.As(poor), keyed("k", 1, 2)) // other payloads
				require.ErrorIs(t, err, host.ErrKey)
				p, err := st.Judge(ctx, poor, keyed("k", 50, 60))
				require.NoError(t, err)
				require.True(t, p.Repetition())
				receipts, err := st.AppendPermitted(ctx, p)
				require.NoError(t, err)
				require.Len(t, receipts, 2)
				require.True(t, receipts[1].Repeated)

				require.Equal(t, []int{50, 60}, stored(t, st))
				after := uint64(0)
				for e, err := range st.Query(ctx, host.Region{Kinds: event.AnyOf(0x1001, kindPermitted)}, host.Page{From: before.Sequence}) {
					require.NoError(t, err)
					after = e.Sequence
				}
				require.Zero(t, after)
			})
		}
	}
}

// TestRepetitionOnItsWay: a second attempt that is refused while the first waits for the disk
// is answered as the first.
func TestRepetitionOnItsWay(t *testing.T) {
	ctx := t.Context()
	var st *host.Store
	var first *gate.Permit
	policy := gate.Set(gate.New("once", func(p *gate.Proposal) error {
		if p.Actor.ID == "second" {
			// The first attempt is written after the look-up of the key and before the refusal.
			_, err := st.AppendPermitted(ctx, first)
			require.NoError(t, err)
			return errLimit
		}
		return nil
	}))
	st, err := host.Open(ctx, "store", host.Options{FS: crashfs.New(), Policy: policy, Logger: quiet})
	require.NoError(t, err)
	defer st.Close()
	items := amounts(1)
	items[0].Options = []host.AppendOption{host.WithKey(host.KeyOf("k"))}
	first, err = st.Judge(ctx, alice, items)
	require.NoError(t, err)
	receipts, err := st.As(gate.Actor{ID: "second"}).AppendBatch(ctx, items)
	require.NoError(t, err)
	require.True(t, receipts[0].Repeated)
	require.Equal(t, []int{1}, stored(t, st))
}

// TestChangedAfterJudge: changing what was given to Judge changes nothing.
func TestChangedAfterJudge(t *testing.T) {
	st, ctx := openJudged(t, false, limit), t.Context()
	value, raw, options := new(int), host.Raw{2}, []host.AppendOption{host.WithTime(time.UnixMicro(7))}
	*value = 1
	items := amounts(value, raw)
	items[0].Options, items[1].Options = options, options
	p, err := st.Judge(ctx, alice, items)
	require.NoError(t, err)
	*value, raw[0], options[0] = 101, 0x7f, host.WithTime(time.UnixMicro(8))
	items[0], items[1].At, items[1].Kind = amounts(102)[0], event.At("x", "x"), 0x2000
	receipts, err := st.AppendPermitted(ctx, p)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, stored(t, st))
	e, err := st.Get(ctx, receipts[0].ID)
	require.NoError(t, err)
	require.EqualValues(t, 7, e.TimestampUS)
}

// TestPanickingGate refuses, and the store goes on.
func TestPanickingGate(t *testing.T) {
	st := openJudged(t, true, gate.New("panics", func(p *gate.Proposal) error {
		if p.Payload[0] > 9 {
			panic(errLimit)
		}
		return nil
	}))
	for way, appendAs := range appendWays {
		_, err := appendAs(st.As(alice), amounts(10))
		var panicked *gate.PanicError
		require.ErrorAs(t, err, &panicked, way)
		require.ErrorIs(t, err, errLimit)
		_, err = appendAs(st.As(alice), amounts(1))
		require.NoError(t, err)
	}
	require.Equal(t, []int{1, 1, 1, 1}, stored(t, st))
}

// TestJudgeAll has the word of every gate about every item that one refused.
func TestJudgeAll(t *testing.T) {
	st := openJudged(t, false, gate.New("even", func(p *gate.Proposal) error {
		if p.Payload[0]%2 == 1 {
			return errors.New("odd")
		}
		return nil
	}), limit)
	_, err := st.JudgeAll(t.Context(), gate.Actor{Facts: 5}, amounts(2, 7, 4, 8))
	var denial *gate.Denial
	require.ErrorAs(t, err, &denial)
	var got []string
	for _, v := range denial.Verdicts {
		got = append(got, string(rune('0'+v.Item))+v.Gate+" "+v.Outcome.String())
	}
	require.Equal(t, []string{"1even refused", "1limit refused", "3even permitted", "3limit refused"}, got)
	_, err = st.JudgeAll(t.Context(), alice, amounts(2, 4))
	require.NoError(t, err)
}

// TestJudgeInvalid: what cannot be appended is not judged.
func TestJudgeInvalid(t *testing.T) {
	st := openJudged(t, false, gate.New("not-asked", func(*gate.Proposal) error { panic("asked") }))
	var item *host.ItemError
	_, err := st.Judge(t.Context(), alice, amounts(host.Raw{0xc1}))
	require.ErrorAs(t, err, &item)
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errLimit)
	_, err = st.Judge(ended, alice, amounts(1))
	require.ErrorIs(t, err, errLimit)
	p, err := st.Judge(t.Context(), alice, nil)
	require.NoError(t, err)
	receipts, err := st.AppendPermitted(t.Context(), p)
	require.NoError(t, err)
	require.Empty(t, receipts)
}
