package store

// When is it worth to write an index of what was appended? Two things have to
// stay small: what the next open, or a reader in another process, has to replay,
// and what is written again and again over a store's life. With index.fbati alone
// they contradict each other: it holds every event, so a bound on the tail makes
// each event pay for all others. So the events behind it are kept in part files,
// whose sizes fall: one that is at most twice as long as what goes in behind it is
// merged with that, as a log-structured merge tree does (O'Neil and others, 1996).
//
// The rule, with the weight of a tail being its events, plus its bytes in KiB, plus
// 16 for each of its segments, about a microsecond of replay each:
//
//   - Nothing is written for an empty tail.
//   - index.fbati and index.thaw are written anew when all that lies behind them
//     is at least an eighth of them at a close, or half of them while the store is
//     open.
//   - Otherwise a part file is written when the tail's weight is at least
//     [CloseWeight] at a close, or [OpenWeight] while the store is open, at the
//     end of a segment. It takes in the parts in front of it that are at most twice
//     as long as what it has so far.
//
// The two bounds. Behind the last part there is never more than CloseWeight after
// an orderly close, and never more than OpenWeight, one segment, and what is
// appended while one index is being written after an unclean stop. And each event
// is written to index.fbati at most 9 times (each time the store has grown by an
// eighth) and to part files at most log1.5(events/16 / CloseWeight) times: with
// 100,000,000 events 22, were each close to come right at the bound. TestFoldRule
// simulates it: see there for what it comes to.
const (
	// CloseWeight is the weight of a tail that a close leaves at most.
	CloseWeight = 1000
	// OpenWeight is the weight of a tail that an open store leaves at the end of a
	// segment at most.
	OpenWeight = 65_536
)

// Rule is the numbers of the rule. Tests of what folds do to a store have others,
// so that few events are enough for many folds.
type Rule struct {
	// CloseWeight and OpenWeight are from which weight of a tail on a file is
	// written at a close and while the store is open.
	CloseWeight, OpenWeight uint64
	// CloseShare and OpenShare say when index.fbati is written anew: when one part
	// in so many of it lies behind it.
	CloseShare, OpenShare uint64
	// PartShare is how many times as long as what goes in behind it a part may be
	// that is merged.
	PartShare uint64
}

// DefaultRule is the rule as it is described above.
func DefaultRule() Rule {
	return Rule{CloseWeight: CloseWeight, OpenWeight: OpenWeight, CloseShare: 8, OpenShare: 2, PartShare: 2}
}

// Tail is what lies behind the last part that was read from a file.
type Tail struct {
	Events   uint64
	Bytes    uint64 // of frames
	Segments uint64
}

// Weight is about how many microseconds it takes to replay a tail.
func (t Tail) Weight() uint64 { return t.Events + t.Bytes>>10 + 16*t.Segments }

// First says which new file is worth writing: number first of the parts, whose
// numbers of events are given, index.fbati's in front, and everything behind it go
// into it. ok is false when none is. closing says that the store is being closed.
func (r Rule) First(parts []uint64, t Tail, closing bool) (first int, ok bool) {
	share, least := r.OpenShare, r.OpenWeight
	if closing {
		share, least = r.CloseShare, r.CloseWeight
	}
	if t.Events == 0 || !closing && t.Weight() < least {
		return 0, false
	}
	behind := t.Events
	for _, n := range parts[min(1, len(parts)):] {
		behind += n
	}
	if len(parts) == 0 || behind >= parts[0]/share {
		return 0, true
	}
	if t.Weight() < least {
		return 0, false
	}
	first, size := len(parts), t.Events
	for first > 1 && parts[first-1] <= r.PartShare*size {
		first--
		size += parts[first]
	}
	return first, true
}
