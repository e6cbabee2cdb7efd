// Package fileid returns the Identity of files of the operating system, for osfs and
// aferofs. It is split by platform because only some platforms identify a file in its
// FileInfo.
package fileid
