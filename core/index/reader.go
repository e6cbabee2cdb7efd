package index

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
)

// ErrTable is returned when an index leads outside its bounds. The records are
// not affected: a scan still answers.
var ErrTable = errors.New("index: the index is damaged")

// Blocks of a Reader's windows, in bytes. Callers rarely read one record or list
// alone, and a 4 kB read costs little more than one of 162 bytes.
const (
	recordBlock = 4096
	listBlock   = 1024
	pointBlock  = 64
	namesBlock  = 1024
)

const (
	// nearNames is the largest distance between the numbers of two names for
	// which the bytes between them are read too: 128 bytes of their extents.
	nearNames = 16
	// fewNames is the number of bytes up to which all names, and all their
	// extents, are read at once for a caller who reads many.
	fewNames = 32 << 10
	// manyNames is the same for one who has read so many that all would have cost no more: a
	// name takes two reads, which take about as long as copying readBytes.
	manyNames = 4 << 20
	readBytes = 1 << 10
)

// Reader reads one image through its index. It is for one goroutine and holds a
// few small buffers; many readers may share an image and its index.
type Reader struct {
	img     *Image
	t       *Index
	records source.Window
	names   source.Window
	section [sections]source.Window
	made    uint32  // bit i: section[i] was made
	direct  *direct // see Direct
	// lastName is the last name that NameOfMany read, and nameReads how many it read one by one.
	lastName  uint32
	nameReads uint64
	ranged    []source.Range // to announce
}

// NewReader returns a Reader of img through t, which must have been built from
// img.
func NewReader(img *Image, t *Index) *Reader {
	r := new(Reader)
	r.Reset(img, t)
	return r
}

// Reset makes r a new Reader that reuses its buffers.
func (r *Reader) Reset(img *Image, t *Index) {
	r.Forget()
	r.img, r.t = img, t
	r.records.Reset(img.Records, recordBlock)
	r.names.Reset(img.Names, pointBlock)
}

// Direct makes r, which was just reset, read from the files themselves rather than through
// mappings of them. It is for few reads at scattered places of a large store, which would
// make the mappings take much memory.
func (r *Reader) Direct() {
	if r.direct = r.t.directly(); r.direct != nil {
		r.records.Reset(r.direct.image, recordBlock)
		r.names.Reset(r.direct.image, pointBlock)
	}
}

// Forget drops all references except r's own buffers. r must be reset before it
// is used again.
func (r *Reader) Forget() {
	r.img, r.t, r.direct, r.lastName, r.nameReads = nil, nil, nil, 0, 0
	r.records.Reset(nil, 0)
	r.names.Reset(nil, 0)
	for section := range r.section {
		if r.made&(1<<section) != 0 {
			r.section[section].Reset(nil, 0)
		}
	}
	r.made = 0
}

// window returns the window of a section. It is made on first use: a query uses
// few.
func (r *Reader) window(section int) *source.Window {
	w := &r.section[section]
	if r.made&(1<<section) == 0 {
		r.made |= 1 << section
		block := pointBlock
		if section == secEntityList || section == secScopeList || section == secKindList {
			block = listBlock
		}
		w.Reset(r.source(section), block)
	}
	return w
}

// source returns where to read a section.
func (r *Reader) source(section int) source.Source {
	if r.direct != nil {
		return r.direct.section[section]
	}
	return r.t.section[section]
}

// Count returns the number of records.
func (r *Reader) Count() uint32 { return r.img.Count }

// Names returns the number of strings, the leading empty one included.
func (r *Reader) Names() uint32 { return r.t.strings }

// Record reads record i. The slice is valid until the next call.
func (r *Reader) Record(i uint32) (artifact.Raw, error) { return r.record(i, recordBlock) }

// Single is Record for a caller who reads none of its neighbours.
func (r *Reader) Single(i uint32) (artifact.Raw, error) { return r.record(i, artifact.RecordSize) }

func (r *Reader) record(i uint32, ahead uint64) (artifact.Raw, error) {
	if i >= r.img.Count {
		return nil, ErrTable
	}
	b, err := r.records.Ahead(r.img.recordAt(i), artifact.RecordSize, ahead)
	return artifact.Raw(b), err
}

// bytes reads n bytes of a section. The error is [ErrTable] when the section
// ends before them.
func (r *Reader) bytes(section int, off, n uint64) ([]byte, error) {
	w := r.window(section)
	if off > w.Size() || n > w.Size()-off {
		return nil, ErrTable
	}
	return w.Bytes(off, n)
}

// u32 reads element i of a section of u32 numbers.
func (r *Reader) u32(section int, i uint64) (uint32, error) {
	b, err := r.bytes(section, 4*i, 4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b), nil
}

// elements returns the number of u32 in a section.
func (r *Reader) elements(section int) uint32 {
	return uint32(r.window(section).Size() / 4)
}

// Name reads string i. The slice is valid until the next call.
func (r *Reader) Name(i uint32) ([]byte, error) { return r.name(i, pointBlock, pointBlock) }

// NameOfMany is Name for a caller who reads many names in any order. It reads
// all names at once when they are few, or when many were read and all are at most
// manyNames bytes, and otherwise also those that follow.
func (r *Reader) NameOfMany(i uint32) ([]byte, error) {
	extents := r.window(secNames)
	if r.allNames(extents) {
		// The windows must hold everything from the start.
		if _, err := extents.Ahead(0, extents.Size(), fewNames); err != nil {
			return nil, err
		}
		if _, err := r.names.Ahead(r.img.NamesAt, r.img.NamesSize, r.img.NamesSize); err != nil {
			return nil, err
		}
		return r.Name(i)
	}
	r.nameReads++
	ahead := uint64(pointBlock)
	if i > r.lastName && i-r.lastName < nearNames {
		ahead = namesBlock
	}
	r.lastName = i
	return r.name(i, ahead, ahead)
}

// allNames reports whether all names should be read at once. What a source lends is not copied.
func (r *Reader) allNames(extents *source.Window) bool {
	most := max(r.img.NamesSize, extents.Size())
	return most <= fewNames || most <= manyNames && !extents.Lends() && r.nameReads*readBytes >= r.img.NamesSize+extents.Size()
}

// name is Name with the number of bytes to read ahead of extents and of
// strings.
func (r *Reader) name(i uint32, extents, strings uint64) ([]byte, error) {
	if i >= r.t.strings {
		return nil, ErrTable
	}
	w, off := r.window(secNames), nameSize*uint64(i)
	if off+nameSize > w.Size() {
		return nil, ErrTable
	}
	b, err := w.Ahead(off, nameSize, extents)
	if err != nil {
		return nil, err
	}
	start := uint64(binary.LittleEndian.Uint32(b))
	n := uint64(binary.LittleEndian.Uint32(b[4:]))
	if start+n > r.img.NamesSize || n > event.MaxName {
		return nil, ErrTable
	}
	return r.names.Ahead(r.img.NamesAt+start, n, min(strings, r.img.NamesSize-start))
}

// FindName returns the number of a name. ok is false when the image does not
// have it.
func (r *Reader) FindName(name []byte) (number uint32, ok bool, err error) {
	n := uint64(r.elements(secNameSlots))
	if n == 0 {
		return r.searchName(name)
	}
	hash, tags := hashName(name, r.t.nameSeed), r.t.nameTags(n)
	at := slot(hash, n)
	for range min(n, maxProbe+1) {
		if tags != nil && tags[at] == 0 {
			return 0, false, nil
		}
		if tags == nil || tags[at] == tagOf(hash) {
			number, err := r.u32(secNameSlots, at)
			if err != nil || number == 0 {
				return 0, false, err
			}
			got, err := r.Name(number)
			if err != nil {
				return 0, false, err
			}
			if bytes.Equal(got, name) {
				return number, true, nil
			}
		}
		if at++; at == n {
			at = 0
		}
	}
	return 0, false, nil
}

func (r *Reader) searchName(name []byte) (number uint32, ok bool, err error) {
	at, err := r.orderBound(func(got []byte) bool { return bytes.Compare(got, name) >= 0 })
	if err != nil || at == r.elements(secNameOrder) {
		return 0, false, err
	}
	number, got, err := r.orderedName(at)
	return number, err == nil && bytes.Equal(got, name), err
}

// NamesWithPrefix returns the range in the sorted names, from lo up to hi, of
// the names that start with prefix.
func (r *Reader) NamesWithPrefix(prefix []byte) (lo, hi uint32, err error) {
	lo, err = r.orderBound(func(name []byte) bool { return bytes.Compare(name, prefix) >= 0 })
	if err != nil {
		return 0, 0, err
	}
	hi, err = r.orderBound(func(name []byte) bool {
		return bytes.Compare(name, prefix) > 0 && !bytes.HasPrefix(name, prefix)
	})
	return lo, hi, err
}

// NamesAfter returns the first place in the sorted names of a name above name.
func (r *Reader) NamesAfter(name []byte) (place uint32, err error) {
	return r.orderBound(func(got []byte) bool { return bytes.Compare(got, name) > 0 })
}

// OrderedName returns the number of the name at a place in the sorted names.
func (r *Reader) OrderedName(place uint32) (number uint32, err error) {
	return r.u32(secNameOrder, uint64(place))
}

func (r *Reader) orderedName(place uint32) (number uint32, name []byte, err error) {
	if number, err = r.OrderedName(place); err != nil {
		return 0, nil, err
	}
	name, err = r.Name(number)
	return number, name, err
}

// orderBound returns the first place in the sorted names for which f is true.
func (r *Reader) orderBound(f func(name []byte) bool) (uint32, error) {
	return bound(r.elements(secNameOrder), func(place uint32) (bool, error) {
		_, name, err := r.orderedName(place)
		return err == nil && f(name), err
	})
}

// bound returns the first i below n for which f is true, or n when there is
// none. Once true, f must be true for every greater i.
func bound(n uint32, f func(i uint32) (bool, error)) (uint32, error) {
	lo, hi := uint32(0), n
	for lo < hi {
		mid := lo + (hi-lo)/2
		ok, err := f(mid)
		if err != nil {
			return 0, err
		}
		if ok {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo, nil
}

// After returns the number of the first record whose sequence is at least
// sequence. It reads records only when sequences have gaps.
func (r *Reader) After(sequence uint64) (uint32, error) {
	if r.img.Count == 0 || sequence <= r.t.first {
		return 0, nil
	}
	if r.t.flags&flagDense != 0 {
		return uint32(min(sequence-r.t.first, uint64(r.img.Count))), nil
	}
	return bound(r.img.Count, func(i uint32) (bool, error) {
		rec, err := r.Record(i)
		return err == nil && rec.Sequence() >= sequence, err
	})
}

// Dense reports whether sequences have no gaps: then Sequence and After read no record.
func (r *Reader) Dense() bool { return r.t.flags&flagDense != 0 }

// Sequence returns the sequence of record i. It reads the record only when
// sequences have gaps.
func (r *Reader) Sequence(i uint32) (uint64, error) {
	if i < r.img.Count && r.t.flags&flagDense != 0 {
		return r.t.first + uint64(i), nil
	}
	rec, err := r.Record(i)
	if err != nil {
		return 0, err
	}
	return rec.Sequence(), nil
}

// FindID returns the number of the first record with an event id for which
// accept is true.
func (r *Reader) FindID(id event.ID, accept func(artifact.Raw) bool) (record uint32, ok bool, err error) {
	if r.t.tags != nil {
		return r.findTagged(id, accept)
	}
	n := uint64(r.elements(secIDSlots))
	if n == 0 {
		return r.searchID(id, accept)
	}
	hi, lo := binary.BigEndian.Uint64(id[:]), binary.BigEndian.Uint64(id[8:])
	at := slot(hashID(hi, lo, r.t.idSeed), n)
	for range min(n, maxProbe+1) {
		number, err := r.u32(secIDSlots, at)
		if err != nil || number == 0 {
			return 0, false, err
		}
		rec, err := r.Single(number - 1)
		if err != nil {
			return 0, false, err
		}
		if rec.ID() == id && accept(rec) {
			return number - 1, true, nil
		}
		if at++; at == n {
			at = 0
		}
	}
	return 0, false, nil
}

// searchID is FindID when the ids are sorted instead of hashed.
func (r *Reader) searchID(id event.ID, accept func(artifact.Raw) bool) (record uint32, ok bool, err error) {
	l, err := r.linked(secIDOrder, id, artifact.Raw.ID)
	if err != nil {
		return 0, false, err
	}
	for i := range l.Len() {
		if record, err = r.Item(l, i); err != nil {
			return 0, false, err
		}
		rec, err := r.Record(record)
		if err != nil {
			return 0, false, err
		}
		if accept(rec) {
			return record, true, nil
		}
	}
	return 0, false, nil
}
