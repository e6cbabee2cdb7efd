package segment

import (
	"strconv"
	"strings"
)

// Extension is the file name extension of segments.
const Extension = ".fbat"

// Name returns the file name of segment id: the id in decimal, zero-padded to
// at least six digits.
func Name(id uint64) string {
	var b [20 + len(Extension)]byte
	name := b[:0]
	for least := uint64(100000); least > 1 && id < least; least /= 10 {
		name = append(name, '0')
	}
	name = strconv.AppendUint(name, id, 10)
	return string(append(name, Extension...))
}

// ParseName returns the id of a file name. ok is false unless [Name] gives name
// for an id of at least 1: "1.fbat" and "+00001.fbat" are not segments.
func ParseName(name string) (id uint64, ok bool) {
	digits, ok := strings.CutSuffix(name, Extension)
	if !ok || len(digits) < 6 || len(digits) > 6 && digits[0] == '0' {
		return 0, false
	}
	id, err := strconv.ParseUint(digits, 10, 64) // base 10 accepts neither signs nor underscores
	return id, err == nil && id > 0
}
