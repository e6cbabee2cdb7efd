// Package kindnames reads and writes names.thaw: the names of kinds of events, so that
// tools can show them and take them as arguments.
//
// The file is text, each line ended by a newline:
//
//	thaw names 1
//	0x1001 order.placed
//	0x1003 order.shipped
//	0x1004 order.shipped
//	crc32c B2AE0254
//
// A line is a kind and its name: 1 to 128 bytes of printable ASCII without spaces. Kinds
// rise; several may have one name, as the older kinds of a type do. The checksum is the
// CRC-32C of the bytes before its line. There is one spelling of everything, and a reader
// refuses any other. A file with another number in the first line is of another version,
// which a writer keeps as it is.
//
// The file can be deleted at any time: names are only for people, and a writer that has
// them writes them again when it opens the store. batpak ignores the file.
package kindnames

import (
	"bytes"
	"errors"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
)

const (
	// FileName is the file's name in a store's directory.
	FileName = "names.thaw"
	// MaxName is the length of the longest name, in bytes.
	MaxName = 128
	// MaxSize is the size in bytes of the largest file: a name for each of the 65,536
	// kinds.
	MaxSize = len(head) + 1<<16*(kindSize+1+MaxName+1) + sumSize

	magic    = "thaw names "
	version  = "1"
	head     = magic + version + "\n"
	kindSize = len("0x1000")
	sumLine  = "crc32c "
	sumSize  = len(sumLine) + 8 + 1
)

// ErrName is the error of a name that is not 1 to 128 bytes of printable ASCII without
// spaces.
var ErrName = errors.New("kindnames: a name is 1 to 128 printable ASCII characters without spaces")

// Check returns [ErrName] for a name that the file cannot hold.
func Check(name string) error {
	if len(name) == 0 || len(name) > MaxName {
		return ErrName
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return ErrName
		}
	}
	return nil
}

// Append appends the file of some names to dst. The error is [ErrName].
func Append(dst []byte, names map[event.Kind]string) ([]byte, error) {
	at := len(dst)
	dst = append(dst, head...)
	for _, kind := range slices.Sorted(maps.Keys(names)) {
		if err := Check(names[kind]); err != nil {
			return dst[:at], err
		}
		dst = append(append(append(append(dst, kind.String()...), ' '), names[kind]...), '\n')
	}
	return appendSum(dst, dst[at:]), nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendSum appends the last line: the checksum of the bytes before it.
func appendSum(dst, before []byte) []byte {
	sum := crc32.Checksum(before, castagnoli)
	dst = append(dst, sumLine...)
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789ABCDEF"[sum>>shift&15])
	}
	return append(dst, '\n')
}

// Decode decodes a whole file. The error is a [damage.Refusal]: magic, version, length
// (larger than MaxSize), short, checksum or body.
func Decode(b []byte) (map[event.Kind]string, error) {
	if err := checkHead(b); err != nil {
		return nil, err
	}
	end := len(b) - sumSize
	switch {
	case len(b) > MaxSize:
		return nil, damage.Refuse(damage.Length, int64(MaxSize), nil)
	case end < len(head):
		return nil, damage.Refuse(damage.Short, int64(len(b)), nil)
	case !bytes.Equal(b[end:], appendSum(nil, b[:end])):
		return nil, damage.Refuse(damage.Checksum, int64(end), nil)
	}
	names := map[event.Kind]string{}
	last := -1
	for at := len(head); at < end; {
		line, _, ok := bytes.Cut(b[at:end], []byte("\n"))
		if !ok || len(line) <= kindSize+1 || line[kindSize] != ' ' {
			return nil, damage.Refuse(damage.Body, int64(at), nil)
		}
		kind, ok := parseKind(line[:kindSize])
		name := string(line[kindSize+1:])
		if !ok || int(kind) <= last || Check(name) != nil {
			return nil, damage.Refuse(damage.Body, int64(at), nil)
		}
		names[kind] = name
		last = int(kind)
		at += len(line) + 1
	}
	return names, nil
}

// checkHead checks the first line. A line that is cut short is not another version, which
// a writer would keep.
func checkHead(b []byte) error {
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	number, _, whole := bytes.Cut(rest, []byte("\n"))
	switch _, err := strconv.ParseUint(string(number[:min(len(number), 20)]), 10, 64); {
	case !ok:
		return damage.Refuse(damage.Magic, 0, nil)
	case !whole:
		return damage.Refuse(damage.Short, int64(len(b)), nil)
	case err != nil:
		return damage.Refuse(damage.Magic, int64(len(magic)), nil)
	case string(number) != version:
		return damage.Refuse(damage.Version, int64(len(magic)), nil)
	}
	return nil
}

// parseKind is the inverse of event.Kind.String.
func parseKind(b []byte) (event.Kind, bool) {
	kind, err := event.ParseKind(string(b))
	return kind, err == nil && kind.String() == string(b)
}

// Add returns the names that a file has after more names were added: more wins over old.
// changed reports whether they differ from old. It does not change its arguments.
func Add(old, more map[event.Kind]string) (names map[event.Kind]string, changed bool) {
	names = maps.Clone(old)
	if names == nil {
		names = map[event.Kind]string{}
	}
	maps.Copy(names, more)
	return names, !maps.Equal(names, old)
}
