package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/report"
	"github.com/thawlog/thaw/host/bench/workload"
)

// The entities to redact: the events of one are spread over the whole store, those of the
// other lie between the events of its middle, each tenth.
const (
	spread = "spread"
	near   = "near"
)

const nearStep = 10

// subjectEvents returns the number of events of each of them.
func subjectEvents(n uint64) uint64 { return max(min(n/100, 1000), 1) }

// subjectOf returns the entity of event i that redaction is measured with, or "".
func subjectOf(i, n uint64) string {
	count := subjectEvents(n)
	step, begin := n/count, n/2
	switch {
	case i%step == 0 && i/step < count:
		return spread
	case i > begin && (i-begin)%nearStep == 1 && (i-begin)/nearStep < count:
		return near
	}
	return ""
}

func (d *data) redactions(ctx context.Context) error {
	return d.withScratch(func(dir string) error {
		for _, e := range d.engines {
			if !maintained(e) {
				continue
			}
			src, dst := filepath.Join(dir, e.Name()), filepath.Join(dir, "redacted")
			logf("%s: %s events with entities to redact", e.Name(), report.Grouped(int64(d.n)))
			if _, err := measure(ctx, job{Do: "fill subjects", Engine: e.Name(), Dir: src, Spec: d.spec}); err != nil {
				return err
			}
			for round := range d.upkeepRounds() {
				for _, who := range []string{spread, near} {
					logf("%s: redaction, %s, round %d of %d", e.Name(), who, round+1, d.upkeepRounds())
					if err := cloneDir(src, dst, copyFile, everyFile); err != nil {
						return err
					}
					o, err := measure(ctx, job{Do: "redact", Engine: e.Name(), Dir: dst, Spec: d.spec, Subject: who})
					if err != nil {
						return err
					}
					if o.NoUpkeep {
						continue
					}
					d.add("redact "+who, e.Name(), float64(o.TookNS))
					d.add("redact "+who+" written", e.Name(), float64(o.Bytes))
				}
			}
			if err := os.RemoveAll(src); err != nil {
				return err
			}
		}
		return nil
	})
}

// fillSubjects is load with the entities to redact.
func fillSubjects(j *job) (o outcome, err error) {
	w, err := create(j)
	if err != nil {
		return o, err
	}
	g := workload.New(j.Spec)
	events := make([]engine.Event, batchSize)
	for n := g.Next(events); n > 0; n = g.Next(events) {
		for i := range events[:n] {
			if who := subjectOf(events[i].Sequence, j.Spec.N); who != "" {
				events[i].Entity = who
			}
		}
		if err := w.AppendBatch(events[:n]); err != nil {
			return o, errors.Join(err, w.Close())
		}
	}
	return o, w.Close()
}

// redact redacts an entity, and checks that some payloads of its events were in the store's
// files and are no longer.
func redact(j *job) (o outcome, err error) {
	var gone [][]byte
	for i := range j.Spec.N {
		if subjectOf(i, j.Spec.N) == j.Subject && len(gone) < 3 {
			gone = append(gone, workload.Payload(i))
		}
	}
	if n, err := filesWith(j.Dir, gone); err != nil || n == 0 {
		return o, errors.Join(err, errors.New("there is nothing to redact"))
	}
	wrote := writtenBytes()
	err = keptUp(j, func(_ engine.Writer, r engine.Redacter) error {
		return o.timed(func() error { return r.Redact(j.Subject) })
	}, func(u engine.Upkeep) error {
		return o.timed(func() error { return u.Redact(j.Dir, j.Subject) })
	})
	if err != nil {
		return o.withoutUpkeep(err)
	}
	o.Bytes = writtenBytes() - wrote
	if n, err := filesWith(j.Dir, gone); err != nil || n > 0 {
		return o, errors.Join(err, fmt.Errorf("redacted payloads are in %d files", n))
	}
	return o, nil
}

// filesWith returns the number of files below dir with one of these texts.
func filesWith(dir string, texts [][]byte) (n int, err error) {
	err = eachFile(dir, func(path string, _ fs.FileInfo) error {
		content, err := os.ReadFile(path)
		for _, text := range texts {
			if bytes.Contains(content, text) {
				n++
				break
			}
		}
		return err
	})
	return n, err
}

func (d *data) redactTable() report.Table {
	return report.Table{
		Title: "redaction",
		Note: fmt.Sprintf("One entity of %s events among %s; afterwards the payload bytes are in no file of the store. SQLite: UPDATE with secure_delete and a truncated log; "+
			"bbolt: emptied values and its command compact.", report.Grouped(int64(subjectEvents(d.n))), report.Grouped(int64(d.n))),
		Rows: []report.Row{
			d.row("spread over the whole store", "redact "+spread, report.Nanoseconds),
			d.row("bytes written", "redact "+spread+" written", report.Bytes),
			d.row("among neighbours in its middle", "redact "+near, report.Nanoseconds),
			d.row("bytes written", "redact "+near+" written", report.Bytes),
		},
	}
}
