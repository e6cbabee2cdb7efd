package sqltest

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	_ "modernc.org/sqlite"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// A read model in SQL changes in the transaction that moves its position, so each event is
// in it exactly once.
func Example() {
	ctx := context.Background()
	st, err := host.Open(ctx, "bank", host.Options{FS: crashfs.New()})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	for _, cents := range []int64{500, 250} {
		if _, err := types.Append(ctx, st, event.At("account:1", "bank"), paid{Cents: cents}); err != nil {
			log.Fatal(err)
		}
	}

	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // the database is gone with its last connection
	if _, err := db.ExecContext(ctx, "CREATE TABLE payments (event TEXT PRIMARY KEY, cents INTEGER)"); err != nil {
		log.Fatal(err)
	}
	p := project.SQL(db, "payments", payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO payments VALUES (?, ?)", e.ID.String(), e.Value.(paid).Cents)
		return err
	})
	for range 2 { // the second time there is nothing to do
		if err := project.CatchUp(ctx, st, types, p); err != nil {
			log.Fatal(err)
		}
	}
	var n, cents int
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*), SUM(cents) FROM payments").Scan(&n, &cents); err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "payments of", cents, "cents; behind:", p.Status().Behind)
	// Output: 2 payments of 750 cents; behind: 0
}
