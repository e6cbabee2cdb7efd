// Package abi defines the interface between the guest and its loaders: the version, the
// numbers of operations, states and errors, and the layouts of requests and answers.
// wasm/guest/ABI.md documents it for hosts in other languages; a test compares the two.
//
// All numbers in memory are little-endian. Reports, findings and errors are lines of JSON,
// which package core/lines writes and reads.
package abi

// Version is the result of thaw_abi_version. Any change that an older host could misread
// increments it. Additions that older hosts need not know (an operation, an error, a flag)
// do not: hosts refuse unknown values, and guests answer [ErrRequest] to them.
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
	OpReadEach   = 13
	OpPosition   = 14
	OpEntities   = 15
	OpScopes     = 16
	OpKinds      = 17
	OpGraph      = 18
	OpMarks      = 19
	OpTimeline   = 20
	OpFrame      = 21
	OpExtract    = 22
)

// Formats of answers.
const (
	// FormatRows: rows from [AppendRow]. Of the fields that only frames have, they hold the
	// event's own time, where the store checks frames.
	FormatRows = 0
	// FormatPlain, FormatPayloads and FormatFull: JSON lines, with the keys of lines.Plain,
	// lines.Payloads and lines.Full. All read each event's frame and compare it with the
	// index.
	FormatPlain    = 1
	FormatPayloads = 2
	FormatFull     = 3
	// FormatFullRows: rows with all fields of frames, the payload included.
	FormatFullRows = 4
	// FormatRecords: what FormatRows says, of OpQuery and OpStream, in the form that is the least
	// work for the guest. See [Records].
	FormatRecords = 5
)

// Text reports whether every answer in a format is text. Reports, findings and errors are
// text in every format.
func Text(format uint32) bool {
	return format == FormatPlain || format == FormatPayloads || format == FormatFull
}

// The states returned by thaw_start and thaw_step. Negative values are errors.
const (
	// Done: the task is over. The answer holds the rest of its result.
	Done = 0
	// Rows: the answer is a part of the result; step again for more.
	Rows = 1
	// Wants: the answer is a list of ranges; fill them, then step again.
	Wants = 2
	// Again: the work takes long; step again. The answer is its progress, as two u64, done
	// and total, both 0 if unknown.
	Again = 3
)

// The out block, at the address returned by thaw_out, describes the result of the last
// start or step.
const (
	OutTask  = 0  // u32: the task's handle, 0 if it is over
	OutPtr   = 4  // u32: address of the answer
	OutLen   = 8  // u32: its length in bytes
	OutCount = 12 // u32: number of its rows or wants
	OutSize  = 16
)

// A want: the host reads length bytes of a file at offset, writes them to the address ptr,
// and sets the status.
const (
	WantFile   = 0  // u32: the number from thaw_file
	WantStatus = 4  // u32: set by the host, one of the numbers below
	WantOffset = 8  // u64
	WantLength = 16 // u32, at least 1; the range never ends past the declared size
	WantPtr    = 20 // u32
	WantSize   = 24
)

// The status that a host sets in a want.
const (
	WantRead   = 0 // the bytes were written
	WantFailed = 1 // they could not be read
	WantGone   = 2 // the file is gone
	WantShort  = 3 // the file ends before them
)

// FileOdd is the flag of thaw_file for anything but a regular file.
const FileOdd = 1

// Limits that a guest enforces for every request.
const (
	MaxAlloc   = 2 << 30  // bytes of all buffers of the host
	MaxFiles   = 1 << 20  // files of one store
	MaxName    = 1024     // bytes of a file name
	MaxStores  = 1024     // open stores
	MaxTasks   = 1024     // unfinished tasks
	MaxRequest = 16 << 10 // bytes of a request
	MaxRows    = 1 << 16  // rows of one answer
	MaxCache   = 1024     // MiB of one store's cache of ranges
	MaxBytes   = 16 << 20 // bytes of one answer, unless a single row is longer
)

// Values for a request with 0.
const (
	DefaultRows    = 256 // of one answer
	DefaultBytes   = 128 << 10
	DefaultStep    = 1024 // of OpMarks
	DefaultBuckets = 256  // of OpTimeline
)
