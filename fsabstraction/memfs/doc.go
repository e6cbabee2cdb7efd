// Package memfs is a file system in memory, for stores that need no disk: a scratch store in
// a web page, tests, examples.
//
// Nothing is durable, so Sync and SyncDir return at once; for power cuts see crashfs. There
// are no links and no devices. A file takes at most twice its length, because it grows as a
// slice does. Names mean the same from any working directory: "a" is "/a".
//
// # Why not afero
//
// aferofs adapts afero's MemMapFs, which imports net/http for another of its file systems:
// in a browser that is 0.55 MB of download (gzip) to 22 kB for this package. afero's package
// mem alone has no directory tree and no exclusive create, and its handles need most of
// aferofs's corrections. crashfs keeps every version of a file that a power cut could leave.
package memfs
