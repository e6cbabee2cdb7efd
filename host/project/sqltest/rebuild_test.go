package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

func swapAccounts(ctx context.Context, tx *sql.Tx) error {
	for _, query := range []string{"DROP TABLE accounts", "ALTER TABLE rebuilt RENAME TO accounts"} {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

func createRebuilt(t *testing.T, db *sql.DB) {
	_, err := db.ExecContext(t.Context(), "CREATE TABLE rebuilt (entity TEXT PRIMARY KEY, cents INTEGER NOT NULL, payments INTEGER NOT NULL)")
	require.NoError(t, err)
}

// TestRebuild rebuilds a wrong read model beside the one in use while events arrive. The old
// run goes on meanwhile and ends with the switch; a new one goes on from there.
func TestRebuild(t *testing.T) {
	st, db := openStore(t), fileDB(t)
	pay(t, st, 1, 20)
	old := project.SQL(db, "accounts", payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO accounts VALUES (?, 0, 1) ON CONFLICT DO NOTHING", e.Entity)
		return err
	})
	ended := make(chan error, 1)
	go func() { ended <- project.Run(t.Context(), st, types, old) }()
	require.NoError(t, old.Wait(t.Context(), 39))

	createRebuilt(t, db)
	n := 20
	beside := project.SQL(db, "accounts.new", payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
		if n < 40 {
			n++
			pay(t, st, n, n) // which the old run handles after this transaction
		}
		return into("rebuilt")(ctx, tx, e)
	})
	beside.Batch = 5
	switches := 0
	require.NoError(t, old.Rebuild(t.Context(), st, types, beside, func(ctx context.Context, tx *sql.Tx) error {
		switches++
		return swapAccounts(ctx, tx)
	}))
	require.Equal(t, 1, switches)
	check(t, st, db, "accounts")
	require.Zero(t, saved(t, db, "accounts.new"))
	require.GreaterOrEqual(t, saved(t, db, "accounts"), old.Status().Position.Sequence)

	pay(t, st, 41, 45)
	require.ErrorIs(t, <-ended, project.ErrMoved)
	require.NoError(t, project.CatchUp(t.Context(), st, types, project.SQL(db, "accounts", payments, into("accounts"))))
	check(t, st, db, "accounts")
	require.Equal(t, fold(t, st, 1000), readAccounts(t, db, "accounts"))
}

// TestRebuildQuiet: the switch ends the old run also when nothing has happened meanwhile.
func TestRebuildQuiet(t *testing.T) {
	st, db := openStore(t), fileDB(t)
	pay(t, st, 1, 5)
	old := project.SQL(db, "accounts", payments, into("accounts"))
	ended := make(chan error, 1)
	go func() { ended <- project.Run(t.Context(), st, types, old) }()
	require.NoError(t, old.Wait(t.Context(), 9))
	createRebuilt(t, db)
	require.NoError(t, old.Rebuild(t.Context(), st, types, project.SQL(db, "new", payments, into("rebuilt")), swapAccounts))
	require.ErrorIs(t, <-ended, project.ErrMoved)
	check(t, st, db, "accounts")
}

// TestRebuildBehind: the switch waits until the rebuilt read model is as far as the old one.
func TestRebuildBehind(t *testing.T) {
	st, db := openStore(t), fileDB(t)
	pay(t, st, 1, 5)
	p := project.SQL(db, "accounts", payments, into("accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	createRebuilt(t, db)
	ahead := project.SQL(db, "accounts", payments, into("accounts"))
	beside := project.SQL(db, "accounts.new", payments, into("rebuilt"))
	tries := 0
	behind := reader{st, func() {}, func() {
		if tries++; tries == 1 {
			pay(t, st, 6, 8)
			require.NoError(t, project.CatchUp(t.Context(), st, types, ahead))
		}
	}}
	require.NoError(t, p.Rebuild(t.Context(), behind, types, beside, swapAccounts))
	require.Equal(t, 2, tries)
	require.EqualValues(t, 16, saved(t, db, "accounts"))
	check(t, st, db, "accounts")
}

// TestRebuildFails: a switch that fails changes nothing, and the rebuild goes on later.
func TestRebuildFails(t *testing.T) {
	st, _ := poisoned(t)
	db := memoryDB(t)
	yes := func(*project.EventError) bool { return true }
	p := project.SQL(db, "accounts", payments, refusing)
	p.Park = yes
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	model, at := readAccounts(t, db, "accounts"), saved(t, db, "accounts")
	createRebuilt(t, db)
	handled := 0
	beside := project.SQL(db, "accounts.new", payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
		handled++
		return into("rebuilt")(ctx, tx, e)
	})
	beside.Park = yes
	for _, why := range []error{errRefused, nil} {
		err := p.Rebuild(t.Context(), st, types, beside, func(ctx context.Context, tx *sql.Tx) error {
			return errors.Join(swapAccounts(ctx, tx), why)
		})
		require.ErrorIs(t, err, why)
		if why != nil {
			require.Equal(t, model, readAccounts(t, db, "accounts"))
			require.Equal(t, at, saved(t, db, "accounts"))
		}
	}
	require.Equal(t, 8, handled)
	require.Equal(t, account{2 + 5 + 8, 3}, readAccounts(t, db, "accounts")["account:2"])
	var parked int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM thaw_parked WHERE projection = 'accounts'").Scan(&parked))
	require.Equal(t, 1, parked, "that which the rebuild parked")
}

// TestRebuildRefused: another name, the same database, the region of the row, and all events.
func TestRebuildRefused(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	pay(t, st, 1, 5)
	p := project.SQL(db, "accounts", payments, into("accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	require.ErrorIs(t, p.Rebuild(t.Context(), st, types, p, nil), project.ErrName)
	require.ErrorIs(t, p.Rebuild(t.Context(), st, types, project.SQL(memoryDB(t), "new", payments, nil), nil), project.ErrName)
	other := project.SQL(db, "accounts", host.Region{}, nil)
	require.ErrorIs(t, other.Rebuild(t.Context(), st, types, project.SQL(db, "new", host.Region{}, nil), nil), host.ErrOtherRegion)
	// As if the store had lost an event by retention since.
	_, err := db.ExecContext(t.Context(), "UPDATE thaw_projections SET events = events + 1")
	require.NoError(t, err)
	require.ErrorIs(t, p.Rebuild(t.Context(), st, types, project.SQL(db, "new", payments, into("accounts")), nil), project.ErrRemoved)
	check(t, st, db, "accounts")
}

// TestRebuildRegion: the new read model may be of another region.
func TestRebuildRegion(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	pay(t, st, 1, 5)
	p := project.SQL(db, "accounts", payments, into("accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	createRebuilt(t, db)
	one := host.Region{Entity: "account:1"}
	require.NoError(t, p.Rebuild(t.Context(), st, types, project.SQL(db, "new", one, into("rebuilt")), swapAccounts))
	require.ErrorIs(t, project.CatchUp(t.Context(), st, types, p), host.ErrOtherRegion)
	pay(t, st, 6, 7)
	require.NoError(t, project.CatchUp(t.Context(), st, types, project.SQL(db, "accounts", one, into("accounts"))))
	require.Equal(t, map[string]account{"account:1": {1 + 4 + 7, 3}}, readAccounts(t, db, "accounts"))
}

// TestReset begins a projection again, also with another region.
func TestReset(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	pay(t, st, 1, 5)
	require.NoError(t, project.CatchUp(t.Context(), st, types, project.SQL(db, "accounts", host.Region{}, into("accounts"))))
	running := project.SQL(db, "accounts", host.Region{}, into("accounts"))
	ended := make(chan error, 1)
	go func() { ended <- project.Run(t.Context(), st, types, running) }()
	require.NoError(t, running.Wait(t.Context(), 9))
	p := project.SQL(db, "accounts", payments, into("accounts"))
	clear := func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM accounts")
		return err
	}
	require.ErrorIs(t, p.Reset(t.Context(), func(context.Context, *sql.Tx) error { return errRefused }), errRefused)
	require.EqualValues(t, 10, saved(t, db, "accounts"))
	require.NoError(t, p.Reset(t.Context(), clear))
	require.Zero(t, saved(t, db, "accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	pay(t, st, 6, 6)
	require.ErrorIs(t, <-ended, project.ErrMoved)
	check(t, st, db, "accounts")
}

// reader calls before and after when a scan has reached the end of the store.
type reader struct {
	*host.Store
	before, after func()
}

func (r reader) Follow(region host.Region, from host.Position, o host.FollowOptions) *host.Follower {
	if told := o.CaughtUp; told != nil {
		o.CaughtUp = func(at host.Position) error {
			r.before()
			err := told(at)
			r.after()
			return err
		}
	}
	return r.Store.Follow(region, from, o)
}

// TestRebuildTimeZone: a region is the same if its bounds are the same instants.
func TestRebuildTimeZone(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	pay(t, st, 1, 3)
	createRebuilt(t, db)
	since := time.Unix(1e9, 0)
	old := project.SQL(db, "accounts", host.Region{Kinds: payments.Kinds, Since: since.UTC()}, into("accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, old))
	beside := project.SQL(db, "accounts.new", host.Region{Kinds: payments.Kinds, Since: since.In(time.FixedZone("", 3600))}, into("rebuilt"))
	require.NoError(t, old.Rebuild(t.Context(), st, types, beside, swapAccounts))
	check(t, st, db, "accounts")
}

// appending is a reader of a store that gets events between two counts.
type appending struct {
	*host.Store
	append func()
}

func (a appending) Count(ctx context.Context, region host.Region, from uint64) (uint64, error) {
	defer a.append()
	return a.Store.Count(ctx, region, from)
}

// TestRebuildAppending: events that are appended while Rebuild counts are not taken for
// removed ones.
func TestRebuildAppending(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	pay(t, st, 1, 5)
	p := project.SQL(db, "accounts", payments, into("accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	createRebuilt(t, db)
	busy := appending{st, func() { pay(t, st, 6, 6) }}
	require.NoError(t, p.Rebuild(t.Context(), busy, types, project.SQL(db, "new", payments, into("rebuilt")), swapAccounts))
	check(t, st, db, "accounts")
	_, err := db.ExecContext(t.Context(), "UPDATE thaw_projections SET events = events + 1")
	require.NoError(t, err)
	require.ErrorIs(t, p.Rebuild(t.Context(), busy, types, project.SQL(db, "new", payments, into("accounts")), nil), project.ErrRemoved)
}

// TestRebuildReaderBehind: the store that Rebuild reads is behind what the old run has
// handled, as in another process. The old run is stopped then.
func TestRebuildReaderBehind(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	pay(t, st, 1, 5)
	p := project.SQL(db, "accounts", payments, into("accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	generation := rowOf(t, db, "accounts")[0].(int64)
	createRebuilt(t, db)
	tries := 0
	behind := reader{st, func() {}, func() {
		if tries++; tries == 1 { // as if p had handled events that are not seen here
			_, err := db.ExecContext(t.Context(), "UPDATE thaw_projections SET sequence = 14 WHERE name = 'accounts'")
			require.NoError(t, err)
		}
		if tries == 2 {
			pay(t, st, 6, 7)
		}
	}}
	switches := 0
	beside := project.SQL(db, "accounts.new", payments, into("rebuilt"))
	require.NoError(t, p.Rebuild(t.Context(), behind, types, beside, func(ctx context.Context, tx *sql.Tx) error {
		var now int64
		require.NoError(t, tx.QueryRowContext(ctx, "SELECT generation FROM thaw_projections WHERE name = 'accounts'").Scan(&now))
		require.Equal(t, generation+2, now, "one of the run that was stopped, one of the switch")
		switches++
		return swapAccounts(ctx, tx)
	}))
	require.Equal(t, 1, switches)
	require.EqualValues(t, 14, saved(t, db, "accounts"))
	require.Equal(t, fold(t, st, 100), readAccounts(t, db, "accounts"))
}
