package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// quiet is for stores that are stopped on purpose.
var quiet = slog.New(slog.DiscardHandler)

// openSegments bounds the segments that each open store keeps open; a reader has two open
// while it refreshes.
const openSegments = 32

// The environment of a process that the supervisor starts.
const (
	roleEnv = "THAW_SOAK_ROLE"
	dirEnv  = "THAW_SOAK_DIR"
	ownEnv  = "THAW_SOAK_OWN"  // a directory of the process's own
	turnEnv = "THAW_SOAK_TURN" // how many processes of the role were started before
	rateEnv = "THAW_SOAK_RATE" // events a second
	keepEnv = "THAW_SOAK_KEEP" // events that retention leaves alone, 0 for no retention
)

func number(name string) uint64 {
	n, _ := strconv.ParseUint(os.Getenv(name), 10, 64)
	return n
}

// say writes a line to the supervisor, in one write so that no two are mixed.
func say(format string, args ...any) { _, _ = os.Stdout.Write(fmt.Appendf(nil, format+"\n", args...)) }

// write appends until the process is killed, and says what was acknowledged. Now and then it
// closes the store and opens it again.
func write(ctx context.Context) error {
	// The units of one process begin where no other's can be.
	var unit atomic.Uint64
	unit.Store(number(turnEnv) << 32)
	for round := 0; ; round++ {
		st, err := host.Open(ctx, os.Getenv(dirEnv), host.Options{
			SegmentSize: 128 << 10, TailLimit: 4000, Logger: quiet, LockWait: 10 * time.Second,
			OpenSegments: openSegments,
		})
		if err != nil {
			return err
		}
		if d := st.Report().Damages; len(d) > 0 {
			return fmt.Errorf("the writer finds damage: %w", d[0])
		}
		session, cancel := context.WithTimeout(ctx, 20*time.Second)
		const writers = 4
		errs := make([]error, writers)
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() { errs[i] = appendUntil(session, st, &unit, writers) })
		}
		var compacted error
		wg.Go(func() {
			defer cancel()
			compacted = compactUntil(session, st)
		})
		wg.Wait()
		cancel()
		if err := errors.Join(errors.Join(errs...), compacted, st.Close()); err != nil {
			return err
		}
	}
}

// appendUntil appends until ctx ends, one of so many writers.
func appendUntil(ctx context.Context, st *host.Store, unit *atomic.Uint64, writers int) error {
	pause := time.Duration(writers) * time.Second / time.Duration(max(1, number(rateEnv)))
	for ctx.Err() == nil {
		u := unit.Add(1)
		rs, err := st.AppendBatch(context.WithoutCancel(ctx), items(u))
		if err != nil {
			return err
		}
		say("ack %d %d", rs[0].Sequence, u)
		time.Sleep(pause * time.Duration(len(rs)))
	}
	return nil
}

// lossy reports whether retention drops events.
func lossy() bool { return number(keepEnv) > 0 }

// compactUntil merges segments, and now and then drops the old events of one kind, until ctx
// ends.
func compactUntil(ctx context.Context, st *host.Store) error {
	for round := 1; ; round++ {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(3 * time.Second):
		}
		var c host.Compaction
		if keep := number(keepEnv); round%3 == 0 && keep > 0 && st.Committed() > keep {
			end := st.Committed() - keep
			c.Judge = func(e event.Event) host.Verdict {
				if e.Kind == passingKind && e.Sequence < end {
					return host.DropEvent
				}
				return host.KeepEvent
			}
		}
		result, err := st.Compact(ctx, c)
		if ctx.Err() != nil || errors.Is(err, host.ErrUnfinished) { // its new index was cut off at once: reopen
			return nil
		}
		if err != nil {
			return fmt.Errorf("compact: %w", err)
		}
		say("compacted %d %d %d", result.Replaced, result.Segments, result.Dropped)
	}
}
