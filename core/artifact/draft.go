package artifact

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// ErrFull: a draft has reached the highest number of records or bytes of names.
var ErrFull = errors.New("artifact: no more than 2^32-2 records and 4 GiB of names")

// Draft builds an artifact in memory: records and names in the form they have in the
// file. It is for one goroutine.
type Draft struct {
	names *strtab.Builder
	rows  rows
	// forgotten holds the sequences of the records that Forget dropped from rows.
	forgotten Numbers
}

// NewDraft returns an empty draft.
func NewDraft() *Draft {
	return &Draft{names: strtab.NewBuilder()}
}

// Len returns the number of records, forgotten ones included.
func (d *Draft) Len() int { return d.rows.len() }

// At returns record i, which must be below Len. The slice aliases the draft and is
// valid until the draft changes.
func (d *Draft) At(i int) Raw { return d.rows.at(i) }

// Append adds a record, whose sequence must be above the last one's. It returns ErrFull
// if the draft is full.
func (d *Draft) Append(f *event.Facts, entity, scope []byte) error {
	r := event.Record{Facts: *f}
	var err error
	if r.Entity, err = d.Intern(entity); err != nil {
		return err
	}
	if r.Scope, err = d.Intern(scope); err != nil {
		return err
	}
	return d.Add(&r)
}

// Intern returns the number of a name, and adds the name if it is new.
func (d *Draft) Intern(name []byte) (uint32, error) {
	n, ok := d.names.Intern(name)
	if !ok {
		return 0, ErrFull
	}
	return n, nil
}

// Find returns the number of a name; ok is false if the draft does not have it.
func (d *Draft) Find(name []byte) (number uint32, ok bool) { return d.names.Find(name) }

// Add is Append for a record whose names are numbers from Intern.
func (d *Draft) Add(r *event.Record) error {
	if uint64(d.Len()) >= MaxRecords {
		return ErrFull
	}
	d.rows.grow()
	d.rows.last = AppendRecord(d.rows.last, r)
	return nil
}

// AddRaw is Add for a record of another draft, with the numbers that its names have in this
// one.
func (d *Draft) AddRaw(r Raw, entity, scope uint32) error {
	if uint64(d.Len()) >= MaxRecords {
		return ErrFull
	}
	d.rows.grow()
	d.rows.last = append(d.rows.last, r...)
	Raw(d.rows.last[len(d.rows.last)-RecordSize:]).SetNames(entity, scope)
	return nil
}

// AddEntry is Add for an entry of a segment's footer, which is a record without the
// segment id before the frame's offset: see package sidx.
func (d *Draft) AddEntry(entry []byte, segment uint64, entity, scope uint32, sequence uint64) error {
	if uint64(d.Len()) >= MaxRecords {
		return ErrFull
	}
	d.rows.grow()
	b := append(d.rows.last, entry[:offSegment]...)
	b = binary.LittleEndian.AppendUint64(b, segment)
	d.rows.last = append(b, entry[offSegment:RecordSize-8]...)
	r := Raw(d.rows.last[len(d.rows.last)-RecordSize:])
	r.SetNames(entity, scope)
	r.SetSequence(sequence)
	return nil
}

// Name returns the name with a number below Names. The slice aliases the draft and is
// valid until the name is rolled back.
func (d *Draft) Name(number uint32) []byte { return d.names.At(number) }

// Names is what a draft keeps of its names for [Names.Find].
type Names struct{ names *strtab.Builder }

// KeepNames returns the names without the records, for when the draft is no longer used.
func (d *Draft) KeepNames() Names { return Names{d.names} }

// Find returns the number of a name; ok is false if it is not among them.
func (n Names) Find(name []byte) (number uint32, ok bool) { return n.names.Find(name) }

// Names returns the number of names, the leading empty one included.
func (d *Draft) Names() int { return d.names.Len() }

// AppendFrom adds the records of another draft from number first on.
func (d *Draft) AppendFrom(o *Draft, first int) error {
	return d.AppendRun(o.Run(first, o.Savepoint()))
}

// Savepoint is a state that a draft can be rolled back to.
type Savepoint struct{ records, names int }

// Savepoint returns the current state, for [Draft.Rollback].
func (d *Draft) Savepoint() Savepoint {
	return Savepoint{records: d.Len(), names: d.names.Len()}
}

// Records returns the number of records at the savepoint.
func (s Savepoint) Records() int { return s.records }

// Rollback removes every record and name added since the savepoint.
func (d *Draft) Rollback(s Savepoint) {
	d.rows.cut(s.records)
	d.names.Truncate(s.names)
}

// cut removes the records from first up to end and keeps their names: an unused name is
// harmless.
func (d *Draft) Cut(first, end int) {
	var after []byte
	for i := end; i < d.Len(); i++ {
		after = append(after, d.At(i)...)
	}
	d.rows.cut(first)
	for ; len(after) > 0; after = after[RecordSize:] {
		d.rows.grow()
		d.rows.last = append(d.rows.last, after[:RecordSize]...)
	}
}

// SetSequence changes the sequence of record i.
func (d *Draft) SetSequence(i int, sequence uint64) { d.At(i).SetSequence(sequence) }

// Sequence returns the sequence of record i, which may be forgotten.
func (d *Draft) Sequence(i int) uint64 {
	if i < d.forgotten.Len() {
		return d.forgotten.At(i)
	}
	return d.At(i).Sequence()
}

// Renumber sets the sequences of the records from number first on to from, from+1 and so
// on. Records may be forgotten.
func (d *Draft) Renumber(first int, from uint64) {
	if n := d.forgotten.Len(); first < n {
		d.forgotten.cut(first)
		d.forgotten.Add(n-first, from)
		first, from = n, from+uint64(n-first)
	}
	for i := first; i < d.Len(); i++ {
		d.SetSequence(i, from+uint64(i-first))
	}
}

// Forget drops records before number n, in chunks of 1024, and keeps at least the last
// record before n. Of a dropped record only the sequence can still be read and changed,
// and the draft must not be rolled back to a savepoint among dropped records. Their
// memory is reused, so slices that alias them become invalid.
func (d *Draft) Forget(n int) { _ = d.Spill(n, nil) }

// Spill is Forget that calls put, unless it is nil, with each chunk before it drops it. An
// error of put ends it; that chunk stays.
func (d *Draft) Spill(n int, put func(records []byte) error) error {
	for k := d.forgotten.Len() / chunkRecords; k < len(d.rows.full) && (k+1)*chunkRecords < n; k++ {
		if put != nil {
			if err := put(d.rows.full[k]); err != nil {
				return err
			}
		}
		for b := d.rows.full[k]; len(b) > 0; b = b[RecordSize:] {
			d.forgotten.Add(1, Raw(b[:RecordSize]).Sequence())
		}
		d.rows.spare = append(d.rows.spare, d.rows.full[k][:0])
		d.rows.full[k] = nil
	}
	return nil
}

// Reset removes all records and keeps the names. The memory is reused, so slices that
// alias the records become invalid.
func (d *Draft) Reset() {
	for _, b := range append(d.rows.full, d.rows.last) {
		if cap(b) > 0 {
			d.rows.spare = append(d.rows.spare, b[:0])
		}
	}
	d.rows.full, d.rows.last, d.forgotten = d.rows.full[:0], nil, Numbers{}
	if n := len(d.rows.spare); n > 0 {
		d.rows.last, d.rows.spare = d.rows.spare[n-1], d.rows.spare[:n-1]
	}
}

// Numbers returns the sequences of all records.
func (d *Draft) Numbers() Numbers {
	s := d.forgotten.clone()
	for i := s.Len(); i < d.Len(); i++ {
		s.Add(1, d.At(i).Sequence())
	}
	return s
}

// AppendFile appends the whole artifact to dst, checksum included.
func (d *Draft) AppendFile(dst []byte, w Watermark, allocator uint64) []byte {
	h := Header{
		Watermark: w,
		Allocator: allocator,
		Strings:   uint32(d.names.Len()),
		Records:   uint64(d.Len()),
		TableSize: uint64(d.names.TableSize()),
	}
	at := len(dst)
	if need := int(h.size()); cap(dst)-at < need {
		dst = append(make([]byte, 0, at+need), dst...)
	}
	dst = AppendHeader(dst, &h)
	dst = d.names.AppendTable(dst)
	for _, b := range d.rows.full {
		dst = append(dst, b...)
	}
	dst = append(dst, d.rows.last...)
	Seal(dst[at:])
	return dst
}

// Seal sets the checksum of a whole artifact.
func Seal(file []byte) {
	binary.LittleEndian.PutUint32(file[offCRC:], crc32.ChecksumIEEE(file[offChecked:]))
}

// AppendNames appends the string table to dst.
func (d *Draft) AppendNames(dst []byte) []byte { return d.names.AppendTable(dst) }

// Records returns the current records. It stays valid while records are added to the
// draft.
func (d *Draft) Records() source.Source {
	r := d.rows
	return &r
}
