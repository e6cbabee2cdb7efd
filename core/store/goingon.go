package store

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
)

// GoingOn returns the snapshot for lists of a damaged store. Its Query and ReadEach go on after
// an event that cannot be read: they yield it as the index has it, together with its error. It
// counts as an event of the page, for its own time is not known. Any other error, such as that
// of a file that is gone or that the system cannot read, comes without an event and ends the
// iteration.
//
// Its iterations do not compare events with frames (see Options.CheckFrames), so that they
// return those whose frames are damaged; ReadEach does.
func (s *Snapshot) GoingOn() *Snapshot {
	out, options := *s, *s.options
	options.CheckFrames = false
	out.options, out.goesOn = &options, true
	return &out
}

// passable reports whether an error is about one event, and says that its bytes are not right.
func passable(err error) bool {
	var lost *damage.Damage
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrRemoved) ||
		errors.As(err, &lost) && !errors.Is(err, source.ErrGone) && !errors.Is(err, source.ErrRead)
}
