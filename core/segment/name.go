package segment

import "strconv"

// Extension is the end of a segment's file name.
const Extension = ".fbat"

// Name is the file name of segment id: the id in decimal, zero-padded to at
// least six digits.
func Name(id uint64) string {
	var b [20 + len(Extension)]byte
	name := b[:0]
	for least := uint64(100000); least > 1 && id < least; least /= 10 {
		name = append(name, '0')
	}
	name = strconv.AppendUint(name, id, 10)
	return string(append(name, Extension...))
}

// ParseName returns the id when name is exactly what [Name] makes of an id
// from 1; "1.fbat" or "+00001.fbat" are not segments.
func ParseName(name string) (id uint64, ok bool) {
	if len(name) < 6+len(Extension) || name[len(name)-len(Extension):] != Extension {
		return 0, false
	}
	id, err := strconv.ParseUint(name[:len(name)-len(Extension)], 10, 64)
	return id, err == nil && id > 0 && Name(id) == name
}
