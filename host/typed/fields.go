package typed

import (
	"reflect"

	"github.com/thawlog/thaw/host/payload"
)

// checkType returns why a payload does not have what values of a type hold.
func checkType(of reflect.Type) error {
	if hides(of) && !hasDecoder(of) {
		return ErrNoFields
	}
	return payload.CheckType(of)
}

// hides reports whether a type is a struct with fields of which package payload writes none
// since they are not exported.
func hides(of reflect.Type) bool {
	if of.Kind() != reflect.Struct || of.NumField() == 0 {
		return false
	}
	for i := range of.NumField() {
		f := of.Field(i)
		if f.IsExported() || f.Anonymous && f.Type.Kind() == reflect.Struct && f.Type.NumField() > 0 && !hides(f.Type) {
			return false
		}
	}
	return true
}
