package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/bench/orders/all"
	"github.com/thawlog/thaw/host/bench/report"
)

// orderCounts are the sizes of a measurement with order services.
type orderCounts struct {
	Long     int `json:"long"`     // events of the one long order
	Orders   int `json:"orders"`   // short orders
	Events   int `json:"events"`   // of each of these
	Commands int `json:"commands"` // in all goroutines together
	// Goroutines give the commands.
	Goroutines int `json:"goroutines"`
}

// ordersStep is a measurement of every order service.
type ordersStep struct {
	do string
	orderCounts
}

// manyGoroutines is the larger of the two numbers of goroutines.
const manyGoroutines = 16

func (o *options) ordersSteps() []ordersStep {
	part := func(divisor, least, most int) int { return min(max(int(o.n)/divisor, least), most) }
	short := part(2000, 10, 500)
	return []ordersStep{
		{"load order", orderCounts{Long: part(1, 1, 10_000), Orders: part(2000, 1, 400), Events: 10}},
		{"commands", orderCounts{Orders: short, Events: 9, Commands: part(2000, 10, 500), Goroutines: 1}},
		{"commands", orderCounts{Orders: short, Events: 9, Commands: part(250, 50, 4000), Goroutines: manyGoroutines}},
	}
}

// measureOrders measures the order services.
func (d *data) measureOrders(ctx context.Context) error {
	for round := range d.rounds {
		for _, step := range d.ordersSteps() {
			logf("order services: %s, round %d of %d", step.do, round+1, d.rounds)
			for _, e := range d.engines {
				if _, ok := all.Named(e.Name()); !ok {
					continue
				}
				o, err := d.measureFresh(ctx, job{Do: step.do, Engine: e.Name(), Orders: step.orderCounts})
				if err != nil {
					return err
				}
				d.addWarm(fmt.Sprintf("orders %d ", step.Goroutines), e.Name(), o)
			}
		}
	}
	return nil
}

// measureFresh does a job in a directory that does not exist before and after.
func (d *data) measureFresh(ctx context.Context, j job) (outcome, error) {
	j.Dir = filepath.Join(d.dir, fmt.Sprintf("append-%d", os.Getpid()))
	o, err := measure(ctx, j)
	return o, errors.Join(err, os.RemoveAll(j.Dir))
}

// addWarm adds what a job measured.
func (d *data) addWarm(prefix, engine string, o outcome) {
	for what, v := range o.Warm {
		d.add(prefix+what, engine, v)
	}
}

func (d *data) ordersTable() report.Table {
	steps := d.ordersSteps()
	load, one, many := steps[0], steps[1], steps[2]
	commands := func(s ordersStep, who string) report.Row {
		return d.row(fmt.Sprintf("%s commands, %s", report.Grouped(int64(s.Commands)), who), fmt.Sprintf("orders %d commands", s.Goroutines), report.PerSecond)
	}
	t := report.Table{
		Title: "order services: thaw's layer, and by hand",
		Note: fmt.Sprintf("The packages below orders/. A command loads one of %s orders of some 10 events, decides, and appends one event if the order has not changed, on disk before it returns. "+
			"Totals per customer lie in the same file, thaw's in SQLite.", report.Grouped(int64(many.Orders))),
		Rows: []report.Row{
			d.row(fmt.Sprintf("load an order of %s events, decoded", report.Grouped(int64(load.Long))), "orders 0 load", report.Nanoseconds),
			commands(one, "1 goroutine"),
			commands(many, fmt.Sprintf("%d goroutines", many.Goroutines)),
			d.row("totals per customer, caught up", "orders 0 totals", report.PerSecond),
		},
	}
	lines := report.Row{Name: "lines of code", Unit: report.Count}
	for _, e := range d.engines {
		if _, ok := all.Named(e.Name()); ok {
			if n, err := orders.Lines(e.Name()); err == nil {
				lines.Set(e.Name(), float64(n))
			}
		}
	}
	t.Rows = append(t.Rows, lines)
	return t
}
