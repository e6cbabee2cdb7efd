package osfs

import "io/fs"

// maxOffset is the last offset the platform can be asked for: the largest
// integer a JavaScript number holds. Node.js refuses more with an exception,
// after which the Go call never returns; no file is that long.
const maxOffset = 1<<53 - 1

func checkMax(op, path string, off int64) error {
	if off > maxOffset {
		return &fs.PathError{Op: op, Path: path, Err: fs.ErrInvalid}
	}
	return nil
}
