package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/host/bench/result"
)

// row is one peer's runs.
type row struct {
	peer   peer
	path   string
	absent string // why there are no runs
	runs   []result.Result
}

// preparePeers prepares every peer; one that cannot run here keeps its row and says why.
func (e *env) preparePeers(ctx context.Context, chosen []peer) ([]*row, error) {
	var rows []*row
	for _, p := range chosen {
		r := &row{peer: p}
		var err error
		if r.path, err = p.prepare(ctx, e); err != nil && !r.setAbsent(err) {
			return nil, fmt.Errorf("preparing %s: %w", p.name, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (r *row) setAbsent(err error) bool {
	if !errors.Is(err, errAbsent) {
		return false
	}
	r.absent = err.Error()
	return true
}

// measure runs every peer o.runs times, in turn.
func (e *env) measure(ctx context.Context, rows []*row, o options) error {
	for _, r := range rows {
		if r.absent == "" && !o.cold {
			if err := warm(r.path); err != nil {
				return err
			}
		}
	}
	for i := range o.runs {
		logf("round %d of %d", i+1, o.runs)
		for _, r := range rows {
			if r.absent != "" {
				continue
			}
			if err := e.runOnce(ctx, r, o.cold); err != nil && !r.setAbsent(err) {
				return fmt.Errorf("%s: %w", r.peer.name, err)
			}
		}
	}
	return sameAnswers(rows)
}

func (e *env) runOnce(ctx context.Context, r *row, cold bool) error {
	path := r.path
	if r.peer.scratch {
		scratch, err := os.MkdirTemp(e.dir, "run-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(scratch)
		path = filepath.Join(scratch, "store")
		if err := linkDir(r.path, path); err != nil {
			return err
		}
	}
	if cold {
		if err := evict(path); err != nil {
			return err
		}
	}
	out, err := finish(r.peer.start(ctx, e, path))
	if err != nil {
		return err
	}
	var got result.Result
	if err := json.Unmarshal(out, &got); err != nil {
		return fmt.Errorf("bad line %q: %w", out, err)
	}
	if got.Events != e.events || got.GetN != e.getN {
		return fmt.Errorf("saw %d events and got event %d; want %d and %d", got.Events, got.GetN, e.events, e.getN)
	}
	r.runs = append(r.runs, got)
	return nil
}

// sameAnswers refuses to compare peers that did not answer the query alike.
func sameAnswers(rows []*row) error {
	var first *row
	for _, r := range rows {
		for i := range r.runs {
			if first == nil {
				first = r
			}
			want, got := first.runs[0], r.runs[i]
			if got.QueryEvents != want.QueryEvents || got.QueryHash != want.QueryHash {
				return fmt.Errorf("%s returned %d events (%s), %s %d (%s)",
					first.peer.name, want.QueryEvents, want.QueryHash, r.peer.name, got.QueryEvents, got.QueryHash)
			}
		}
	}
	return nil
}
