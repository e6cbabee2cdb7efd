package directory

// Change says how a directory differs from its last listing.
type Change uint8

const (
	// Unknown: only a listing can tell.
	Unknown Change = iota
	// Grew: the names lead to the same files, and the segment asked about is longer.
	Grew
	// Unchanged: the names lead to the same files, and the segment is as it was.
	Unchanged
)

// Watcher is an optional interface of [Files] that can tell for little whether a directory
// changed: by its time and the size of one file.
type Watcher interface {
	// Watch compares the names with those of the last List, and the segment with its last
	// Look. An empty name asks about the names alone. Whenever it cannot be sure, the
	// result is Unknown. It does not notice a file other than the segment whose content
	// changes while its name leads to the same file.
	Watch(segment string) Change
}

// Watch asks files, if they are a [Watcher], how the directory differs from l, the last
// listing of it.
func Watch(files Files, l *Listing) Change {
	w, ok := files.(Watcher)
	if !ok {
		return Unknown
	}
	name := ""
	if n := len(l.Segments); n > 0 {
		name = l.Segments[n-1].Name
	}
	return w.Watch(name)
}
