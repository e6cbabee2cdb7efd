package cli

import (
	"errors"
	"io/fs"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

// keeper keeps the position of one region in a file.
type keeper struct {
	file   host.CheckpointFile
	region host.Region
}

// checkpoint returns the keeper of a file.
func (a *app) checkpoint(path string, region host.Region) (*keeper, error) {
	disk, ok := a.env.FS.(fsabstraction.FS)
	if !ok {
		return nil, errNoWriting
	}
	return &keeper{host.CheckpointFile{FS: disk, Path: path}, region}, nil
}

// checkCheckpoint checks --checkpoint and what else is given.
func checkCheckpoint(path, dir string, q *filterFlags) error {
	switch {
	case path == "":
		return errors.New("--checkpoint is empty")
	case liesIn(path, dir):
		return errors.New("--checkpoint: " + path + " is in the store's own directory")
	case q.after.given:
		return errors.New("--checkpoint and --after exclude each other; use --from")
	case q.times.relative():
		return errors.New("with --checkpoint, --since and --until must be times: with a duration or now the conditions change from run to run")
	}
	return nil
}

// save saves a position once the lines of the events before it are written.
func (f *following) save(p host.Position) error {
	if err := f.out.flush(); err != nil {
		return err
	}
	return f.keep.file.Save(f.keep.region, p)
}

// hintPosition says what to do about a position that a store refuses.
func hintPosition(e *host.PositionError) string {
	const begin = "Use --from 0 for all events or --from now for new ones; with --checkpoint, delete its file first."
	switch {
	case errors.Is(e, host.ErrBeyondEnd):
		return "It may be of a newer copy of the store. " + begin
	case errors.Is(e, host.ErrRewritten):
		return "Events that were printed are no longer in the store, as after a power loss. " + begin
	}
	return begin
}

// hintCheckpoint says what to do about a checkpoint file that cannot be used.
func hintCheckpoint(e *host.CheckpointError) string {
	switch {
	case errors.Is(e, host.ErrOtherRegion):
		return "Use one file for each set of conditions."
	case errors.Is(e, host.ErrCheckpoint):
		return "If it is a checkpoint, delete it and give --from. The store was not changed."
	case errors.Is(e, fs.ErrNotExist):
		return "Its directory must exist."
	}
	return "The store was not changed. After a failed save the file has the last position or the one before."
}
