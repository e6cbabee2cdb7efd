package main

import (
	"context"
	"database/sql"
	"strings"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// orders are all events of orders.
var orders = host.Region{EntityPrefix: "order:"}

const schema = `CREATE TABLE IF NOT EXISTS orders (
	id TEXT PRIMARY KEY, customer TEXT NOT NULL, lines INTEGER NOT NULL DEFAULT 0,
	total INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'open')`

const tableAsJSON = `SELECT json_group_array(json_object('id', id, 'customer', customer, 'state', state,
	'lines', lines, 'total', total)) FROM (SELECT * FROM orders ORDER BY id)`

// list keeps the table of orders. It runs in the transaction that keeps its position.
func list(ctx context.Context, tx *sql.Tx, e typed.Envelope) (err error) {
	id := strings.TrimPrefix(e.Entity, "order:")
	switch v := e.Value.(type) {
	case OrderPlaced:
		_, err = tx.ExecContext(ctx, `INSERT INTO orders (id, customer) VALUES (?, ?)`, id, v.Customer)
	case LineAdded:
		_, err = tx.ExecContext(ctx, `UPDATE orders SET lines = lines + 1, total = ? WHERE id = ?`, v.Total, id)
	case PaymentReceived:
		_, err = tx.ExecContext(ctx, `UPDATE orders SET state = 'paid' WHERE id = ?`, id)
	case OrderShipped:
		_, err = tx.ExecContext(ctx, `UPDATE orders SET state = 'shipped' WHERE id = ?`, id)
	case OrderCancelled:
		_, err = tx.ExecContext(ctx, `UPDATE orders SET state = 'cancelled' WHERE id = ?`, id)
	}
	return err
}

// Sales are the quantities sold of each article, in memory.
type Sales map[string]int64

// Apply folds one event.
func (s Sales) Apply(e typed.Envelope) error {
	if line, ok := e.Value.(LineAdded); ok {
		s[line.Article] += line.Quantity
	}
	return nil
}
