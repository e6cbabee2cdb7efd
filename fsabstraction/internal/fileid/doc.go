// Package fileid finds the Identity of files of the operating system. It is
// shared by osfs and aferofs, and split by platform because only some put what
// identifies a file into its FileInfo.
package fileid
