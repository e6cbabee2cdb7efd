package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/report"
	"github.com/thawlog/thaw/host/bench/workload"
	"github.com/thawlog/thaw/host/payload"
)

// The measurements of streams data, all of them with payloads.
const (
	streamDecoded  = "stream"  // one entity, decoded into structs
	catchUpRaw     = "raw"     // every event
	catchUpDecoded = "decoded" // every event, decoded into structs
)

// streamPasses is the number of passes over the same questions, of which the last counts.
const streamPasses = 3

// measureStreams measures reading with payloads.
func (d *data) measureStreams(ctx context.Context) error {
	spec := workload.Spec{Data: workload.Streams, N: d.n, Seed: seed}
	q := workload.Ask(spec)
	d.streamEvents = q.Entities[0].Hits
	for round := range d.rounds {
		logf("with payloads, round %d of %d", round+1, d.rounds)
		for _, e := range d.engines {
			k, err := d.prepare(ctx, e, spec, &q, false)
			if err != nil {
				return err
			}
			j := job{Do: "streams", Engine: e.Name(), Dir: k.dir, Spec: spec}
			for _, a := range asksOf("entity", &q, nil)[:min(len(q.Entities), 10)] {
				j.Asks = append(j.Asks, a)
			}
			o, err := measure(ctx, j)
			if err != nil {
				return err
			}
			for what, ns := range o.Warm {
				d.add("streams "+what, e.Name(), ns)
			}
			d.add("streams RSS", e.Name(), float64(o.RSS))
		}
	}
	return nil
}

// decoder returns what an application of the engine would decode payloads with.
func decoder(engine string) func([]byte, any) error {
	if engine == subject {
		return payload.Unmarshal
	}
	return msgpack.Unmarshal
}

// streams reads streams and the whole store in one process.
func streams(j *job) (o outcome, err error) {
	e, err := named(j.Engine)
	if err != nil {
		return o, err
	}
	want := sums{}
	for i := range j.Spec.N {
		want.add(i, workload.OrderOf(i).Amount)
	}
	runtime.GC() // the garbage of generating the orders
	r, err := e.Open(j.Dir)
	if err != nil {
		return o, err
	}
	o.Warm = map[string]float64{}
	err = errors.Join(streamsOf(r, j, &o), catchUps(r, j.Engine, want, &o))
	o.RSS = peakRSS()
	return o, errors.Join(err, r.Close())
}

// sums identify the events and payloads of an answer.
type sums struct {
	events    int
	sequences uint64
	amounts   int64
}

func (s *sums) add(sequence uint64, amount int64) {
	s.events++
	s.sequences += sequence
	s.amounts += amount
}

// streamsOf measures the median time of a stream.
func streamsOf(r engine.Reader, j *job, o *outcome) error {
	decode := decoder(j.Engine)
	for range streamPasses {
		var took []float64
		for _, a := range j.Asks {
			var got []uint64
			var failed error
			started := time.Now()
			err := r.Stream(a.Name, func(e engine.Event) {
				var order workload.Order
				if err := decode(e.Payload, &order); err != nil || order.Currency == "" {
					failed = fmt.Errorf("event %d: payload %x: %w", e.Sequence, e.Payload, err)
				}
				got = append(got, e.Sequence)
			})
			took = append(took, float64(time.Since(started).Nanoseconds()))
			if err = errors.Join(err, failed); err != nil {
				return err
			}
			if answer := workload.AnswerOf(got); answer != a.Answer {
				return fmt.Errorf("stream %s: got %d events, want %d", a.Name, answer.Hits, a.Hits)
			}
		}
		o.Warm[streamDecoded] = report.Median(took)
	}
	return nil
}

// catchUps measures reading every event.
func catchUps(r engine.Reader, name string, want sums, o *outcome) error {
	decode := decoder(name)
	var touched byte // so that the payload of a raw answer is read
	for range streamPasses {
		got := 0
		started := time.Now()
		err := r.All(func(e engine.Event) {
			touched ^= e.Payload[0] ^ e.Payload[len(e.Payload)-1]
			got++
		})
		o.Warm[catchUpRaw] = float64(time.Since(started).Nanoseconds())
		if err != nil {
			return err
		}
		if got != want.events {
			return fmt.Errorf("everything: got %d events, want %d", got, want.events)
		}
		var sum sums
		var failed error
		started = time.Now()
		err = r.All(func(e engine.Event) {
			var order workload.Order
			if err := decode(e.Payload, &order); err != nil {
				failed = fmt.Errorf("event %d: payload %x: %w", e.Sequence, e.Payload, err)
			}
			sum.add(e.Sequence, order.Amount)
		})
		o.Warm[catchUpDecoded] = float64(time.Since(started).Nanoseconds())
		if err = errors.Join(err, failed); err != nil {
			return err
		}
		if sum != want {
			return fmt.Errorf("everything: got %+v, want %+v", sum, want)
		}
	}
	runtime.KeepAlive(touched)
	return nil
}

func (d *data) streamsTable() report.Table {
	return report.Table{
		Title: "with payloads, in an open store",
		Note: fmt.Sprintf("Entities of %s events, in a store of %s; payloads are maps, decoded into structs by each engine's callers with msgpack/v5, thaw's with its own package payload. "+
			"The last of %d passes.", report.Grouped(int64(d.streamEvents)), report.Grouped(int64(d.n)), streamPasses),
		Rows: []report.Row{
			d.row("one stream, decoded", "streams "+streamDecoded, report.Nanoseconds),
			d.row("catch up with everything, raw", "streams "+catchUpRaw, report.Nanoseconds),
			d.row("catch up with everything, decoded", "streams "+catchUpDecoded, report.Nanoseconds),
			d.row("peak RSS after all of them", "streams RSS", report.Bytes),
		},
	}
}
