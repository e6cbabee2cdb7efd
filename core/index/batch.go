package index

import (
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/source"
)

const (
	// maxGap is how many bytes between two records are read along to save a
	// read. So short a gap holds no whole page, so nothing is touched for it that
	// the records themselves do not touch.
	maxGap = 4095
	// maxSpan bounds what is read at once with gaps in it, in bytes.
	maxSpan = 64 << 10
	// shareRecords is the least number of records that are worth another
	// goroutine.
	shareRecords = 256
)

// Batch is the room for records that are read together. It keeps its buffers from
// one [Reader.Records] to the next: 162 bytes a record that is not in memory, and
// 24 for each. It is for one goroutine.
type Batch struct {
	// Parallel, when set, runs f(0) to f(n-1), perhaps at once, and returns when
	// all are done.
	Parallel func(n int, f func(i int))

	records []artifact.Raw
	most    int // records that were held at once
	buf     []byte
	shares  []share
	ranges  []source.Range // to be announced
}

// share is what one goroutine reads of a batch.
type share struct {
	span []byte // records with gaps between them
	got  int
	err  error
}

// Records is what the last [Reader.Records] read, in its order. The records hold
// until the next.
func (b *Batch) Records() []artifact.Raw { return b.records }

// Forget drops what b leads to besides its own buffers.
func (b *Batch) Forget() {
	clear(b.records[:b.most])
	b.records, b.most, b.Parallel = b.records[:0], 0, nil
	for i := range b.shares {
		b.shares[i].err = nil
	}
}

// Records reads the records with these numbers, which are to rise, into b:
// neighbours with one read, and memory not at all. After an error b holds those in
// front of the first that could not be read.
func (r *Reader) Records(numbers []uint32, b *Batch) error {
	b.records = slices.Grow(b.records[:0], len(numbers))
	b.most = max(b.most, len(numbers))
	for _, n := range numbers {
		if n >= r.img.Count {
			return ErrTable
		}
		raw := r.records.InPlace(r.img.recordAt(n), artifact.RecordSize)
		if raw == nil {
			return r.copyRecords(numbers[len(b.records):], b)
		}
		b.records = append(b.records, raw)
	}
	return nil
}

// copyRecords adds records that are not in one piece of memory to b.
func (r *Reader) copyRecords(numbers []uint32, b *Batch) error {
	if need := len(numbers) * artifact.RecordSize; cap(b.buf) < need {
		b.buf = make([]byte, need)
	}
	if a, ok := r.img.Records.(source.Prefetcher); ok && len(numbers) > 1 && a.Prefetches() {
		b.ranges = r.ranges(b.ranges[:0], numbers)
		a.Prefetch(b.ranges)
	}
	shares := max(len(numbers)/shareRecords, 1)
	if b.Parallel == nil {
		shares = 1
	}
	for len(b.shares) < shares {
		b.shares = append(b.shares, share{})
	}
	if shares == 1 {
		r.copyShare(&b.shares[0], numbers, b.buf[:len(numbers)*artifact.RecordSize])
	} else {
		r.copyShares(numbers, b, shares)
	}
	at := 0
	for i := range b.shares[:shares] {
		s := &b.shares[i]
		for range s.got {
			b.records = append(b.records, b.buf[at:at+artifact.RecordSize:at+artifact.RecordSize])
			at += artifact.RecordSize
		}
		if s.err != nil {
			return s.err
		}
	}
	return nil
}

// ranges appends to out what copyShare reads for numbers.
func (r *Reader) ranges(out []source.Range, numbers []uint32) []source.Range {
	for len(numbers) > 0 {
		n := r.neighbours(numbers)
		first, last := numbers[0], numbers[n-1]
		if first >= r.img.Count || last >= r.img.Count {
			break // which shows when it is read
		}
		out = append(out, source.Range{Off: r.img.recordAt(first), Len: uint64(last-first+1) * artifact.RecordSize})
		numbers = numbers[n:]
	}
	return out
}

func (r *Reader) copyShares(numbers []uint32, b *Batch, shares int) {
	b.Parallel(shares, func(i int) {
		from, to := i*len(numbers)/shares, (i+1)*len(numbers)/shares
		r.copyShare(&b.shares[i], numbers[from:to], b.buf[from*artifact.RecordSize:to*artifact.RecordSize])
	})
}

// copyShare reads records one behind the other into dst.
func (r *Reader) copyShare(s *share, numbers []uint32, dst []byte) {
	s.got, s.err = 0, nil
	for s.got < len(numbers) {
		n := r.neighbours(numbers[s.got:])
		near := numbers[s.got : s.got+n]
		to := dst[s.got*artifact.RecordSize : (s.got+n)*artifact.RecordSize]
		if s.err = r.copyNear(s, near, to); s.err != nil && n > 1 {
			// Those in front of what cannot be read are still to be had.
			for i := range near {
				if s.err = r.copyNear(s, near[i:i+1], to[i*artifact.RecordSize:(i+1)*artifact.RecordSize]); s.err != nil {
					s.got += i
					return
				}
			}
		}
		if s.err != nil {
			return
		}
		s.got += n
	}
}

// neighbours is how many of the numbers are read at once, at least one.
func (r *Reader) neighbours(numbers []uint32) int {
	n, last := 1, numbers[0]
	most := last // up to it without gap
	for ; n < len(numbers) && numbers[n] > last; n++ {
		next := numbers[n]
		gap := uint64(next-last-1) * artifact.RecordSize
		span := uint64(next-numbers[0]+1) * artifact.RecordSize
		if gap > maxGap || span > maxSpan && (gap > 0 || most != last) {
			break
		}
		if gap == 0 && most == last {
			most = next
		}
		last = next
	}
	return n
}

// copyNear reads records that one read is worth.
func (r *Reader) copyNear(s *share, numbers []uint32, dst []byte) error {
	for _, n := range numbers {
		if n >= r.img.Count {
			return ErrTable
		}
	}
	first := numbers[0]
	span := int(numbers[len(numbers)-1]-first+1) * artifact.RecordSize
	if span == len(dst) {
		return source.Read(r.img.Records, dst, r.img.recordAt(first))
	}
	if cap(s.span) < span {
		s.span = make([]byte, min(max(2*span, 4096), maxSpan))
	}
	b := s.span[:span]
	if err := source.Read(r.img.Records, b, r.img.recordAt(first)); err != nil {
		return err
	}
	for i, n := range numbers {
		copy(dst[i*artifact.RecordSize:], b[int(n-first)*artifact.RecordSize:][:artifact.RecordSize])
	}
	return nil
}

// recordAt returns the offset of record i in Records.
func (img *Image) recordAt(i uint32) uint64 {
	return img.RecordsAt + uint64(i)*artifact.RecordSize
}
