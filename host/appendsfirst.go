package host

import (
	"sync/atomic"
	"time"
)

// appendsFirst lets a compaction stand back while the writer serves appends. A compaction has
// work for more than one processor and for the whole disk; without this, one append of a hundred
// waits some milliseconds for its turn at one of them, and for the kernel to wake its thread.
//
// A compaction looks in short intervals whether appends are being served, and sleeps until they
// are answered. It is not woken by the writer: waking a thread would delay the very answer that it
// waits for. After a pause it works at least as long before it pauses again, so endless appends
// cost it half its speed.
//
// Appends that the caller serves itself do not count: they take microseconds. See writer.direct.
//
// The zero value is ready. Its methods may be called from several goroutines at once.
type appendsFirst struct {
	served atomic.Bool
}

// serving notes that the writer begins to serve appends, or has answered them.
func (a *appendsFirst) serving(yes bool) { a.served.Store(yes) }

const (
	// appendsLook is between two looks at the writer; a sync of a fast disk takes a few of it.
	appendsLook = 50 * time.Microsecond
	// appendsPause bounds one pause.
	appendsPause = 2 * time.Millisecond
)

// pauses are those of one compaction, all of whose goroutines pause together: were each to pause for
// itself, those that wait for each other would add up their pauses. nil never pauses.
type pauses struct {
	appends *appendsFirst
	made    time.Time
	next    atomic.Int64 // no pause before; nanoseconds since made
}

func (a *appendsFirst) pauses() *pauses { return &pauses{appends: a, made: time.Now()} }

// none reports whether there was no pause yet.
func (p *pauses) none() bool { return p.next.Load() == 0 }

// pause waits while the writer serves appends, unless it is not long since a pause.
func (p *pauses) pause() {
	if p == nil || !p.appends.served.Load() {
		return
	}
	begin := time.Since(p.made)
	now := begin
	for p.appends.served.Load() && now < begin+appendsPause {
		if now < time.Duration(p.next.Load()) {
			return // another goroutine's pause is over, and this one's with it
		}
		time.Sleep(appendsLook)
		now = time.Since(p.made)
	}
	if now > begin && now >= time.Duration(p.next.Load()) {
		p.next.Store(int64(now + now - begin))
	}
}
