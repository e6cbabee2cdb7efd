package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/host/bench/workload"
)

// data is one sort of data in progress: its stores, questions and measurements.
type data struct {
	*options
	spec   workload.Spec
	q      workload.Questions
	stores []*kept // in the order of the engines
	thaw   *kept   // nil if thaw is not chosen
	batpak *batpak // nil if it does not take part
	// streamEvents is the number of events of a stream; see measureStreams.
	streamEvents int
	results
}

// measureData does every measurement for one sort of data.
func (o *options) measureData(ctx context.Context, name string) (d *data, err error) {
	spec := workload.Spec{Data: name, N: o.n, Seed: seed}
	d = &data{options: o, spec: spec, q: workload.Ask(spec), results: results{}}
	defer func() { err = errors.Join(err, d.batpak.clean()) }()
	steps := []func(context.Context) error{d.prepareAll, d.firsts, d.warms, d.thawSizes, d.thawAlone, d.appends, d.thawWrites}
	if o.orders {
		steps = nil
	}
	if o.upkeep {
		steps = []func(context.Context) error{d.prepareAll}
	}
	if name == o.data[0] { // they have data of their own
		if !o.orders && !o.upkeep {
			steps = append(steps, d.measureStreams)
		}
		if !o.upkeep {
			steps = append(steps, d.measureOrders, d.measureLayer)
		}
		if !o.orders {
			steps = append(steps, d.compactions, d.backups, d.redactions, d.longLoads)
		}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (d *data) prepareAll(ctx context.Context) (err error) {
	for _, e := range d.engines {
		k, err := d.prepare(ctx, e, d.spec, &d.q, d.caches[0] == written)
		if err != nil {
			return err
		}
		d.stores = append(d.stores, k)
		if e.Name() == subject {
			d.thaw = k
		}
		d.add("load", k.Engine, float64(k.Spec.N)/float64(k.Outcome.WriteNS)*1e9)
		d.add("close", k.Engine, float64(k.Outcome.CloseNS))
		d.add("load RSS", k.Engine, float64(k.Outcome.RSS))
		d.add("bytes", k.Engine, k.bytes(func(string) bool { return true }))
	}
	if d.thaw != nil {
		d.batpak, err = newBatpak(ctx, d.thaw)
	}
	return err
}

// firsts measures the first questions of fresh processes in every state of the page cache.
func (d *data) firsts(ctx context.Context) error {
	for _, state := range d.caches {
		if state == readAhead {
			if !canDropPages {
				logf("files cannot be dropped from the page cache here: no first queries after reading ahead")
				continue
			}
			for _, k := range d.stores {
				if err := k.readAhead(); err != nil {
					return err
				}
			}
		}
		for round := range d.rounds {
			logf("%s: first queries, page cache %s, round %d of %d", d.spec.Data, state, round+1, d.rounds)
			if err := d.firstRound(ctx, state, round); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *data) firstRound(ctx context.Context, state string, round int) error {
	for _, what := range append([]string{nothing}, kinds...) {
		for _, k := range d.stores {
			j := job{Do: "first", Engine: k.Engine, Dir: k.dir}
			if asks := asksOf(what, &d.q, k.Outcome.IDs); len(asks) > 0 {
				j.Asks = []ask{asks[round%len(asks)]}
			}
			o, err := measure(ctx, j)
			if err != nil {
				return err
			}
			d.addFirst(state, what, k.Engine, o)
		}
		if what == "entity" && d.batpak != nil {
			o, err := d.batpak.first(ctx, asksOf(what, &d.q, nil)[round%len(d.q.Entities)])
			if err != nil {
				return err
			}
			d.addFirst(state, what, batpakName, o)
		}
	}
	for _, k := range d.stores {
		o, err := measure(ctx, job{Do: "heap", Engine: k.Engine, Dir: k.dir})
		if err != nil {
			return err
		}
		d.add(state+" heap", k.Engine, float64(o.Heap))
	}
	return nil
}

// nothing is the kind of question of a process that only opens.
const nothing = "nothing"

func (d *data) addFirst(state, what, engine string, o outcome) {
	d.add(state+" open", engine, float64(o.OpenNS))
	if o.RSS > 0 {
		d.add(state+" RSS "+what, engine, float64(o.RSS))
	}
	if what != nothing {
		d.add(state+" ask "+what, engine, float64(o.AskNS))
		d.add(state+" both "+what, engine, float64(o.OpenNS+o.AskNS))
	}
}

func (d *data) warms(ctx context.Context) error {
	for round := range d.rounds {
		logf("%s: warm queries, round %d of %d", d.spec.Data, round+1, d.rounds)
		for _, k := range d.stores {
			j := job{Do: "warm", Engine: k.Engine, Dir: k.dir}
			for _, what := range kinds {
				j.Asks = append(j.Asks, asksOf(what, &d.q, k.Outcome.IDs)...)
			}
			o, err := measure(ctx, j)
			if err != nil {
				return err
			}
			for what, ns := range o.Warm {
				d.add("warm "+what, k.Engine, ns)
			}
			d.add("warm RSS", k.Engine, float64(o.RSS))
		}
	}
	return nil
}

// appendCounts returns the number of events for the two ways to append.
func (o *options) appendCounts() (batches, singly uint64) {
	return max(min(o.n/10, 200_000), 1), max(min(o.n/50, 20_000), 1)
}

func (d *data) appends(ctx context.Context) error {
	batches, singly := d.appendCounts()
	for _, c := range []struct {
		do string
		n  uint64
	}{{"batches", batches}, {"singly", singly}} {
		spec := workload.Spec{Data: d.spec.Data, N: c.n, Seed: seed}
		scope := workload.Ask(spec).Scope
		for round := range d.rounds {
			logf("%s: append, %s, round %d of %d", d.spec.Data, c.do, round+1, d.rounds)
			for _, e := range d.engines {
				dir := filepath.Join(d.dir, fmt.Sprintf("append-%d", os.Getpid()))
				o, err := measure(ctx, job{Do: c.do, Engine: e.Name(), Dir: dir, Spec: spec, Scope: scope})
				if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
					return err
				}
				d.add(c.do, e.Name(), float64(c.n)/float64(o.WriteNS)*1e9)
				d.add(c.do+" close", e.Name(), float64(o.CloseNS))
			}
		}
	}
	return nil
}
