// Package flush writes index files: index.fbati with index.thaw, or a part file that
// continues them. [Policy] says when a flush is worth it and what goes into the file,
// and [File] writes it.
//
// A flush writes the appended records to a new file. It merges older part files that are
// not much longer into it. Records keep their order and their numbers; only the numbers of
// names change.
package flush
