package host

import (
	"errors"
	"io"
	"path/filepath"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// CheckpointFile keeps the position of one follower in a file: see [Follower]. The file is
// small and is replaced as a whole: after a crash it has the last saved position or the one
// before. Its directory must exist. It should not be the store's, which every save would
// make its readers list again. Only one goroutine at a time may save.
type CheckpointFile struct {
	// FS is the file system, by default the operating system's.
	FS fsabstraction.FS
	// Path is the path of the file.
	Path string
}

// Errors of a checkpoint file. They are the classes of *CheckpointError.
var (
	// ErrCheckpoint: the file is not what Save writes.
	ErrCheckpoint = errors.New("thaw: the checkpoint file is damaged")
	// ErrOtherRegion: the checkpoint is of another region. Its position says nothing about
	// the events of this one.
	ErrOtherRegion = errors.New("thaw: the checkpoint is of another region")
)

// CheckpointError reports a checkpoint file that could not be used or replaced.
type CheckpointError struct {
	Path string
	// Region is the region in the file as text, if Err is ErrOtherRegion.
	Region string
	// Err is ErrCheckpoint, ErrOtherRegion, or an error of the file system.
	Err error
}

// Error returns the path and the cause.
func (e *CheckpointError) Error() string {
	text := "thaw: checkpoint " + e.Path + ": " + e.Err.Error()
	if e.Region != "" {
		text += ": " + e.Region
	}
	return text
}

// Unwrap returns the cause.
func (e *CheckpointError) Unwrap() error { return e.Err }

// Load returns the saved position of a region. Without a file the error is fs.ErrNotExist:
// the caller decides where a new follower starts, for example at the zero Position. Every
// error is a *[CheckpointError], and then there is no position. Follow refuses a position of
// another store or beyond its end.
func (c CheckpointFile) Load(region Region) (Position, error) {
	text, err := c.read()
	if err != nil {
		return Position{}, &CheckpointError{Path: c.Path, Err: err}
	}
	saved, position, ok := decodeCheckpoint(text)
	if !ok {
		return Position{}, &CheckpointError{Path: c.Path, Err: ErrCheckpoint}
	}
	if saved != region.String() {
		return Position{}, &CheckpointError{Path: c.Path, Region: saved, Err: ErrOtherRegion}
	}
	return position, nil
}

func (c CheckpointFile) read() ([]byte, error) {
	f, err := c.fs().Open(c.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	text := make([]byte, min(size, maxCheckpoint+1)) // a longer one is refused
	n, err := f.ReadAt(text, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return text[:n], nil
}

// Save replaces the file: it writes and syncs a temporary file, renames it and syncs the
// directory. When it returns nil the position is on disk. After an error, a
// *[CheckpointError], the file has this position or the one before.
func (c CheckpointFile) Save(region Region, p Position) error {
	text, err := appendCheckpoint(nil, region.String(), p)
	if err == nil {
		dir, name := filepath.Split(c.Path)
		if dir == "" {
			dir = "."
		}
		err = replaceFile(c.fs(), dir, name, func(f fsabstraction.WriteFile) error {
			_, err := f.WriteAt(text, 0)
			return err
		})
		if err == nil {
			err = syncDir(c.fs(), dir)
		}
	}
	if err != nil {
		return &CheckpointError{Path: c.Path, Err: err}
	}
	return nil
}

func (c CheckpointFile) fs() fsabstraction.FS {
	if c.FS == nil {
		return osfs.FS{}
	}
	return c.FS
}
