package sqltest

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// benchRow is a row of the read model.
type benchRow struct {
	sequence int64
	entity   string
	cents    int64
}

const benchInsert = "INSERT INTO payments VALUES (?, ?, ?)"

// BenchmarkSQL inserts a row for each event, and the same rows from a slice in the same
// batches. The aim is at least 0.8 of the slice's rows per second. Both use a prepared
// statement. Each round begins with an empty table.
func BenchmarkSQL(b *testing.B) {
	const batch = 1000
	dir := b.TempDir()
	st, err := host.Open(b.Context(), dir, host.Options{Durability: host.LoseUnsynced})
	require.NoError(b, err)
	defer st.Close()
	var rows []benchRow
	for len(rows) < 100_000 {
		var items []host.Item
		for range batch {
			rows = append(rows, benchRow{int64(len(rows)), "account:1", int64(len(rows) % 977)})
			items = append(items, host.Item{At: event.At("account:1", "bank"), Kind: 0x1001, Payload: paid{Cents: rows[len(rows)-1].cents}})
		}
		_, err := st.AppendBatch(b.Context(), items)
		require.NoError(b, err)
	}
	bench := func(name string, round func(b *testing.B, db *sql.DB, stmt *sql.Stmt)) {
		b.Run(name, func(b *testing.B) {
			db := openDB(b, fileDSN(b))
			_, err := db.ExecContext(b.Context(), "CREATE TABLE payments (sequence INTEGER PRIMARY KEY, entity TEXT, cents INTEGER)")
			require.NoError(b, err)
			stmt, err := db.PrepareContext(b.Context(), benchInsert)
			require.NoError(b, err)
			defer stmt.Close()
			b.ReportAllocs()
			var took time.Duration
			for range b.N {
				for _, query := range []string{"DELETE FROM payments", "DROP TABLE IF EXISTS thaw_projections"} {
					_, err := db.ExecContext(b.Context(), query)
					require.NoError(b, err)
				}
				start := time.Now()
				round(b, db, stmt)
				took += time.Since(start)
			}
			b.ReportMetric(float64(len(rows)*b.N)/took.Seconds(), "rows/s")
		})
	}
	bench("slice", func(b *testing.B, db *sql.DB, stmt *sql.Stmt) {
		for at := 0; at < len(rows); at += batch {
			tx, err := db.BeginTx(b.Context(), nil)
			require.NoError(b, err)
			inTx := tx.StmtContext(b.Context(), stmt)
			for _, r := range rows[at : at+batch] {
				if _, err := inTx.ExecContext(b.Context(), r.sequence, r.entity, r.cents); err != nil {
					b.Fatal(err)
				}
			}
			require.NoError(b, tx.Commit())
		}
	})
	bench("slice with Park's savepoints", func(b *testing.B, db *sql.DB, stmt *sql.Stmt) {
		for at := 0; at < len(rows); at += batch {
			tx, err := db.BeginTx(b.Context(), nil)
			require.NoError(b, err)
			inTx := tx.StmtContext(b.Context(), stmt)
			savepoint, err := tx.PrepareContext(b.Context(), "SAVEPOINT a")
			require.NoError(b, err)
			release, err := tx.PrepareContext(b.Context(), "RELEASE SAVEPOINT a")
			require.NoError(b, err)
			ctx := context.WithoutCancel(b.Context())
			for _, r := range rows[at : at+batch] {
				_, err := savepoint.ExecContext(ctx)
				require.NoError(b, err)
				if _, err := inTx.ExecContext(b.Context(), r.sequence, r.entity, r.cents); err != nil {
					b.Fatal(err)
				}
				_, err = release.ExecContext(ctx)
				require.NoError(b, err)
			}
			require.NoError(b, tx.Commit())
		}
	})
	for _, park := range []bool{false, true} {
		name := "projection"
		if park {
			name = "projection with Park"
		}
		bench(name, func(b *testing.B, db *sql.DB, stmt *sql.Stmt) {
			var of *sql.Tx
			var inTx *sql.Stmt
			p := project.SQL(db, "payments", payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
				if of != tx {
					of, inTx = tx, tx.StmtContext(ctx, stmt)
				}
				_, err := inTx.ExecContext(ctx, int64(e.Sequence), e.Entity, e.Value.(paid).Cents)
				return err
			})
			p.Batch = batch
			p.BatchTime = time.Hour
			if park {
				p.Park = func(*project.EventError) bool { return true }
			}
			if err := project.CatchUp(b.Context(), st, types, p); err != nil {
				b.Fatal(err)
			}
		})
	}
}
