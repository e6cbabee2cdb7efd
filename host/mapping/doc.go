// Package mapping reads files through a memory mapping without the two ways in
// which a mapping kills a process: a page that cannot be read becomes an error,
// and so does a read after Close.
//
// A mapping saves the system call of each read (some 50 ns instead of some 500
// for a record of an index) and in exchange has these limits:
//
//   - A file that is cut while it is mapped cannot be read behind its new end:
//     that is a *FaultError. But the page that holds the new end stays
//     readable, and its rest reads as zeros without an error. A file that
//     changes under a mapping changes what is read. So readers must check
//     checksums, and writers must replace files that are read, never rewrite them.
//   - The size is that of the moment of mapping; growth is not seen.
//   - On 32-bit systems a mapping takes address space and can be refused.
//
// Where golang.org/x/exp/mmap has no mapping (all but Linux, macOS and Windows)
// it reads the file instead, and this package behaves the same but is no faster
// than the file.
package mapping
