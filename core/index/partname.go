package index

import (
	"strconv"
	"strings"

	"github.com/thawlog/thaw/core/segment"
)

// Extension is the file name extension of the files that only thaw writes.
const Extension = ".thaw"

// PartName returns the name of a part file: an artifact and its index, of the
// events that follow another part and lie in the segments from first to last.
func PartName(first, last uint64) string {
	return number(first) + "-" + number(last) + Extension
}

func number(id uint64) string {
	return strings.TrimSuffix(segment.Name(id), segment.Extension)
}

// ParsePartName is the inverse of [PartName].
func ParsePartName(name string) (first, last uint64, ok bool) {
	body, ok := strings.CutSuffix(name, Extension)
	if !ok {
		return 0, 0, false
	}
	a, b, ok := strings.Cut(body, "-")
	if !ok {
		return 0, 0, false
	}
	first, err := strconv.ParseUint(a, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	last, err = strconv.ParseUint(b, 10, 64)
	return first, last, err == nil && last >= first && PartName(first, last) == name
}
