package flush

// When is it worth writing an index of the appended events? Two costs have to stay small:
// the tail that the next open, or a reader in another process, has to replay; and the bytes
// that are written again and again over a store's life. With index.fbati alone one excludes
// the other: it holds every event, so a bound on the tail makes each event pay for all
// others. So the events after it go to part files of falling sizes: one that is at most
// twice as long as the events after it is merged with them, as in a log-structured merge
// tree (O'Neil and others, 1996).
//
// The weight of a tail is its events, plus its bytes in KiB, plus 16 for each of its
// segments: about its replay in microseconds. The policy:
//
//   - An empty tail is not flushed.
//   - index.fbati and index.thaw are written again when all that follows them is at
//     least an eighth of them at a close, or half of them while the store is open.
//   - Otherwise a part file is written when the tail's weight is at least
//     [CloseWeight] at a close, or [OpenWeight] while the store is open, at the end of
//     a segment. It takes in the parts before it that are at most twice as long as
//     what it has so far.
//
// This gives two bounds. The tail after the last part is at most CloseWeight after an
// orderly close. After an unclean stop it is at most OpenWeight, one segment, and the
// events appended while one index was being written. And each event is written to
// index.fbati at most 9 times (each time the store has grown by an eighth) and to part
// files at most log1.5(events/16 / CloseWeight) times: 22 with 100,000,000 events, if each
// close came right at the bound. TestPolicy simulates it.
const (
	// CloseWeight bounds the weight of a tail after a close.
	CloseWeight = 1000
	// OpenWeight bounds the weight of an open store's tail at the end of a segment.
	OpenWeight = 65_536
)

// Policy holds the numbers of the policy. Tests use smaller ones, so that few events
// suffice for many flushes.
type Policy struct {
	// CloseWeight and OpenWeight are the least weights of a tail that is flushed at a
	// close and while the store is open.
	CloseWeight, OpenWeight uint64
	// CloseShare and OpenShare say when index.fbati is written again: when the events
	// after it are at least its own divided by the share.
	CloseShare, OpenShare uint64
	// PartShare bounds the length of a part that is merged, as a multiple of the events
	// after it.
	PartShare uint64
}

// DefaultPolicy returns the policy described above.
func DefaultPolicy() Policy {
	return Policy{CloseWeight: CloseWeight, OpenWeight: OpenWeight, CloseShare: 8, OpenShare: 2, PartShare: 2}
}

// Moment is an occasion to flush.
type Moment uint8

const (
	// WhileOpen is at the end of a segment, while appends go on.
	WhileOpen Moment = iota
	// AtClose is at an orderly close.
	AtClose
)

// Tail is the log after the last index file.
type Tail struct {
	Events   uint64
	Bytes    uint64 // of frames
	Segments uint64
}

// Weight returns about how many microseconds the replay of a tail takes.
func (t Tail) Weight() uint64 { return t.Events + t.Bytes>>10 + 16*t.Segments }

// First returns which new file is worth writing: part first and everything after it go
// into it. parts are the numbers of events in the index files, index.fbati's first. ok is
// false when no file is worth writing.
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
