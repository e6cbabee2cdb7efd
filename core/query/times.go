package query

import (
	"math"

	"github.com/thawlog/thaw/core/event"
)

// Times is a range of events' own times ([event.Event.TimestampUS], in µs since 1970), its
// start included and its end not. The zero Times is all times.
//
// An index has no own times, only WallMS: the own time in whole ms, or that of an earlier
// event of the entity where that is later. So an own time is never above WallMS, which
// decides some events by the index alone: one whose WallMS is before the start is too early,
// and one whose WallMS ends before the end is early enough. The rest is read from frames: of
// a range with a start every event that is not too early, of one with only an end those
// whose WallMS is not before it.
//
// A range made by [Times.ByWall] is one of WallMS, and no frame is read for it.
type Times struct {
	since, until       int64
	hasSince, hasUntil bool
	byWall             bool
}

// Since returns t with a start in µs: times before it are not in the range.
func (t Times) Since(us int64) Times {
	t.since, t.hasSince = us, true
	return t
}

// Until returns t with an end in µs: times at or after it are not in the range.
func (t Times) Until(us int64) Times {
	t.until, t.hasUntil = us, true
	return t
}

// ByWall returns the range of events whose WallMS, in µs, lies in t. The index alone decides.
func (t Times) ByWall() Times {
	t.byWall = true
	return t
}

// OfWall reports whether the range is one of WallMS.
func (t Times) OfWall() bool { return t.byWall }

// Bounds returns the start and the end; hasSince and hasUntil are false without one.
func (t Times) Bounds() (since, until int64, hasSince, hasUntil bool) {
	return t.since, t.until, t.hasSince, t.hasUntil
}

// all reports whether the range has no bounds.
func (t *Times) all() bool { return !t.hasSince && !t.hasUntil }

// empty reports whether no time is in the range.
func (t *Times) empty() bool {
	return t.hasUntil && (t.until == math.MinInt64 || t.hasSince && t.since >= t.until)
}

// has reports whether an own time in µs is in the range.
func (t *Times) has(us int64) bool {
	return (!t.hasSince || us >= t.since) && (!t.hasUntil || us < t.until)
}

// hasEvent reports whether an event is in the range.
func (t *Times) hasEvent(e *event.Event) bool {
	if t.byWall {
		return t.hasWall(e.WallMS)
	}
	return t.all() || e.Timed && t.has(e.TimestampUS)
}

// hasWall reports whether a WallMS is in a range of them.
func (t *Times) hasWall(wallMS uint64) bool {
	// The product wallMS*1000 could overflow.
	return (!t.hasSince || t.since <= 0 || wallMS >= (uint64(t.since)+999)/1000) &&
		(!t.hasUntil || t.until > 0 && wallMS <= uint64(t.until-1)/1000)
}

// ofFrames reports whether frames may be needed.
func (t *Times) ofFrames() bool { return !t.byWall && !t.all() }

// excludes reports whether no event with this WallMS is in the range: it is not in a range of
// WallMS, or every own time that the event can have is before the start.
func (t *Times) excludes(wallMS uint64) bool {
	if t.byWall {
		return !t.hasWall(wallMS)
	}
	return t.hasSince && t.since > 0 && wallMS < uint64(t.since)/1000
}

// decided reports whether every event with this WallMS that the range does not exclude is in
// it.
func (t *Times) decided(wallMS uint64) bool {
	// The latest own time is wallMS*1000 + 999.
	return t.byWall || !t.hasSince && (!t.hasUntil || t.until > 0 && wallMS < uint64(t.until)/1000)
}

// inTimes reports whether an event is in the times of a region. It reads the event's frame
// where the index does not decide, and then returns the event with its own time.
func (c *Cursor) inTimes(t *Times, e *event.Event) (bool, error) {
	if t.excludes(e.WallMS) {
		return false, nil
	}
	if t.all() || t.decided(e.WallMS) {
		return true, nil
	}
	if !e.Timed {
		timed, err := c.options.Frames.Timed(*e)
		if err != nil {
			return false, err
		}
		*e = timed
	}
	return t.has(e.TimestampUS), nil
}
