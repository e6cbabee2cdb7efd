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
	// ErrDamaged is why a damaged store gets no new index: one that covered the damage
	// would keep the next open from seeing it. See RebuildOptions.AcceptDamage.
	ErrDamaged = errors.New("thaw: a damaged store gets no new index")
	// ErrRead is the class of every *ReadError.
	ErrRead = source.ErrRead
	// ErrGone: a file that was listed is no longer there. The same call may succeed
	// the next time.
	ErrGone = source.ErrGone
	// ErrNotRegular is the class of every *NotRegularError.
	ErrNotRegular = fsabstraction.ErrNotRegular
)

// Errors of a question.
var (
	// ErrNotFound: no visible event has the id.
	ErrNotFound = store.ErrNotFound
)

// Errors of a question or an append about something that cannot be.
var (
	// ErrZeroID: an append or a question names an event, a cause or a conversation by
	// the zero id, which stands for none.
	ErrZeroID = commit.ErrZeroID
	// ErrNameEmpty, ErrNameLong and ErrNameUTF8 are what a *NameError unwraps to: a name
	// has 1 to 1024 bytes, which are UTF-8.
	ErrNameEmpty = event.ErrNameEmpty
	ErrNameLong  = event.ErrNameLong
	ErrNameUTF8  = event.ErrNameUTF8
)

// Errors that an append returns when nothing was written.
var (
	// ErrConflict is the class of every *ExpectError.
	ErrConflict = commit.ErrConflict
	// ErrKey is the class of every *KeyError.
	ErrKey = commit.ErrKey
	// ErrLimit is the class of every *LimitError.
	ErrLimit = commit.ErrLimit
	// ErrKind is the class of every *KindError.
	ErrKind = commit.ErrKind
	// ErrTime: the time is before 1970, or too far ahead to be one.
	ErrTime = commit.ErrTime
	// ErrBatchTime: the items of a batch have different times.
	ErrBatchTime = commit.ErrBatchTime
	// ErrCause: an item is caused by itself or by a later one.
	ErrCause = commit.ErrCause
	// ErrFlags: a flag that has no meaning.
	ErrFlags = commit.ErrFlags
	// ErrFenceDone is returned by a Fence that was committed or cancelled.
	ErrFenceDone = errors.New("thaw: the fence was committed or cancelled")
)

// Errors of an append that say what became of it.
var (
	// ErrFailed is the class of every *FailedError.
	ErrFailed = errors.New("thaw: the store takes no more writes until it is reopened")
	// ErrUnknown: the append was under way when its context ended. It may be
	// written or not; with a key it can be repeated to find out.
	ErrUnknown = errors.New("thaw: whether the append was written is not known")
)

// Errors about bytes on disk.
type (
	// Damage is trouble in bytes that nothing else holds, with file, offset, reason and
	// the events it touches.
	Damage = damage.Damage
	// Refusal says that a file which can be done without was not taken, and why.
	Refusal = damage.Refusal
	// Reason is why a file, or a part of one, was not taken. It is an error, so that
	// errors.Is finds it in a Damage and a Refusal. Package core/damage lists all.
	Reason = damage.Reason
	// Touched names one event that a damage touches.
	Touched = damage.Touched
	// EventError is the cause of a Damage or ReadError about one event.
	EventError = store.EventError
	// LeftOut is the cause of a Refusal of an index that leaves out an event.
	LeftOut = store.LeftOut
	// Difference is the cause of a Damage of a file of lookups, from [Verify].
	Difference = index.Difference
	// ReadError says that a file or directory could not be listed, opened or read: too
	// many open files, no permission, no memory, a failing disk. It says nothing about
	// the bytes, so it is never damage, and the same call may succeed the next time. It
	// unwraps to the system's error.
	ReadError = source.ReadError
	// FaultError is the cause of a ReadError where a part of a mapped file could not be
	// read, because the file was cut or its disk failed.
	FaultError = mapping.FaultError
	// NotRegularError says that a directory, link or device has a name that a file
	// should have.
	NotRegularError = fsabstraction.NotRegularError
)

// Errors of an append that carry more than their class.
type (
	// ExpectError carries the expected and the actual state of an entity.
	ExpectError = commit.ExpectError
	// KeyError says that an append is no repetition of the event that has its key or
	// id, what differs, and which sequence that event has.
	KeyError = commit.KeyError
	// KindError says that an event may not have a kind.
	KindError = commit.KindError
	// NameError says which part of a coordinate is no name, and why.
	NameError = commit.NameError
	// LimitError says which limit an append exceeds.
	LimitError = commit.LimitError
	// ItemError says which item of a batch an error is about.
	ItemError = commit.ItemError
)
