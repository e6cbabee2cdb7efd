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
//   - A flush never writes more than the tail and [Limit] records: about 0.1 s. So an append
//     that waits for memory waits for no more than that, whatever the store's size. A close
//     writes at most [CloseLimit] records, some 0.4 s, since a store of a single index.fbati
//     is the fastest to open and to query. It leaves everything else to the next session's
//     background.
//   - Within the limit, index.fbati and index.thaw are written again when all that follows
//     them is at least an eighth of them at a close, or half of them while the store is
//     open. So they hold every event of a small store.
//   - Otherwise a part file is written when the tail's weight is at least
//     [CloseWeight] at a close, or [OpenWeight] while the store is open, at the end of
//     a segment. It takes in the parts before it that are at most twice as long as
//     what it has so far, within the limit.
//   - Beside the flushes, 5 neighbouring parts of about the same length are merged into one,
//     and all files into index.fbati when what follows that has twice its records. See
//     [Policy.Merge]. Only a close that leaves more than 16 files does that too, and takes as
//     long as it takes: 1,000,000 sessions of one event each must not leave 1,000 parts.
//
// This gives three bounds. The tail after the last part is at most CloseWeight after an
// orderly close. After an unclean stop it is at most OpenWeight, one segment, and the
// events appended while one index was being written. Each event is written about 4 times in
// a session of 10,000,000, and 6 times in one of 100,000,000; in short sessions at most 20
// times. There are at most 22 files. TestPolicy simulates it.
const (
	// CloseWeight bounds the weight of a tail after a close.
	CloseWeight = 1000
	// OpenWeight bounds the weight of an open store's tail at the end of a segment.
	OpenWeight = 65_536
	// Limit is about how many records are written in a tenth of a second.
	Limit = 1 << 17
	// CloseLimit is the same for a close, which nothing else waits for.
	CloseLimit = 1 << 20
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
	// Limit bounds the records that a flush writes besides those of the tail; 0 is no
	// bound. What is above it is left to merges, see [Policy.Merge]: one of Fan parts of
	// about the same length into one, and one of all files when those after index.fbati
	// have BaseShare times its records.
	Limit, Fan, BaseShare uint64
	// CloseLimit is Limit for a flush at a close; 0 is Limit.
	CloseLimit uint64
	// MostParts is the number of files above which a close merges too.
	MostParts int
}

// DefaultPolicy returns the policy described above.
func DefaultPolicy() Policy {
	return Policy{CloseWeight: CloseWeight, OpenWeight: OpenWeight, CloseShare: 8, OpenShare: 2, PartShare: 2, Limit: Limit, CloseLimit: CloseLimit, Fan: 5, BaseShare: 2, MostParts: 16}
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
	if len(parts) == 0 || after >= parts[0]/share && p.within(parts[0]+after, when) {
		return 0, true
	}
	if t.Weight() < least {
		return 0, false
	}
	first, size := len(parts), t.Events
	for first > 1 && parts[first-1] <= p.PartShare*size && p.within(size+parts[first-1], when) {
		first--
		size += parts[first]
	}
	return first, true
}

// within reports whether a flush may write so many records.
func (p Policy) within(records uint64, when Moment) bool {
	if when == AtClose && p.CloseLimit > 0 {
		return records <= p.CloseLimit
	}
	return p.Limit == 0 || records <= p.Limit
}

// Merge returns which files are worth merging into one: those from first up to last. parts
// are as in First. It is asked again after each merge.
func (p Policy) Merge(parts []uint64, when Moment) (first, last int, ok bool) {
	if p.Limit == 0 || len(parts) < 2 || when == AtClose && len(parts) <= p.MostParts {
		return 0, 0, false
	}
	after := uint64(0)
	for _, n := range parts[1:] {
		after += n
	}
	if after/p.BaseShare >= parts[0] && !p.within(parts[0]+after, WhileOpen) {
		return 0, len(parts), true
	}
	fan := int(p.Fan)
	for first = len(parts) - fan; first > 0; first-- {
		sum, most := uint64(0), uint64(0)
		for _, n := range parts[first : first+fan] {
			sum, most = sum+n, max(most, n)
		}
		if most <= 2*sum/p.Fan {
			return first, first + fan, true
		}
	}
	return 0, 0, false
}
