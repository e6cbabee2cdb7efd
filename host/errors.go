package host

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host/mapping"
)

// Every error that a call of this package returns is one of this file, of package
// payload (of an append's value), of the file system, or of a context; or it wraps some
// of them, for errors.Is and errors.As.

// ErrClosed is returned by every method of a closed [Store], [DirReader] or [Snapshot].
// It is fs.ErrClosed too.
var ErrClosed = fmt.Errorf("thaw: the store is closed: %w", fs.ErrClosed)

// Errors of opening a store and of its files.
var (
	// ErrLocked is the class of every *LockedError.
	ErrLocked = errors.New("thaw: another writer has the store open")
	// ErrNoLock: the file system has no locks; see Options.Unlocked.
	ErrNoLock = errors.New("thaw: the file system cannot lock the store, and Options.Unlocked is not set")
	// ErrDamaged: no index is written for a damaged store, since it would hide the
	// damage from the next open. See RebuildOptions.AcceptDamage.
	ErrDamaged = errors.New("thaw: a damaged store gets no new index")
	// ErrRead is the class of every *ReadError.
	ErrRead = source.ErrRead
	// ErrGone: a listed file no longer exists. A retry may succeed.
	ErrGone = source.ErrGone
	// ErrNotRegular is the class of every *NotRegularError.
	ErrNotRegular = fsabstraction.ErrNotRegular
)

// Errors of a query.
var (
	// ErrNotFound: no visible event has the id.
	ErrNotFound = store.ErrNotFound
	// ErrRedacted is the class of every *RedactedError.
	ErrRedacted = store.ErrRedacted
)

// Errors of a query or an append with an invalid id or name.
var (
	// ErrZeroID: an append or a query names an event, a cause or a conversation by the
	// zero id, which means none.
	ErrZeroID = commit.ErrZeroID
	// A *NameError unwraps to ErrNameEmpty, ErrNameLong or ErrNameUTF8: a name is 1 to
	// 1024 bytes of UTF-8.
	ErrNameEmpty = event.ErrNameEmpty
	ErrNameLong  = event.ErrNameLong
	ErrNameUTF8  = event.ErrNameUTF8
)

// Errors that an append returns when nothing was written.
var (
	// ErrConflict is the class of every *ExpectError and *ConditionError: read again, decide
	// again and retry.
	ErrConflict = commit.ErrConflict
	// ErrKey is the class of every *KeyError.
	ErrKey = commit.ErrKey
	// ErrLimit is the class of every *LimitError.
	ErrLimit = commit.ErrLimit
	// ErrKind is the class of every *KindError.
	ErrKind = commit.ErrKind
	// ErrTime: the time is before 1970 or too late to be stored.
	ErrTime = commit.ErrTime
	// ErrBatchTime: the items of a batch have different times.
	ErrBatchTime = commit.ErrBatchTime
	// ErrCause: an item is caused by itself or by a later one.
	ErrCause = commit.ErrCause
	// ErrBatchCondition is the class of a *ConditionError of an item's Unless that an earlier
	// item of the same batch breaks. A repetition fails too: give the Unless to the first item.
	ErrBatchCondition = commit.ErrBatchCondition
	// ErrNoRegion: an Unless has no region.
	ErrNoRegion = commit.ErrNoRegion
	// ErrRegion: a region of an Unless has bounds of time.
	ErrRegion = commit.ErrRegion
	// A *MetaError unwraps to ErrMetaEntries, ErrMetaKey, ErrMetaValue or ErrMetaUTF8:
	// metadata exceeds one of the limits of package event.
	ErrMetaEntries = event.ErrMetaEntries
	ErrMetaKey     = event.ErrMetaKey
	ErrMetaValue   = event.ErrMetaValue
	ErrMetaUTF8    = event.ErrMetaUTF8
	// ErrFlags: an undefined flag is set.
	ErrFlags = commit.ErrFlags
	// ErrFenceDone: the fence was already committed or cancelled.
	ErrFenceDone = errors.New("thaw: the fence was committed or cancelled")
)

// Errors of an append about the state of the store or of the append.
var (
	// ErrFailed is the class of every *FailedError.
	ErrFailed = errors.New("thaw: the store is read-only after a failed write or sync; reopen it")
	// ErrUnknown: the context ended during the append, which may or may not be
	// written. Repeat it with the same key to find out.
	ErrUnknown = errors.New("thaw: it is unknown whether the append was written")
)

// Errors about bytes on disk.
type (
	// Damage describes damaged bytes that no other file holds: the file, the offset, the
	// reason and the events affected. Its fields are in go doc ./core/damage.
	Damage = damage.Damage
	// Refusal describes a file that was refused and can be replaced by others.
	Refusal = damage.Refusal
	// Reason is the reason a file, or a part of one, was refused. It is an error, so that
	// errors.Is finds it in a Damage and a Refusal. Package core/damage lists all.
	Reason = damage.Reason
	// Touched names one event affected by a damage.
	Touched = damage.Touched
	// EventError is the cause of a Damage or ReadError about one event.
	EventError = store.EventError
	// LeftOut is the cause of a Refusal of an index that leaves out an event.
	LeftOut = store.LeftOut
	// Difference is the cause of a Damage of index.thaw or a part file, from [Verify].
	Difference = index.Difference
	// ReadError reports that a file or directory could not be listed, opened or read: too
	// many open files, no permission, no memory, a failing disk. It proves nothing about
	// the bytes, so it is never damage, and a retry may succeed. It unwraps to the
	// system's error.
	ReadError = source.ReadError
	// FaultError is the cause of a ReadError if a part of a mapped file could not be
	// read, because the file was truncated or its disk failed.
	FaultError = mapping.FaultError
	// NotRegularError reports a directory, link or device under the name of a store's
	// file.
	NotRegularError = fsabstraction.NotRegularError
)

// RedactedError names an event whose payload and metadata were removed from the store: see
// ERASURE.md. Read and Get return it with all that is left of the event. A loop over ReadEach
// gets it with the event, and may go on to the events after it.
type RedactedError = store.RedactedError

// Errors of an append that carry more than their class.
type (
	// ExpectError carries the expected and the actual state of an entity. Its fields and those
	// of the others are in go doc ./core/commit.
	ExpectError = commit.ExpectError
	// ConditionError names the first event in a region of an Unless.
	ConditionError = commit.ConditionError
	// KeyError reports how an append differs from the existing event with its key or id,
	// and that event's sequence.
	KeyError = commit.KeyError
	// KindError reports a kind that an event may not have.
	KindError = commit.KindError
	// NameError reports which part of a coordinate is not a valid name, and why.
	NameError = commit.NameError
	// LimitError reports the limit that an append exceeds.
	LimitError = commit.LimitError
	// MetaError reports the entry of metadata that exceeds a limit.
	MetaError = event.MetaError
	// ItemError reports the item of a batch that failed.
	ItemError = commit.ItemError
)
