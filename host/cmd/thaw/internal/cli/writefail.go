package cli

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/host"
)

// bare is an error's text without the names of packages, which say nothing to a
// reader of stderr.
func bare(err error) string {
	s := err.Error()
	for _, p := range []string{"thaw: ", "event: ", "payload: "} {
		s = strings.TrimPrefix(s, p)
	}
	return s
}

// explainWrite says what kept a store from being written, and what to do.
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
			"Nothing was changed. Try again when it has closed the store, or let --wait do so; reading it is possible meanwhile."
	case errors.As(e.err, &conflict):
		return e.Error(), "Nothing was written. Look at the entity's new events and decide anew."
	case errors.Is(e.err, host.ErrKey):
		return e.Error(), "An id belongs to one event for good; this one needs another."
	case errors.Is(e.err, host.ErrNoLock):
		return e.Error(), "Nothing was changed. Without a lock two writers could destroy each other's events; copy the store to a local disk."
	case errors.Is(e.err, host.ErrFailed):
		return e.Error(), "What was acknowledged is safe. Run thaw verify, and copy the store away if the disk is failing."
	case errors.As(e.err, &d) && d.File == visibility.FileName:
		return e.dir + ": " + damageText(d) + "; it alone says which events must stay hidden, so the store is not written to",
			"Restore " + d.File + " from a backup."
	case errors.As(e.err, &unread) && !errors.Is(e.err, fs.ErrNotExist) && !notDirectory(e.err):
		return explainUnread(e.dir, unread)
	case errors.Is(e.err, fs.ErrPermission):
		return e.Error(), "Write permission is needed on the directory and its files."
	case errors.Is(e.err, errRefused):
		return e.Error(), "The damages are listed above. --accept-damage makes the index of what can be read."
	case errors.Is(e.err, fs.ErrNotExist):
		return e.dir + ": no such directory", "DIR is the directory that holds a store's *.fbat files."
	case errors.Is(e.err, errNoStore):
		return e.dir + ": no *.fbat file: nothing here can be rebuilt", "DIR is the directory that holds a store's *.fbat files."
	case notDirectory(e.err):
		return e.dir + ": not a directory", "DIR is the directory that holds a store's *.fbat files, or will."
	}
	return e.Error(), ""
}

// payloadLimit is what the limit of a payload is called.
const payloadLimit = "payload bytes"

// refusedKey is the key of an import line that an append was refused for, "" when
// it is about none.
func refusedKey(err error) string {
	var over *host.LimitError
	if errors.As(err, &over) && over.What == payloadLimit {
		return keyPayload
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
