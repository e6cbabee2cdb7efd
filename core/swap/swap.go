// Package swap reads and writes swap.thaw: a list of files that are replaced and removed in
// one step. While the file exists, a store is what the finished replacement makes of it.
//
// A writer puts the new files beside the old ones, under names that end in .swap, and then
// makes swap.thaw, which is the one step that counts: before it, the new files are leftovers;
// after it, they are the store's, whatever names they have at the moment. Then it renames
// and removes the files that the list names, and at last removes swap.thaw. A writer that
// finds the file goes on with that; a reader uses X.swap, if it exists, in place of each
// listed X (see package directory).
//
// All integers are little-endian:
//
//	offset  size  field
//	0       8     magic "THAWSWAP"
//	8       2     version, 1
//	10      2     zero; readers refuse other values, like another version
//	12      4     CRC-32 (IEEE) of every byte from offset 16 to the end of the file
//	16      4     number of renames
//	20      4     number of removes
//	24      …     the final names of the renames, then those of the removes
//
// A name is its length in bytes as u16, and the bytes: 1 to 128 of lower case letters,
// digits, '.', '_' and '-', not beginning with '.', and not ending in .swap. The names of
// each list rise and differ, and no name is in both lists.
//
// The file is never ignored: it decides which events exist. batpak does not know it, so
// open a store that has one with thaw before batpak reads it.
package swap

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/thawlog/thaw/core/damage"
)

const (
	// FileName is the file's name in a store's directory.
	FileName = "swap.thaw"
	// MaxName is the length of the longest name in bytes.
	MaxName = 128
	// MaxNames bounds the names of a record.
	MaxNames = 1 << 20
	// MaxSize is the size in bytes of the largest file.
	MaxSize = headSize + MaxNames*(lengthSize+MaxName)

	magic   = "THAWSWAP"
	version = 1
	suffix  = ".swap"

	offVersion = 8
	offZero    = 10
	offCRC     = 12
	offChecked = 16
	offRenames = 16
	offRemoves = 20
	headSize   = 24
	lengthSize = 2
)

// Record is the content of swap.thaw. The names of each list rise and differ; none is in both.
type Record struct {
	// Renames are the final names of the new files. Each waits under Name of it.
	Renames []string
	// Removes are the names of files that are removed.
	Removes []string
}

// Name returns the name under which a new file waits for the swap.
func Name(final string) string { return final + suffix }

// Final is the inverse of [Name]. ok is false for a name that Name does not return.
func Final(name string) (final string, ok bool) {
	final, ok = strings.CutSuffix(name, suffix)
	return final, ok && ValidName(final)
}

// ValidName reports whether a record can hold a name.
func ValidName(name string) bool {
	if len(name) == 0 || len(name) > MaxName || name[0] == '.' || strings.HasSuffix(name, suffix) {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// Valid reports whether Decode could return r.
func (r *Record) Valid() bool {
	if len(r.Renames)+len(r.Removes) > MaxNames {
		return false
	}
	for _, names := range [][]string{r.Renames, r.Removes} {
		for i, name := range names {
			if !ValidName(name) || i > 0 && name <= names[i-1] {
				return false
			}
		}
	}
	_, both := r.inBoth()
	return !both
}

// inBoth returns the index in Removes of the first name that is also in Renames.
func (r *Record) inBoth() (int, bool) {
	i := slices.IndexFunc(r.Removes, func(name string) bool {
		_, ok := slices.BinarySearch(r.Renames, name)
		return ok
	})
	return max(i, 0), i >= 0
}

// AppendFile appends the content of the file to dst. r must be valid; Decode refuses the
// file of any other.
func AppendFile(dst []byte, r *Record) []byte {
	start := len(dst)
	var head [headSize]byte
	copy(head[:], magic)
	binary.LittleEndian.PutUint16(head[offVersion:], version)
	binary.LittleEndian.PutUint32(head[offRenames:], uint32(len(r.Renames)))
	binary.LittleEndian.PutUint32(head[offRemoves:], uint32(len(r.Removes)))
	dst = append(dst, head[:]...)
	for _, names := range [][]string{r.Renames, r.Removes} {
		for _, name := range names {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(len(name)))
			dst = append(dst, name...)
		}
	}
	file := dst[start:]
	binary.LittleEndian.PutUint32(file[offCRC:], crc32.ChecksumIEEE(file[offChecked:]))
	return dst
}

// Decode decodes a whole file. The error is a [damage.Refusal]: short, magic, version,
// length, checksum, or body for names that a record cannot hold.
func Decode(b []byte) (*Record, error) {
	switch {
	case len(b) < headSize:
		return nil, damage.Refuse(damage.Short, int64(len(b)), nil)
	case string(b[:len(magic)]) != magic:
		return nil, damage.Refuse(damage.Magic, 0, nil)
	case binary.LittleEndian.Uint16(b[offVersion:]) != version:
		return nil, damage.Refuse(damage.Version, offVersion, nil)
	case binary.LittleEndian.Uint16(b[offZero:]) != 0:
		return nil, damage.Refuse(damage.Version, offZero, nil)
	case len(b) > MaxSize:
		return nil, damage.Refuse(damage.Length, MaxSize, nil)
	case crc32.ChecksumIEEE(b[offChecked:]) != binary.LittleEndian.Uint32(b[offCRC:]):
		return nil, damage.Refuse(damage.Checksum, offCRC, nil)
	}
	renames := uint64(binary.LittleEndian.Uint32(b[offRenames:]))
	removes := uint64(binary.LittleEndian.Uint32(b[offRemoves:]))
	const least = lengthSize + 1
	if n := renames + removes; n > MaxNames || n > uint64(len(b)-headSize)/least {
		return nil, damage.Refuse(damage.Length, offRenames, nil)
	}
	r := &Record{}
	at := headSize
	var err error
	if r.Renames, at, err = decodeNames(b, at, renames); err != nil {
		return nil, err
	}
	second := at
	if r.Removes, at, err = decodeNames(b, at, removes); err != nil {
		return nil, err
	}
	if at != len(b) {
		return nil, damage.Refuse(damage.Length, int64(at), nil)
	}
	if i, both := r.inBoth(); both {
		for _, name := range r.Removes[:i] {
			second += lengthSize + len(name)
		}
		return nil, damage.Refuse(damage.Body, int64(second), nil)
	}
	return r, nil
}

// decodeNames decodes n names from offset at, and returns the offset after them.
func decodeNames(b []byte, at int, n uint64) (names []string, end int, err error) {
	if n == 0 {
		return nil, at, nil
	}
	names = make([]string, n)
	for i := range names {
		if len(b)-at < lengthSize {
			return nil, at, damage.Refuse(damage.Length, int64(at), nil)
		}
		size := int(binary.LittleEndian.Uint16(b[at:]))
		if len(b)-at-lengthSize < size {
			return nil, at, damage.Refuse(damage.Length, int64(at), nil)
		}
		name := string(b[at+lengthSize : at+lengthSize+size])
		if !ValidName(name) || i > 0 && name <= names[i-1] {
			return nil, at, damage.Refuse(damage.Body, int64(at), nil)
		}
		names[i] = name
		at += lengthSize + size
	}
	return names, at, nil
}
