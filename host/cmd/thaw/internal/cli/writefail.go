package cli

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/host"
)

// bare returns an error's text without the names of packages.
func bare(err error) string {
	s := err.Error()
	for _, p := range []string{"thaw: ", "event: ", "payload: "} {
		s = strings.TrimPrefix(s, p)
	}
	return s
}

// explainWrite returns the message of a write error and a hint.
func explainWrite(e *writeError) (what, hint string) {
	var (
		locked   *host.LockedError
		conflict *host.ExpectError
		d        *damage.Damage
		unread   *source.ReadError
	)
	switch {
	case errors.As(e.err, &locked):
		return e.dir + ": another writer has the store open: " + locked.Holder.String(),
			"Nothing was changed. Try again later, or use --wait; reading is possible meanwhile."
	case errors.As(e.err, &conflict):
		return e.Error(), "Nothing was written. Read the entity's new events and decide again."
	case errors.Is(e.err, host.ErrKey):
		return e.Error(), "An id belongs to one event forever; use another id for this one."
	case errors.Is(e.err, host.ErrNoLock):
		return e.Error(), "Nothing was changed. Without a lock two writers could destroy each other's events; copy the store to a local disk."
	case errors.Is(e.err, host.ErrFailed):
		return e.Error(), "Acknowledged events are safe. Run thaw verify, and copy the store if the disk is failing."
	case errors.As(e.err, &d) && d.File == visibility.FileName:
		return e.dir + ": " + damageText(d) + "; only this file lists the hidden events, so the store is not written",
			"Restore " + d.File + " from a backup."
	case errors.As(e.err, &d) && d.File == swap.FileName:
		return explainSwap(e.dir, d)
	case errors.As(e.err, &unread) && !errors.Is(e.err, fs.ErrNotExist) && !notDirectory(e.err):
		return explainUnread(e.dir, unread)
	case errors.Is(e.err, fs.ErrPermission):
		return e.Error(), "thaw needs write permission on the directory and its files."
	case errors.Is(e.err, host.ErrDamaged):
		what = e.Error()
		if d != nil {
			what = e.dir + ": the store is damaged: " + damageText(d)
		}
		return what, "Nothing was changed. thaw verify lists all damage, and thaw salvage copies what is intact."
	case errors.Is(e.err, host.ErrUnfinished):
		return e.Error(), "The new files count; the next command that writes gives them their names. Free space on the disk if it is full."
	case errors.Is(e.err, errRefused):
		return e.Error(), "The damages are listed above. --accept-damage indexes the readable events."
	case errors.Is(e.err, fs.ErrNotExist):
		return e.dir + ": no such directory", "DIR is the directory that holds a store's *.fbat files."
	case errors.Is(e.err, errNoStore):
		return e.dir + ": no *.fbat file: it is not a store", "DIR is the directory that holds a store's *.fbat files."
	case notDirectory(e.err):
		return e.dir + ": not a directory", "DIR is the directory that holds a store's *.fbat files, or will."
	}
	return e.Error(), ""
}

// payloadLimit is the name of the limit of a payload.
const payloadLimit = "payload bytes"

// refusedKey returns the key of an import line that caused the refusal, or "" if no key did.
func refusedKey(err error) string {
	var over *host.LimitError
	if errors.As(err, &over) && over.What == payloadLimit {
		return keyPayload
	}
	if meta := (*event.MetaError)(nil); errors.As(err, &meta) {
		return keyMeta
	}
	for _, k := range []struct {
		err error
		key string
	}{
		{host.ErrKind, keyKind}, {host.ErrTime, keyTimestamp}, {commit.ErrFlags, keyFlags}, {host.ErrKey, keyEventID},
	} {
		if errors.Is(err, k.err) {
			return k.key
		}
	}
	return ""
}
