package directory

import (
	"strconv"
	"strings"

	"github.com/thawlog/thaw/core/segment"
)

// The names of a writer's files that it may later remove, or leave in the directory. Files
// under other names belong to other programs, and stay.
//
//	index.fbati.tmp            a file while it is written, before the rename
//	index.thaw.tmp
//	NNNNNN-NNNNNN.thaw.tmp
//	visibility_ranges.fbv.tmp
//	names.thaw.tmp
//	store.thaw.tmp
//	NNNNNN.fbat.tmp
//	scratch-N.tmp              work that does not fit in memory
//	NNNNNN.fbat.cut-OFFSET.tmp
//	NNNNNN.fbat.cut-OFFSET     bytes that recovery cut off a segment; it is kept
//	NNNNNN.fbat.cut-OFFSET-N   the same when that name is taken, N from 2
const (
	temporarySuffix = ".tmp"
	cutInfix        = ".cut-"
)

// TemporaryName returns the name under which a writer fills a file before it renames it
// to name.
func TemporaryName(name string) string { return name + temporarySuffix }

// ParseTemporaryName is the inverse of [TemporaryName]. ok reports whether a writer uses
// such a temporary name.
func ParseTemporaryName(temporary string) (name string, ok bool) {
	name, ok = strings.CutSuffix(temporary, temporarySuffix)
	if !ok || !finalKind(name).Replaced() && !isScratch(name) {
		return "", false
	}
	return name, true
}

const scratchPrefix = "scratch-"

// ScratchName returns the name of the n-th file, from 1, for work that does not fit in memory.
func ScratchName(n int) string { return TemporaryName(scratchPrefix + strconv.Itoa(n)) }

func isScratch(name string) bool {
	digits, ok := strings.CutPrefix(name, scratchPrefix)
	n, err := strconv.Atoi(digits)
	return ok && err == nil && n > 0 && strconv.Itoa(n) == digits // there is one spelling
}

// CutName returns the name of the n-th file, from 1, for bytes that are cut off a segment
// at an offset.
func CutName(segment string, offset uint64, n int) string {
	name := segment + cutInfix + strconv.FormatUint(offset, 10)
	if n > 1 {
		name += "-" + strconv.Itoa(n)
	}
	return name
}

func isCutName(name string) bool {
	of, numbers, ok := strings.Cut(name, cutInfix)
	if _, isSegment := segment.ParseName(of); !ok || !isSegment {
		return false
	}
	digits, more, again := strings.Cut(numbers, "-")
	offset, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return false
	}
	n := 1
	if again {
		if n, err = strconv.Atoi(more); err != nil || n < 2 {
			return false
		}
	}
	return CutName(of, offset, n) == name // there is one spelling
}
