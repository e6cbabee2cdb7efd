package host

import (
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction"
)

// activeSegment is the segment that frames are appended to, or will be.
type activeSegment struct {
	id     uint64
	name   string
	path   string
	header []byte                  // with which it begins
	file   fsabstraction.WriteFile // nil before it is made
}

// planSegment is a segment that is not there yet.
func planSegment(dir string, id uint64, now time.Time) (*activeSegment, error) {
	if id == 0 { // one behind the highest
		return nil, &LimitError{What: "segment id", Got: ^uint64(0), Max: ^uint64(0) - 1}
	}
	name := segment.Name(id)
	return &activeSegment{
		id: id, name: name, path: filepath.Join(dir, name),
		header: segment.AppendHeader(nil, segment.Header{CreatedNS: now.UnixNano(), SegmentID: id}),
	}, nil
}

// create makes the file with its header. Neither its content nor its name is
// synced: the first sync of its frames does the one, the caller the other.
func (a *activeSegment) create(fsys fsabstraction.FS) error {
	f, err := create(fsys, a.path)
	if err != nil {
		return &WriteError{"create", a.path, err}
	}
	a.file = f
	if err := a.append(a.header, 0); err != nil {
		a.file = nil
		return &WriteError{"write", a.path, errors.Join(err, f.Close(), fsys.Remove(a.path))}
	}
	return nil
}

// create makes a file that is not there. An empty one is what an earlier attempt
// left that failed after it took effect; nobody else makes files of that name.
func create(fsys fsabstraction.FS, path string) (fsabstraction.WriteFile, error) {
	f, err := fsys.Create(path)
	if !errors.Is(err, fs.ErrExist) {
		return f, err
	}
	info, there := fsys.Lstat(path)
	if there != nil || info.Type != fsabstraction.Regular || info.Size > 0 {
		return nil, err
	}
	if err := fsys.Remove(path); err != nil {
		return nil, err
	}
	return fsys.Create(path)
}

// append writes b at offset at, where the file ends.
func (a *activeSegment) append(b []byte, at int64) error {
	n, err := a.file.WriteAt(b, at)
	if err == nil && n < len(b) {
		err = errors.New("short write")
	}
	return err
}
