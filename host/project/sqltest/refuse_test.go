package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

var errRefused = errors.New("refused")

// refusing is a handler that changes the read model and then refuses or panics.
func refusing(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
	if err := into("accounts")(ctx, tx, e); err != nil {
		return err
	}
	switch p, ok := e.Value.(paid); {
	case ok && p.Cents == 2:
		return errRefused
	case ok && p.Cents == 3:
		panic("three")
	case ok && p.Cents == 4:
		_, err := tx.ExecContext(ctx, "INSERT INTO nowhere VALUES (1)")
		return err
	}
	return nil
}

// poisoned is a store with events that refusing refuses, and one that is no payment.
func poisoned(t *testing.T) (*host.Store, []event.ID) {
	st := openStore(t)
	pay(t, st, 1, 6)
	r, err := st.Append(t.Context(), event.At("account:1", "bank"), 0x1001, "not a payment")
	require.NoError(t, err)
	pay(t, st, 7, 8)
	var bad []event.ID
	for _, sequence := range []uint64{2, 4, 6} {
		e, err := st.At(t.Context(), sequence)
		require.NoError(t, err)
		bad = append(bad, e.ID)
	}
	return st, append(bad, r.ID)
}

// TestStop: by default an event that cannot be handled ends the run. The error names it, and
// the position stays before it, with the events before it committed or to be handled again.
func TestStop(t *testing.T) {
	st, bad := poisoned(t)
	db := memoryDB(t)
	skip := map[event.ID]bool{}
	for i, id := range bad {
		p := project.SQL(db, "accounts", payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
			if skip[e.ID] {
				return nil
			}
			return refusing(ctx, tx, e)
		})
		p.Batch = 2
		for range 2 {
			err := project.CatchUp(t.Context(), st, types, p)
			var why *project.EventError
			require.ErrorAs(t, err, &why)
			e, failed := st.Get(t.Context(), id)
			require.NoError(t, failed)
			want := project.EventError{Projection: "accounts", ID: id, Sequence: e.Sequence, Kind: 0x1001, KindName: "paid", Entity: e.Entity, Err: why.Err}
			require.Equal(t, want, *why)
			require.LessOrEqual(t, saved(t, db, "accounts"), e.Sequence)
			require.Equal(t, err, p.Status().Err)
			require.ErrorIs(t, p.Wait(t.Context(), e.Sequence), project.ErrStopped)
			require.Contains(t, err.Error(), id.String())
			switch i {
			case 0:
				require.ErrorIs(t, err, errRefused)
			case 1:
				var panicked *project.PanicError
				require.ErrorAs(t, err, &panicked)
				require.Equal(t, "three", panicked.Value)
				require.Contains(t, string(panicked.Stack), "refusing")
			case 3:
				var undecoded *typed.DecodeError
				require.ErrorAs(t, err, &undecoded)
			}
		}
		skip[id] = true
	}
}

// TestPark: with Park the events are kept in a table with their errors, nothing of them is in
// the read model, and all others are.
func TestPark(t *testing.T) {
	st, bad := poisoned(t)
	db := memoryDB(t)
	p := project.SQL(db, "accounts", payments, refusing)
	var asked []event.ID
	p.Park = func(e *project.EventError) bool {
		asked = append(asked, e.ID)
		return true
	}
	p.Batch = 3
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	require.Equal(t, bad, asked)
	require.EqualValues(t, 4, p.Status().Parked)
	require.EqualValues(t, 9, p.Status().Events)
	require.Equal(t, map[string]account{
		"account:0": {6, 1}, "account:1": {1 + 7, 2}, "account:2": {5 + 8, 2},
	}, readAccounts(t, db, "accounts"))

	rows, err := db.QueryContext(t.Context(), "SELECT projection, event, kind, entity, error FROM thaw_parked ORDER BY sequence")
	require.NoError(t, err)
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var name, id, entity, text string
		var kind int
		require.NoError(t, rows.Scan(&name, &id, &kind, &entity, &text))
		require.Equal(t, []string{"accounts", bad[n].String()}, []string{name, id})
		require.Equal(t, 0x1001, kind)
		require.Contains(t, text, []string{"refused", "panic: three", "nowhere", "paid"}[n])
		require.True(t, strings.HasPrefix(entity, "account:"))
	}
	require.NoError(t, rows.Err())
	require.Equal(t, 4, n)
	require.NoError(t, rows.Close())

	again := project.SQL(db, "accounts", payments, refusing)
	require.NoError(t, project.CatchUp(t.Context(), st, types, again))
	require.EqualValues(t, 4, again.Status().Parked, "those in the table")
}

// TestRetry: parked events that can be handled later leave the table in the transaction that
// handles them, once.
func TestRetry(t *testing.T) {
	st, bad := poisoned(t)
	db := memoryDB(t)
	yes := func(*project.EventError) bool { return true }
	p := project.SQL(db, "accounts", payments, refusing)
	n, err := p.Retry(t.Context(), st, types)
	require.NoError(t, err)
	require.Zero(t, n)
	p.Park = yes
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	before := readAccounts(t, db, "accounts")
	n, err = p.Retry(t.Context(), st, types)
	require.ErrorIs(t, err, errRefused)
	require.Zero(t, n)
	require.Equal(t, before, readAccounts(t, db, "accounts"))
	require.EqualValues(t, 4, p.Status().Parked)

	repaired := project.SQL(db, "accounts", payments, into("accounts"))
	for want := 3; want >= 0; want -= 3 {
		n, err = repaired.Retry(t.Context(), st, types)
		require.Equal(t, want, n)
		var why *project.EventError
		require.ErrorAs(t, err, &why)
		require.Equal(t, bad[3], why.ID)
		var undecoded *typed.DecodeError
		require.ErrorAs(t, err, &undecoded)
	}
	require.Equal(t, map[string]account{
		"account:0": {3 + 6, 2}, "account:1": {1 + 4 + 7, 3}, "account:2": {2 + 5 + 8, 3},
	}, readAccounts(t, db, "accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, repaired))
	require.EqualValues(t, 1, repaired.Status().Parked)
}

// TestParkRefuses: Park may refuse, and is not asked when the context has ended.
func TestParkRefuses(t *testing.T) {
	st, bad := poisoned(t)
	db := memoryDB(t)
	p := project.SQL(db, "accounts", payments, refusing)
	p.Park = func(*project.EventError) bool { return false }
	err := project.CatchUp(t.Context(), st, types, p)
	require.ErrorIs(t, err, errRefused)
	var why *project.EventError
	require.ErrorAs(t, err, &why)
	require.Equal(t, bad[0], why.ID)

	ctx, cancel := context.WithCancelCause(t.Context())
	p = project.SQL(db, "accounts", payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
		cancel(errRefused)
		_, err := tx.ExecContext(ctx, "SELECT 1")
		return err
	})
	p.Park = func(*project.EventError) bool {
		t.Error("asked")
		return true
	}
	require.Equal(t, errRefused, project.CatchUp(ctx, st, types, p))
}

// TestUnknownKinds reach the handler as raw.
func TestUnknownKinds(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	_, err := st.Append(t.Context(), event.At("a", "b"), 0x2001, "hello")
	require.NoError(t, err)
	var got []any
	p := project.SQL(db, "all", host.Region{}, func(_ context.Context, _ *sql.Tx, e typed.Envelope) error {
		got = append(got, append(host.Raw{}, e.Value.(host.Raw)...))
		return nil
	})
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	require.Equal(t, []any{host.Raw("\xa5hello")}, got)
}

// TestHandlerCommits: a handler that ends the transaction itself is found out.
func TestHandlerCommits(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	pay(t, st, 1, 2)
	p := project.SQL(db, "accounts", payments, func(_ context.Context, tx *sql.Tx, _ typed.Envelope) error { return tx.Commit() })
	require.ErrorIs(t, project.CatchUp(t.Context(), st, types, p), sql.ErrTxDone)
	require.Zero(t, saved(t, db, "accounts"))
}

// TestCancelled: a run whose context ends during any event leaves a whole read model.
func TestCancelled(t *testing.T) {
	st := openStore(t)
	pay(t, st, 1, 10)
	for n := 1; n <= 10; n++ {
		db := fileDB(t)
		ctx, cancel := context.WithCancel(t.Context())
		seen := 0
		p := project.SQL(db, "accounts", payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
			if seen++; seen == n {
				cancel()
			}
			return into("accounts")(ctx, tx, e)
		})
		p.Batch = 4
		require.ErrorIs(t, project.Run(ctx, st, types, p), context.Canceled)
		check(t, st, db, "accounts")
		require.NoError(t, project.CatchUp(t.Context(), st, types, project.SQL(db, "accounts", payments, into("accounts"))))
		require.Equal(t, fold(t, st, 1000), readAccounts(t, db, "accounts"))
	}
}

// TestTwoTransactions: a projection that keeps its effect in another transaction than its
// position (pdo-event-store#114) is wrong after a kill, and the check of these tests notices.
func TestTwoTransactions(t *testing.T) {
	st := openStore(t)
	pay(t, st, 1, 5)
	db, effects := memoryDB(t), memoryDB(t)
	kill := true
	p := project.SQL(db, "accounts", payments, func(ctx context.Context, _ *sql.Tx, e typed.Envelope) error {
		if e.Value.(paid).Cents == 4 && kill {
			return errRefused
		}
		_, err := effects.ExecContext(ctx, fmt.Sprintf(upsertAccount, "accounts"), e.Entity, e.Value.(paid).Cents)
		return err
	})
	require.ErrorIs(t, project.CatchUp(t.Context(), st, types, p), errRefused)
	require.NotEqual(t, fold(t, st, saved(t, db, "accounts")), readAccounts(t, effects, "accounts"))
	kill = false
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	require.NotEqual(t, fold(t, st, saved(t, db, "accounts")), readAccounts(t, effects, "accounts"))
	require.Equal(t, account{4 + 1 + 1, 3}, readAccounts(t, effects, "accounts")["account:1"], "1 twice")
}

// TestParkText: the texts of parked events are such that every database takes them.
func TestParkText(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	_, err := types.Append(t.Context(), st, event.At("a\x00b", "bank"), paid{Cents: 1})
	require.NoError(t, err)
	p := project.SQL(db, "accounts", payments, func(context.Context, *sql.Tx, typed.Envelope) error {
		return errors.New("zero \x00, invalid \xff, long " + strings.Repeat("é", 1<<20))
	})
	p.Park = func(*project.EventError) bool { return true }
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	var entity, text string
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT entity, error FROM thaw_parked").Scan(&entity, &text))
	require.Equal(t, "a\uFFFDb", entity)
	require.True(t, utf8.ValidString(text))
	require.True(t, strings.HasPrefix(text, "zero \uFFFD, invalid \uFFFD, long é"))
	require.Less(t, len(text), 10<<10)
}
