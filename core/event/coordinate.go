package event

import (
	"errors"
	"unicode/utf8"
)

// MaxName is the longest entity or scope name, in bytes.
const MaxName = 1024

// Errors of [CheckName] and [Coordinate.Check].
var (
	ErrNameEmpty = errors.New("event: a name must not be empty")
	ErrNameLong  = errors.New("event: a name is longer than 1024 bytes")
	ErrNameUTF8  = errors.New("event: a name is not valid UTF-8")
)

// Coordinate says where an event belongs. The entity is the key of its stream. The scope
// is a label to query by: it does not separate names, so an entity has one stream,
// whatever the scope of its events.
type Coordinate struct {
	Entity, Scope string
}

// At returns the coordinate of entity in scope.
func At(entity, scope string) Coordinate { return Coordinate{Entity: entity, Scope: scope} }

// Check returns the first error of [CheckName] for the entity and the scope, or
// nil.
func (c Coordinate) Check() error {
	if err := CheckName([]byte(c.Entity)); err != nil {
		return err
	}
	return CheckName([]byte(c.Scope))
}

// CheckName returns nil when name is valid for an entity or a scope: 1 to 1024
// bytes of UTF-8. Control characters and NUL are allowed.
func CheckName(name []byte) error {
	switch {
	case len(name) == 0:
		return ErrNameEmpty
	case len(name) > MaxName:
		return ErrNameLong
	case !utf8.Valid(name):
		return ErrNameUTF8
	}
	return nil
}
