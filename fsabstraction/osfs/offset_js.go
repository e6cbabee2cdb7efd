package osfs

import "io/fs"

// maxOffset is the largest offset the platform accepts: the largest integer a JavaScript
// number holds exactly. Node.js throws an exception for a larger one, and the Go call then
// never returns; no file is that long.
const maxOffset = 1<<53 - 1

func checkMax(op, path string, off int64) error {
	if off > maxOffset {
		return &fs.PathError{Op: op, Path: path, Err: fs.ErrInvalid}
	}
	return nil
}
