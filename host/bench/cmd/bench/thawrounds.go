package main

import (
	"context"
	"os"

	"github.com/thawlog/thaw/host/bench/workload"
)

// thawSizes opens thaw's stores of several sizes. The columns are the sizes.
func (d *data) thawSizes(ctx context.Context) error {
	if d.thaw == nil {
		return nil
	}
	thaw, err := named(subject)
	if err != nil {
		return err
	}
	var stores []*kept
	for _, n := range d.sizes {
		if n == d.n {
			stores = append(stores, d.thaw)
			continue
		}
		spec := workload.Spec{Data: d.spec.Data, N: n, Seed: seed}
		q := workload.Ask(spec)
		k, err := d.prepare(ctx, thaw, spec, &q, false)
		if err != nil {
			return err
		}
		stores = append(stores, k)
	}
	for round := range d.rounds {
		logf("%s: thaw at %d sizes, round %d of %d", d.spec.Data, len(stores), round+1, d.rounds)
		for _, do := range []string{"first", "heap"} {
			for _, k := range stores {
				o, err := measure(ctx, job{Do: do, Engine: k.Engine, Dir: k.dir})
				if err != nil {
					return err
				}
				column := sizeName(k.Spec.N)
				if do == "heap" {
					d.add("sizes heap", column, float64(o.Heap))
				} else {
					d.add("sizes open", column, float64(o.OpenNS))
					d.add("sizes RSS", column, float64(o.RSS))
				}
			}
		}
	}
	return nil
}

// thawAlone does the measurements that only thaw has. The column is thaw's.
func (d *data) thawAlone(ctx context.Context) error {
	if d.thaw == nil {
		return nil
	}
	dir := d.thaw.dir + "-to-rebuild"
	defer os.RemoveAll(dir)
	if err := cloneDir(d.thaw.dir, dir, copyFile, func(string) bool { return true }); err != nil {
		return err
	}
	checks := []string{"crc32c", "check"}
	for round := range d.rounds {
		logf("%s: thaw alone, round %d of %d", d.spec.Data, round+1, d.rounds)
		o, err := measure(ctx, job{Do: "rebuild", Engine: subject, Dir: dir})
		if err != nil {
			return err
		}
		d.add("rebuild", subject, float64(o.TookNS))
		d.add("rebuild RSS", subject, float64(o.RSS))
		for _, do := range checks {
			o, err := measure(ctx, job{Do: do, Engine: subject, Dir: d.thaw.dir})
			if err != nil {
				return err
			}
			d.add(do, subject, float64(o.Bytes)/(float64(o.TookNS)/1e9))
			d.add(do+" bytes", subject, float64(o.Bytes))
		}
	}
	return nil
}
