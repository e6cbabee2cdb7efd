package typed

import (
	"reflect"

	"github.com/thawlog/thaw/host/payload"
)

// checkFields returns why values of a type have no payload, or one without what they hold.
func checkFields(zero any) error {
	const emptyMap = "\x80" // what encodes itself has another payload
	b, err := payload.Marshal(zero)
	if err != nil {
		return err
	}
	if of := reflect.TypeOf(zero); of != nil && string(b) == emptyMap && hides(of) {
		return ErrNoFields
	}
	return nil
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
