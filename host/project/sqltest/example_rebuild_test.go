package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// release is what a release of a program has for its table of payments: when the handler or
// the columns change, so does the version.
type release struct {
	version, columns, insert string
	args                     func(e typed.Envelope) []any
}

// projection returns the projection into a table.
func (r release) projection(db *sql.DB, name, table string) *project.SQLProjection {
	p := project.SQL(db, name, payments, func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
		_, err := tx.ExecContext(ctx, fmt.Sprintf(r.insert, table), r.args(e)...)
		return err
	})
	p.Version = r.version
	return p
}

// start is the start of the program. It returns the projection to run, with a read model that
// this release has made.
func (r release) start(ctx context.Context, st *host.Store, db *sql.DB) (*project.SQLProjection, error) {
	create := func(table string) error {
		_, err := db.ExecContext(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s)", table, r.columns))
		return err
	}
	if err := create("payments"); err != nil {
		return nil, err
	}
	p := r.projection(db, "payments", "payments")
	err := project.CatchUp(ctx, st, types, p)
	if !errors.Is(err, project.ErrVersion) {
		return p, err
	}
	fmt.Println(err)
	// With names of its own, a rebuild that a crash ends goes on at the next start, unless
	// that is of another version.
	table := "payments_" + r.version
	if err := create(table); err != nil {
		return nil, err
	}
	return p, p.Rebuild(ctx, st, types, r.projection(db, table, table), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DROP TABLE payments; ALTER TABLE "+table+" RENAME TO payments")
		return err
	})
}

// A program that starts rebuilds its read model if another version of its handler made that.
// The old table is in use until then, perhaps by a program that still runs.
func Example_rebuild() {
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
	db, err := sql.Open("sqlite", ":memory:") // a file needs a busy timeout, see fileDSN
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // the database is gone with its last connection

	for _, r := range []release{
		{"1", "cents INTEGER", "INSERT INTO %s VALUES (?)", func(e typed.Envelope) []any {
			return []any{e.Value.(paid).Cents}
		}},
		{"2", "account TEXT, cents INTEGER", "INSERT INTO %s VALUES (?, ?)", func(e typed.Envelope) []any {
			return []any{e.Entity, e.Value.(paid).Cents}
		}},
	} {
		for range 2 { // the second time there is nothing to do
			if _, err := r.start(ctx, st, db); err != nil {
				log.Fatal(err)
			}
			fmt.Println("started version", r.version)
		}
	}
	var account string
	var cents int
	if err := db.QueryRowContext(ctx, "SELECT account, SUM(cents) FROM payments GROUP BY account").Scan(&account, &cents); err != nil {
		log.Fatal(err)
	}
	fmt.Println(account, cents)
	// Output:
	// started version 1
	// started version 1
	// project: projection "payments": the read model is of another version: "1", not "2"
	// started version 2
	// started version 2
	// account:1 750
}
