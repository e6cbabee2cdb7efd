package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// TestPositionRefused: a position of another region, of another store, or beyond the end of
// the store is an error, nothing is handled, and the row stays.
func TestPositionRefused(t *testing.T) {
	st, other, older := openStore(t), openStore(t), openStore(t)
	first := event.ID{15: 1}
	for _, st := range []*host.Store{st, older} {
		_, err := st.Append(t.Context(), event.At("account:1", "bank"), 0x1002, note{}, host.WithKey(first))
		require.NoError(t, err)
	}
	pay(t, st, 1, 5)
	pay(t, other, 1, 9)
	pay(t, older, 1, 2)
	db := memoryDB(t)
	require.NoError(t, project.CatchUp(t.Context(), st, types, project.SQL(db, "accounts", payments, into("accounts"))))
	before, model := saved(t, db, "accounts"), readAccounts(t, db, "accounts")
	for _, c := range []struct {
		name   string
		store  *host.Store
		region host.Region
		want   error
	}{
		{"region", st, host.Region{}, host.ErrOtherRegion},
		{"store", other, payments, host.ErrOtherStore},
		{"end", older, payments, host.ErrBeyondEnd},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := project.SQL(db, "accounts", c.region, func(context.Context, *sql.Tx, typed.Envelope) error {
				t.Error("handled")
				return nil
			})
			err := project.CatchUp(t.Context(), c.store, types, p)
			require.ErrorIs(t, err, c.want)
			var why *project.Error
			require.ErrorAs(t, err, &why)
			require.Equal(t, "accounts", why.Projection)
			require.ErrorIs(t, p.Status().Err, c.want)
			require.Equal(t, before, saved(t, db, "accounts"))
			require.Equal(t, model, readAccounts(t, db, "accounts"))
		})
	}
	// The good one goes on.
	pay(t, st, 1, 5)
	require.NoError(t, project.CatchUp(t.Context(), st, types, project.SQL(db, "accounts", payments, into("accounts"))))
	check(t, st, db, "accounts")
}

// TestLastEventGone: the last event that was handled is no longer in the store.
func TestLastEventGone(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	pay(t, st, 1, 5)
	require.NoError(t, project.CatchUp(t.Context(), st, types, project.SQL(db, "accounts", payments, into("accounts"))))
	_, err := db.ExecContext(t.Context(), "UPDATE thaw_projections SET last_event = ?", event.ID{3}.String())
	require.NoError(t, err)
	pay(t, st, 6, 6)
	err = project.CatchUp(t.Context(), st, types, project.SQL(db, "accounts", payments, into("accounts")))
	require.ErrorIs(t, err, host.ErrRewritten)
	var why *host.PositionError
	require.ErrorAs(t, err, &why)
}

// TestLastEventMoved: the sequences of an unsealed segment of batpak can change. The run
// goes on after the last event, wherever it is now.
func TestLastEventMoved(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	pay(t, st, 1, 5)
	handled := func(n uint64) []uint64 {
		var got []uint64
		p := project.SQL(db, "notes", host.Region{}, func(_ context.Context, _ *sql.Tx, e typed.Envelope) error {
			got = append(got, e.Sequence)
			return nil
		})
		require.NoError(t, project.CatchUp(t.Context(), st, types, p))
		require.Len(t, got, int(n))
		return got
	}
	handled(10)
	// As if the store had numbered its last event 12 when it was handled.
	_, err := db.ExecContext(t.Context(), "UPDATE thaw_projections SET last_sequence = 7, sequence = 8")
	require.NoError(t, err)
	pay(t, st, 6, 6)
	require.Equal(t, []uint64{10, 11}, handled(2))
}

// TestRestart: each run goes on at the very next event, whatever was handled before it.
func TestRestart(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	var got []uint64
	for n := range 12 {
		pay(t, st, n, n+n%3)
		p := project.SQL(db, "accounts", payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
			got = append(got, e.Sequence)
			return into("accounts")(ctx, tx, e)
		})
		p.Batch = 1 + n%4
		require.NoError(t, project.CatchUp(t.Context(), st, types, p))
		check(t, st, db, "accounts")
	}
	var want []uint64
	for e, err := range st.Query(t.Context(), payments, host.Page{}) {
		require.NoError(t, err)
		want = append(want, e.Sequence)
	}
	require.Equal(t, want, got)
}

// TestFilteredAdvances: the position moves over events of other regions, so that a
// restart does not read them again. While the run lasts it is saved after as many of
// them as a batch has.
func TestFilteredAdvances(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	rare := host.Region{Entity: "account:rare"}
	_, err := types.Append(t.Context(), st, event.At("account:rare", "bank"), paid{Cents: 1})
	require.NoError(t, err)
	p := project.SQL(db, "rare", rare, into("accounts"))
	p.Batch = 10
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	ended := make(chan error)
	go func() { ended <- project.Run(ctx, st, types, p) }()
	require.NoError(t, p.Wait(t.Context(), 0))
	pay(t, st, 1, 40)
	at, err := st.Position(t.Context())
	require.NoError(t, err)
	require.NoError(t, p.Wait(t.Context(), at.Sequence-1))
	require.Equal(t, at, p.Status().Position)
	cancel(stop)
	require.ErrorIs(t, <-ended, stop)
	require.LessOrEqual(t, at.Sequence-saved(t, db, "rare"), uint64(10))

	require.NoError(t, project.CatchUp(t.Context(), st, types, project.SQL(db, "rare", rare, into("accounts"))))
	require.Equal(t, at.Sequence, saved(t, db, "rare"))
}

// TestTwoRuns: of two runs of one projection, in one process or in two, the later one goes on
// and the earlier one ends with ErrMoved. No event is handled twice.
func TestTwoRuns(t *testing.T) {
	st := openStore(t)
	dsn := fileDSN(t)
	plain := openDB(t, dsn)
	_, err := plain.ExecContext(t.Context(), createAccounts)
	require.NoError(t, err)
	pay(t, st, 1, 5)

	calls := 0
	one := project.SQL(openDB(t, dsn), "accounts", payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
		calls++
		return into("accounts")(ctx, tx, e)
	})
	two := project.SQL(openDB(t, dsn), "accounts", payments, into("accounts"))
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- project.Run(t.Context(), st, types, one) }()
	require.NoError(t, one.Wait(t.Context(), 9))
	require.ErrorIs(t, project.CatchUp(t.Context(), st, types, one), project.ErrRunning)
	require.True(t, one.Status().Running)

	ctx, cancel := context.WithCancel(t.Context())
	go func() { second <- project.Run(ctx, st, types, two) }()
	require.NoError(t, two.Wait(t.Context(), 9))
	pay(t, st, 6, 20)
	require.ErrorIs(t, <-first, project.ErrMoved)
	require.Equal(t, 5, calls, "its handler is not called once another run has begun")
	require.ErrorIs(t, one.Wait(t.Context(), 1000), project.ErrStopped)
	require.ErrorIs(t, one.Wait(t.Context(), 1000), project.ErrMoved)
	require.False(t, one.Status().Running)
	require.NoError(t, two.Wait(t.Context(), 39))
	cancel()
	require.ErrorIs(t, <-second, context.Canceled)
	check(t, st, plain, "accounts")
	require.Equal(t, fold(t, st, 1000), readAccounts(t, plain, "accounts"))
}

// TestTakeOver: a run that has nothing to do ends the earlier one too.
func TestTakeOver(t *testing.T) {
	st, dsn := openStore(t), fileDSN(t)
	db := openDB(t, dsn)
	_, err := db.ExecContext(t.Context(), createAccounts)
	require.NoError(t, err)
	other := openDB(t, dsn) // as in another process: the first run is not told
	pay(t, st, 1, 5)
	p := project.SQL(db, "accounts", payments, into("accounts"))
	ended := make(chan error, 1)
	go func() { ended <- project.Run(t.Context(), st, types, p) }()
	require.NoError(t, p.Wait(t.Context(), 9))
	require.NoError(t, project.CatchUp(t.Context(), st, types, project.SQL(other, "accounts", payments, into("accounts"))))
	pay(t, st, 6, 6)
	require.ErrorIs(t, <-ended, project.ErrMoved)
	check(t, st, db, "accounts")
}

// TestNotTakenOver: a run that is refused because of one projection leaves the runs of others
// alone.
func TestNotTakenOver(t *testing.T) {
	st, db := openStore(t), fileDB(t)
	pay(t, st, 1, 5)
	nothing := func(context.Context, *sql.Tx, typed.Envelope) error { return nil }
	require.NoError(t, project.CatchUp(t.Context(), st, types, project.SQL(db, "other", host.Region{}, nothing)))
	p := project.SQL(db, "accounts", payments, into("accounts"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- project.Run(ctx, st, types, p) }()
	require.NoError(t, p.Wait(t.Context(), 9))
	require.ErrorIs(t, project.CatchUp(t.Context(), st, types,
		project.SQL(db, "accounts", payments, into("accounts")), project.SQL(db, "other", payments, nothing)), host.ErrOtherRegion)
	pay(t, st, 6, 6)
	require.NoError(t, p.Wait(t.Context(), 11))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	check(t, st, db, "accounts")
}

// TestManyRuns: runs that begin at once, again and again, do not disturb the read model.
func TestManyRuns(t *testing.T) {
	st := openStore(t)
	dsn := fileDSN(t)
	plain := openDB(t, dsn)
	_, err := plain.ExecContext(t.Context(), createAccounts)
	require.NoError(t, err)
	pay(t, st, 1, 40)
	var wg sync.WaitGroup
	for range 4 {
		db := openDB(t, dsn)
		wg.Go(func() {
			for {
				p := project.SQL(db, "accounts", payments, into("accounts"))
				p.Batch = 3
				err := project.CatchUp(t.Context(), st, types, p)
				if err == nil {
					return
				}
				if !errors.Is(err, project.ErrMoved) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, fold(t, st, 1000), readAccounts(t, plain, "accounts"))
	check(t, st, plain, "accounts")
}

// TestOneConnection: several projections of one database in one scan share transactions, so
// that one connection is enough. Each has its own position.
func TestOneConnection(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	pay(t, st, 1, 10)
	seen := map[string][]uint64{}
	projection := func(name string, region host.Region) *project.SQLProjection {
		p := project.SQL(db, name, region, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
			seen[name] = append(seen[name], e.Sequence)
			if name == "accounts" {
				return into("accounts")(ctx, tx, e)
			}
			return nil
		})
		p.Batch = 4
		return p
	}
	require.NoError(t, project.CatchUp(t.Context(), st, types, projection("accounts", payments)))
	pay(t, st, 11, 20)
	require.NoError(t, project.CatchUp(t.Context(), st, types,
		projection("accounts", payments), projection("all", host.Region{}),
		projection("notes", host.Region{Kinds: event.Only(0x1002)})))
	require.Len(t, seen["all"], 40)
	require.Len(t, seen["notes"], 20)
	require.Len(t, seen["accounts"], 20)
	for _, got := range seen {
		require.True(t, slices.IsSorted(got))
	}
	for _, name := range []string{"accounts", "all", "notes"} {
		require.EqualValues(t, 40, saved(t, db, name))
	}
	check(t, st, db, "accounts")
}

// TestBatchTime: a batch is committed after its time, also while there are more events.
func TestBatchTime(t *testing.T) {
	st := openStore(t)
	db := fileDB(t)
	pay(t, st, 1, 3)
	var before []uint64
	p := project.SQL(db, "accounts", payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
		before = append(before, saved(t, db, "accounts"))
		time.Sleep(time.Millisecond)
		return into("accounts")(ctx, tx, e)
	})
	p.BatchTime = time.Millisecond
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	require.Equal(t, []uint64{0, 1, 3}, before)
}
