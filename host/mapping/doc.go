// Package mapping reads files through a memory mapping without the two ways in
// which a mapping kills a process: a fault on an unreadable page and a read
// after Close both become errors.
//
// A mapping saves the system call of each read (some 50 ns instead of some 500
// for a record of an index) and in exchange has these limits:
//
//   - A mapped file that is truncated cannot be read past its new end: that is
//     a *FaultError. But the page with the new end stays readable, and the rest
//     of that page reads as zeros without an error. Changes of the file show in
//     the mapping. So readers must check checksums, and writers must replace
//     files that are read, never rewrite them.
//   - The size is fixed when the file is mapped; growth is not seen.
//   - On 32-bit systems a mapping takes address space and may be refused.
//
// Where golang.org/x/exp/mmap has no mapping (all but Linux, macOS and Windows)
// it reads the file instead, and this package behaves the same but is no faster
// than the file.
package mapping
