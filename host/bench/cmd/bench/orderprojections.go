package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/bench/orders/thaw"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// Three read models in memory.
type (
	totals   map[string]*orders.Total // by customer
	sold     map[string]int64         // quantities by article
	progress map[string]int64         // events by name
)

// Apply implements typed.Folder.
func (t totals) Apply(e typed.Envelope) error {
	customer, change := orders.TotalOf(e.Value)
	if customer == "" {
		return nil
	}
	if t[customer] == nil {
		t[customer] = new(orders.Total)
	}
	t[customer].Add(change)
	return nil
}

// Apply implements typed.Folder.
func (s sold) Apply(e typed.Envelope) error {
	if line, ok := e.Value.(orders.LineAdded); ok {
		s[line.SKU] += int64(line.Quantity)
	}
	return nil
}

// Apply implements typed.Folder.
func (p progress) Apply(e typed.Envelope) error {
	p[e.Name]++
	return nil
}

// projectMemory measures one scan of the whole store for the number of projections that
// Orders.Orders says, 1 or 3.
func projectMemory(j *job) (o outcome, err error) {
	ctx := context.Background()
	r, err := host.OpenReader(ctx, j.Dir, host.ReaderOptions{Logger: quiet})
	if err != nil {
		return o, err
	}
	defer r.Close()
	t, s, p := totals{}, sold{}, progress{}
	region := host.Region{EntityPrefix: "order:"}
	projections := []project.Projection{
		project.Memory("totals", region, t), project.Memory("sold", region, s), project.Memory("progress", region, p),
	}[:j.Orders.Orders]
	started := time.Now()
	if err := project.CatchUp(ctx, r, thaw.Types, projections...); err != nil {
		return o, err
	}
	o.TookNS = time.Since(started).Nanoseconds()
	var placed, events int64
	for _, total := range t {
		placed += total.Orders
	}
	for _, n := range p {
		events += n
	}
	if len(projections) == 1 {
		events = int64(j.Orders.Events)
	}
	if want := placedOf(j.Orders.Events); placed != want || events != int64(j.Orders.Events) {
		return o, fmt.Errorf("projected %d orders, %d events, not %d, %d", placed, events, want, j.Orders.Events)
	}
	return o, nil
}

// placedOf returns how many of the first n events of the store are of an order's beginning.
func placedOf(n int) (placed int64) {
	const window = projectedAtOnce * projectedEvents
	return int64(n/window*projectedAtOnce + min(n%window, projectedAtOnce))
}

const (
	createRows = "CREATE TABLE lines (sequence INTEGER PRIMARY KEY, entity TEXT NOT NULL, name TEXT NOT NULL, customer TEXT, sku TEXT, quantity INTEGER, cents INTEGER)"
	insertRow  = "INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?)"
)

// rowDB is a database with a table that has a row for each event.
type rowDB struct {
	*sql.DB
	insert *sql.Stmt
}

func openRows(dir string) (db rowDB, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return db, err
	}
	db.DB, err = sql.Open("sqlite3", filepath.Join(dir, "rows.db")+"?_journal_mode=wal&_synchronous=full&_txlock=immediate&_cache_size=-65536")
	if err != nil {
		return db, err
	}
	db.SetMaxOpenConns(1)
	if _, err = db.Exec(createRows); err == nil {
		db.insert, err = db.Prepare(insertRow)
	}
	if err != nil {
		err = errors.Join(err, db.Close())
	}
	return db, err
}

// add inserts the row of an event.
func (db rowDB) add(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
	var customer, sku, quantity, cents any
	switch v := e.Value.(type) {
	case orders.Placed:
		customer = v.Customer
	case orders.LineAdded:
		sku, quantity, cents = v.SKU, int64(v.Quantity), v.Cents
	case orders.Paid:
		customer, cents = v.Customer, v.Cents
	}
	_, err := tx.StmtContext(ctx, db.insert).ExecContext(ctx, int64(e.Sequence), e.Entity, e.Name, customer, sku, quantity, cents)
	return err
}

// check compares the rows with the events.
func (db rowDB) check(want int) error {
	var rows, last int
	if err := db.QueryRow("SELECT count(*), max(sequence) FROM lines").Scan(&rows, &last); err != nil {
		return err
	}
	if rows != want || last != want-1 {
		return fmt.Errorf("the table has %d rows up to %d, not %d", rows, last, want)
	}
	return nil
}

// projectSQL measures a projection of the whole store, Source, into SQLite.
func projectSQL(j *job) (o outcome, err error) {
	return intoRows(j, func(ctx context.Context, r *host.DirReader, db rowDB) (time.Duration, error) {
		p := project.SQL(db.DB, "lines", host.Region{EntityPrefix: "order:"}, db.add)
		p.Batch, p.BatchTime = batchSize, time.Hour
		started := time.Now()
		err := project.CatchUp(ctx, r, thaw.Types, p)
		return time.Since(started), err
	})
}

// insertSQL measures the same rows, in the same batches, from a slice of decoded events.
func insertSQL(j *job) (o outcome, err error) {
	return intoRows(j, func(ctx context.Context, r *host.DirReader, db rowDB) (time.Duration, error) {
		var events []typed.Envelope
		for e, err := range thaw.Types.Each(r.ReadEach(ctx, r.Query(ctx, host.Region{EntityPrefix: "order:"}, host.Page{}))) {
			if err != nil {
				return 0, err
			}
			e.Payload = nil // not valid later
			events = append(events, e)
		}
		runtime.GC()
		started := time.Now()
		for from := 0; from < len(events); from += batchSize {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return 0, err
			}
			for _, e := range events[from:min(from+batchSize, len(events))] {
				if err := db.add(ctx, tx, e); err != nil {
					return 0, errors.Join(err, tx.Rollback())
				}
			}
			if err := tx.Commit(); err != nil {
				return 0, err
			}
		}
		return time.Since(started), nil
	})
}

func intoRows(j *job, f func(context.Context, *host.DirReader, rowDB) (time.Duration, error)) (o outcome, err error) {
	ctx := context.Background()
	r, err := host.OpenReader(ctx, j.Source, host.ReaderOptions{Logger: quiet})
	if err != nil {
		return o, err
	}
	defer r.Close()
	db, err := openRows(j.Dir)
	if err != nil {
		return o, err
	}
	took, err := f(ctx, r, db)
	if err == nil {
		err = db.check(j.Orders.Events)
	}
	o.TookNS = took.Nanoseconds()
	return o, errors.Join(err, db.Close())
}
