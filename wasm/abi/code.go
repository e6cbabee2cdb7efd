package abi

import "strconv"

// Code is why a call failed. It is below 0; a code's number never changes its meaning.
type Code int32

// The codes.
const (
	// Of the store.
	ErrNotFound Code = -1 // no visible event has the id
	ErrDamage   Code = -2 // bytes that nothing else holds are damaged
	ErrRefused  Code = -3 // a file is damaged, and nothing stands in for it
	ErrGone     Code = -4 // a file is not there any more: declare the store anew
	ErrRead     Code = -5 // the host could not read a range
	ErrStore    Code = -6 // another error of the store; the answer has its text

	// Of the host.
	ErrHandle   Code = -20 // no such store or task
	ErrPointer  Code = -21 // not an address inside one buffer of thaw_alloc
	ErrRequest  Code = -22 // the request is not one
	ErrNotOpen  Code = -23 // the store was not opened
	ErrFrozen   Code = -24 // files are declared before the first task, and only then
	ErrName     Code = -25 // a file's name is empty, too long, or was declared
	ErrSize     Code = -26 // a size below 0, or of other than the buffer's
	ErrLimit    Code = -27 // one of the limits of this package
	ErrBusy     Code = -28 // another task of the store waits for its ranges
	ErrReentry  Code = -29 // a call from inside a call
	ErrInUse    Code = -30 // the buffer is a file's
	ErrUnopened Code = -31 // the store could not be opened; close it

	// Of the guest.
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

// Codes returns every code and its text.
func Codes() map[Code]string {
	out := make(map[Code]string, len(codes))
	for c, text := range codes {
		out[c] = text
	}
	return out
}

// Error is the code's text and number.
func (c Code) Error() string {
	text := codes[c]
	if text == "" {
		text = "unknown error"
	}
	return "thaw: plugin: " + text + " (" + strconv.Itoa(int(c)) + ")"
}

// Class returns the name by which errors.Is finds a code in an error that crossed as a
// line of package core/lines.
func (c Code) Class() string { return "code " + strconv.Itoa(int(c)) }
