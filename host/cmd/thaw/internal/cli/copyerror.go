package cli

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/host"
)

// copyError is the error of a backup or a fork of the store dir to dst.
type copyError struct {
	dir, dst string
	err      error
}

func (e *copyError) Error() string { return strings.TrimPrefix(e.err.Error(), "thaw: ") }
func (e *copyError) Unwrap() error { return e.err }

const hintInside = "Give a directory outside the store."

func explainCopy(e *copyError) (what, hint string) {
	var d *damage.Damage
	switch {
	case errors.As(e.err, &d) && d.File == swap.FileName:
		return explainSwap(e.dir, d)
	case errors.Is(e.err, host.ErrCopyInside):
		hint = hintInside
	case errors.Is(e.err, host.ErrOtherBackup):
		hint = "Give the directory of this store's backup, or one that does not exist."
	case errors.Is(e.err, host.ErrDiverged):
		hint = "Nothing was changed. Keep it, and make a new backup in another directory."
	case errors.Is(e.err, host.ErrCopyDamaged):
		hint = "Nothing was changed. thaw verify lists all damage, and thaw salvage copies what is intact."
	case errors.Is(e.err, host.ErrLocked):
		hint = "Something else writes to " + e.dst + ", perhaps another backup."
	case errors.Is(e.err, fs.ErrExist):
		hint = "A fork needs a new directory."
	case errors.Is(e.err, host.ErrNotFound):
		return e.dir + ": no event has this sequence",
			"thaw query DIR --json lists sequences as seq. A sequence whose event was dropped has none any more: give the nearest one below it."
	case errors.Is(e.err, source.ErrRead), errors.Is(e.err, source.ErrGone), errors.Is(e.err, fs.ErrNotExist), errors.Is(e.err, errNoStore), notDirectory(e.err):
		return explainStore(&storeError{e.dir, e.err})
	default:
		hint = "Nothing counts that was copied; what was there before is unchanged."
	}
	return e.Error(), hint
}
