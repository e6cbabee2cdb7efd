// Package abi is what the guest and its loaders agree on: the version, the numbers of
// operations, states and errors, and the layouts of requests and answers. The page
// wasm/guest/ABI.md says the same for hosts in other languages; a test holds the two
// together.
//
// All numbers in memory are little-endian. Reports, findings and errors cross as lines
// of JSON, which package core/lines writes and reads.
package abi

// Version is what thaw_abi_version returns. It rises with every change that an older
// host could misread. What is added so that older hosts need not know (an operation, an
// error, a flag) leaves it as it is: hosts refuse what they do not know, and guests
// answer [ErrRequest] to what they do not know.
const Version = 2

// Operations of thaw_start.
const (
	OpOpen       = 1
	OpQuery      = 2
	OpCount      = 3
	OpStream     = 4
	OpAncestors  = 5
	OpEffects    = 6
	OpCorrelated = 7
	OpState      = 8
	OpGet        = 9
	OpRead       = 10
	OpReport     = 11
	OpVerify     = 12
)

// Formats of answers.
const (
	// FormatRows: rows as [AppendRow] makes them, without what only frames know; of
	// that they have the event's own time where the store checks frames.
	FormatRows = 0
	// FormatPlain, FormatPayloads and FormatFull: JSON lines, with the keys of
	// lines.Plain, lines.Payloads and lines.Full. All read the frame of each
	// event, and compare it with the index.
	FormatPlain    = 1
	FormatPayloads = 2
	FormatFull     = 3
	// FormatFullRows: rows with what only frames know, the payload included.
	FormatFullRows = 4
)

// Text reports whether every answer of a format is text. Reports, findings and errors
// are in all of them.
func Text(format uint32) bool {
	return format == FormatPlain || format == FormatPayloads || format == FormatFull
}

// States that thaw_start and thaw_step return. Below 0 are errors.
const (
	// Done: the task is over. What it still has to say is in the answer.
	Done = 0
	// Rows: the answer is a part of the result; step again for more.
	Rows = 1
	// Wants: the answer is a list of ranges; fill them, and step again.
	Wants = 2
	// Again: work is long; step again. The answer is how much is done, as two u64:
	// done and total, both 0 where nobody knows.
	Again = 3
)

// The out block, whose address thaw_out returns: what the last start or step has to
// say.
const (
	OutTask  = 0  // u32: the task's handle, 0 when it is over
	OutPtr   = 4  // u32: address of the answer
	OutLen   = 8  // u32: its length in bytes
	OutCount = 12 // u32: how many rows, or wants, it has
	OutSize  = 16
)

// A want: the host reads length bytes of a file from offset on, writes them to the
// address ptr, and sets the status.
const (
	WantFile   = 0  // u32: what thaw_file returned
	WantStatus = 4  // u32: set by the host, one of the numbers below
	WantOffset = 8  // u64
	WantLength = 16 // u32, at least 1; it never ends behind the size that was declared
	WantPtr    = 20 // u32
	WantSize   = 24
)

// What a host says of a want.
const (
	WantRead   = 0 // the bytes are there
	WantFailed = 1 // they could not be read
	WantGone   = 2 // the file is not there any more
	WantShort  = 3 // the file ends before them
)

// FileOdd is the flag of thaw_file for what is no regular file.
const FileOdd = 1

// Limits that a guest keeps whatever it is asked for.
const (
	MaxAlloc   = 2 << 30  // bytes of all buffers of the host
	MaxFiles   = 1 << 20  // files of one store
	MaxName    = 1024     // bytes of a file's name
	MaxStores  = 1024     // stores that are open
	MaxTasks   = 1024     // tasks that are not over
	MaxRequest = 16 << 10 // bytes of a request
	MaxRows    = 1 << 16  // rows of one answer
	MaxCache   = 1024     // MiB of one store's cache of ranges
	MaxBytes   = 16 << 20 // bytes of one answer, unless one row alone is longer
)

// Rows and bytes of one answer when a request says 0.
const (
	DefaultRows  = 256
	DefaultBytes = 128 << 10
)
