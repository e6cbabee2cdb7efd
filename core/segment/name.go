package segment

import "strconv"

// Extension is the end of a segment's file name.
const Extension = ".fbat"

// Name is the file name of segment id: the id in decimal, zero-padded to at
// least six digits.
func Name(id uint64) string {
	digits := strconv.FormatUint(id, 10)
	for len(digits) < 6 {
		digits = "0" + digits
	}
	return digits + Extension
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
