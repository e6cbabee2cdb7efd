package abi

import "strconv"

// Code says why a call failed. Codes are negative; a code's number never changes its
// meaning.
type Code int32

// The codes of thaw_start, thaw_step and the other exports.
const (
	// Errors of the store.
	ErrNotFound Code = -1 // no visible event has the id
	ErrDamage   Code = -2 // damaged bytes that no other file holds
	ErrRefused  Code = -3 // a file is damaged and nothing stands in for it
	ErrGone     Code = -4 // a file is gone: declare a new store
	ErrRead     Code = -5 // the host could not read a range
	ErrStore    Code = -6 // any other error of the store; the answer has its text

	// Errors of the host.
	ErrHandle   Code = -20 // no such store or task
	ErrPointer  Code = -21 // not an address inside one buffer of thaw_alloc
	ErrRequest  Code = -22 // not a request
	ErrNotOpen  Code = -23 // the store was not opened
	ErrFrozen   Code = -24 // files can be declared only before the first task
	ErrName     Code = -25 // a file's name is empty, too long or already declared
	ErrSize     Code = -26 // a negative size, or not the size of the buffer
	ErrLimit    Code = -27 // a limit of this package is exceeded
	ErrBusy     Code = -28 // another task of the store waits for its ranges
	ErrReentry  Code = -29 // a call from inside a call
	ErrInUse    Code = -30 // the buffer belongs to a file
	ErrUnopened Code = -31 // the store could not be opened; close it

	// Errors of the guest.
	ErrInternal Code = -40 // a bug in the guest; the store is broken
	ErrBroken   Code = -41 // the store met ErrInternal before; close it
)

var codes = map[Code]string{
	ErrNotFound: "no visible event has this id",
	ErrDamage:   "damaged",
	ErrRefused:  "a file is damaged and nothing stands in for it",
	ErrGone:     "a file is gone",
	ErrRead:     "the host could not read",
	ErrStore:    "the store failed",
	ErrHandle:   "no such handle",
	ErrPointer:  "not an address inside a buffer",
	ErrRequest:  "not a request",
	ErrNotOpen:  "the store is not open",
	ErrFrozen:   "the store's files are declared already",
	ErrName:     "not a name for a file",
	ErrSize:     "not the size of a file",
	ErrLimit:    "a limit is exceeded",
	ErrBusy:     "another task of the store waits for ranges",
	ErrReentry:  "a call from inside a call",
	ErrInUse:    "the buffer is a file's",
	ErrUnopened: "the store could not be opened",
	ErrInternal: "a bug in the guest",
	ErrBroken:   "the store is broken",
}

// Codes returns the text of every code.
func Codes() map[Code]string {
	out := make(map[Code]string, len(codes))
	for c, text := range codes {
		out[c] = text
	}
	return out
}

// Error returns the code's text and number.
func (c Code) Error() string {
	text := codes[c]
	if text == "" {
		text = "unknown error"
	}
	return "thaw: plugin: " + text + " (" + strconv.Itoa(int(c)) + ")"
}

// Class returns the name by which errors.Is finds a code in an error decoded by package
// core/lines.
func (c Code) Class() string { return "code " + strconv.Itoa(int(c)) }
