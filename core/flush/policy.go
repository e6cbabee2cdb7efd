package flush

// When is it worth writing an index of what was appended? Two things have to stay
// small: what the next open, or a reader in another process, has to replay, and what
// is written again and again over a store's life. With index.fbati alone they
// contradict each other: it holds every event, so a bound on the tail makes each event
// pay for all others. So the events after it are kept in part files, whose sizes fall:
// one that is at most twice as long as what follows it is merged with that, as a
// log-structured merge tree does (O'Neil and others, 1996).
//
// The policy, where the weight of a tail is its events, plus its bytes in KiB, plus 16
// for each of its segments, about a microsecond of replay each:
//
//   - Nothing is written for an empty tail.
//   - index.fbati and index.thaw are written again when all that follows them is at
//     least an eighth of them at a close, or half of them while the store is open.
//   - Otherwise a part file is written when the tail's weight is at least
//     [CloseWeight] at a close, or [OpenWeight] while the store is open, at the end of
//     a segment. It takes in the parts before it that are at most twice as long as
//     what it has so far.
//
// The two bounds. After the last part there is never more than CloseWeight after an
// orderly close, and never more than OpenWeight, one segment, and what is appended
// while one index is being written after an unclean stop. And each event is written to
// index.fbati at most 9 times (each time the store has grown by an eighth) and to part
// files at most log1.5(events/16 / CloseWeight) times: with 100,000,000 events 22, if
// each close came right at the bound. TestPolicy simulates it.
const (
	// CloseWeight is the weight of a tail that a close leaves at most.
	CloseWeight = 1000
	// OpenWeight is the weight of a tail that an open store leaves at the end of a
	// segment at most.
	OpenWeight = 65_536
)

// Policy is the numbers of the policy. Tests have others, so that few events are
// enough for many flushes.
type Policy struct {
	// CloseWeight and OpenWeight are from which weight of a tail on a file is
	// written at a close and while the store is open.
	CloseWeight, OpenWeight uint64
	// CloseShare and OpenShare say when index.fbati is written again: when one part in
	// so many of it follows it.
	CloseShare, OpenShare uint64
	// PartShare is how many times as long as what follows it a part may be that is
	// merged.
	PartShare uint64
}

// DefaultPolicy is the policy as it is described above.
func DefaultPolicy() Policy {
	return Policy{CloseWeight: CloseWeight, OpenWeight: OpenWeight, CloseShare: 8, OpenShare: 2, PartShare: 2}
}

// Moment is when an index might be written.
type Moment uint8

const (
	// WhileOpen is at the end of a segment, while appends go on.
	WhileOpen Moment = iota
	// AtClose is at an orderly close.
	AtClose
)

// Tail is what follows the last part that was read from a file.
type Tail struct {
	Events   uint64
	Bytes    uint64 // of frames
	Segments uint64
}

// Weight is about how many microseconds it takes to replay a tail.
func (t Tail) Weight() uint64 { return t.Events + t.Bytes>>10 + 16*t.Segments }

// First says which new file is worth writing: part number first and everything after
// it go into it. parts are the numbers of events of the parts that were read from
// files, index.fbati's first. ok is false when none is.
func (p Policy) First(parts []uint64, t Tail, when Moment) (first int, ok bool) {
	share, least := p.OpenShare, p.OpenWeight
	if when == AtClose {
		share, least = p.CloseShare, p.CloseWeight
	}
	if t.Events == 0 || when == WhileOpen && t.Weight() < least {
		return 0, false
	}
	after := t.Events
	for _, n := range parts[min(1, len(parts)):] {
		after += n
	}
	if len(parts) == 0 || after >= parts[0]/share {
		return 0, true
	}
	if t.Weight() < least {
		return 0, false
	}
	first, size := len(parts), t.Events
	for first > 1 && parts[first-1] <= p.PartShare*size {
		first--
		size += parts[first]
	}
	return first, true
}
