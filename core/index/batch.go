package index

import (
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/source"
)

const (
	// maxGap is how many bytes between two records are read with them to save a
	// read. So short a gap holds no whole page, so it adds no page to those of
	// the records.
	maxGap = 4095
	// maxSpan bounds a read with gaps in it, in bytes.
	maxSpan = 64 << 10
	// shareRecords is the least number of records worth another goroutine.
	shareRecords = 256
)

// Batch holds records that are read together. It reuses its buffers from one
// [Reader.Records] to the next: 162 bytes for each record that is not in
// memory, and 24 for every record. It is for one goroutine.
type Batch struct {
	// Parallel, when set, runs f(0) to f(n-1), perhaps at once, and returns
	// when all are done.
	Parallel func(n int, f func(i int))

	records []artifact.Raw
	most    int // the most records held at once
	buf     []byte
	shares  []share
	ranges  []source.Range // to prefetch
}

// share is the part of a batch that one goroutine reads.
type share struct {
	span []byte // records with gaps between them
	got  int
	err  error
}

// Records returns the records of the last [Reader.Records], in its order. They
// are valid until the next call.
func (b *Batch) Records() []artifact.Raw { return b.records }

// Clear makes Records return none.
func (b *Batch) Clear() { b.records = b.records[:0] }

// Forget drops all references except b's own buffers.
func (b *Batch) Forget() {
	clear(b.records[:b.most])
	b.records, b.most, b.Parallel = b.records[:0], 0, nil
	for i := range b.shares {
		b.shares[i].err = nil
	}
}

// Records reads the records with these numbers, which must rise, into b. It
// reads neighbours at once and does not copy memory. After an error b holds the
// records before the first one that could not be read.
func (r *Reader) Records(numbers []uint32, b *Batch) error {
	b.records = slices.Grow(b.records[:0], len(numbers))
	b.most = max(b.most, len(numbers))
	if r.records.Lends() {
		return r.lendRecords(numbers, b)
	}
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

// prefetch announces the reads of the records.
func (r *Reader) prefetch(numbers []uint32, b *Batch) {
	if a, ok := r.img.Records.(source.Prefetcher); ok && len(numbers) > 1 && a.Prefetches() {
		b.ranges = r.ranges(b.ranges[:0], numbers)
		a.Prefetch(b.ranges)
	}
}

// lendRecords is Records for a source that lends. It copies only the records that lie in two
// blocks. At the first record that was not read yet it announces all that follow.
func (r *Reader) lendRecords(numbers []uint32, b *Batch) error {
	announced := false
	copies := b.buf[:0]
	for i, n := range numbers {
		if n >= r.img.Count {
			return ErrTable
		}
		raw, err := r.records.Lent(r.img.recordAt(n), artifact.RecordSize, announced)
		if err == source.ErrAbsent {
			r.prefetch(numbers[i:], b)
			announced = true
			raw, err = r.records.Lent(r.img.recordAt(n), artifact.RecordSize, true)
		}
		if err != nil {
			return err
		}
		if raw == nil {
			if cap(copies)-len(copies) < artifact.RecordSize {
				copies = make([]byte, 0, max(2*cap(copies), 16*artifact.RecordSize)) // the copies so far stay where they are
				b.buf = copies
			}
			copies = copies[:len(copies)+artifact.RecordSize]
			raw = copies[len(copies)-artifact.RecordSize : len(copies) : len(copies)]
			if err := source.Read(r.img.Records, raw, r.img.recordAt(n)); err != nil {
				return err
			}
		}
		b.records = append(b.records, raw)
	}
	return nil
}

// copyRecords adds records that are not contiguous in memory to b.
func (r *Reader) copyRecords(numbers []uint32, b *Batch) error {
	if need := len(numbers) * artifact.RecordSize; cap(b.buf) < need {
		b.buf = make([]byte, need)
	}
	r.prefetch(numbers, b)
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

// ranges appends to out the ranges that copyShare reads for numbers.
func (r *Reader) ranges(out []source.Range, numbers []uint32) []source.Range {
	for len(numbers) > 0 {
		n := r.neighbours(numbers)
		first, last := numbers[0], numbers[n-1]
		if first >= r.img.Count || last >= r.img.Count {
			break // the read reports it
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

// copyShare reads records one after the other into dst.
func (r *Reader) copyShare(s *share, numbers []uint32, dst []byte) {
	s.got, s.err = 0, nil
	for s.got < len(numbers) {
		n := r.neighbours(numbers[s.got:])
		near := numbers[s.got : s.got+n]
		to := dst[s.got*artifact.RecordSize : (s.got+n)*artifact.RecordSize]
		if s.err = r.copyNear(s, near, to); s.err != nil && n > 1 {
			// The records before the unreadable one can still be read.
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

// neighbours returns how many of the numbers to read at once, at least one.
func (r *Reader) neighbours(numbers []uint32) int {
	n, last := 1, numbers[0]
	most := last // last number before the first gap
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

// copyNear reads records with one read.
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
