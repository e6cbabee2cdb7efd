package host

import (
	"log/slog"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// defaultOpenSegments is the number of segments a reader keeps open: below the common
// limit of 1024 files per process, and enough to keep all segments of most stores open.
const defaultOpenSegments = 256

// ReaderOptions are the options of [OpenReader]. The zero value is safe: the reader takes
// every fallback and reports it, and hidden events stay hidden.
type ReaderOptions struct {
	// FS is the file system of the directory, by default the operating system's.
	FS fsabstraction.ReadFS
	// NoMapping reads files with ReadAt only. It is slower per event and keeps
	// the address space and the resident size small.
	NoMapping bool
	// Strict makes the open fail if segments are damaged, instead of listing the damage
	// in the report.
	Strict bool
	// ShowHidden shows the events that cancelled fences hide, and opens a store whose
	// visibility_ranges.fbv is damaged. It is for salvage.
	ShowHidden bool
	// CheckFrames compares every returned event with its frame, so that even a wrong
	// index with valid checksums changes no answer. The events then have their own time,
	// event.Event.TimestampUS. It costs one read of the segment per event.
	CheckFrames bool
	// CheckIndex reads and checks every page of the index during the open, not when a
	// query first reads it: about 20 ms per 10^6 events.
	CheckIndex bool
	// OpenSegments bounds the segment files kept open, by default 256. Each older state of the
	// store that an iteration or a snapshot still reads has as many, and so has a new one
	// while a refresh opens it, and one in which they look for what a compaction moved.
	OpenSegments int
	// Cipher decrypts payloads. Without it reading an encrypted one is ErrEncrypted.
	Cipher PayloadCipher
	// Encrypted returns encrypted payloads as they are in the store: a MessagePack extension
	// value, see package core/envelope. Cipher is then not used.
	Encrypted bool
	// Logger gets an error for each damage and a warning for each refused file, once
	// while they last and at most ten of each per open, and a debug line per open and
	// refresh. By default it is slog.Default().
	Logger *slog.Logger
}

func (o ReaderOptions) withDefaults() ReaderOptions {
	if o.FS == nil {
		o.FS = osfs.FS{}
	}
	if o.OpenSegments <= 0 {
		o.OpenSegments = defaultOpenSegments
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
