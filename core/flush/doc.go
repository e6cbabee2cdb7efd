// Package flush writes index files: index.fbati with index.thaw, or a part file that
// goes on after them. [Policy] says when that is worth it and what goes in, [File]
// writes it.
//
// A flush puts the records that were appended into a new file. It takes in older part
// files that are not much longer, which is a merge. Records keep their order and
// their numbers; only the numbers of names change.
package flush
