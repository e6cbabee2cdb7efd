// Package flush writes index files: index.fbati with index.thaw, or a part file that
// continues them. [Policy] says when a flush is worth it and what goes into the file,
// and [File] writes it.
//
// A flush writes the appended records to a new file. It merges older part files that are
// not much longer into it. Records keep their order and their numbers; only the numbers of
// names change.
//
// Memory is bounded by [File].Memory whatever the number of records, except for the names:
// while a file is written, each distinct name in it takes about its own length twice, and 50
// bytes. 10,000,000 different entities of 12 bytes take about 750 MB.
package flush
